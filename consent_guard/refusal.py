"""The answer that stands in for a response which cannot be filtered, as long as nothing of it has left.

The visitor learns only that it failed; the cause goes to the ``consent_guard`` logger. May import the wire messages. The
transports and the Django adapter call it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from .wire.messages import Reply


def _plain(status: int, text: bytes) -> Reply:
    """Return plain text that is never stored."""
    headers = (
        (b"Content-Type", b"text/plain; charset=utf-8"),
        (b"Content-Length", str(len(text)).encode("ascii")),
        (b"Cache-Control", b"no-store"),
        (b"X-Content-Type-Options", b"nosniff"),
    )
    return Reply(status, headers, text)


REFUSAL: Final = _plain(500, b"This page could not be prepared safely.\n")
"""Our 500: plain text, never stored, with nothing of the app's in it (L24c)."""

PART_REFUSAL: Final = _plain(416, b"A part of this page cannot be sent. Ask for the whole of it.\n")
"""Our answer in place of a part of a document: the range is the client's wish, and none that can be met (RFC 9110 §15.5.17)."""


CONDITION_REFUSAL: Final = _plain(412, b"Whether this has changed cannot be told. Ask for it without a condition.\n")
"""Our answer in place of a 304 that would bring to life what a browser has stored unfiltered: it takes the place of that, so
that the next request has no condition (RFC 9110 §15.5.13)."""


def reason_phrase(status: int) -> str:
    """Return the standard's phrase for a status code, or an empty string for a code that has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
