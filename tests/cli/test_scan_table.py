"""The table: what a person reads in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from consent_guard.audit.reports.comparison import compare
from consent_guard.cli.scan_table import show

from ..audit.made_reports import report


def shown(*args: object) -> str:
    stream = io.StringIO()
    show(report(), Console(file=stream, width=200, highlight=False, markup=False), *args)  # type: ignore[arg-type]
    return stream.getvalue()


def test_the_table_names_states_services_places_and_the_lines_to_add() -> None:
    text = shown()
    assert "Before any choice: 2 leaks on 1 page" in text
    assert "After accepting: no leak on 1 page" in text
    assert "Google Tag Manager (Campaigns & <more>)" in text
    assert "script src, line 3, column 7" in text
    assert "document.cookie, started by" in text
    assert 'id = "hotjar"' in text
    assert "could not be looked at: https://site.example/gone" in text
    assert text.rstrip().endswith("2 leaks")
    assert "\x00" not in text


def test_the_table_shows_what_a_guard_removes() -> None:
    changed = {"requests": 2, "bytes": 900, "own_requests": 1, "own_bytes": 800}
    visits = tuple(replace(visit, sightings=(), **changed) for visit in report().visits)
    guarded = replace(report(), visits=(*visits, replace(visits[0], page="https://site.example/privacy-choices")))
    text = shown(compare(report(), guarded))
    assert "12 → 2 (of which ours 1)" in text
    assert "50 kB → 900 B (of which ours 800 B)" in text
    assert "note: only on the guarded site, and not compared: /privacy-choices" in text
    assert "/a b, before any choice: removed www.googletagmanager.com, cookie _ga, cdn.strange.example" in text


def test_no_host_is_broken_where_no_terminal_bounds_the_lines() -> None:
    host = "a-rather-long-name-of-a-host.with.many.labels.tracker.example"
    seen = replace(report().visits[0].sightings[0], host=host)
    stream = io.StringIO()
    show(replace(report(), visits=(replace(report().visits[0], sightings=(seen,)),)), Console(file=stream, width=80))
    assert host in stream.getvalue()
