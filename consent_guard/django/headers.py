"""A Django response's head as header lines, and back.

Django keeps one value per header name and builds its Set-Cookie lines from ``response.cookies`` only when it sends. Here they
become plain lines for the engine, and the engine's lines a head from which Django's handlers make exactly those bytes (F5). May
import Django and the wire messages. The middleware calls it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from http.cookies import Morsel
from typing import TYPE_CHECKING, Any

from ..wire.messages import Header, Headers

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase


class CookieLine(Morsel[str]):
    """A Set-Cookie line that is written as it stands, in the clothes of the morsels that ``response.cookies`` holds."""

    def __init__(self, line: str, *, asgi: bool = False) -> None:
        super().__init__()
        pair, *attributes = line.split(";")
        name, _, value = pair.partition("=")
        self.__setstate__({"key": name.strip(" \t"), "value": value.strip(" \t"), "coded_value": value.strip(" \t")})
        for attribute in attributes:
            key, _, text = attribute.strip(" \t").partition("=")
            if self.isReservedKey(key):
                dict.__setitem__(self, key.lower(), _attribute(key.lower(), text))
        self.line = line
        self.asgi = asgi

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[misc]
        self.line = state.get("line", "")
        self.asgi = state.get("asgi", False)

    def __getstate__(self) -> dict[str, Any]:
        return {"key": self.key, "value": self.value, "coded_value": self.coded_value, "line": self.line, "asgi": self.asgi}

    def output(self, attrs: Container[str] | None = None, header: str = "Set-Cookie:") -> str:
        text = f"{header} {self.line}"
        return _Octets(text) if self.asgi and not text.isascii() else text

    def OutputString(self, attrs: Container[str] | None = None) -> str:
        return self.line


def _attribute(name: str, text: str) -> str | int | bool:
    """Return an attribute's value as Django itself would have set it."""
    if name in ("secure", "httponly", "partitioned"):
        return True
    return int(text) if name == "max-age" and text.isascii() and text.isdigit() and len(text) < 20 else text


class _Octets(str):
    """Latin-1 octets as text, for Django's ASGI handler: it encodes cookies as ASCII, but a name may hold other octets."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("latin-1" if encoding == "ascii" else encoding, errors)


def header_lines(response: HttpResponseBase) -> list[Header]:
    """Return the lines that Django's handlers would send, in their order, the Set-Cookie lines last."""
    lines = [(_octets(name), _octets(value)) for name, value in response.items()]
    lines.extend((b"Set-Cookie", _octets(morsel.OutputString())) for morsel in response.cookies.values())
    return lines


def apply_headers(response: HttpResponseBase, before: Headers, after: Headers, *, asgi: bool = False) -> None:
    """Give a response whose lines were ``before`` the lines ``after``; what did not change stays the same object.

    ``asgi``: Django's ASGI handler will write it, which encodes cookies as ASCII.
    """
    if list(before) == list(after):
        return
    old_fields, _ = _parted(before)
    fields, cookies = _parted(after)
    if fields != old_fields or "Set-Cookie" in response.headers:
        for name in list(response.headers):
            del response.headers[name]
        for field_name, value in fields:
            name, text = field_name.decode("latin-1"), value.decode("latin-1")
            # A repeated field is the same as one joined by commas (RFC 9110 §5.3).
            response.headers[name] = f"{response.headers[name]}, {text}" if name in response.headers else text
    morsels: dict[bytes, list[tuple[str, Morsel[str]]]] = {}
    for key, morsel in response.cookies.items():
        morsels.setdefault(_octets(morsel.OutputString()), []).append((key, morsel))
    response.cookies.clear()
    for line in cookies:
        known = morsels.get(line)
        key, morsel = known.pop(0) if known else _keyed(line, asgi)
        while key in response.cookies:  # one name may be expired for several domains (H07)
            key += ";"
        dict.__setitem__(response.cookies, key, morsel)


def _keyed(line: bytes, asgi: bool) -> tuple[str, Morsel[str]]:
    morsel = CookieLine(line.decode("latin-1"), asgi=asgi)
    return morsel.key, morsel


def _parted(headers: Headers) -> tuple[list[Header], list[bytes]]:
    fields: list[Header] = []
    cookies: list[bytes] = []
    for name, value in headers:
        if name.lower() == b"set-cookie":
            cookies.append(value)
        else:
            fields.append((name, value))
    return fields, cookies


def _octets(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")
