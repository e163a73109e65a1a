"""What one page of a running browser asks for and stores, and who made it do so.

Listens to the DevTools protocol (Network.requestWillBeSent and its ``initiator``) and, within the page, to writes of
``document.cookie`` and of the two storages. May import nothing of playwright but for its types. The browser scan makes one for
each page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .report import host_of

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

WATCH: Final = """
(() => {
  const seen = [];
  const who = () => {
    for (const line of (new Error().stack || "").split("\\n").slice(3)) {
      const found = line.match(/(https?:[^\\s)]+?)(?::\\d+)?(?::\\d+)?\\)?$/);
      if (found) return found[1];
    }
    return "";
  };
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie", {
    ...cookie,
    set(value) {
      seen.push(["cookie", String(value).split(/[=;]/)[0].trim(), who()]);
      cookie.set.call(this, value);
    },
  });
  const put = Storage.prototype.setItem;
  Storage.prototype.setItem = function setItem(key, value) {
    seen.push(["storage", String(key), who()]);
    return put.call(this, key, value);
  };
  Object.defineProperty(window, "__consentGuardScan", { value: seen, enumerable: false });
})();
"""
"""Run in every frame before the page's own scripts."""
_STORED: Final = """
() => {
  const keys = (name) => { try { return Object.keys(window[name]); } catch { return []; } };
  return [location.origin, keys("localStorage"), keys("sessionStorage"), window.__consentGuardScan || []];
}
"""


_STACKS: Final = 16
"""How many turns of the event loop a request is followed back through."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    url: str
    kind: str
    """The browser's resource type, in lower case: ``script``, ``image``, ``ping``."""
    initiator: str
    """The address of the document or script that made the browser ask; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One cookie or key that is stored at the end."""

    name: str
    place: str
    """A cookie's domain, a key's origin."""
    how: str
    """``Set-Cookie``, ``document.cookie``, ``localStorage`` or ``sessionStorage``."""
    initiator: str
    """The address of the script that wrote it, or of the response that set it, where that is known."""


@dataclass
class Recording:
    """What has been recorded so far. (Playwright keeps a mark of its own on whoever listens: no slots.)"""

    asked: list[Asked] = field(default_factory=list)
    bytes: int = 0
    _set: dict[str, str] = field(default_factory=dict)
    """Cookie names in Set-Cookie lines, to the address of the response."""
    _urls: dict[str, str] = field(default_factory=dict)
    last: int = 0
    """Grows with everything that happens: what has stood still is settled."""

    def start(self, page: Page) -> None:
        """Listen to a page from now on."""
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._request)
        session.on("Network.webSocketCreated", self._socket)
        session.on("Network.responseReceivedExtraInfo", self._head)
        session.on("Network.loadingFailed", self._failed)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        # What a script starts later, as images do, is told with that script only where a debugger remembers it.
        session.send("Debugger.enable")
        session.send("Debugger.setSkipAllPauses", {"skip": True})
        session.send("Debugger.setAsyncCallStackDepth", {"maxDepth": _STACKS})

    def _request(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        url = event["request"]["url"]
        self._urls[event["requestId"]] = url
        if url.startswith(("http://", "https://")):
            self.asked.append(Asked(url, str(event.get("type", "Other")).lower(), _initiator(event.get("initiator", {}))))

    def _socket(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        self.asked.append(Asked(event["url"], "websocket", _initiator(event.get("initiator", {}))))

    def _head(self, event: Mapping[str, Any]) -> None:
        for name, value in event["headers"].items():
            if name.lower() == "set-cookie":
                for line in value.split("\n"):
                    self._set[line.partition("=")[0].strip()] = self._urls.get(event["requestId"], "")

    def _failed(self, event: Mapping[str, Any]) -> None:
        """Forget a request that failed: the browser's own error page, which comes in its place, is no byte of the site's."""
        self.last += 1
        self._urls.pop(event["requestId"], None)

    def _finished(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        if self._urls.get(event["requestId"], "").startswith("http"):
            self.bytes += int(event.get("encodedDataLength", 0))

    def kept(self, context: BrowserContext, page: Page) -> list[Kept]:
        """Return the cookies and keys that are stored now, in all frames of the page."""
        from playwright.sync_api import Error

        found: dict[tuple[str, str, str], Kept] = {}
        writers: dict[tuple[str, str], str] = {}
        stored: list[tuple[str, str, str]] = []
        for frame in page.frames:
            try:
                origin, local, session, written = frame.evaluate(_STORED)
            except Error:  # a frame that has just gone, or holds no document
                continue
            for sort, name, address in written:
                writers[sort, name] = address
            stored += [(name, origin, "localStorage") for name in local]
            stored += [(name, origin, "sessionStorage") for name in session]
        for cookie in context.cookies():
            name, domain = cookie.get("name", ""), cookie.get("domain", "")
            by_script = ("cookie", name) in writers and name not in self._set
            how = "document.cookie" if by_script else "Set-Cookie"
            address = writers["cookie", name] if by_script else self._set.get(name, "")
            found[name, domain, how] = Kept(name, domain, how, address)
        for name, origin, how in stored:
            found[name, origin, how] = Kept(name, origin, how, writers.get(("storage", name), ""))
        return list(found.values())


def _initiator(initiator: Mapping[str, Any]) -> str:
    """Return the script at the top of the stack, else the document (CDP, Network.Initiator)."""
    stack = initiator.get("stack")
    while stack:
        for call in stack.get("callFrames", ()):
            if host_of(call.get("url", "")):
                return str(call["url"])
        stack = stack.get("parent")
    return str(initiator.get("url", ""))
