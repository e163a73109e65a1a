"""Which judges a guard remembers, whatever hosts and choices visitors make up (ROBUSTNESS R4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from consent_guard.limits import JUDGES
from consent_guard.rewrite import judges

from .documents import SERVICES, facts, fresh, once

NOBODY: frozenset[str] = frozenset()


def test_a_site_of_many_hosts_is_remembered_whole() -> None:
    compiled = fresh("/gtm/")
    hosts = [f"www.tenant{number}.example" for number in range(JUDGES // 2)]
    known = {(host, allowed): compiled.judge(allowed, facts(host=host)) for host in hosts for allowed in (NOBODY, SERVICES)}
    for (host, allowed), judge in known.items():
        assert compiled.judge(allowed, facts(host=host)) is judge


def test_no_more_judges_are_remembered_than_the_limit() -> None:
    """R4: hosts and consents come from visitors."""
    compiled = fresh()
    for number in range(JUDGES * 3):
        assert compiled.judge(NOBODY, facts(host=f"h{number}.example")).gated("//px.ads.example/")
        assert len(compiled._judges) <= JUDGES


def test_made_up_hosts_do_not_drive_out_those_that_are_asked_for() -> None:
    """However many of them come between two visits, each once or a few times over."""
    compiled = fresh()
    hosts = [f"www.tenant{number}.example" for number in range(40)]
    known = [compiled.judge(NOBODY, facts(host=host)) for host in hosts for _ in range(20)][::20]
    for number in range(JUDGES * 6):
        compiled.judge(NOBODY, facts(host=f"h{number // 3}.example"))
    assert [compiled.judge(NOBODY, facts(host=host)) for host in hosts] == known


def test_what_was_asked_for_long_ago_makes_room_for_what_is_asked_for_now() -> None:
    compiled = fresh()
    for number in range(JUDGES):
        for _ in range(8):
            compiled.judge(NOBODY, facts(host=f"old{number}.example"))
    new = [facts(host=f"new{number}.example") for number in range(JUDGES)]
    for _ in range(200):
        for document in new:
            compiled.judge(NOBODY, document)
    assert sum(compiled.judge(NOBODY, document) is compiled.judge(NOBODY, document) for document in new) == JUDGES


def test_how_often_is_counted_for_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """R4."""
    compiled = fresh()
    for number in range(JUDGES * 20):
        compiled.judge(NOBODY, facts(host=f"h{number}.example"))
    assert len(compiled._judges._uses) <= JUDGES * 16


def test_all_that_is_remembered_stays_within_its_bytes_and_the_rarest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """R4."""
    monkeypatch.setattr(judges, "JUDGES_BYTES", 400_000)
    compiled = fresh()
    page = b"".join(b'<script src="https://px.ads.example/%d.js"></script>' % number for number in range(60))
    often = compiled.judge(NOBODY, facts())
    for number in range(60):
        once(page, compiled=compiled)
        once(page.replace(b".js", b".%d" % number), compiled=compiled, host=f"h{number}.example")
        assert compiled._judges.size <= 400_000
    assert compiled.judge(NOBODY, facts()) is often
    assert often.tags or often.variant(often.bases, "utf-8").tags
    assert 2 < len(compiled._judges) < 60


def test_one_judge_that_outgrows_all_is_forgotten_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judges, "JUDGES_BYTES", 6_000)
    compiled = fresh()
    page = b"".join(b'<script src="https://px.ads.example/%d.js"></script>' % number for number in range(200))
    assert once(page, compiled=compiled) == once(page, compiled=fresh())
    assert compiled._judges.size <= 6_000


def test_threads_may_ask_at_once() -> None:
    compiled = fresh()

    def ask(number: int) -> bool:
        judge = compiled.judge(NOBODY, facts(host=f"h{number % 700}.example"))
        return judge.gated("//px.ads.example/") and not judge.gated("/a")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(20_000)))
    assert len(compiled._judges) <= JUDGES + 8
