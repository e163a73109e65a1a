"""What one page of a running browser asks for and stores, and who made it do so.

Three sources, because no one of them tells all: the DevTools protocol for what the page's own frames ask for, with who made
them (Network.Initiator); the browser's profile for what workers, service workers and further windows ask for; and, within every
frame, ``watching.WATCH`` for who writes what. May import nothing of playwright but for its types. The browser scan makes one
for each page, and one more for the moment of a choice.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urldefrag

from ...wire.origins import covers
from ..report import host_of
from .watching import BINDING, HINTS, STORED

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Page, Request

_STACKS: Final = 16
"""How many turns of the event loop a request is followed back through."""
_STARTED: Final = frozenset({"Running", "Ready", "Success", "Failure"})
"""What the protocol calls a speculative load that has gone out (Preload.PreloadingStatus); ``Failure`` may have."""
_OWN_ASSET: Final = re.compile(r"/assets/cg-[0-9a-f]{12}\.(?:css|js)$")
"""Where our pages and banners have their files, below whichever path (``Surface.asset_path``)."""
_LEADING: Final = frozenset({"document", "script", "stylesheet"})
_PATIENCE_SECONDS: Final = 2.0
"""So long one of these is waited for: of a worker's script no session of the page hears that it has come."""
_BY_SCRIPT: Final = ("document.cookie", "cookieStore")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    url: str
    kind: str
    """The browser's resource type, in lower case: ``script``, ``image``, ``ping``; of another context than the page's with the
    context before it: ``service worker fetch``."""
    initiator: str
    """The address of the document or script that made the browser ask; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One cookie or key that is stored at the end."""

    name: str
    place: str
    """A cookie's domain, a key's origin."""
    how: str
    """``Set-Cookie``, ``document.cookie``, ``cookieStore``, ``localStorage`` or ``sessionStorage``."""
    initiator: str
    """The address of the script that wrote it, or of the response that set it, where that is known."""
    written: bool
    """It was seen to be set or written while this recording ran."""
    content: str = field(repr=False)
    """What it holds: to tell whether it changed, and for nothing else (R9)."""

    @property
    def is_cookie(self) -> bool:
        """A cookie, and no key of a storage."""
        return self.how == "Set-Cookie" or self.how in _BY_SCRIPT

    @property
    def identity(self) -> tuple[bool, str, str, str]:
        """What makes two the same one, whoever wrote it."""
        return self.is_cookie, "" if self.is_cookie else self.how, self.place, self.name


@dataclass
class Recording:
    """What has been recorded so far. (Playwright keeps a mark of its own on whoever listens: no slots.)"""

    shared_workers: list[str] = field(default_factory=list)
    """The addresses of shared workers that were started: what these ask for, no source tells."""
    last: int = 0
    """Grows with everything that happens: what has stood still is settled."""
    max_bytes: int = 0
    """A document that is larger is broken off there; 0: it may have any size."""
    cut: bool = False
    """The document was broken off."""
    broken: bool = False
    """The network broke the document off."""
    _asked: list[Asked] = field(default_factory=list)
    _elsewhere: list[tuple[Asked, Request]] = field(default_factory=list)
    """What the profile tells, of which the page's own requests are a part."""
    _weights: list[tuple[str, int]] = field(default_factory=list)
    """What came over the wire for the page's own frames, by address."""
    _set: dict[str, list[str]] = field(default_factory=dict)
    """Cookie names in Set-Cookie lines, to the addresses of the responses."""
    _written: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    """A cookie's or key's name, to what wrote it, and the script's address."""
    _urls: dict[str, str] = field(default_factory=dict)
    _document: str = ""
    """The request of the page's own document."""
    _lengths: dict[str, int] = field(default_factory=dict)
    _frame: str = ""
    _pending: dict[str, float] = field(default_factory=dict)
    """Requests under way whose answers can make the page ask for more, and since when."""

    def start(self, page: Page) -> None:
        """Listen to a page, and to whatever else its profile holds, from now on."""
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._request)
        session.on("Network.webSocketCreated", self._socket)
        session.on("Network.webTransportCreated", self._transport)
        session.on("Network.responseReceivedExtraInfo", self._head)
        session.on("Network.loadingFailed", self._failed)
        session.on("Network.loadingFinished", self._finished)
        session.on("Preload.prerenderStatusUpdated", self._prerendered)
        session.on("Runtime.bindingCalled", self._told)
        session.on("Network.dataReceived", lambda event: self._data(event, session))
        self._frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        session.send("Network.enable")
        session.send("Preload.enable")
        session.send("Runtime.enable")
        session.send("Runtime.addBinding", {"name": BINDING})
        # What a script starts later, as images do, is told with that script only where a debugger remembers it.
        session.send("Debugger.enable")
        session.send("Debugger.setSkipAllPauses", {"skip": True})
        session.send("Debugger.setAsyncCallStackDepth", {"maxDepth": _STACKS})
        page.context.on("request", lambda request: self._in_profile(request, page))

    @property
    def leads_on(self) -> bool:
        """Whether documents, scripts or style sheets are on their way still: what they ask for in turn is to be seen."""
        since = time.monotonic() - _PATIENCE_SECONDS
        return any(asked > since for asked in self._pending.values())

    @property
    def asked(self) -> list[Asked]:
        """Every request, the page's own first."""
        told = {one.url for one in self._asked}
        return [*self._asked, *(one for one, _ in self._elsewhere if one.url not in told)]

    @property
    def bytes(self) -> int:
        """What came over the wire, heads included. Asks the browser for the sizes of what other contexts loaded."""
        from playwright.sync_api import Error

        told = {one.url for one in self._asked}
        count = sum(weight for _, weight in self._weights)
        for asked, request in self._elsewhere:
            if asked.url not in told and request.timing["responseEnd"] >= 0:
                with contextlib.suppress(Error):
                    sizes = request.sizes()
                    count += sizes["responseHeadersSize"] + sizes["responseBodySize"]
        return count

    def own(self, host: str) -> tuple[int, int]:
        """Return how many requests the page made for our own style sheet and module, and their bytes over the wire."""
        asked = [one for one in self._asked if _is_ours(one.url, host)]
        return len(asked), sum(weight for url, weight in self._weights if _is_ours(url, host))

    @property
    def document_bytes(self) -> int:
        """The page's own document, decoded, as far as it came."""
        return self._lengths.get(self._document, 0)

    def kept(self, context: BrowserContext, page: Page | None) -> list[Kept]:
        """Return the cookies and keys that are stored now, in all frames of the page; without one, cookies alone."""
        from playwright.sync_api import Error

        found: dict[tuple[bool, str, str, str], Kept] = {}
        for cookie in context.cookies():
            name, domain = cookie.get("name", ""), cookie.get("domain", "")
            one = self._cookie(name, domain, cookie.get("value", ""))
            found[one.identity] = one
        for frame in page.frames if page is not None else ():
            try:
                origin, stored = frame.evaluate(STORED)
            except Error:  # a frame that has just gone, or holds no document
                continue
            for how, name, value in stored:
                writer = self._written.get((how, name))
                one = Kept(name, origin, how, writer[1] if writer else "", writer is not None, value)
                found[one.identity] = one
        return list(found.values())

    def _cookie(self, name: str, domain: str, content: str) -> Kept:
        setters = [address for address in self._set.get(name, ()) if covers(domain, host_of(address))]
        writer = self._written.get(("cookie", name))
        if writer is not None and not setters:
            return Kept(name, domain, *writer, True, content)
        return Kept(name, domain, "Set-Cookie", setters[-1] if setters else "", bool(setters), content)

    def hints(self, page: Page) -> list[Asked]:
        """Return the hosts that links of the page tell the browser to connect to or look up, in all frames. No request follows
        from these, so nothing else tells of them."""
        from playwright.sync_api import Error

        found: list[Asked] = []
        for frame in page.frames:
            with contextlib.suppress(Error):
                found += [Asked(url, rel, frame.url) for rel, url in frame.evaluate(HINTS)]
        return found

    def _request(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        url = event["request"]["url"]
        self._urls[event["requestId"]] = url
        kind = str(event.get("type", "Other")).lower()
        if kind in _LEADING:
            self._pending[event["requestId"]] = time.monotonic()
        if kind == "document" and event["requestId"] == event.get("loaderId") and event.get("frameId") == self._frame:
            self._document, self.broken = event["requestId"], False
        if url.startswith(("http://", "https://")):
            self._asked.append(Asked(url, kind, _initiator(event.get("initiator", {}))))

    def _data(self, event: Mapping[str, Any], session: CDPSession) -> None:
        self._lengths[event["requestId"]] = self._lengths.get(event["requestId"], 0) + int(event.get("dataLength", 0))
        if self.max_bytes and self.document_bytes > self.max_bytes and not self.cut:
            self.cut = True
            self._pending.clear()
            session.send("Page.stopLoading")

    def _socket(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        self._asked.append(Asked(event["url"], "websocket", _initiator(event.get("initiator", {}))))

    def _transport(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        self._asked.append(Asked(event["url"], "webtransport", _initiator(event.get("initiator", {}))))

    def _prerendered(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        asked = Asked(str(event["key"]["url"]), "prerender", "")
        if event["status"] in _STARTED and asked not in self._asked:
            self._asked.append(asked)

    def _in_profile(self, request: Request, page: Page) -> None:
        """Take a request of any context: what the page's own frames ask for comes twice, and counts once."""
        from playwright.sync_api import Error

        self.last += 1
        if not request.url.startswith(("http://", "https://")):
            return
        kind = request.resource_type
        if request.service_worker is not None:
            asked = Asked(urldefrag(request.url)[0], f"service worker {kind}", request.service_worker.url)
        else:
            try:
                ours = request.frame.page == page
            except Error:  # a document that a window is just being opened for
                ours = False
            asked = Asked(urldefrag(request.url)[0], f"{'worker' if ours else 'window'} {kind}", "")
        self._elsewhere.append((asked, request))

    def _told(self, event: Mapping[str, Any]) -> None:
        """Take what a frame says of itself. A page can say so too; all that it gains is a line in the report on it."""
        if event["name"] != BINDING:
            return
        try:
            sort, name, who = (str(part) for part in json.loads(event["payload"]))
        except (ValueError, TypeError):
            return
        self.last += 1
        if sort == "shared worker":
            self.shared_workers.append(name)
        elif sort == "webrtc":
            # stun:host:port (RFC 7064), turn:host:port?… (RFC 7065)
            self._asked.append(Asked(f"https://{name.partition(':')[2].partition('?')[0]}/", sort, who))
        elif sort in _BY_SCRIPT:
            self._written["cookie", name] = (sort, who)
        else:
            self._written[sort, name] = (sort, who)

    def _head(self, event: Mapping[str, Any]) -> None:
        for name, value in event["headers"].items():
            if name.lower() == "set-cookie":
                for line in value.split("\n"):
                    names = self._set.setdefault(line.partition(";")[0].partition("=")[0].strip(), [])
                    names.append(self._urls.get(event["requestId"], ""))

    def _failed(self, event: Mapping[str, Any]) -> None:
        """Forget a request that failed: the browser's own error page, which comes in its place, is no byte of the site's."""
        self.last += 1
        self._pending.pop(event["requestId"], None)
        self._urls.pop(event["requestId"], None)
        if event["requestId"] == self._document and not event.get("canceled"):
            self.broken = True

    def _finished(self, event: Mapping[str, Any]) -> None:
        self.last += 1
        self._pending.pop(event["requestId"], None)
        if self._urls.get(event["requestId"], "").startswith("http"):
            self._weights.append((self._urls[event["requestId"]], int(event.get("encodedDataLength", 0))))


def _is_ours(url: str, host: str) -> bool:
    return host_of(url) == host and _OWN_ASSET.search(url) is not None


def _initiator(initiator: Mapping[str, Any]) -> str:
    """Return the script at the top of the stack, else the document (CDP, Network.Initiator)."""
    stack = initiator.get("stack")
    while stack:
        for call in stack.get("callFrames", ()):
            if host_of(call.get("url", "")):
                return str(call["url"])
        stack = stack.get("parent")
    return str(initiator.get("url", ""))
