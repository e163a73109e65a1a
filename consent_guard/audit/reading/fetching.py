"""Reads pages over http, as a visitor without JavaScript: bounded in time, size and hops, and never off the site.

    with Fetcher() as fetcher:
        answers = fetcher.get("https://site.example/")      # each hop of a redirect, the page last

May import the wire layer, and httpx (extra ``scan``), which is imported late. The scanners and ``init`` read with it; apps
are called through it in process (``apps``).
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

from ...version import __version__
from ...wire.messages import Header
from ...wire.origins import registrable_domain
from ..problems import Unreadable
from ..report import without_query

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

USER_AGENT: Final = f"consent-guard/{__version__}"
HOPS: Final = 10
"""Redirects that are followed; browsers follow 20, sites need 2."""
PAGE_BYTES: Final = 20 * 1024 * 1024
"""What is read of one page: the largest real pages are some megabytes."""
PAGE_SECONDS: Final = 30.0
"""How long one page may take, redirects included."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DROPPED: Final = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Fields that spoke of the body on the wire: here it stands decoded and whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: its body decoded, and whole unless ``cut``."""

    url: str
    status: int
    headers: tuple[Header, ...]
    body: bytes
    cut: bool = False
    """The body went on past the limit."""


class Fetcher:
    """A client without memory: each ``get`` is a new visitor, who carries only the cookies that the caller gives."""

    def __init__(
        self,
        *,
        seconds: float = PAGE_SECONDS,
        max_bytes: int = PAGE_BYTES,
        transport: httpx.BaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """``seconds`` and ``max_bytes`` bound each page. ``transport`` stands in for the network: an app's own.

        Raises Unreadable where httpx is not installed.
        """
        httpx = require_httpx()
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._in_process = transport is not None
        headers = {"User-Agent": USER_AGENT, "Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"}
        timeout = httpx.Timeout(seconds, connect=min(seconds, 10.0))
        self._client = httpx.Client(transport=transport, headers=headers, timeout=timeout, verify=verify)

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def get(self, url: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        """Return each answer on the way to a page, the page last. A redirect to another site is not followed: it is last then.

        Raises Unreadable for whatever keeps the page from being read: no such host, refused, broken TLS, too slow, too many
        redirects.
        """
        return self._told(url, lambda deadline: self._follow(url, cookies or {}, deadline))

    def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Return the answer to a form, without following it. Raises Unreadable."""

        def send(deadline: float) -> Answer:
            self._client.cookies.clear()
            return self._one(self._client.build_request("POST", url, data=dict(form)), deadline)

        return self._told(url, send)

    def _follow(self, url: str, cookies: Mapping[str, str], deadline: float) -> tuple[Answer, ...]:
        self._client.cookies.clear()
        for name, value in cookies.items():
            self._client.cookies.set(name, value)
        answers: list[Answer] = []
        for _ in range(HOPS + 1):
            request = self._client.build_request("GET", url)
            answer = self._one(request, deadline)
            answers.append(answer)
            target = redirect_target(answer)
            if target is None or not same_site(target, answers[0].url):
                return tuple(answers)
            url = target
        raise Unreadable(without_query(answers[0].url), f"redirects without end (more than {HOPS} times)")

    def _one(self, request: httpx.Request, deadline: float) -> Answer:
        response = self._client.send(request, stream=True, follow_redirects=False)
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._max_bytes:
                    break
                if time.monotonic() > deadline:
                    raise self._too_slow(str(request.url))
        finally:
            response.close()
        cut = len(body) > self._max_bytes
        headers = tuple((name.lower(), value) for name, value in response.headers.raw if name.lower() not in _DROPPED)
        return Answer(str(request.url), response.status_code, headers, bytes(body[: self._max_bytes]), cut)

    def _told(self, url: str, ask: Callable[[float], T]) -> T:
        """Ask, within the time there is, and say in one line why it failed."""
        httpx = require_httpx()
        shown = without_query(url)
        try:
            return within(self._seconds, lambda: ask(time.monotonic() + self._seconds))
        except TimeoutError:
            raise self._too_slow(url) from None
        except httpx.TimeoutException:
            raise self._too_slow(url) from None
        except httpx.DecodingError as error:
            raise Unreadable(shown, f"is not coded as it says ({error})") from error
        except httpx.RemoteProtocolError as error:
            raise Unreadable(shown, f"does not answer as http should ({str(error).rstrip('.')})") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict) as error:
            raise Unreadable(shown, _reason(error)) from error
        except Unreadable:
            raise
        except UnicodeError as error:  # what cannot be a name of DNS
            raise Unreadable(shown, f"is no address ({error})") from error
        except (Exception, SystemExit) as error:
            if not self._in_process:
                raise
            raise Unreadable(shown, f"the app failed: {type(error).__name__}: {error}") from error

    def _too_slow(self, url: str) -> Unreadable:
        return Unreadable(without_query(url), f"did not answer within {self._seconds:g} s")


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Return what ``ask`` returns, or raise what it raises; TimeoutError when that takes longer.

    It runs in a thread that is left behind then: there is no other way out of a call that never returns.
    """
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(ask())
        except BaseException as error:  # noqa: BLE001  (handed to the caller, below)
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds + 0.5)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError
    return done[0]


def redirect_target(answer: Answer) -> str | None:
    """Return the address that a browser goes on to, None where it stays."""
    if answer.status not in _REDIRECTS:
        return None
    location = next((value for name, value in answer.headers if name == b"location"), None)
    if not location:
        return None
    httpx = require_httpx()
    try:
        return str(httpx.URL(answer.url).join(location.decode("latin-1")))
    except (httpx.InvalidURL, ValueError):
        return None


def same_site(address: str, other: str) -> bool:
    """Tell whether two addresses are of one site: one registrable domain, else one host and port."""
    httpx = require_httpx()
    try:
        ours, theirs = httpx.URL(address), httpx.URL(other)
    except (httpx.InvalidURL, ValueError):
        return False
    if ours.scheme not in ("http", "https"):
        return False
    domain = registrable_domain(ours.host)
    if domain is None:
        return (ours.host, ours.port) == (theirs.host, theirs.port)
    return domain == registrable_domain(theirs.host)


def require_httpx() -> ModuleType:
    """Return httpx. Raises Unreadable, with what to install, where it is absent."""
    try:
        import httpx
    except ImportError as error:
        message = 'reading over http needs httpx: pip install "consent-guard-middleware[scan]"'
        raise Unreadable("httpx", message) from error
    return httpx


def _reason(error: Exception) -> str:
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and cause not in causes:
        causes.append(cause)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its TLS certificate is not to be trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS fails ({(cause.reason or 'no reason given').replace('_', ' ').lower()})"
        if isinstance(cause, OSError) and cause.strerror:
            return f"cannot be reached ({cause.strerror.lower()})"
    return f"cannot be reached ({str(error) or type(error).__name__})"


def field(headers: Sequence[Header], name: bytes) -> bytes:
    """Return a field's first value, empty without one."""
    return next((value for field, value in headers if field == name), b"")
