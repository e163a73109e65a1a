"""Every fault of a policy is told at once, each with its key path and its mend (DESIGN §4, S20)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from consent_guard.errors import Fault, PolicyError
from consent_guard.policy.countries import COUNTRIES
from consent_guard.policy.faults import FaultList
from consent_guard.policy.loader import load_policy
from consent_guard.policy.model import Policy

CATEGORY: dict[str, Any] = {"id": "c", "basis": "consent", "title": {"en": "C"}}
NECESSARY: dict[str, Any] = {"id": "n", "basis": "necessary", "title": {"en": "N"}}
EXEMPT: dict[str, Any] = {"id": "e", "basis": "exempt", "title": {"en": "E"}}


def policy(**parts: Any) -> dict[str, Any]:
    return {"categories": [CATEGORY, NECESSARY, EXEMPT], **parts}


def service(**keys: Any) -> dict[str, Any]:
    return policy(services=[{"id": "s", "category": "c", "hosts": ["x.example.org"], **keys}])


def cookie(**keys: Any) -> dict[str, Any]:
    return policy(cookies=[{"name": "x", "category": "n", **keys}])


def faults(document: Any) -> list[Fault]:
    with pytest.raises(PolicyError) as caught:
        load_policy(document)
    return list(caught.value.faults)


ONE_FAULT: list[tuple[dict[str, Any], str, str]] = [
    # what the document is, where the fault stands, what it or its mend says
    (policy(polcy={}), "polcy", 'Did you mean "policy"'),
    (policy(revision=2), "revision", "below [policy]"),
    (policy(policy=3), "policy", "is an integer, not a table"),
    (policy(policy={"revison": 1}), "policy.revison", 'Did you mean "revision"'),
    (policy(policy={"nothing like": 1}), 'policy."nothing like"', 'Known keys: "revision"'),
    (policy(policy={"revision": "3"}), "policy.revision", "is a string, not an integer"),
    (policy(policy={"revision": True}), "policy.revision", "is true or false, not an integer"),
    (policy(policy={"revision": 0}), "policy.revision", "out of range"),
    (policy(policy={"choice_months": 0}), "policy.choice_months", "from 1 to 13"),
    (policy(policy={"choice_months": 14}), "policy.choice_months", "from 1 to 13"),
    (policy(policy={"choice_months": 6.0}), "policy.choice_months", "is a float"),
    (policy(policy={"first_party": "example.org"}), "policy.first_party", "is a string, not an array"),
    (policy(policy={"first_party": ["example.org", 3]}), "policy.first_party[1]", "is an integer, not a string"),
    (policy(policy={"first_party": ["co.uk"]}), "policy.first_party[0]", "public suffix"),
    (policy(policy={"first_party": ["*.example.org"]}), "policy.first_party[0]", "*"),
    (policy(policy={"first_party": ["example.org/x"]}), "policy.first_party[0]", "is not a host"),
    (policy(policy={"first_party": ["example.org:80"]}), "policy.first_party[0]", "names a port"),
    (policy(policy={"unlisted_cookies": "blok"}), "policy.unlisted_cookies", '"report", "block"'),
    (policy(policy={"unlisted_hosts": True}), "policy.unlisted_hosts", "is true or false, not a string"),
    (policy(policy={"enforcement": "off"}), "policy.enforcement", '"enforce", "report"'),
    (policy(policy={"lazy_attributes": "no"}), "policy.lazy_attributes", "is a string, not true or false"),
    (policy(policy={"lazy_attribute": True}), "policy.lazy_attribute", 'Did you mean "lazy_attributes"?'),
    (policy(policy={"inline_scripts": ""}), "policy.inline_scripts", '"signature", "mention"'),
    (policy(policy={"banner": "no"}), "policy.banner", "not true or false"),
    (policy(policy={"banner_place": "left"}), "policy.banner_place", '"bottom", "top", "centre"'),
    (policy(policy={"banner_except": "/a"}), "policy.banner_except", "is a string, not an array"),
    (policy(policy={"banner_except": ["/a", "/"]}), "policy.banner_except[1]", "takes every page"),
    (policy(policy={"banner_except": ["a"]}), "policy.banner_except[0]", "is not a path of this site"),
    (policy(policy={"banner_except": [""]}), "policy.banner_except[0]", "is not a path of this site"),
    (policy(policy={"banner_except": ["/a/*"]}), "policy.banner_except[0]", "is not a path of this site"),
    (policy(policy={"banner_except": ["/a?b=1"]}), "policy.banner_except[0]", "is not a path of this site"),
    (policy(policy={"banner_except": ["https://a.example/x"]}), "policy.banner_except[0]", "is not a path of this site"),
    (policy(policy={"script": "yes"}), "policy.script", "not true or false"),
    (policy(policy={"csp": "enforce"}), "policy.csp", 'set unlisted_hosts = "block"'),
    (policy(policy={"csp": "enforce", "csp_allow": []}), "policy.csp", "Name in csp_allow the hosts that no rule names"),
    (policy(policy={"csp_allow": "cdn.example.org"}), "policy.csp_allow", "is a string, not an array"),
    (policy(policy={"csp_allow": ["cdn.example.org", "*"]}), "policy.csp_allow[1]", "*"),
    (policy(policy={"csp_allow": ["*.co.uk"]}), "policy.csp_allow[0]", "public suffix"),
    (policy(policy={"csp_allow": ["https://x.example.org"]}), "policy.csp_allow[0]", "is a whole address"),
    (policy(policy={"csp_allow": ["x.example.org/a"]}), "policy.csp_allow[0]", "is not a host"),
    (policy(policy={"csp": "enforce", "csp_allow": ["[::1]"]}), "policy.csp_allow[0]", "Content-Security-Policy can name"),
    (policy(policy={"csp_countries": ["fr", "fra"]}), "policy.csp_countries[1]", "'fra' is no domain of a country"),
    (policy(policy={"csp_countries": ["FR"]}), "policy.csp_countries[0]", 'as in "fr" or "co.uk"'),
    (policy(policy={"csp_countries": sorted(COUNTRIES)[:33]}), "policy.csp_countries", "33 countries fit in no"),
    (policy(policy={"csp_countries": ["com"]}), "policy.csp_countries[0]", "stands there in any case"),
    (service() | {"policy": {"csp_allow": ["x.example.org"]}}, "policy.csp_allow[0]", "'x.example.org' of 's'"),
    (service() | {"policy": {"csp_allow": ["y.example.org", "*.example.org"]}}, "policy.csp_allow[1]", "one by one"),
    (service(hosts=["*.x.org"]) | {"policy": {"csp_allow": ["a.x.org:8443"]}}, "policy.csp_allow[0]", "'*.x.org' of 's'"),
    (service(hosts=["www.x.*"]) | {"policy": {"csp_allow": ["www.x.fr"]}}, "policy.csp_allow[0]", "'www.x.*' of 's'"),
    (policy(policy={"delivery": "shared"}), "policy.delivery", "not available yet"),
    (policy(policy={"csp": "on"}), "policy.csp", 'Write one of "off", "report", "enforce"'),
    (policy(policy={"delivery": "x"}), "policy.delivery", 'Write delivery = "personal"'),
    (policy(policy={"path": "/"}), "policy.path", "cannot be the address"),
    (policy(policy={"path": "privacy"}), "policy.path", "absolute path"),
    (policy(policy={"path": "/a?b=1"}), "policy.path", "without a query"),
    (policy(policy={"path": "//a"}), "policy.path", "cannot be the address"),
    (policy(policy={"path": "/a/../b"}), "policy.path", "cannot be the address"),
    (policy(policy={"path": "/é"}), "policy.path", "cannot be the address"),
    (policy(policy={"path": "/a\r\nX: y"}), "policy.path", "control character"),
    (policy(policy={"languages": []}), "policy.languages", "is empty"),
    (policy(policy={"languages": ["en", "de"]}), "policy.languages[1]", 'they are in "en"'),
    (policy(policy={"languages": ["english"]}), "policy.languages[0]", "not a language"),
    (policy(policy={"languages": ["en", "cz"]}), "policy.languages[1]", 'Did you mean "cs"?'),
    (policy(policy={"languages": ["en", "GER-at"]}), "policy.languages[1]", 'Did you mean "de-at"?'),
    (policy(policy={"languages": ["en", "xx"]}), "policy.languages[1]", "not a language"),
    (policy(categories=[{**CATEGORY, "title": {"en": "C", "dk": "C"}}]), "categories[0].title.dk", 'Did you mean "da"?'),
    (policy(policy={"languages": ["en", "EN"]}), "policy.languages[1]", "stands twice"),
    (policy(policy={"cookie_name": ""}), "policy.cookie_name", "cannot be a cookie's name"),
    (policy(policy={"cookie_name": "a b"}), "policy.cookie_name", "cannot be a cookie's name"),
    (policy(policy={"cookie_name": "__Host-consent"}), "policy.cookie_name", "Leave the prefix out"),
    (policy(policy={"cookie_name": "sessionid"}), "policy.cookie_name", "a cookie of a framework"),
    (policy(policy={"cookie_domain": "org"}), "policy.cookie_domain", "public suffix"),
    (policy(policy={"cookie_domain": "127.0.0.1"}), "policy.cookie_domain", "no subdomains"),
    (policy(policy={"cookie_domain": "localhost"}), "policy.cookie_domain", "no subdomains"),
    (policy(policy={"cookie_domain": "other.org", "first_party": ["example.org"]}), "policy.cookie_domain", "lies outside"),
    (policy(categories=[]), "categories", "at least one"),
    ({}, "categories", "at least one"),
    (policy(categories=[{**CATEGORY, "titel": {}}]), "categories[0].titel", 'Did you mean "title"'),
    (policy(categories=[CATEGORY, "x"]), "categories[1]", "is a string, not a table"),
    (policy(categories=[CATEGORY, CATEGORY]), "categories[1].id", "already the id of categories[0]"),
    (policy(categories=[{"basis": "consent", "title": {"en": "C"}}]), "categories[0].id", "missing"),
    (policy(categories=[{**CATEGORY, "id": "a b"}]), "categories[0].id", "is no id"),
    (policy(categories=[{**CATEGORY, "id": "x" * 65}]), "categories[0].id", "is no id"),
    (policy(categories=[{**CATEGORY, "id": "*"}]), "categories[0].id", "is no id"),
    (policy(categories=[{"id": "c", "title": {"en": "C"}}]), "categories[0].basis", "exempt (on until refused)"),
    (
        policy(categories=[{**CATEGORY, "basis": "legitimate_interest"}]),
        "categories[0].basis",
        '"necessary", "exempt", "consent"',
    ),
    (policy(categories=[{**NECESSARY, "gpc": True}]), "categories[0].gpc", "cannot be refused by a signal"),
    (policy(categories=[{"id": "c", "basis": "consent"}]), "categories[0].title", "missing"),
    (policy(categories=[{**CATEGORY, "title": {}}]), "categories[0].title", "is empty"),
    (policy(categories=[{**CATEGORY, "title": "C"}]), "categories[0].title", "not a text per language"),
    (policy(categories=[{**CATEGORY, "title": {"en": "C", "fr": " "}}]), "categories[0].title.fr", "empty text"),
    (
        policy(categories=[{**CATEGORY, "title": {"en": "C", "a language": "x"}}]),
        'categories[0].title."a language"',
        "not a language",
    ),
    (policy(categories=[{**CATEGORY, "title": {"en": "C\nX"}}]), "categories[0].title.en", "control character"),
    (policy(categories=[{**CATEGORY, "title": {"en": "C\u2028X"}}]), "categories[0].title.en", "control character"),
    (policy(categories=[{**CATEGORY, "title": {"en": "\ud800"}}]), "categories[0].title.en", "surrogate"),
    (policy(categories=[{**CATEGORY, "description": {"en": "a\x00b"}}]), "categories[0].description.en", "control character"),
    (policy(services={}), "services", "Write [[services]]"),
    (policy(services=[{"id": "youtub"}]), "services[0].id", 'Did you mean "youtube"'),
    (policy(services=[{"id": "googletagmanger"}]), "services[0].id", 'Did you mean "googletagmanager"'),
    (policy(services=[{"id": "qqqqqqqq", "category": "c"}]), "services[0].id", "the catalogue has no service"),
    (service(embed="film"), "services[0].embed", 'Write one of "video"'),
    (service(placeholder={"picture": "https://x.example/p.jpg"}), "services[0].placeholder.picture", "Put it on this site"),
    (service(placeholder={"picture": "//x.example/p.jpg"}), "services[0].placeholder.picture", "may be on another site"),
    (service(placeholder={"picture": "/\\x.example/p.jpg"}), "services[0].placeholder.picture", "may be on another site"),
    (service(placeholder={"picture": "data:image/gif,x"}), "services[0].placeholder.picture", "Put it on this site"),
    (service(placeholder={"picture": "p.jpg"}), "services[0].placeholder.picture", "is no path on this site"),
    (service(placeholder={"text": "Watch"}), "services[0].placeholder.text", "not a text per language"),
    (service(placeholder={"image": "/p.jpg"}), "services[0].placeholder.image", "picture"),
    (service(containers=["div.x"]), "services[0].containers[0]", "Write a class, an id or a data attribute"),
    (service(containers=[".map", "[href]"]), "services[0].containers[1]", "'[href]' is no kind of container"),
    (service(containers=".map"), "services[0].containers", "not an array"),
    (service(consent_types=["ad_storag"]), "services[0].consent_types[0]", 'Did you mean "ad_storage"'),
    (policy(services=[{"id": "youtube"}]), "services[0].category", 'it has "c", "n", "e"'),
    (policy(services=[{"id": "mine", "hosts": ["x.example.org"]}]), "services[0].category", "missing"),
    (service(category="cc"), "services[0].category", 'Did you mean "c"'),
    (service(category=""), "services[0].category", "is empty"),
    (cookie(category=""), "cookies[0].category", "is empty"),
    (service(category="zzz"), "services[0].category", 'It has: "c", "n", "e"'),
    (service(category="e"), "services[0].exempt", "without a reason"),
    (service(category="e", exempt="audience"), "services[0].exempt", '"transmission", "strictly_necessary", "audience_fr"'),
    (service(id="c"), "services[0].id", "already the id of categories[0]"),
    (service(id=3), "services[0].id", "is an integer, not a string"),
    (service(host=["y.example.org"]), "services[0].host", 'Did you mean "hosts"'),
    (service(hosts="x.example.org"), "services[0].hosts", "not an array"),
    (service(hosts=["x.example.org", "*.co.uk"]), "services[0].hosts[1]", "public suffix"),
    (service(hosts=["https://x.example.org/"]), "services[0].hosts[0]", "without the scheme"),
    (service(title={"en": ""}), "services[0].title.en", "empty text"),
    (service(controller={"policy_url": "https://x.example.org"}), "services[0].controller.name", "missing"),
    (service(controller={"name": "X", "policy_url": "javascript:x"}), "services[0].controller.policy_url", "not a web address"),
    (service(controller={"name": "X", "policy_url": "/privacy"}), "services[0].controller.policy_url", "not a web address"),
    (service(controller="X"), "services[0].controller", "is a string, not a table"),
    (service(cookies=["_x"]), "services[0].cookies[0]", "is a string, not a table"),
    (service(cookies=[{"path": "/"}]), "services[0].cookies[0].name", "missing"),
    (cookie(name=None), "cookies[0].name", "nothing, not a string"),
    (service(cookies=[{"name": "*_b"}]), "services[0].cookies[0].name", "begins with a *"),
    (service(cookies=[{"name": "a*b*"}]), "services[0].cookies[0].name", "more than one *"),
    (service(cookies=[{"name": "ab", "digits": True}]), "services[0].cookies[0].digits", "the name has none"),
    (service(cookies=[{"name": "*"}]), "services[0].cookies[0].name", "names every cookie"),
    (service(cookies=[{"name": "a b"}]), "services[0].cookies[0].name", "cannot be a cookie's name"),
    (service(cookies=[{"name": "a;b"}]), "services[0].cookies[0].name", "cannot be a cookie's name"),
    (service(cookies=[{"name": "é"}]), "services[0].cookies[0].name", "cannot be a cookie's name"),
    (service(cookies=[{"name": "ok"}, {"name": "consent"}]), "services[0].cookies[1]", "holds the choice itself"),
    (service(cookies=[{"name": "__Host-con*"}]), "services[0].cookies[0]", "holds the choice itself"),
    (service(cookies=[{"name": "_x", "lifetime": "2 years"}]), "services[0].cookies[0].lifetime", "longer than 13 months"),
    (service(cookies=[{"name": "_x", "lifetime": "a while"}]), "services[0].cookies[0].lifetime", "is not a lifetime"),
    (service(cookies=[{"name": "_x", "lifetime": 3600}]), "services[0].cookies[0].lifetime", "is an integer, not a string"),
    (service(cookies=[{"name": "_x", "max_age": 1}]), "services[0].cookies[0].max_age", "Known keys"),
    (service(cookies=[{"name": "_x", "domain": "co.uk"}]), "services[0].cookies[0].domain", "public suffix"),
    (service(cookies=[{"name": "_x", "domain": "10.0.0.1"}]), "services[0].cookies[0].domain", "takes no Domain"),
    (service(cookies=[{"name": "_x", "path": "shop"}]), "services[0].cookies[0].path", "absolute path"),
    (service(cookies=[{"name": "_x", "path": "/a;b"}]), "services[0].cookies[0].path", "absolute path"),
    (service(inline=[{"host": "x.example.org"}]), "services[0].inline[0].global", "missing"),
    (service(inline=[{"host": "x.example.org", "global": "a b"}]), "services[0].inline[0].global", "is not one name"),
    (service(inline=[{"host": "x y", "global": "a"}]), "services[0].inline[0].host", "character"),
    (service(inline=[{"host": "/own/", "global": "a"}]), "services[0].inline[0].host", "names no host"),
    (service(inline={"host": "x.example.org", "global": "a"}), "services[0].inline", "is a table, not an array"),
    (service(stubs=["a-b"]), "services[0].stubs[0]", "not a JavaScript name"),
    (service(stubs=["a..b"]), "services[0].stubs[0]", "not a JavaScript name"),
    (service(stubs=["function"]), "services[0].stubs[0]", "not a JavaScript name"),
    (service(stubs=["a", "1a"]), "services[0].stubs[1]", "not a JavaScript name"),
    (policy(cookies=[{"name": "x"}]), "cookies[0].category", "missing"),
    (cookie(category="m"), "cookies[0].category", "has no category"),
    (cookie(name="consent"), "cookies[0].name", "declared by itself"),
    (cookie(title={"en": "X"}), "cookies[0].title", "Known keys"),
    (cookie(lifetime="14 months"), "cookies[0].lifetime", "longer than 13 months"),
    (cookie(purpose={"en": "x", "fr": 3}), "cookies[0].purpose.fr", "is an integer, not a string"),
]


@pytest.mark.parametrize(
    ("document", "path", "says"), ONE_FAULT, ids=[f"{place}-{path}" for place, (_, path, _) in enumerate(ONE_FAULT)]
)
def test_a_fault_names_its_key_path_and_its_mend(document: dict[str, Any], path: str, says: str) -> None:
    found = faults(document)
    assert [fault.path for fault in found] == [path]
    assert says in str(found[0])
    assert found[0].mend


def test_all_faults_are_told_together_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(
        """
        [policy]
        revison = 1
        csp = "enforce"
        [[categories]]
        id = "audience"
        basis = "exmpt"
        title = { fr = "" }
        [[services]]
        id = "youtub"
        [[services]]
        id = "mine"
        category = "audiance"
        hosts = ["*.co.uk"]
        cookies = [ { name = "_x", lifetime = "3 years" } ]
        [[cookies]]
        name = "a b"
        category = "audience"
        """,
        encoding="utf-8",
    )
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert [fault.path for fault in caught.value.faults] == [
        "policy.revison",
        "policy.csp",
        "categories[0].basis",
        "categories[0].title.fr",
        "services[0].id",
        "services[1].category",
        "services[1].hosts[0]",
        "services[1].cookies[0].lifetime",
        "cookies[0].name",
    ]
    assert caught.value.source == str(file)
    assert str(caught.value).startswith(f"{file}: 9 faults\n")
    assert all(fault.path in str(caught.value) for fault in caught.value.faults)


def test_one_fault_does_not_make_others() -> None:
    """A category with a wrong basis still exists for its services; an unknown service is not also without one."""
    found = faults(
        {
            "categories": [{**CATEGORY, "basis": "x"}],
            "services": [{"id": "s", "category": "c", "hosts": ["x.example.org"]}, {"id": "youtub"}],
            "cookies": [{"name": "x", "category": "c"}],
        }
    )
    assert [fault.path for fault in found] == ["categories[0].basis", "services[1].id"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("*.x.example.org", "*.X.example.org."),
        ("x.example.org/a/", "x.example.org/a"),
        ("x.example.org?a=1", "x.example.org/?a=1"),
        ("/own/", "/own"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_two_rules_that_tie_are_a_fault_naming_both(one: str, two: str) -> None:
    found = faults(
        policy(
            services=[
                {"id": "a", "category": "c", "hosts": ["ok.example.org", one]},
                {"id": "b", "category": "n", "hosts": ["co.uk", two]},
            ]
        )
    )
    assert [fault.path for fault in found] == ["services[1].hosts[0]", "services[1].hosts[1]"]
    for name in (repr(one), repr(two), "'a'", "'b'", "services[0]"):
        assert name in found[1].message


def test_rules_that_differ_in_anything_do_not_tie() -> None:
    rules = [
        "*.x.example.org",
        "x.example.org",
        "x.example.org/a",
        "x.example.org/a/b",
        "x.example.org/a?q=1",
        "*.x.example.org/a",
        "/a",
    ]
    loaded = load_policy(
        policy(services=[{"id": f"s{place}", "category": "c", "hosts": [rule]} for place, rule in enumerate(rules)])
    )
    assert len(loaded.services) == len(rules)


def test_two_names_of_one_catalogue_service_tie_once() -> None:
    found = faults(policy(services=[{"id": "xiti", "category": "c"}, {"id": "at-internet", "category": "c"}]))
    assert [fault.path for fault in found] == ["services[1]"]
    assert "xiti" in found[0].message


def test_a_duplicate_service_is_a_fault() -> None:
    found = faults(policy(services=[{"id": "youtube", "category": "c"}, {"id": "youtube", "category": "c"}]))
    assert "services[1].id" in [fault.path for fault in found]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"[policy]\nrevision = \n", "line 2, column 12"),
        (b"[[categories]\n", "line 1, column 13"),
        (b"a = 1\na = 2\n", "line 2, column 6"),
        (b"[policy]\nx = '\xff'\n", "line 2"),
        (b"\xff\xfe[\x00", "line 1"),
    ],
)
def test_a_file_that_is_no_toml_is_one_fault_with_its_place(tmp_path: Path, text: bytes, path: str) -> None:
    file = tmp_path / "consent.toml"
    file.write_bytes(text)
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert [fault.path for fault in caught.value.faults] == [path]
    assert caught.value.faults[0].mend


@pytest.mark.parametrize("text", [b"x = " + b"[" * 100_000, b"x = " + b"9" * 100_000, b"\x00", b"x = 2024-13-45"])
def test_hostile_toml_is_a_fault_too(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "consent.toml"
    file.write_bytes(text)
    with pytest.raises(PolicyError):
        load_policy(file)


SAMPLE: dict[str, Any] = {
    "policy": {
        "revision": 2,
        "choice_months": 6,
        "first_party": ["example.org"],
        "csp": "off",
        "banner": True,
        "banner_place": "top",
        "banner_except": ["/x"],
        "script": False,
        "path": "/p",
        "languages": ["en"],
        "cookie_name": "choice",
        "cookie_domain": "example.org",
        "import_from": [],
    },
    "categories": [{**CATEGORY, "description": {"en": "D"}, "gpc": True}, NECESSARY],
    "services": [
        {
            "id": "s",
            "category": "c",
            "title": {"en": "S"},
            "controller": {"name": "X", "policy_url": "https://x.example.org/"},
            "hosts": ["*.x.example.org"],
            "cookies": [{"name": "_x*", "lifetime": "1 day", "domain": "example.org", "path": "/", "purpose": {"en": "P"}}],
            "inline": [{"host": "x.example.org", "global": "x"}],
            "stubs": ["x"],
        },
        {"id": "youtube", "category": "c"},
    ],
    "cookies": [{"name": "contrast", "category": "n"}],
}
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    float("nan"),
    "",
    "x",
    "\x00",
    "é" * 3000,
    b"x",
    [],
    [[]],
    [None],
    {},
    {"": ""},
    {1: 2},
    date(2024, 1, 1),
    object(),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


@pytest.mark.parametrize("path", [path for path in places(SAMPLE) if path], ids=lambda path: ".".join(map(str, path)))
def test_whatever_stands_in_a_place_only_a_policy_error_comes_out(path: tuple[Any, ...]) -> None:
    assert isinstance(load_policy(SAMPLE), Policy)
    for odd in ODD:
        document = copy.deepcopy(SAMPLE)
        holder: Any = document
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = odd
        with suppress(PolicyError):
            assert isinstance(load_policy(document), Policy)


def test_an_odd_key_is_quoted_in_its_path() -> None:
    found = faults(policy(policy={'a."b"\n': 1}))
    assert [fault.path for fault in found] == ['policy."a.\\"b\\"\\n"']


def test_the_same_fault_is_told_once() -> None:
    told = FaultList()
    told.add("a", "wrong", "mend")
    told.add("a", "wrong", "mend")
    assert len(told) == 1
