"""The pytest plugin as a suite of one's own meets it: fixtures, marker, report; inert until it is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]

LEAKY = """
def test_home(app, consent):
    consent.assert_no_leak(app.test_client().get("/"))
"""


def test_the_plugin_is_inert_and_imports_nothing_heavy_until_it_is_used(run: Run) -> None:
    done = run(
        """
import sys

def test_nothing_is_loaded():
    loaded = {name for name in sys.modules if name.startswith("consent_guard")}
    assert loaded == {"consent_guard", "consent_guard.pytest_plugin"}, loaded
    heavy = {"ada_url", "itsdangerous", "publicsuffixlist", "jinja2", "werkzeug", "flask", "django", "starlette"}
    assert not heavy & set(sys.modules)
""",
        "--noconftest",
    )
    assert done.returncode == 0, done.stdout


def test_a_page_that_leaks_fails_with_what_where_whose_and_the_mend(run: Run) -> None:
    done = run(LEAKY)
    assert done.returncode == 1
    for told in (
        "1 leak in http://localhost/ (status 200), before any choice:",
        "1. line 2, column 9, script src: a request to www.googletagmanager.com",
        '<script src="https://www.googletagmanager.com/gtag/js?id=…"',
        "service google-analytics, category audience, by the rule 'www.googletagmanager.com/gtag/js?id=G-'",
        "mend: load it only after consent",
    ):
        assert told in done.stdout, done.stdout
    assert "4711" not in done.stdout.split("short test summary")[0].split("E  ", 1)[1], "R9: no value of a query"
    assert "judging.py" not in done.stdout, "the kit's own frames say nothing to a reader"


def test_the_same_page_behind_the_guard_passes_in_every_state(run: Run) -> None:
    done = run(
        """
import pytest

@pytest.fixture
def client(guarded):
    return guarded.test_client()

def test_before(client, consent):
    response = client.get("/")
    consent.assert_no_leak(response)
    consent.assert_banner(response)

@pytest.mark.consent(allow=["audience"])
def test_after(client, consent):
    response = client.get("/")
    assert b"googletagmanager" in response.data
    consent.assert_no_leak(response)
    consent.assert_no_banner(response)

@pytest.mark.consent(deny="*")
def test_refused_without_the_fixture_in_the_signature(client):
    from consent_guard.testing import assert_no_leak, assert_no_banner
    response = client.get("/")
    assert_no_leak(response)
    assert_no_banner(response)

@pytest.mark.consent(allow=["audience"], client="another")
def test_by_a_fixture_of_another_name(another):
    assert b"googletagmanager" in another.get("/").data

@pytest.fixture
def another(guarded):
    return guarded.test_client()

def test_crawl(client, consent):
    found = consent.crawl(client)
    assert found.pages == ("/", "/more")
    assert len(found.states) == 4
"""
    )
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout


def test_the_marker_tells_what_a_visitor_of_an_app_without_the_middleware_has_granted(run: Run) -> None:
    done = run(
        """
import pytest
from consent_guard.testing import assert_no_leak

@pytest.fixture
def client(app):
    return app.test_client()

@pytest.mark.consent(allow=["audience"])
def test_granted(client):
    assert_no_leak(client.get("/"))

def test_the_next_test_starts_without_a_choice(client, consent):
    with pytest.raises(AssertionError, match="1 leak"):
        assert_no_leak(client.get("/"))
"""
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("mark", ["consent('audience')", "consent(alow=['audience'])"])
def test_a_mark_that_is_wrong_is_named_with_its_form(run: Run, mark: str) -> None:
    done = run(f"import pytest\n\n@pytest.mark.{mark}\ndef test_it():\n    pass\n")
    assert done.returncode == 4
    assert "takes allow=, deny= and client= alone" in done.stdout + done.stderr


def test_the_policy_is_that_of_the_fixture_and_without_one_the_built_in(run: Run) -> None:
    tests = """
import pytest

@pytest.fixture(scope="session")
def consent_guard_policy():
    return None

def test_home(app, consent):
    (leak,) = consent.leaks(app.test_client().get("/"))
    assert (leak.service, leak.category) == ("google-analytics", "audience")

def test_an_id_that_is_not_known(app, consent):
    with pytest.raises(LookupError, match="audience"):
        consent.leaks(app.test_client().get("/"), allow="audiense")
"""
    done = run(tests)
    assert done.returncode == 0, done.stdout


# -- the report ---------------------------------------------------------------------------------------------------------------


def test_the_report_holds_every_leak_of_the_run_as_json_and_html(run: Run, tmp_path: Path) -> None:
    clean = "\ndef test_more(app, consent):\n    consent.assert_no_leak(app.test_client().get('/more'))\n"
    done = run(LEAKY + clean, "--consent-report=out")
    assert done.returncode == 1
    assert "consent report: 1 leak in 2 responses judged: out.html and out.json" in done.stdout
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert (report["format"], report["responses"]) == (1, 2)
    (record,) = report["records"]
    assert record["test"] == "test_it.py::test_home"
    assert (record["url"], record["status"], record["state"]) == ("http://localhost/", 200, "before any choice")
    (leak,) = record["leaks"]
    assert (leak["service"], leak["line"], leak["column"], leak["where"]) == ("google-analytics", 2, 9, "script src")
    page = (tmp_path / "out.html").read_text("utf-8")
    assert "1 leak in 1 of 2 responses judged" in page
    assert "www.googletagmanager.com" in page
    assert "4711" not in page
    assert "<script" not in page, "what leaks is shown, not loaded"


@pytest.mark.parametrize("ending", ["html", "json"])
def test_the_ending_of_the_report_chooses_its_form(run: Run, tmp_path: Path, ending: str) -> None:
    done = run("def test_it():\n    pass\n", f"--consent-report=out.{ending}")
    assert done.returncode == 0, done.stdout
    assert [path.name for path in tmp_path.glob("out*")] == [f"out.{ending}"]
    if ending == "html":
        assert "No response was judged" in (tmp_path / "out.html").read_text("utf-8")


def test_a_report_into_a_folder_that_is_not_there_is_refused_at_once(run: Run) -> None:
    done = run("def test_it():\n    pass\n", "--consent-report=nowhere/out.html")
    assert done.returncode == 4
    assert "--consent-report: there is no folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_report_gathers_what_the_workers_of_xdist_saw(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    tests = "".join(LEAKY.replace("test_home", f"test_home_{number}") for number in range(4))
    done = run(tests, "-n2", "--consent-report=out.json")
    assert "4 failed" in done.stdout
    report = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert report["responses"] == 4
    assert sorted(record["test"] for record in report["records"]) == [f"test_it.py::test_home_{number}" for number in range(4)]


# -- in our own run -----------------------------------------------------------------------------------------------------------


def test_importing_the_plugin_loads_neither_the_engine_nor_a_framework(running: ModuleType) -> None:
    show = "import sys, consent_guard.pytest_plugin; print(*sorted(n for n in sys.modules if n.startswith('consent_guard')))"
    done = subprocess.run([sys.executable, "-c", show], cwd=running.PACKAGE, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["consent_guard", "consent_guard.pytest_plugin"]


def test_the_entry_point_is_the_plugin(running: ModuleType) -> None:
    if not running.INSTALLED:
        pytest.skip("only an installed wheel has entry points")
    from importlib.metadata import entry_points

    (point,) = entry_points(group="pytest11", name="consent_guard")
    assert point.value == "consent_guard.pytest_plugin"
