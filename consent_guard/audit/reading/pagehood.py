"""Whether an answer is a page to look at, and in one line why it is none.

May import the wire layer. Both scanners ask it, so that they say the same of the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...wire.headers import content_type, get_all, is_attachment
from ...wire.messages import Header

DOWNLOAD: Final = "is a download, not a page"
LOGIN: Final = "asks for a name and a password (401): give the scan a site that answers without, or the app itself"
_EMPTY: Final = frozenset({204, 205, 304})
_BINARY: Final = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])
"""WHATWG MIME Sniffing, "binary data byte"."""
_LOOKED_AT: Final = 1445
_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
"""UTF-16 holds zero bytes and is text."""
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})


def is_html(headers: Sequence[Header]) -> bool:
    """Tell whether a response says that it is HTML, or says nothing."""
    declared = content_type(headers)
    return declared is None or declared.essence in _PAGES


def no_page(status: int, headers: Sequence[Header]) -> str:
    """Return why a response is no page by its head, empty where it may be one."""
    if status == 401 and get_all(headers, b"www-authenticate"):
        return LOGIN
    if status in _EMPTY:
        return f"answered {status}: there is no page"
    if is_attachment(headers):
        return DOWNLOAD
    declared = content_type(headers)
    if is_html(headers) or declared is None or declared.essence.endswith(("+xml", "/xml")):
        return ""
    return f"is {declared.essence}, not a page" + (f" (it answered {status})" if status >= 400 else "")


def binary(body: bytes) -> str:
    """Return that a document is binary data, as its beginning shows; empty where it may be text."""
    head = body[:_LOOKED_AT]
    if head.startswith(_MARKS) or head.translate(None, _BINARY) == head:
        return ""
    return "holds binary data, not a page"


def too_large(count: int) -> str:
    """Return that a document was cut after so many bytes."""
    return f"is larger than {count / 1024 / 1024:.3g} MB: only the beginning was read"
