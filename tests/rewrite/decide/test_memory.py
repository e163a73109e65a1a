"""What is remembered of pages is bounded by bytes, and what is forgotten changes nothing (ROBUSTNESS R4)."""

from __future__ import annotations

import tracemalloc

import pytest

from consent_guard.limits import FACTS_BYTES
from consent_guard.rewrite.decide import memory
from consent_guard.rewrite.decide.memory import MISSING, Memory, Table

from ..documents import fresh, once


def test_tables_that_share_a_memory_age_together_before_they_outgrow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """R4."""
    monkeypatch.setattr(memory, "FACTS_BYTES", 20_000)
    shared = Memory()
    tables: list[Table[bytes, None]] = [Table(shared), Table(shared)]
    most = 0
    for number in range(400):
        table = tables[number % 2]
        table.keep(b"%0100d" % number, None, 100)
        assert b"%0100d" % number in table
        most = max(most, sum(len(one) + len(one._old) for one in tables))
    assert 40 < most < 200


def test_what_is_asked_for_again_is_kept_however_much_comes_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors of one page do not lose it to those of a thousand others."""
    monkeypatch.setattr(memory, "FACTS_BYTES", 20_000)
    table: Table[bytes, int] = Table(Memory())
    table.keep(b"often", 1, 100)
    table.keep(b"once", 2, 100)
    for number in range(1000):
        table.keep(b"%0100d" % number, number, 100)
        if table.get(b"often", MISSING) is MISSING:
            assert table.recall(b"often", 100) == 1
    assert table.recall(b"once", 100) is MISSING


def test_one_entry_that_is_larger_than_the_memory_is_remembered_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "FACTS_BYTES", 1000)
    table: Table[bytes, int] = Table(Memory())
    table.keep(b"a", 1, 10)
    table.keep(b"b", 2, 5000)
    assert list(table) == [b"b"]
    table.keep(b"c", 3, 5000)
    assert list(table) == [b"c"]
    assert list(table._old) == [b"b"]


def test_none_is_a_fact_like_others() -> None:
    table: Table[bytes, None] = Table(Memory())
    table.keep(b"a", None, 1)
    assert table.get(b"a", MISSING) is None
    table.age()
    assert table.get(b"a", MISSING) is MISSING
    assert table.recall(b"a", 1) is None
    assert b"a" in table


def test_all_is_forgotten_on_demand() -> None:
    shared = Memory()
    table: Table[bytes, int] = Table(shared)
    table.keep(b"a", 1, 1)
    shared.forget()
    assert table.recall(b"a", 1) is MISSING


LONG = "x" * 15_000
ROWS = [
    '<img src="/pictures/{0}.jpg" alt="{0}">',
    '<img src="https://cdn.other.example/{0}.jpg" srcset="https://px.ads.example/{0}.jpg 2x, /{0}.jpg 1x">',
    '<script src="https://px.ads.example/{0}.js"></script>',
    "<script>console.log({0})</script>",
    "<noscript><img src='https://px.ads.example/{0}'></noscript>",
    "<svg><use href='https://icons.other.example/#{0}'/></svg><svg><path d='M{0}'/></svg>",
    "<p style='background:url(/{0})'>",
    "<x{0} style='background:url(https://px.ads.example/)'>",
]
LONG_ROWS = [
    f'<script src="https://px.ads.example/{{0}}.js" data-x="{LONG}"></script>',
    f'<img src="https://px.ads.example/{{0}}{LONG}">',
    f'<img src="https://a{{0}}.{"a." * 9000}example/">',
    f'<link rel="preload {LONG} {{0}}" href="https://px.ads.example/a">',
    f'<link rel="preconnect" href="https://a{{0}}.{"a." * 9000}example/">',
    f"<style>a{{{{background:url(https://px.ads.example/{{0}}{LONG})}}}}</style>",
    f"<script>x = 'https://px.ads.example/'; new Image().src = 'https://px.ads.example/{{0}}{LONG}'</script>",
    f"<x{LONG}{{0}} style='background:url(https://px.ads.example/)'>",
]


@pytest.mark.parametrize(
    ("row", "count", "mode"), [*((row, 500, "mention") for row in ROWS), *((row, 30, "signature") for row in LONG_ROWS)]
)
def test_a_site_on_which_nothing_comes_twice_fills_no_more_than_its_share(
    row: str, count: int, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R4: as counted by the interpreter, not by our own estimate."""
    monkeypatch.setattr(memory, "FACTS_BYTES", FACTS_BYTES // 8)
    compiled = fresh(inline_scripts=mode)
    warm = "".join(row.format(number) for number in range(count // 3)).encode()
    once(warm, compiled=compiled)
    compiled.forget()
    tracemalloc.start()
    try:
        for page in range(12):
            once("".join(row.format(f"{page}-{number}") for number in range(count)).encode(), compiled=compiled)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < FACTS_BYTES // 8


def test_what_was_forgotten_in_the_middle_of_a_page_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1, R4."""
    page = b"".join(
        b"<img src=https://px.ads.example/%d><svg><use href=https://px.ads.example/#%d /></svg><style>a{background:url("
        b"https://px.ads.example/%d)}</style>" % (number, number % 7, number % 5)
        for number in range(100)
    )
    expected = once(page, compiled=fresh())
    monkeypatch.setattr(memory, "FACTS_BYTES", 3000)
    compiled = fresh()
    assert [once(page, compiled=compiled) for _ in range(3)] == [expected] * 3
