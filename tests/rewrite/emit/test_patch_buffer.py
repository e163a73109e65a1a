"""Edits laid into a document as it leaves: each byte once, at any cut (DESIGN §8)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consent_guard.rewrite.emit.patch_buffer import PatchBuffer
from consent_guard.rewrite.encoding.decode import Charset
from consent_guard.rewrite.model import Edit

from ..documents import FUZZ

UTF8 = Charset("utf-8")
SOURCE = b"abcdefghijklmnopqrstuvwxyz"


def taken(edits: list[Edit], *cuts: int, source: bytes = SOURCE) -> bytes:
    """The source with edits laid in, leaving at some cuts."""
    patches = PatchBuffer()
    patches.extend(edits, 0)
    out, at = [], 0
    for cut in (*cuts, len(source)):
        out.append(patches.take(source[at:], cut - at, UTF8))
        at = cut
    assert not patches.edits
    return b"".join(out)


def test_edits_come_in_any_order_and_leave_in_that_of_the_document() -> None:
    assert (
        taken([Edit(20, 21, b"U"), Edit(0, 1, b"A"), Edit(5, 5, b"-"), Edit(25, 26, b"Z!")]) == b"Abcde-fghijklmnopqrstUvwxyZ!"
    )


def test_an_edit_within_one_that_leaves_something_out_is_gone_with_it() -> None:
    assert taken([Edit(1, 20, b""), Edit(3, 5, b"x"), Edit(20, 20, b"y")]) == b"ayuvwxyz"


def test_edits_that_overlap_leave_out_what_either_does() -> None:
    assert taken([Edit(1, 10, b""), Edit(5, 20, b"")]) == b"auvwxyz"


def test_an_edit_that_waits_keeps_its_place_while_what_precedes_it_leaves() -> None:
    patches = PatchBuffer()
    patches.add(10, 20, b"x")
    assert patches.take(SOURCE, 4, UTF8) == b"abcd"
    assert patches.edits == [Edit(6, 16, b"x")]
    assert patches.take(SOURCE[4:], 22, UTF8) == b"efghijxuvwxyz"


EDITS = st.lists(st.integers(0, 26), max_size=12, unique=True).map(
    lambda places: [
        Edit(start, end, b"%d" % start) for start, end in zip(sorted(places)[::2], sorted(places)[1::2], strict=False)
    ]
)


@FUZZ
@given(EDITS, st.lists(st.integers(0, 26), max_size=4), st.randoms())
def test_wherever_it_is_cut_the_same_bytes_leave(edits: list[Edit], cuts: list[int], chance: object) -> None:
    """R1: a cut never lies within an edit."""
    expected, at = b"", 0
    for edit in edits:
        expected += SOURCE[at : edit.start] + edit.text
        at = edit.end
    expected += SOURCE[at:]
    places = sorted(cut for cut in cuts if not any(edit.start < cut < edit.end for edit in edits))
    shuffled = list(edits)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert taken(shuffled, *places) == expected
