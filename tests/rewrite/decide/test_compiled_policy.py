"""A policy compiled for the rewriter, shared by all requests and threads (DESIGN §2, §8)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from consent_guard.rewrite.decide import compiled_policy
from consent_guard.rewrite.script.flow import ScriptFacts, read_script

from ..documents import POLICY, SERVICES, Rules, facts, fresh, judge, once, policy


def test_the_path_counts_where_a_rule_speaks_of_our_own_host() -> None:
    for own in ("/gtm/", "site.example/gtm/"):
        compiled = fresh(own)
        news = compiled.view(frozenset(), facts(path="/gtm/p"))
        assert news.gated("a.js")
        assert not compiled.view(frozenset(), facts(path="/p")).gated("a.js")


def test_a_host_is_partial_where_some_rule_takes_a_part_of_it() -> None:
    compiled = fresh("*.wide.example/x/")
    assert compiled.book.partial("www.shared.example")
    assert compiled.book.partial("www.tags.example")
    assert compiled.book.partial("a.b.wide.example")
    assert not compiled.book.partial("px.ads.example")
    assert not compiled.book.partial("shared.example")
    whole = Rules(policy().load({**POLICY, "services": POLICY["services"][:3]}))
    assert not whole.book.partial("www.shared.example")


def test_categories_and_stubs_are_those_of_the_policy() -> None:
    compiled = fresh()
    assert compiled.category_of("video") == "interactivity"
    assert compiled.category_of("unknown") is None
    assert compiled.category_of(None) is None
    assert b'["_stats","stats.track"]' in compiled.stub("stats")
    assert compiled.stub("ads") == b""
    assert compiled.stub(None) == b""


def test_threads_that_share_rules_get_the_same_bytes() -> None:
    """DESIGN §2: immutable, thread-safe."""
    compiled = fresh(inline_scripts="mention")
    pages = [
        f"<!doctype html><title>{number}</title><script src=//h{number % 7}.ads.example/{number}></script>"
        f"<noscript><img src=//px.ads.example/{number % 5}></noscript><p onclick=\"go('//px.stats.example')\">".encode()
        for number in range(60)
    ]
    states = [frozenset(), frozenset({"ads"}), SERVICES]
    work = [(page, state) for page in pages for state in states]
    expected = [once(page, compiled=fresh(inline_scripts="mention"), allowed=state) for page, state in work]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            found = pool.map(
                lambda work: once(work[0], compiled=compiled, allowed=work[1]), [(p, s) for p in pages for s in states]
            )
            assert list(found) == expected


def test_calls_are_followed_only_where_what_a_script_plainly_names_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[bytes] = []

    def note(text: bytes) -> ScriptFacts:
        followed.append(text)
        return read_script(text)

    monkeypatch.setattr(compiled_policy, "read_script", note)
    compiled = fresh(inline_scripts="signature")
    script = b"_stats.push(1); load('//cdn.stats.example/s.js'); new Image().src = 'https://px.ads.example/a'"
    hit = compiled.first_hit(judge(compiled=compiled), script)
    assert hit is not None
    assert (hit[0].service, followed) == ("stats", [])
    hit = compiled.first_hit(judge(["stats"], compiled=compiled), script)
    assert hit is not None
    assert (hit[0].service, followed) == ("ads", [script])
    assert compiled.first_hit(judge(["stats", "ads"], compiled=compiled), script) is None
    assert len(followed) == 1, "it is remembered"


@pytest.mark.parametrize("padding", [b"", b"/*" + b"x" * 300 + b"*/"])
def test_what_a_script_loads_by_a_relative_address_is_told_on_each_document_anew(padding: bytes) -> None:
    """Where a rule speaks of our own host the path of a relative address counts, and elsewhere it does not."""
    compiled = fresh("site.example/own/", inline_scripts="signature")
    script = padding + b"new Image().src = '/own/p'; x = 'px.ads.example'"
    elsewhere = judge(compiled=compiled, host="other.example")
    assert compiled.first_hit(elsewhere, script) is None
    hit = compiled.first_hit(judge(compiled=compiled), script)
    assert hit is not None
    assert hit[0].service == "own"
    assert compiled.first_hit(elsewhere, script) is None
