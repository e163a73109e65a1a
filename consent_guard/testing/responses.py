"""A response of any test client, as plain values: status, header lines, body, address.

No client's library is imported: a response is known by what it offers. A stream is read to its end, and can be read again by
the test. ``assertions`` and ``crawling`` call it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from ..errors import CodingError
from ..wire.codings import ContentDecoder, decodable
from ..wire.headers import content_type, get_all, without
from ..wire.messages import Header
from .clients import KNOWN

_SELF_DECODED: Final = b"content-encoding"


@dataclass(frozen=True, slots=True)
class Seen:
    """One response."""

    status: int
    headers: tuple[Header, ...]
    body: bytes
    """In the coding that the headers name."""
    url: str
    """Absolute."""

    def text(self) -> str:
        """Return the body decoded, as text; what cannot be decoded as replacement characters."""
        coding = b", ".join(get_all(self.headers, _SELF_DECODED))
        body = self.body
        if coding and decodable(coding):
            try:
                body = ContentDecoder(coding).feed(body)
            except CodingError:
                body = b""
        declared = content_type(self.headers)
        try:
            return body.decode((declared.charset if declared is not None else None) or "utf-8", "replace")
        except LookupError:
            return body.decode("utf-8", "replace")

    def first(self, name: bytes) -> str:
        """Return the first value of a field, empty where there is none."""
        return next(iter(get_all(self.headers, name)), b"").decode("latin-1")


def see(response: Any) -> Seen:
    """Return a response as plain values. Raises TypeError for what is no response, or one whose stream is not there to be read;
    the message names the mend."""
    for offers, read in _READERS:
        if offers(response):
            return read(response)
    if hasattr(response, "__await__"):
        raise TypeError("this is a coroutine, not a response: await the client's call first")
    raise TypeError(f"a {type(response).__name__} is no response that the kit can read; it reads those of {KNOWN}")


def _of_django(response: Any) -> Seen:
    from ..django.headers import header_lines

    if not response.streaming:
        body = response.content
    elif response.is_async:
        body = _drained(response.streaming_content)
        response.streaming_content = _again(body)
    else:
        body = b"".join(response.streaming_content)
        response.streaming_content = [body]
    request = getattr(response, "wsgi_request", None) or getattr(response, "asgi_request", None)
    url = "http://testserver/"
    if request is not None:
        host = request.META.get("HTTP_HOST") or request.META.get("SERVER_NAME", "testserver")
        url = f"{request.scheme}://{host}{request.get_full_path()}"
    return Seen(response.status_code, tuple(header_lines(response)), body, url)


def _drained(content: AsyncIterator[bytes]) -> bytes:
    """Read an asynchronous stream to its end, in a loop and a thread of its own: a test's own loop may be running."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    async def drain() -> bytes:
        return b"".join([chunk async for chunk in content])

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, drain()).result()


async def _again(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _of_httpx(response: Any) -> Seen:
    if not getattr(response, "is_stream_consumed", True):
        if not isinstance(response.stream, Iterable):
            raise TypeError("the body of this response was not read yet: await response.aread() first")
        response.read()
    try:
        body = response.content
    except RuntimeError as error:
        raise TypeError("the stream of this response is used up: call response.read() in place of iterating over it") from error
    headers = tuple((bytes(name), bytes(value)) for name, value in response.headers.raw)
    return _undone(Seen(response.status_code, headers, body, str(response.url)))


def _of_requests(response: Any) -> Seen:
    fields = getattr(response.raw, "headers", None) or response.headers
    lines = fields.iteritems() if hasattr(fields, "iteritems") else fields.items()
    return _undone(Seen(response.status_code, _octets(lines), response.content, str(response.url)))


def _undone(seen: Seen) -> Seen:
    """Take the content coding off the headers: these clients undo it, unless they lack the library for it."""
    coding = b", ".join(get_all(seen.headers, _SELF_DECODED))
    if not coding:
        return seen
    headers = tuple(without(seen.headers, _SELF_DECODED))
    if decodable(coding) and seen.body:
        decoder = ContentDecoder(coding)
        try:
            body = decoder.feed(seen.body) + decoder.close()
        except CodingError:
            body = seen.body  # it is decoded already
        return Seen(seen.status, headers, body, seen.url)
    return Seen(seen.status, headers, seen.body, seen.url)


def _of_webob(response: Any) -> Seen:
    request = getattr(response, "request", None)
    url = request.url if request is not None else "http://localhost/"
    return Seen(response.status_int, _octets(response.headerlist), response.body, url)


def _of_werkzeug(response: Any) -> Seen:
    request = getattr(response, "request", None)
    url = request.url if request is not None else "http://localhost/"
    return Seen(response.status_code, _octets(response.headers), response.get_data(), url)


def _octets(fields: Iterable[tuple[str, str]]) -> tuple[Header, ...]:
    return tuple((name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in fields)


_READERS: Final[tuple[tuple[Callable[[Any], bool], Callable[[Any], Seen]], ...]] = (
    (lambda one: hasattr(one, "streaming") and hasattr(one, "cookies") and hasattr(one, "items"), _of_django),
    (lambda one: hasattr(getattr(one, "headers", None), "raw") and hasattr(one, "url"), _of_httpx),
    (lambda one: hasattr(one, "headerlist") and hasattr(one, "status_int"), _of_webob),
    (lambda one: hasattr(one, "get_data") and hasattr(one, "status_code"), _of_werkzeug),
    (lambda one: hasattr(one, "raw") and hasattr(one, "content") and hasattr(one, "status_code"), _of_requests),
)
