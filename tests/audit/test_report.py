"""What a report says of itself: states, leaks, exit codes, and addresses without what could be personal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consent_guard.audit.report import State, fingerprint, host_of, path_of, without_query

from . import made_reports as made


def test_a_leak_that_the_baseline_accepts_is_no_failure() -> None:
    report = made.report()
    assert (len(report.leaks), report.exit_code) == (2, 1)
    accepted = made.report(accepted=frozenset({fingerprint(made.GTM)}))
    assert [seen.name for seen in accepted.leaks] == ["_ga"]
    assert len(accepted.accepted_leaks) == 1
    assert accepted.exit_code == 1
    assert made.report(accepted=frozenset({fingerprint(made.GTM), fingerprint(made.COOKIE)})).exit_code == 0


def test_without_a_visit_nothing_was_scanned() -> None:
    assert replace(made.report(), visits=()).exit_code == 2


def test_states_stand_in_the_order_of_a_visit_and_pages_once() -> None:
    report = made.report()
    assert report.states == (State.BEFORE, State.REFUSED, State.ACCEPTED)
    assert report.pages == (made.PAGE,)


def test_a_leak_is_the_same_wherever_it_stands_and_wherever_the_site_runs() -> None:
    moved = replace(made.COOKIE, page="http://127.0.0.1:8000/a b", host="127.0.0.1", line=80, column=2, excerpt="other")
    assert fingerprint(moved) == fingerprint(made.COOKIE)
    assert fingerprint(replace(made.GTM, line=80)) == fingerprint(made.GTM)


@pytest.mark.parametrize(
    "change", [{"state": State.REFUSED}, {"where": "img src"}, {"host": "x.example"}, {"page": "https://site.example/b"}]
)
def test_another_state_place_host_or_page_is_another_leak(change: dict[str, object]) -> None:
    assert fingerprint(replace(made.GTM, **change)) != fingerprint(made.GTM)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:secret@site.example/p?mail=a@b.example#frag", "https://site.example/p"),
        ("https://site.example", "https://site.example"),
        ("data:text/html,<p>secret", "data:"),
        ("folder/page.html", "folder/page.html"),
        ("about:blank", "about:"),
    ],
)
def test_addresses_lose_what_could_be_personal(address: str, shown: str) -> None:
    """R9"""
    assert without_query(address) == shown


def test_hosts_and_paths_of_files_and_addresses() -> None:
    assert (host_of("https://A.example:8/x"), host_of("folder/x.html"), host_of("http://[")) == ("a.example", "", "")
    assert (path_of("https://a.example"), path_of("https://a.example/x"), path_of("f/x.html")) == ("/", "/x", "f/x.html")
