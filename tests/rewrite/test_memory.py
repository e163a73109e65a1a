"""What judges remember is bounded by bytes (ROBUSTNESS R4)."""

from __future__ import annotations

import tracemalloc

import pytest

from consent_guard.limits import JUDGE_MEMO_BYTES
from consent_guard.rewrite import memory
from consent_guard.rewrite.memory import Memory, Table

from .documents import facts, fresh, once


class Sharer:
    """Two tables of one memory."""

    def __init__(self, memory: Memory) -> None:
        self.one: Table[bytes, None] = Table(memory)
        self.other: Table[bytes, None] = Table(memory)

    def forget(self) -> None:
        self.one.clear()
        self.other.clear()


def test_tables_that_share_a_memory_are_emptied_together_before_they_outgrow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """R4."""
    monkeypatch.setattr(memory, "JUDGE_MEMO_BYTES", 10_000)
    sharers: dict[tuple[tuple[str, ...], str | None], Sharer] = {}
    shared = Memory(sharers)
    sharer = sharers[("a",), None] = Sharer(shared)
    most = 0
    for number in range(200):
        (sharer.one if number % 2 else sharer.other).keep(b"%0100d" % number, None, 100)
        assert b"%0100d" % number in (sharer.one if number % 2 else sharer.other)
        most = max(most, len(sharer.one) + len(sharer.other))
    assert 20 < most < 100


def test_one_entry_that_is_larger_than_the_memory_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "JUDGE_MEMO_BYTES", 1000)
    sharers: dict[tuple[tuple[str, ...], str | None], Sharer] = {}
    shared = Memory(sharers)
    sharer = sharers[("a",), None] = Sharer(shared)
    sharer.one.keep(b"a", None, 10)
    sharer.one.keep(b"b", None, 5000)
    assert list(sharer.one) == [b"b"]


@pytest.mark.parametrize(
    "row",
    [
        '<img src="/pictures/{0}.jpg" alt="{0}">',
        '<img src="https://cdn.other.example/{0}.jpg" srcset="https://px.ads.example/{0}.jpg 2x, /{0}.jpg 1x">',
        '<script src="https://px.ads.example/{0}.js"></script>',
        "<script>console.log({0})</script>",
        "<noscript><img src='https://px.ads.example/{0}'></noscript>",
        "<svg><use href='https://icons.other.example/#{0}'/></svg><svg><path d='M{0}'/></svg>",
        "<p style='background:url(/{0})'>",
    ],
)
def test_a_site_on_which_nothing_comes_twice_fills_no_more_than_its_share(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """R4: as counted by the interpreter, not by our own estimate."""
    monkeypatch.setattr(memory, "JUDGE_MEMO_BYTES", JUDGE_MEMO_BYTES // 8)
    compiled = fresh(inline_scripts="mention")
    warm = "".join(row.format(number) for number in range(200)).encode()
    once(warm, compiled=compiled)
    compiled.judge(frozenset(), facts()).memory.take(JUDGE_MEMO_BYTES)
    tracemalloc.start()
    try:
        for page in range(12):
            once("".join(row.format(f"{page}-{number}") for number in range(500)).encode(), compiled=compiled)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < JUDGE_MEMO_BYTES // 8


def test_what_was_forgotten_in_the_middle_of_a_page_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1, R4."""
    page = b"".join(
        b"<img src=https://px.ads.example/%d><svg><use href=https://px.ads.example/#%d /></svg><style>a{background:url("
        b"https://px.ads.example/%d)}</style>" % (number, number % 7, number % 5)
        for number in range(100)
    )
    expected = once(page, compiled=fresh())
    monkeypatch.setattr(memory, "JUDGE_MEMO_BYTES", 3000)
    compiled = fresh()
    assert [once(page, compiled=compiled) for _ in range(3)] == [expected] * 3
