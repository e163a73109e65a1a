"""Entity tags that carry the consent state, so that no 304 pairs a page with another state (H23, N3, L07).

Out: ``"abc"`` becomes ``W/"abc~cg-s-MARK"``; the letter remembers how the app wrote its tag, so that the way back gives the
app exactly its own bytes. In: a tag with our mark is unmarked, one with another mark is dropped. The mark is the state, never
the visitor. A condition on a write (If-Match) gets the app's own bytes back under every mark. May import nothing of the
package. Called by the engine.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

_TAG = re.compile(rb'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_BARE_TAG = re.compile(rb"[\x21\x23-\x2b\x2d-\x7e\x80-\xff]+")
_MARKED = re.compile(rb"(?s:(.*))~cg-([swbx])-([0-9A-Za-z_.]+)")
_QUOTE_OR_COMMA = re.compile(rb'[",]')
_MARK = re.compile(r"[0-9A-Za-z_.]{1,64}")


def mark_etag(value: bytes, mark: str) -> bytes:
    """Return the app's ETag as a weak one that carries ``mark`` (letters, digits, ``_`` and ``.``; else ValueError).

    A tag that is not written as RFC 9110 §8.8.3 has it is marked too; one that could not stand in quotes is replaced by a
    digest of it, and never matches for the app.
    """
    if not _MARK.fullmatch(mark):
        raise ValueError(f"an ETag cannot carry {mark!r}")
    suffix = mark.encode("ascii")
    value = value.strip(b" \t")
    if match := _TAG.fullmatch(value):
        return b'W/"%b~cg-%b-%b"' % (match[2], b"w" if match[1] else b"s", suffix)
    if _BARE_TAG.fullmatch(value):
        return b'W/"%b~cg-b-%b"' % (value, suffix)
    return b'W/"%b~cg-x-%b"' % (hashlib.sha256(value).hexdigest()[:32].encode("ascii"), suffix)


def unmark_if_none_match(value: bytes, mark: str, *, keep_unmarked: bool = True) -> bytes | None:
    """Return the If-None-Match that the app may see, or None where nothing of it is left.

    Tags with our ``mark`` come back as the app wrote them; tags with another mark are dropped. Tags without any mark belong
    to responses that are never filtered (images, downloads); ``keep_unmarked=False`` drops them too, for a request that can
    only be for a page. ``*`` stays: browsers never send it, and on unsafe methods it protects the app (RFC 9110 §13.1.2).
    """
    if value.strip(b" \t") == b"*":
        return value
    if b"~cg-" not in value:
        return value if keep_unmarked and value.strip(b" \t,") else None
    suffix = mark.encode("ascii", "replace")
    kept: list[bytes] = []
    for member in tags_in(value):
        tag = _TAG.fullmatch(member)
        marked = _MARKED.fullmatch(tag[2]) if tag else None
        if marked is None:
            if keep_unmarked:
                kept.append(member)
        elif marked[3] == suffix and marked[2] != b"x":
            kept.append(_original(marked[1], marked[2]))
    return b", ".join(kept) or None


def names_tag(value: bytes, tag: bytes) -> bool:
    """Tell whether an If-None-Match names this entity tag, by weak comparison (RFC 9110 §8.8.3.2).

    An app that forgets the quotes means the same tag: clients send it back with quotes or without.
    """
    wanted = _quoted(tag.strip(b" \t"))
    return any(_quoted(member) == wanted for member in tags_in(value))


def _quoted(tag: bytes) -> bytes:
    return b'"%b"' % tag if _BARE_TAG.fullmatch(tag) else tag.removeprefix(b"W/")


def unmark_all(value: bytes) -> bytes:
    """Return a list of entity tags with ours as the app wrote them, whatever their mark; the same object where none is ours.

    For a condition on the app's own version, as If-Match on a PUT: that version is the same in every state of consent, and our
    weak tags would never match (RFC 9110 §13.1.1). A tag of which only a digest was kept stays, and matches nothing.
    """
    if b"~cg-" not in value:
        return value
    members: list[bytes] = []
    for member in tags_in(value):
        tag = _TAG.fullmatch(member)
        marked = _MARKED.fullmatch(tag[2]) if tag else None
        members.append(_original(marked[1], marked[2]) if marked is not None and marked[2] != b"x" else member)
    return b", ".join(members)


def tags_in(value: bytes) -> Iterator[bytes]:
    """The non-empty members, stripped; commas inside a tag's quotes do not separate, and no escapes exist there."""
    start = at = 0
    while match := _QUOTE_OR_COMMA.search(value, at):
        at = match.end()
        if match[0] == b'"':
            end = value.find(b'"', at)
            at = len(value) if end < 0 else end + 1
            continue
        if member := value[start : match.start()].strip(b" \t"):
            yield member
        start = at
    if member := value[start:].strip(b" \t"):
        yield member


def _original(opaque: bytes, kind: bytes) -> bytes:
    if kind == b"b":
        return opaque
    return b'W/"%b"' % opaque if kind == b"w" else b'"%b"' % opaque
