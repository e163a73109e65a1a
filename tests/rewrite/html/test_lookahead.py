"""Ends that are looked for once (R6)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.rewrite.html import grammar
from consent_guard.rewrite.html.lookahead import Lookahead

from ..documents import FUZZ, once

END = re.compile(rb"</a>")


class Counting:
    """A pattern that counts the bytes it looks at."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern = pattern
        self.looked = 0

    def search(self, buffer: bytes, start: int, stop: int) -> re.Match[bytes] | None:
        found = self.pattern.search(buffer, start, stop)
        self.looked += (stop if found is None else found.end()) - start
        return found


@FUZZ
@given(
    st.lists(st.sampled_from([b"</a>", b"</a", b"</", b"<", b"a>", b"x"]), max_size=30).map(b"".join),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60), st.integers(0, 5)), max_size=12),
)
def test_it_finds_what_a_search_finds_whatever_was_looked_for_before(
    document: bytes, questions: list[tuple[int, int, int]]
) -> None:
    lookahead, left = Lookahead(), 0
    for start, stop, gone in questions:
        left = min(left + gone, len(document))
        buffer = document[left:]
        found = END.search(buffer, start, min(stop, len(buffer)))
        expected = -1 if found is None else found.start()
        assert lookahead.find(END, 4, buffer, left, start, min(stop, len(buffer))) == expected


@pytest.mark.parametrize("size", [1, 1 << 30])
@pytest.mark.parametrize("unit", ["<title>", "<title>x", "<title><g>"])
@pytest.mark.parametrize("head", ["<svg>", "<template><col>"])
def test_no_byte_is_looked_at_again_for_each_element_and_each_piece(
    monkeypatch: pytest.MonkeyPatch, head: str, unit: str, size: int
) -> None:
    page = (head + unit * 600).encode()
    counting = Counting(grammar.RAW_END[b"title"])
    monkeypatch.setitem(grammar.RAW_END, b"title", counting)  # type: ignore[arg-type]
    once(page, sizes=size)
    assert len(page) // 2 < counting.looked < 16 * len(page)
