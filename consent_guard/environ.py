"""PEP 3333 on one side, the engine's plain values on the other: environ, status lines, native headers, the request's body.

May import the wire messages. The WSGI transport and the Django adapter call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .refusal import reason_phrase
from .wire.messages import Header, Headers, RequestFacts

_BARE_HEADERS: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
_NOT_HEADERS: Final = frozenset({"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"})
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def request_facts(environ: Mapping[str, Any], now: float) -> RequestFacts:
    """Return what the engine needs to know of a request. X-Forwarded-* headers are not read (K21)."""
    scheme = str(environ.get("wsgi.url_scheme", "http")).lower()
    return RequestFacts(
        method=environ["REQUEST_METHOD"],
        scheme=scheme,
        host=environ.get("HTTP_HOST") or _server_host(environ, scheme),
        root_path=_decoded_path(environ.get("SCRIPT_NAME", "")),
        path=_decoded_path(environ.get("PATH_INFO", "")),
        query=_octets(environ.get("QUERY_STRING", "")),
        headers=environ_headers(environ),
        now=now,
    )


def environ_headers(environ: Mapping[str, Any]) -> tuple[Header, ...]:
    """Return the request headers of an environ as byte pairs with lower-case names."""
    headers: list[Header] = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            if key in _NOT_HEADERS:
                continue
            name = key[5:]
        elif key in _BARE_HEADERS and value:
            name = key
        else:
            continue
        headers.append((_octets(name.replace("_", "-").lower()), _octets(value)))
    return tuple(headers)


def forwarded_environ(environ: Mapping[str, Any], before: Headers, after: Headers) -> dict[str, Any]:
    """Return a copy of the environ whose request headers are ``after`` where they were ``before`` (W14)."""
    inner = dict(environ)
    for key, value in changed_keys(before, after).items():
        if value is None:
            inner.pop(key, None)
        else:
            inner[key] = value
    return inner


def changed_keys(before: Headers, after: Headers) -> dict[str, str | None]:
    """Return the environ keys that differ between two sets of request headers; None where the header is gone."""
    if after is before:
        return {}
    old, new = _joined(before), _joined(after)
    changes: dict[str, str | None] = {_key(name): None for name in old if name not in new}
    changes.update({_key(name): value.decode("latin-1") for name, value in new.items() if old.get(name) != value})
    return changes


def read_body(environ: Mapping[str, Any], limit: int) -> bytes:
    """Return the request body for one of our own pages, at most ``limit`` + 1 bytes of it.

    Without a length, wsgi.input is read only where the server says that it ends (``wsgi.input_terminated``): elsewhere reading
    past the end may wait for ever. A body shorter than its Content-Length was cut off and counts as none.
    """
    stated = str(environ.get("CONTENT_LENGTH") or "")
    if stated.isascii() and stated.isdigit() and len(stated) <= 18:
        wanted = min(int(stated), limit + 1)
        body = _read(environ["wsgi.input"], wanted)
        return body if len(body) == wanted else b""
    if not stated and environ.get("wsgi.input_terminated"):
        return _read(environ["wsgi.input"], limit + 1)
    return b""


def _read(stream: Any, wanted: int) -> bytes:
    parts: list[bytes] = []
    while wanted > 0:
        part = stream.read(wanted)
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def status_line(status: int) -> str:
    """Return ``404 Not Found`` for 404."""
    return f"{status} {reason_phrase(status)}"


def status_code(status: str) -> int:
    """Return 404 for ``404 Not Found``; raises ValueError for what is no status line."""
    if not (status[:3].isascii() and status[:3].isdigit()):
        raise ValueError(f"the app's status is {status!r}, not a three-digit code and a phrase")
    return int(status[:3])


def byte_headers(headers: Iterable[tuple[str, str]]) -> list[Header]:
    """Return native headers as byte pairs; raises UnicodeEncodeError for characters outside latin-1 (PEP 3333)."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def native_headers(headers: Headers) -> list[tuple[str, str]]:
    """Return byte pairs as the native latin-1 strings of PEP 3333, in a fresh list (W12)."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _joined(headers: Headers) -> dict[bytes, bytes]:
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        name = name.lower()
        separator = b"; " if name == b"cookie" else b", "
        joined[name] = joined[name] + separator + value if name in joined else value
    return joined


def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in _BARE_HEADERS else "HTTP_" + key


def _octets(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:  # no server sends this (PEP 3333), a test client might
        return value.encode("utf-8", "surrogateescape")


def _decoded_path(path: str) -> str:
    """Return a path of the environ as text: bytes in latin-1 clothes, UTF-8 inside, other octets kept as surrogates."""
    return path if path.isascii() else _octets(path).decode("utf-8", "surrogateescape")


def _server_host(environ: Mapping[str, Any], scheme: str) -> str:
    """Return the host of a request without a Host header (HTTP/1.0), from the server's own name."""
    name = str(environ.get("SERVER_NAME", ""))
    port = str(environ.get("SERVER_PORT", ""))
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"{name}:{port}" if port and port != _DEFAULT_PORTS.get(scheme) else name
