"""What a request is for, told from its headers before any response exists: a page, a part of a page, or anything else.

May import the wire layer. The exchange asks it once for each request, ``visitor`` before it offers a banner.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ..wire.headers import first, get_all, list_members
from ..wire.messages import Headers

_DOCUMENTS: Final = frozenset({b"document", b"iframe", b"frame", b"embed", b"object", b"fencedframe"})
"""Fetch, "request destination": what is shown as a document of its own."""
_PAGE_TYPES: Final = frozenset({b"text/html", b"text/*", b"application/xhtml+xml"})
_INSIDE: Final = frozenset({b"iframe", b"frame", b"fencedframe", b"embed", b"object"})
"""What is shown inside another document."""
_WORKERS: Final = frozenset({b"worker", b"sharedworker", b"serviceworker"})
"""Scripts that run under the policy of their own head, whatever that of the page is (CSP Level 3 §2.2)."""
_PURPOSES: Final = frozenset({b"sec-purpose", b"x-sec-purpose", b"purpose", b"x-purpose", b"x-moz"})
"""Where browsers, older ones too, and libraries that fetch for them say that nobody has asked to see the answer yet; the second
is Turbo's."""
_STATIC_FILE: Final = re.compile(
    r"\.(?:7z|aac|avif|bmp|br|bz2|css|csv|doc|docx|eot|flac|gif|gz|heic|ico|jpeg|jpg|js|json|m3u8|m4a|m4v|map|md|mjs|mov|mp3|mp4"
    r"|odp|ods|odt|oga|ogg|ogv|otf|pdf|png|ppt|pptx|rar|tar|tgz|tif|tiff|ts|ttf|txt|vtt|wasm|wav|webm|webmanifest|webp|woff"
    r"|woff2|xls|xlsx|xz|zip|zst)\Z",
    re.IGNORECASE,
)
"""Addresses whose answers are no documents, where a request says nothing of what it wants."""


def destination(headers: Headers) -> bytes:
    """Return the ``Sec-Fetch-Dest`` in lower case; empty where it is absent or several differ (W3C Fetch Metadata §2.1)."""
    values = {value.strip(b" \t").lower() for value in get_all(headers, b"sec-fetch-dest")}
    return values.pop() if len(values) == 1 else b""


_PAGE_FILE: Final = frozenset({"html", "htm", "xhtml", "xml", "svg", "php"})
"""The endings of a page's address."""
_ANYTHING: Final = frozenset({b"*/*"})


class Wanted(NamedTuple):
    """What a request is for."""

    asks: bool
    """It says that it wants a document."""
    may_get: bool
    """Its answer may well be one, so that it must come to us as bytes."""
    polled: bool = False
    """Anything will do (``Accept: */*``) and no page waits for it: a tool asks, which may revalidate what it keeps."""
    whole: bool = False
    """A part of the answer would be a part of a page or of a style sheet: no range may reach the app (N4)."""
    narrowed: bool = True
    """The answer may be one that must be decoded, so that no other coding may be asked for (N5)."""
    sheet: bool = False
    """The answer may well be a style sheet, though it is no page."""


def wanted(headers: Headers, path: str) -> Wanted:
    """Return what a request is for: by its destination, or by an Accept that names HTML, it asks for a document (N4).

    Where it says nothing of what it wants (no destination; no Accept, or ``*/*`` alone) its address tells: static files keep
    their revalidation (H22), anything else may be a page.
    """
    meant, accepted = destination(headers), _accepted(headers)
    if meant in _DOCUMENTS or not _PAGE_TYPES.isdisjoint(accepted):
        return Wanted(asks=True, may_get=True, whole=_is_page_address(path))
    said = bool(meant) or bool(accepted - _ANYTHING)
    static = _STATIC_FILE.search(path) is not None
    polled = not meant and accepted == _ANYTHING
    sheet = meant == b"style" or b"text/css" in accepted or path.lower().endswith(".css")
    return Wanted(
        asks=False,
        may_get=not said and not static,
        polled=polled,
        whole=sheet or (polled and _is_page_address(path)),
        narrowed=meant in (b"", b"empty") and not static,
        sheet=sheet,
    )


def _is_page_address(path: str) -> bool:
    """Tell whether the last segment of a path has no ending, or a page's."""
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    return not dot or ending.lower() in _PAGE_FILE


def _accepted(headers: Headers) -> set[bytes]:
    members = [member for value in get_all(headers, b"accept") for member in list_members(value)]
    return {member.partition(b";")[0].strip(b" \t").lower() for member in members}


def may_parse(headers: Headers, wanted: Wanted) -> bool:
    """Tell whether a script takes the answer, which may be JSON to it whatever its type: nobody is shown it as a document.

    A navigation that a service worker passes on names HTML though its destination is ``empty``. Without a destination, as over
    http, only what scripts alone send tells one from a plug-in's document.
    """
    if wanted.asks:
        return False
    if destination(headers) or first(headers, b"x-requested-with") is not None:
        return True
    return any(kind.partition(b"/")[2].endswith(b"json") for kind in _accepted(headers))


def is_worker(headers: Headers) -> bool:
    """Tell whether the answer will run as a worker of its own."""
    return destination(headers) in _WORKERS


def is_tool(headers: Headers, wanted: Wanted) -> bool:
    """Tell whether no browser asks, and for no page: each of them says what it is for, over https, and in which languages its
    reader reads (Fetch, "fetch")."""
    said = any(name.lower() in (b"accept-language", b"sec-fetch-dest") for name, _ in headers)
    return not said and not wanted.asks


def takes_banner(headers: Headers) -> bool:
    """Tell whether a full document in answer to this request may show the banner: not inside another page (DESIGN §9).

    A script that asked for it (``empty``) is no reason against: libraries that load pages without a navigation, and service
    workers that pass a navigation on, send just that (S03). Of a ``Turbo-Frame`` answer only a part is taken.
    """
    return destination(headers) not in _INSIDE and first(headers, b"turbo-frame") is None


def is_prefetch(headers: Headers) -> bool:
    """Tell whether nobody has asked to see the answer yet: ``Sec-Purpose: prefetch``, prerendering included (H12)."""
    return any(b"prefetch" in value.lower() for name, value in headers if name.lower() in _PURPOSES)
