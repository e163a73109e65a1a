"""Our own answers, whole: a body and the head that keeps it out of frames, caches and other people's hands (K17, K18, K20).

May import the wire layer. The endpoints make every answer here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from ..consent.receipt import Receipt
from ..wire.messages import Header, Reply

_CSP: Final = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
_SHELTERED: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", _CSP),
    # Not no-referrer: under that, browsers post our own forms with "Origin: null".
    (b"referrer-policy", b"same-origin"),
)
_KEPT: Final = (
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"x-content-type-options", b"nosniff"),
)
HTML: Final = b"text/html; charset=utf-8"
JSON: Final = b"application/json"
SCRIPT: Final = b"text/javascript; charset=utf-8"


def page(body: bytes, headers: Sequence[Header] = (), *, status: int = 200, content_type: bytes = HTML) -> Reply:
    """Return an answer that nobody may keep or frame."""
    head = ((b"content-type", content_type), (b"content-length", b"%d" % len(body)), *_SHELTERED, *headers)
    return Reply(status, head, body)


def data(value: object, headers: Sequence[Header] = (), *, status: int = 200, receipt: Receipt | None = None) -> Reply:
    """Return a JSON answer that nobody may keep."""
    body = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    reply = page(body, headers, status=status, content_type=JSON)
    return Reply(reply.status, reply.headers, body, receipt)


def see_other(path: str, headers: Sequence[Header] = (), *, receipt: Receipt | None = None) -> Reply:
    """Return the way on after a post: 303 to a path of this site, percent-encoded ASCII (H12, K16, K17)."""
    # The type of nothing, but WSGI's validators want one on every status that may have a body.
    empty = ((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0"))
    head = ((b"location", path.encode("ascii")), *empty, *_SHELTERED, *headers)
    return Reply(303, head, b"", receipt)


def empty(status: int, headers: Sequence[Header] = ()) -> Reply:
    """Return an answer that nobody reads."""
    length = () if status == 204 else ((b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"0"))
    return Reply(status, (*length, (b"cache-control", b"no-store"), *headers), b"")


def unavailable(reply: Reply) -> Reply:
    """Return an answer that will be another one soon: what it needs cannot be had at the moment."""
    return Reply(reply.status, (*reply.headers, (b"retry-after", b"5")), reply.body)


def asset(content_type: str, body: bytes) -> Reply:
    """Return a file whose name is the digest of its content: it may be kept for ever, by anybody."""
    return Reply(200, ((b"content-type", content_type.encode("ascii")), (b"content-length", b"%d" % len(body)), *_KEPT), body)


def public_data(value: object) -> Reply:
    """Return a JSON answer that is the same for everybody; it may be kept for an hour."""
    body = json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    head = (
        (b"content-type", JSON),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"public, max-age=3600"),
        (b"x-content-type-options", b"nosniff"),
    )
    return Reply(200, head, body)


def without_body(reply: Reply) -> Reply:
    """Return the same answer to HEAD (N1)."""
    return Reply(reply.status, reply.headers, b"", reply.receipt, reply.wish)
