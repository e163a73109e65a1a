"""Header lists: look fields up, merge Vary, keep a response out of shared caches, read Content-Type as browsers do.

Headers are sequences of byte pairs, in order, duplicates kept. Names compare case-insensitively. No function changes what it
is given: each returns a new list. May import only ``wire.messages``. Called by the engine and the transports.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .messages import Header, Headers

_BLANKS = b" \t"
_HTTP_BLANKS = b" \t\r\n"
_QUOTE_END = re.compile(rb'["\\]')
_TYPE_END = re.compile(rb"[ \t\r\n(]")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NO_NAME = re.compile(rb"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
_LENGTH_DIGITS = 18
_BREAKING = re.compile(rb"[\r\n\x00]")

_RESTRICTING = (b"no-store", b"no-transform", b"must-revalidate", b"proxy-revalidate")
"""What an app may add to ``private, no-cache``. ``must-understand`` is not here: it loosens no-store (RFC 9111 §5.2.2.3)."""
_CACHE_ORDERS = (b"surrogate-control", b"edge-control", b"x-accel-expires")
"""Orders to shared caches that override Cache-Control; the targeted fields of RFC 9213 end in ``-cache-control``."""


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type as a browser extracts it."""

    essence: str
    """``type/subtype`` in lower case."""
    charset: str | None
    """The label as sent, or None."""


def get_all(headers: Headers, name: bytes) -> list[bytes]:
    """Return the values of every field of that name, in order."""
    name = name.lower()
    return [value for key, value in headers if key.lower() == name]


def first(headers: Headers, name: bytes) -> bytes | None:
    """Return the value of the first field of that name, or None."""
    name = name.lower()
    return next((value for key, value in headers if key.lower() == name), None)


def without(headers: Headers, *names: bytes) -> list[Header]:
    """Return the headers without any field of these names."""
    gone = {name.lower() for name in names}
    return [header for header in headers if header[0].lower() not in gone]


def list_members(value: bytes) -> Iterator[bytes]:
    """Yield the non-empty members of a comma-separated field value, stripped; quoted strings hold commas (RFC 9110 §5.6.1)."""
    for member in split_outside_quotes(value, b","):
        if text := member.strip(_BLANKS):
            yield text


def split_outside_quotes(value: bytes, separator: bytes) -> list[bytes]:
    """Split at a one-octet separator, except inside quoted strings (RFC 9110 §5.6.4); joining the parts gives the value back.

    A quote that is never closed runs to the end.
    """
    if b'"' not in value:
        return value.split(separator)
    parts: list[bytes] = []
    start = at = 0
    stops = re.compile(rb'["' + re.escape(separator) + rb"]")
    while match := stops.search(value, at):
        at = match.end()
        if match[0] == separator:
            parts.append(value[start : match.start()])
            start = at
        else:
            at = end_of_quotes(value, at)
    parts.append(value[start:])
    return parts


def end_of_quotes(value: bytes, at: int) -> int:
    """Return the index after the quote that ends the quoted string whose content starts at ``at``, or the value's length."""
    while match := _QUOTE_END.search(value, at):
        if match[0] == b'"':
            return match.end()
        at = match.end() + 1
    return len(value)


def unquote(text: bytes) -> bytes:
    """Return the content of a quoted string, escapes undone; a text that is not quoted comes back as it is."""
    if not text.startswith(b'"'):
        return text
    end = end_of_quotes(text, 1)
    content = text[1 : end - 1] if text[end - 1 : end] == b'"' and end > 1 else text[1:]
    return re.sub(rb"\\(.)", rb"\1", content, flags=re.DOTALL) if b"\\" in content else content


def merge_vary(headers: Headers, *fields: bytes) -> list[Header]:
    """Return the headers with ``fields`` among what Vary names; ``*`` stays alone, and nothing is named twice (H20, N7)."""
    named = {member.lower() for value in get_all(headers, b"vary") for member in list_members(value)}
    missing = [] if b"*" in named else [field for field in fields if field.lower() not in named]
    merged = list(headers)
    if not missing:
        return merged
    addition = b", ".join(missing)
    for place in range(len(merged) - 1, -1, -1):
        name, value = merged[place]
        if name.lower() == b"vary":
            merged[place] = (name, value.rstrip(b" \t,") + b", " + addition if value.strip(b" \t,") else addition)
            return merged
    merged.append((b"vary", addition))
    return merged


def make_private(headers: Headers, *, stored: bool = True) -> list[Header]:
    """Return the headers with ``Cache-Control: private, no-cache`` and no order to a shared cache (H20, N8, N9).

    Directives of the app that restrict further stay (no-store, no-transform, must-revalidate, proxy-revalidate); public,
    s-maxage, max-age and all others go, for they mean nothing under no-cache or loosen it. ``stored``: False asks for
    ``private, no-store`` instead (H23).
    """
    given = {
        member.partition(b"=")[0].strip(_BLANKS).lower()
        for value in get_all(headers, b"cache-control")
        for member in list_members(value)
    }
    if stored:
        asked = (b"private", b"no-cache", *(directive for directive in _RESTRICTING if directive in given))
    else:
        asked = (b"private", b"no-store", *(one for one in _RESTRICTING if one in given and one != b"no-store"))
    value = b", ".join(asked)
    private: list[Header] = []
    placed = False
    for header in headers:
        name = header[0].lower()
        if name == b"cache-control":
            if not placed:
                private.append(header if header[1] == value else (header[0], value))
            placed = True
        elif name not in _CACHE_ORDERS and not name.endswith(b"-cache-control"):
            private.append(header)
    if not placed:
        private.append((b"cache-control", value))
    return private


def is_unshared(headers: Headers) -> bool:
    """Tell whether no shared cache may store this: the app says ``private`` or ``no-store``, and gives such caches no order."""
    said: set[bytes] = set()
    for name, value in headers:
        name = name.lower()
        if name in _CACHE_ORDERS or name.endswith(b"-cache-control"):
            return False
        if name == b"cache-control":
            said.update(member.strip(_BLANKS).lower() for member in list_members(value))
    return bool(said & {b"private", b"no-store"}) and not any(one.startswith((b"public", b"s-maxage")) for one in said)


def broken_fields(headers: Headers) -> list[Header]:
    """Return the fields that are others to a browser than to us, where a server writes them as they are: with CR, LF or NUL in
    the value (RFC 9110 §5.5) they become several, or a body; a name that is no token (§5.1) ends at its blank or colon."""
    names, values = b"".join([name for name, _ in headers]), b"".join([value for _, value in headers])
    if _NO_NAME.search(names) is None and _BREAKING.search(values) is None:
        return []
    return [header for header in headers if _NO_NAME.search(header[0]) or _BREAKING.search(header[1])]


def stated_length(headers: Headers) -> int | None:
    """Return the length that a Content-Length states, None where there is none, or none that is one number."""
    values = get_all(headers, b"content-length")
    if len(values) != 1 or not values[0].isdigit() or len(values[0]) > _LENGTH_DIGITS:
        return None
    return int(values[0])


def content_type(headers: Headers) -> ContentType | None:
    """Return the media type that a browser extracts from all Content-Type fields; None where it would sniff the body.

    Of several values the last valid one counts, and it inherits the charset of an equal one before it (Fetch, "extract a
    MIME type").
    """
    essence: str | None = None
    charset: str | None = None
    for value in get_all(headers, b"content-type"):
        for member in split_outside_quotes(value, b","):
            parsed = _media_type(member)
            if parsed is None or parsed.essence == "*/*":
                continue
            if parsed.essence != essence:
                essence, charset = parsed.essence, parsed.charset
            elif parsed.charset is not None:
                charset = parsed.charset
    return None if essence is None else ContentType(essence, charset)


def is_attachment(headers: Headers) -> bool:
    """True where every browser saves the body instead of showing it: each Content-Disposition is ``attachment`` (N11)."""
    kinds = [value.partition(b";")[0].strip(_HTTP_BLANKS).lower() for value in get_all(headers, b"content-disposition")]
    return bool(kinds) and all(kind == b"attachment" for kind in kinds)


def _media_type(text: bytes) -> ContentType | None:
    """Parse one media type (WHATWG MIME Sniffing §4.4), and end it at a blank or a comment as Chromium does."""
    parts = split_outside_quotes(text, b";")
    kind, slash, subtype = _TYPE_END.split(parts[0].strip(_HTTP_BLANKS), maxsplit=1)[0].partition(b"/")
    if not slash or not _TOKEN.fullmatch(kind) or not _TOKEN.fullmatch(subtype):
        return None
    for part in parts[1:]:
        name, equals, value = part.lstrip(_HTTP_BLANKS).partition(b"=")
        if equals and name.lower() == b"charset":
            label = unquote(value) if value.startswith(b'"') else value.strip(_HTTP_BLANKS)
            if label or value.startswith(b'"'):
                return ContentType(f"{kind.decode('ascii')}/{subtype.decode('ascii')}".lower(), label.decode("latin-1"))
    return ContentType(f"{kind.decode('ascii')}/{subtype.decode('ascii')}".lower(), None)
