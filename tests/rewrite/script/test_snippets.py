"""The official snippets of services: their loading calls get the vendor's host, or the site's own (DESIGN §6)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ada_url
import pytest

from consent_guard.policy.hosts import HostIndex
from consent_guard.policy.loader import builtin_policy
from consent_guard.rewrite.script.addresses import Address
from consent_guard.rewrite.script.flow import read_script

from ...promises.official_snippets import OWN_HOSTS
from ...promises.official_snippets import SNIPPETS as OFFICIAL

WITHOUT_SRC = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.S)
HERE = Path(__file__).parent
SNIPPETS: list[dict[str, Any]] = tomllib.loads((HERE / "snippets.toml").read_text("utf-8"))["snippet"]
POLICY = builtin_policy()
HOSTS = HostIndex(POLICY)
SERVICES = {service.id: service for service in POLICY.services}


def named(snippet: dict[str, Any]) -> str:
    return f"{snippet['service']}-{snippet.get('part', 'snippet')}".replace(" ", "-")


def service_of(one: Address) -> str | None:
    """The catalogue's service for an address, as a caller finds it."""
    if not one.host or one.url is None:
        return None
    parsed = ada_url.URL("https:" + one.url)
    found = HOSTS.match(parsed.hostname, parsed.pathname, parsed.search[1:])
    return found.service if found else None


@pytest.mark.parametrize("snippet", SNIPPETS, ids=named)
def test_an_official_snippet_loads_what_its_vendor_says(snippet: dict[str, Any]) -> None:
    facts = read_script(snippet["script"].encode())
    assert facts.complete
    assert set(snippet["hosts"]) <= {one.host.lower() for one in facts.loaded}
    if snippet.get("own"):
        assert snippet["path"] in {one.path for one in facts.loaded}
    elif snippet["service"] in SERVICES:
        assert snippet["service"] in {service_of(one) for one in facts.loaded}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=named)
def test_a_snippet_split_by_comments_and_lines_loads_the_same(snippet: dict[str, Any]) -> None:
    script = "/* 'a' */\n// \"b\nvar before = `c`;\n" + snippet["script"] + "\n<!-- d"
    assert {one.text for one in read_script(script.encode()).loaded} == {
        one.text for one in read_script(snippet["script"].encode()).loaded
    }


def inline(snippet: str) -> list[str]:
    """The inline scripts of a snippet that load something: others only set a number."""
    return [script for script in WITHOUT_SRC.findall(snippet) if "createElement" in script]


@pytest.mark.parametrize("name", [name for name, (_, snippet) in OFFICIAL.items() if inline(snippet)])
def test_a_vendor_s_inline_snippet_loads_a_listed_address(name: str) -> None:
    for script in inline(OFFICIAL[name][1]):
        facts = read_script(script.encode())
        assert facts.complete
        assert any(service_of(one) for one in facts.loaded)


@pytest.mark.parametrize("name", [name for name, (_, snippet) in OWN_HOSTS.items() if inline(snippet)])
def test_a_self_hosted_tool_s_inline_snippet_loads_from_its_host(name: str) -> None:
    for script in inline(OWN_HOSTS[name][1]):
        assert "HOST" in {one.host for one in read_script(script.encode()).loaded}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_scripts_of_real_pages_are_told_apart(shared: Callable[[str], Path]) -> None:
    """The rates that are promised, by direct calls alone: at least 98 % of the scripts that were seen to contact a listed host
    and 90 % of those that only lacked their occasion, under 10 % of those with a loading call that no listed host reaches,
    under 5 % of those without a loading call.

    Of forty of the last kind one hands the address to ``innerHTML``, one to jQuery's ``html`` and two to functions named
    ``loadJSFile`` and ``loadExternalJS``: what indirect calls add are loaders, as far as anyone can read.
    """
    labels = {row["id"]: row["label"] for row in rows(HERE / "dormant_labels.jsonl")}
    direct: dict[str, list[bool]] = {}
    reached: dict[str, list[bool]] = {}
    for row in rows(shared("field/inline.jsonl")):
        kind = labels[row["id"]] if row["kind"].startswith("dormant") else row["kind"]
        facts = read_script(row["script"].encode())
        assert facts.complete
        listed = [one for one in facts.loaded if service_of(one)]
        direct.setdefault(kind, []).append(any(one.direct for one in listed))
        reached.setdefault(kind, []).append(bool(listed))
    rate = {kind: sum(answers) / len(answers) for kind, answers in direct.items()}
    assert rate["loader"] >= 0.98
    assert rate["withhold"] >= 0.90
    assert rate["spare"] < 0.10
    assert rate["data"] < 0.05
    assert all(reached["withhold"])
    assert not any(reached["spare"])
    assert sum(reached["data"]) <= 4
