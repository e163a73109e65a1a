"""``consent-guard check``: every fault at once, then advice with its rule; exit codes that a script can trust (S20)."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consent_guard.cli.app import cli

from .policies import one_service

AMELI = Path(__file__).resolve().parents[2] / "examples" / "ameli" / "consent.toml"


def check(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(cli, ["check", *map(str, arguments)])


def test_the_seeds_policy_prints_exactly_the_gaps_of_the_seed() -> None:
    """S20"""
    shown = check(AMELI)
    assert shown.exit_code == 0
    lines = [line for line in shown.stdout.splitlines() if line]
    assert len(lines) == 6
    assert all(line.startswith("advice  ") for line in lines)
    for line, word in zip(lines, ("13 months", "xiti.com", "campaign-manager", "damdy", "recaptcha", "Espace"), strict=True):
        assert word in line
    assert "no faults, 6 pieces of advice" in shown.stderr


def test_advice_counts_as_a_fault_where_that_is_asked_for() -> None:
    assert check(AMELI, "--strict").exit_code == 1


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text('[policy]\nrevision = 0\n[[services]]\nid = "yuotube"\n', encoding="utf-8")
    shown = check(file)
    assert shown.exit_code == 1
    assert "policy.revision" in shown.stdout
    assert 'Did you mean "youtube"' in shown.stdout
    assert "categories" in shown.stdout
    told = json.loads(check(file, "--json").stdout)
    assert {fault["path"] for fault in told["faults"]} == {"policy.revision", "services[0].id", "categories"}
    assert all(fault["mend"] for fault in told["faults"])


def test_host_rules_that_contradict_each_other_name_both_services(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    service = '[[services]]\nid = "%s"\ncategory = "c"\nhosts = ["x.example/a/"]\n'
    category = '[[categories]]\nid = "c"\nbasis = "consent"\ntitle.en = "C"\n'
    file.write_text(category + service % "one" + service % "two", encoding="utf-8")
    shown = check(file)
    assert shown.exit_code == 1
    assert "one" in shown.stdout
    assert "two" in shown.stdout


def test_a_script_gets_advice_with_its_rules_as_json() -> None:
    told = json.loads(check(AMELI, "--json").stdout)
    assert told["faults"] == []
    assert [advice["rules"][0] for advice in told["advice"]] == ["L30", "L51", "L42", "L42", "L42", "L02"]


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_a_file_that_cannot_be_read_is_code_2(tmp_path: Path, name: str) -> None:
    shown = check(tmp_path / name)
    assert shown.exit_code == 2
    assert shown.stdout == ""


def test_texts_that_a_language_lacks_are_told(tmp_path: Path) -> None:
    """L45"""
    file = tmp_path / "consent.toml"
    text = '[policy]\nchoice_months = 6\nlanguages = ["en", "fr"]\n[[categories]]\nid = "c"\nbasis = "consent"\n'
    file.write_text(text + 'title = { en = "C", fr = "C" }\ndescription = { en = "Only English" }\n', encoding="utf-8")
    shown = check(file)
    assert "categories[0].description" in shown.stdout
    assert "(L45)" in shown.stdout


def test_the_key_in_the_environment_is_measured_and_never_shown() -> None:
    """K2"""
    assert "8 bytes long" in check(AMELI, "--key-env", "SITE_KEY", SITE_KEY="hush-key").stdout
    assert "hush-key" not in check(AMELI, "--key-env", "SITE_KEY", SITE_KEY="hush-key").output
    assert "SITE_KEY" not in check(AMELI, "--key-env", "SITE_KEY", SITE_KEY="k" * 32).stdout
    assert "no secret key is there" in check(AMELI, "--key-env", "SITE_KEY", SITE_KEY="").stdout


APP = """
from wsgiref.simple_server import demo_app
from consent_guard.wsgi import ConsentMiddleware

plain = demo_app
guarded = ConsentMiddleware(demo_app, {policy!r}, secret_key="hush-key")


def proxied(environ, start_response):
    environ["wsgi.url_scheme"] = environ.get("HTTP_X_FORWARDED_PROTO", "http")
    return guarded(environ, start_response)
"""


def test_an_app_is_asked_for_its_key_its_scheme_and_its_answer_to_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K2, H06, K21"""
    pytest.importorskip("httpx")
    (tmp_path / "deployed_site.py").write_text(APP.format(policy=str(AMELI)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    shown = check(AMELI, "--app", "deployed_site:guarded").stdout
    assert "shorter than 32 bytes" in shown
    assert "X-Forwarded-Proto" in shown
    assert "ledger" not in shown, "nothing is advised that cannot be followed: receipts cannot be kept yet"
    assert "X-Forwarded-Proto" not in check(AMELI, "--app", "deployed_site:proxied").stdout
    assert "is the guard around it?" in check(AMELI, "--app", "deployed_site:plain").stdout
    missing = check(AMELI, "--app", "deployed_site:absent")
    assert missing.exit_code == 2
    assert "has no absent" in missing.stderr


KEEPING = """
from pathlib import Path
from consent_guard.asgi import ConsentMiddleware as Asgi
from consent_guard.wsgi import ConsentMiddleware as Wsgi

options = {{"secret_key": "k" * 32, "ledger": "sqlite:///consent.db"}}
told = []


def plain(environ, start_response):
    start_response("200 OK", [])
    return []


async def aplain(scope, receive, send): ...


wsgi = Wsgi(plain, {policy!r}, on_choice=told.append, **options)
asgi = Asgi(aplain, {policy!r}, on_choice=told.append, **options)


def lazy(environ, start_response):
    yield from wsgi(environ, start_response)
"""


@pytest.mark.parametrize("kind", ["wsgi", "lazy", "asgi"])
def test_the_refusal_of_a_check_is_no_visitors(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """L26: it leaves nothing in the app's ledger, not even the file, nor in the state folder."""
    for extra in ("httpx", "sqlalchemy", "cryptography"):
        pytest.importorskip(extra)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("CONSENT_GUARD_STATE_DIR", str(tmp_path / "state"))
    name = f"keeping_site_{kind}"
    (tmp_path / f"{name}.py").write_text(KEEPING.format(policy=str(AMELI)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    shown = check(AMELI, "--app", f"{name}:{kind}")
    assert shown.exit_code == 0, shown.output
    assert "was not stored" not in shown.stdout
    assert "X-Forwarded-Proto" in shown.stdout, "the refusal took effect all the same"
    site = importlib.import_module(name)
    guarded = site.asgi if kind == "asgi" else site.wsgi
    guarded.keeper.close()
    assert site.told == []
    left = [path for path in tmp_path.rglob("*") if path.is_file() and "pycache" not in str(path)]
    assert left == [tmp_path / f"{name}.py"]
    from starlette.testclient import TestClient
    from werkzeug.test import Client

    client = TestClient(site.asgi) if kind == "asgi" else Client(getattr(site, kind))
    client.post("/privacy-choices", data={"choice": "refuse"})
    guarded.keeper.close()
    assert [receipt.act for receipt in site.told] == ["refuse"], "a visitor's own leaves one"


def test_a_key_that_no_app_takes_is_a_fault() -> None:
    """K2"""
    shown = check(AMELI, "--key-env", "SITE_KEY", SITE_KEY="seven77")
    assert shown.exit_code == 1
    assert "$SITE_KEY: the secret key is 7 bytes long; the app refuses one under 8" in shown.stdout
    told = json.loads(check(AMELI, "--key-env", "SITE_KEY", "--json", SITE_KEY="seven77").stdout)
    assert [fault["path"] for fault in told["faults"]] == ["$SITE_KEY"]


def test_a_ledger_s_file_that_is_yet_to_be_made_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("cryptography")
    monkeypatch.chdir(tmp_path)
    shown = check(AMELI, "--ledger", "sqlite:///none.db")
    assert shown.exit_code == 0
    assert "ledger" not in shown.stdout
    assert "none.db is not there yet: the app makes it with the first choice" in shown.stderr
    assert not (tmp_path / "none.db").exists()
    assert "no folder that" in check(AMELI, "--ledger", "sqlite:///nowhere/none.db").stdout
    (tmp_path / "broken.db").write_bytes(b"no database " * 100)
    assert "grants are answered with 503" in check(AMELI, "--ledger", "sqlite:///broken.db").stdout


def test_without_a_name_it_is_consent_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    missing = CliRunner().invoke(cli, ["check"])
    assert missing.exit_code == 2
    assert str(tmp_path / "consent.toml") in missing.stderr.replace("\n", "")
    (tmp_path / "consent.toml").write_text('[[categories]]\nid = "a"\nbasis = "consent"\ntitle = { en = "A" }\n')
    assert CliRunner().invoke(cli, ["check"]).exit_code == 0


CSP = """
[policy]
csp = "enforce"
csp_allow = [%s]
first_party = ["site.example"]
""" + one_service("c", "video", "*.video.example")


def test_the_length_of_the_content_security_policy_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(CSP % '"cdn.other.example"', encoding="utf-8")
    shown = check(file)
    assert shown.exit_code == 0
    told = json.loads(check(file, "--json").stdout)["csp"]
    assert 200 < told["before a choice"] < told["with everything granted"] < 2048
    for state, length in told.items():
        assert f"csp     {length} bytes {state}, of 2048 at most\n" in shown.stdout
    assert "lets" not in shown.stdout


def test_one_that_has_no_room_for_all_hosts_gets_advice(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(
        CSP % ", ".join(f'"a-host-with-a-long-name-{number}.cdn.example"' for number in range(40)), encoding="utf-8"
    )
    shown = check(file)
    assert "before a choice, default-src, connect-src lets *.cdn.example through" in shown.stdout.replace("\n", " ")
    told = json.loads(check(file, "--json").stdout)
    assert {one["path"] for one in told["advice"]} >= {"policy.csp"}
    assert all(length <= 2048 for length in told["csp"].values())


def test_without_one_nothing_is_said_of_it() -> None:
    assert "csp" not in check(AMELI).stdout
    assert json.loads(check(AMELI, "--json").stdout)["csp"] is None


def test_one_that_a_rule_for_every_country_opens_gets_the_key_that_mends_it(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    text = CSP.replace("*.video.example", "www.video.*") % '"cdn.other.example"'
    file.write_text(text, encoding="utf-8")
    told = [one["message"] for one in json.loads(check(file, "--json").stdout)["advice"] if one["path"] == "policy.csp"]
    assert told
    assert all(one.endswith("name the countries that count in csp_countries") for one in told)
    file.write_text(text.replace("first_party", 'csp_countries = ["fr"]\nfirst_party'), encoding="utf-8")
    assert not [one for one in json.loads(check(file, "--json").stdout)["advice"] if one["path"] == "policy.csp"]
