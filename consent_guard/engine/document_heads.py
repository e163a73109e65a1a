"""The head of a document that is filtered: kept out of shared caches, tied to its consent state, free of what no longer holds.

May import the wire layer and the engine's ``bodies``. The response side calls it for every HTML or XML response, for each part
of a body of parts, and for the 304 that stands for one (DESIGN §6, "Caching"; H20 to H23, H30, N6 to N9).
"""

from __future__ import annotations

from typing import Final

from ..wire.etags import mark_etag
from ..wire.headers import content_type, get_all, make_private, merge_vary, without
from ..wire.messages import Header, Headers
from .bodies import BodyKind, body_kind

_OF_THE_BYTES: Final = (
    b"content-length",
    b"content-md5",
    b"digest",
    b"content-digest",
    b"repr-digest",
    b"accept-ranges",
    b"signature",
    b"signature-input",
)
"""Fields that speak of the app's own bytes (RFC 9530 §§2, 3; RFC 9110 §14.3; RFC 9421). A signature may cover a digest."""
DIGESTS: Final = frozenset({b"content-md5", b"digest", b"content-digest", b"repr-digest"})


def personal_head(
    headers: Headers, mark: str, vary: tuple[bytes, ...], *, rewritten: bool, granted: bool = False
) -> list[Header]:
    """Return the head of a document for this visitor's consent state, which ``mark`` names (L07: the state, never the visitor).

    ``rewritten`` is False where no body follows that could differ (a 304, which repeats what the page's head said).
    ``granted``: it is shown with something that may be withdrawn. Nobody then keeps it, so that a changed choice, whose cookie
    no script can read, leaves no such page for the back button to bring to life again (H23).
    """
    gone = (b"last-modified", *_OF_THE_BYTES) if rewritten else (b"last-modified", b"content-length", b"accept-ranges")
    personal = [
        (name, mark_etag(value, mark)) if name.lower() == b"etag" else (name, value) for name, value in without(headers, *gone)
    ]
    return merge_vary(make_private(personal, stored=not granted), *vary)


def private_head(headers: Headers, vary: tuple[bytes, ...]) -> list[Header]:
    """Return the head of a response that is no document, but carries what only this visitor allows (N7, N8)."""
    return merge_vary(make_private(headers), *vary)


def part_head(headers: Headers) -> tuple[list[Header], BodyKind, str | None]:
    """Return the head of one part of a body of parts, what the part is, and its charset.

    Its type alone tells what it is: what else may keep a browser from showing it stands in the response's head, or in both. The
    last one counts, the others go, and so does one that says nothing: then all sniff.
    """
    types = get_all(headers, b"content-type")
    kept = [header for header in headers if header[0].lower() != b"content-type" or header[1] is types[-1]]
    alone = [(b"content-type", value) for value in types[-1:]]
    kind, declared = body_kind(200, alone), content_type(alone)
    if not kind.document or kind is BodyKind.PARTS:
        return kept, BodyKind.OTHER, None
    told = (b"content-type",) if kind is BodyKind.SNIFFED else ()
    leaving = without(kept, *_OF_THE_BYTES, b"content-range", b"range", *told)
    return leaving, kind, declared.charset if declared is not None else None


def worker_head(headers: Headers) -> list[Header]:
    """Return the head of a script that runs under a policy of this visitor's: nobody keeps it, so that none outlives the
    consent that it was made for."""
    return make_private(without(headers, b"etag", b"last-modified"), stored=False)


def with_repeated(headers: list[Header], own: Headers) -> list[Header]:
    """Return the head of a 304 with those of our own lines whose name stands in it. What a 304 brings takes the place of all
    that was stored under the name (RFC 9111 §3.2): where the app repeats its policy ours must come again; else neither may."""
    repeated = {name.lower() for name, _ in headers}
    return [*headers, *(line for line in own if line[0] in repeated)]


def with_length(headers: list[Header], length: int) -> list[Header]:
    """Return the head of a body that is at hand as a whole: with its length, unless the head tells how it ends."""
    if any(name.lower() in (b"transfer-encoding", b"content-length") for name, _ in headers):
        return headers
    return [*headers, (b"content-length", b"%d" % length)]
