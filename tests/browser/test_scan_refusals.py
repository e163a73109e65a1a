"""``scan --browser`` on what cannot be run, or not as a whole: one clear line each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent_guard.audit.problems import Unreadable
from consent_guard.audit.reading.fetching import within
from consent_guard.audit.report import Report, State
from consent_guard.audit.scan.chromium import Chromium

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.usefixtures("impatient")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda path, cookies: ("302 Found", [("Location", "/x")], ""), "redirects without end"),
        (lambda path, cookies: ("302 Found", [("Location", "https://elsewhere.example/")], ""), "leads to another site"),
        (lambda path, cookies: ("200 OK", [("Content-Disposition", "attachment; filename=a.html")], "<p>x"), "is a download"),
        (lambda path, cookies: ("200 OK", [("Content-Type", "application/octet-stream")], "x"), "is a download"),
        (lambda path, cookies: ("200 OK", [("Content-Type", "application/json")], "{}"), "is application/json, not a page"),
        (lambda path, cookies: ("204 No Content", [], ""), "answered 204: there is no page"),
        (lambda path, cookies: ("401 No", [("WWW-Authenticate", 'Basic realm="x"')], "<p>x"), "asks for a name and a password"),
        (lambda path, cookies: ("200 OK", [], "\x01\x02\x03 text \x00"), "holds binary data, not a page"),
        (lambda path, cookies: ("200 OK", [("Content-Encoding", "gzip")], "no gzip"), "broke off before"),
        (lambda path, cookies: ("200 OK", [], "<script>for (;;);</script>"), "its scripts run without end"),
        (lambda path, cookies: threading.Event().wait(8) or ("200 OK", [], ""), "did not answer within 1.5 s"),
    ],
)
def test_a_page_that_cannot_be_run_is_told_in_one_line(
    scan: Callable[..., Report], serve: Callable[..., str], answer: Any, said: str
) -> None:
    report = scan(serve(answer), states=[State.BEFORE], seconds=1.5)
    (problem,) = report.problems
    assert said in problem.message
    assert report.exit_code == 2


def test_a_page_that_never_finishes_is_looked_at_as_far_as_it_came(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    def answer(path: str, cookies: str) -> tuple[str, list[tuple[str, str]], str]:
        if path == "/slow.css":
            threading.Event().wait(8)
        return "200 OK", [], '<!doctype html><img src="https://www.googletagmanager.com/x"><img src="/slow.css">'

    report = scan(serve(answer), states=[State.BEFORE], seconds=2.5)
    assert "never finished loading within 2.5 s" in report.problems[0].message
    assert [seen.service for seen in report.leaks] == ["google-tag-manager"]


def test_the_browsers_own_error_page_is_no_byte_of_the_sites(scan: Callable[..., Report], serve: Callable[..., str]) -> None:
    page = '<!doctype html><iframe src="http://127.0.0.1:9/"></iframe>'
    report = scan(serve(lambda path, cookies: ("200 OK", [], page)), states=[State.BEFORE])
    assert 0 < report.visits[0].bytes < 10_000


def test_an_address_where_nobody_listens_is_told_in_one_line(scan: Callable[..., Report]) -> None:
    (problem,) = scan("http://127.0.0.1:9/", states=[State.BEFORE]).problems
    assert problem.message in ("cannot be loaded (connection refused)", "cannot be loaded (unsafe port)")


def test_a_program_that_is_no_browser_is_told_in_one_line() -> None:
    with pytest.raises(Unreadable, match="no-such-browser: is no program"), Chromium("no-such-browser"):
        pass


def test_without_a_browser_on_the_machine_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setattr("consent_guard.audit.scan.chromium._PLACES", ())
    with pytest.raises(Unreadable, match="there is no Chromium on this machine"):
        within(60, lambda: Chromium().__enter__())


def test_a_document_that_is_too_large_is_looked_at_as_far_as_the_limit(
    scan: Callable[..., Report], serve: Callable[..., str]
) -> None:
    page = '<!doctype html><img src="https://www.googletagmanager.com/x">' + "<p>text</p>" * 400_000
    report = scan(serve(lambda path, cookies: ("200 OK", [], page)), states=[State.BEFORE], max_bytes=1024 * 1024)
    (problem,) = report.problems
    assert problem.message == "is larger than 1 MB: only the beginning was read"
    assert [seen.service for seen in report.leaks] == ["google-tag-manager"]


def test_a_saved_page_that_is_too_large_is_told(scan: Callable[..., Report], tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><p>text</p><!--" + "x" * 22_000_000, encoding="utf-8")
    report = scan(str(file), states=[State.BEFORE])
    assert [problem.message for problem in report.problems] == ["is larger than 20 MB: only the beginning was read"]
    assert len(report.visits) == 1


def test_an_error_page_is_told_and_looked_at(scan: Callable[..., Report], serve: Callable[..., str]) -> None:
    report = scan(serve(lambda path, cookies: ("503 Busy", [], "<!doctype html><p>later")), states=[State.BEFORE])
    assert [problem.message for problem in report.problems] == ["answered 503: its error page was looked at"]
    assert report.exit_code == 2  # never green over errors alone


def test_what_one_page_is_does_not_end_the_scan(scan: Callable[..., Report], serve: Callable[..., str]) -> None:
    """The first page leads to a download, a page behind a password and one that is whole."""

    def answer(path: str, cookies: str) -> tuple[str, list[tuple[str, str]], str]:
        if path == "/file":
            return "200 OK", [("Content-Disposition", "attachment")], "x"
        if path == "/inner":
            return "401 No", [("WWW-Authenticate", "Basic")], "x"
        return "200 OK", [], "<!doctype html><a href=/file>f</a><a href=/inner>i</a><a href=/whole>w</a>"

    report = scan(serve(answer), states=[State.BEFORE], pages=9)
    assert [page.rpartition("/")[2] for page in report.pages] == ["", "whole"]
    assert [problem.subject.rpartition("/")[2] for problem in report.problems] == ["file", "inner"]
