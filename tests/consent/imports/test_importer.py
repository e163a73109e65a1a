"""From other tools' cookies to the answers of a policy: which tool has a say on what, and what several of them agree on."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from consent_guard.consent.choice import imported
from consent_guard.consent.imports.importer import ImportedAnswers, Importer
from consent_guard.limits import CONSENT_COOKIE_BYTES, CONSENT_COOKIE_READINGS
from consent_guard.policy.model import Policy
from consent_guard.wire.cookies import parse_cookie_pairs

EVERY = {"media": "interactivity", "stats": "audience", "v": ["video", "maps"]}


def policy(*tools: str, keys: dict[str, dict[str, Any]] | None = None, **options: Any) -> Policy:
    imports = {tool: {"keys": {}, **options} for tool in tools} if options else {}
    for tool, known in (keys or {}).items():
        imports.setdefault(tool, {})["keys"] = known
    return Policy.load(
        {
            "policy": {"import_from": list(tools)},
            "categories": [
                {"id": "necessary", "basis": "necessary", "title": {"en": "N"}},
                {"id": "audience", "basis": "exempt", "title": {"en": "A"}},
                {"id": "campaigns", "basis": "consent", "title": {"en": "C"}, "gpc": True},
                {"id": "interactivity", "basis": "consent", "title": {"en": "I"}},
            ],
            "services": [
                {
                    "id": "measure",
                    "category": "audience",
                    "exempt": "audience_fr",
                    "title": {"en": "M"},
                    "hosts": ["*.m.example"],
                },
                {"id": "ads", "category": "campaigns", "title": {"en": "A"}, "hosts": ["*.a.example"]},
                {"id": "video", "category": "interactivity", "title": {"en": "V"}, "hosts": ["*.v.example"]},
                {"id": "maps", "category": "interactivity", "title": {"en": "P"}, "hosts": ["*.p.example"]},
                {"id": "youtube", "category": "interactivity"},
            ],
            "import": imports,
        }
    )


def read(guarding: Policy, cookie: bytes) -> ImportedAnswers | None:
    return Importer(guarding).read(parse_cookie_pairs(cookie))


def answers(guarding: Policy, cookie: bytes) -> tuple[dict[str, bool], dict[str, bool], bool]:
    found = read(guarding, cookie)
    assert found is not None
    return dict(found.answers), dict(found.overrides), found.decided


def test_a_policy_without_imports_reads_nothing() -> None:
    importer = Importer(policy())
    assert not importer
    assert importer.read(parse_cookie_pairs(b"tarteaucitron=!video=true")) is None
    assert Importer(policy("klaro"))


def test_ids_and_the_catalogues_names_are_keys_without_being_mapped() -> None:
    cookie = b"tarteaucitron=!video=true!youtube=false!campaigns=true!unknown=true!maps=wait"
    assert answers(policy("tarteaucitron"), cookie) == (
        {"campaigns": True},
        {"video": True, "youtube": False},
        False,
    )


def test_a_mapped_key_answers_for_all_that_it_means_and_where_it_is_silent_grants_none_of_it() -> None:
    guarding = policy("klaro", keys={"klaro": EVERY})
    yes = b"klaro=%7B%22media%22%3Atrue%2C%22stats%22%3Afalse%2C%22v%22%3Atrue%7D"
    assert answers(guarding, yes) == ({"audience": False, "interactivity": True}, {"video": True, "maps": True}, True)
    silent = b"klaro=%7B%22media%22%3Atrue%7D"
    found, overrides, _ = answers(guarding, silent)
    assert found == {"interactivity": True}
    assert overrides == {"video": False, "maps": False}


def test_a_service_of_a_refused_category_is_refused_unless_it_was_allowed_by_itself() -> None:
    keys = {"c": "interactivity", "v": "video"}
    whole = b'{"purposes":{"disabled":["c"]},"vendors":{"enabled":["v"]}}'
    assert answers(policy("didomi", keys={"didomi": keys}), b"didomi_token=" + base64.b64encode(whole))[:2] == (
        {"interactivity": False},
        {"video": False},
    )
    single = b'cmplz_marketing=deny; cmplz_consented_services={"video":true}'
    guarding = policy("complianz", keys={"complianz": {"marketing": "interactivity"}})
    assert answers(guarding, single)[:2] == ({"interactivity": False}, {"video": True})


def test_of_several_tools_each_that_has_a_say_must_grant_and_each_may_refuse() -> None:
    """K11"""
    guarding = policy("tarteaucitron", "klaro", keys={"klaro": {"v": "video"}})
    first = b"tarteaucitron=!video=true!ads=true"
    assert answers(guarding, first + b"; klaro=%7B%22v%22%3Atrue%7D") == ({}, {"ads": True, "video": True}, True)
    assert answers(guarding, first + b"; klaro=%7B%22v%22%3Afalse%7D")[1] == {"ads": True, "video": False}
    assert answers(guarding, first) == ({}, {"ads": True, "video": False}, False)
    assert answers(guarding, b"klaro=%7B%22v%22%3Atrue%2C%22ads%22%3Atrue%7D") == ({}, {"ads": True, "video": True}, False)
    assert read(guarding, b"a=1") is None


def test_of_several_values_of_one_cookie_each_must_grant() -> None:
    """K11"""
    guarding = policy("tarteaucitron")
    assert answers(guarding, b"tarteaucitron=!video=true; tarteaucitron=!video=true")[1] == {"video": True}
    assert answers(guarding, b"tarteaucitron=!video=true; tarteaucitron=!video=false")[1] == {"video": False}
    found = answers(guarding, b"tarteaucitron=!video=true; tarteaucitron=!ads=true")
    assert found[1] == {"ads": False, "video": False}


def test_a_value_that_is_no_choice_beside_one_that_is_grants_nothing() -> None:
    guarding = policy("klaro")
    good, bad = b"klaro=%7B%22video%22%3Atrue%7D", b"klaro=%7B"
    assert answers(guarding, good)[1] == {"video": True}
    assert answers(guarding, good + b"; " + bad) == ({}, {"video": False}, False)
    assert read(guarding, bad) is None


def test_more_or_longer_values_than_anybody_sends_are_no_choice() -> None:
    guarding = policy("tarteaucitron")
    several = [b"tarteaucitron=!video=true!x%d=true" % number for number in range(CONSENT_COOKIE_READINGS + 1)]
    assert read(guarding, b"; ".join(several[:-1])) is not None
    assert read(guarding, b"; ".join(several)) is None
    room = CONSENT_COOKIE_BYTES - len(b"!video=true!=true")
    assert read(guarding, b"tarteaucitron=!video=true!%b=true" % (b"x" * room)) is not None
    assert read(guarding, b"tarteaucitron=!video=true!%b=true" % (b"x" * (room + 1))) is None


def test_another_name_of_the_cookie_is_read_where_the_policy_says_so() -> None:
    guarding = policy("tarteaucitron", cookie="choices")
    assert read(guarding, b"tarteaucitron=!video=true") is None
    assert answers(guarding, b"choices=!video=true")[1] == {"video": True}


def test_the_time_of_the_choice_is_the_tools_own_where_each_tool_tells() -> None:
    seconds = 1_690_000_000
    guarding = policy("didomi", "tarteaucitron")
    told = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    token = base64.b64encode(f'{{"created":"{told}","updated":"{told}","vendors":{{"enabled":["video"]}}}}'.encode())
    found = read(guarding, b"didomi_token=" + token)
    assert found is not None
    assert found.made_at == seconds
    both = read(guarding, b"didomi_token=" + token + b"; tarteaucitron=!video=true")
    assert both is not None
    assert both.made_at is None, "one of the two does not tell"


# -- what holds by it -------------------------------------------------------------------------------------------------------


def holding(made_at: float | None = 1_690_000_000.0, **options: Any) -> Any:
    found = {"audience": False, "interactivity": True, "campaigns": True}
    return imported(policy("klaro"), found, {"maps": False}, **{"decided": True, "made_at": made_at, **options})


def test_what_a_tool_keeps_is_granted_as_it_says_and_we_never_ask_beside_it() -> None:
    consent = holding()
    assert consent.decided
    assert not consent.asks
    assert consent.allowed_categories == {"necessary", "campaigns", "interactivity"}
    assert consent.allowed_services == {"ads", "video", "youtube"}
    assert consent.decided_at == datetime.fromtimestamp(1_690_000_000, UTC)
    assert (consent.expires_at, consent.receipt_id) == (None, None)
    assert not holding(decided=False).asks
    assert not holding(decided=False).decided


def test_the_signal_refuses_what_no_answer_of_the_tool_covers() -> None:
    """G03"""
    assert holding(gpc=True).allows("ads"), "answered in the tool"
    consent = imported(policy("klaro"), {}, {}, decided=True, made_at=None, gpc=True)
    assert consent.gpc
    assert not consent.allows("ads")
    assert not imported(policy("klaro"), {}, {}, decided=True, made_at=None).gpc


def test_a_service_may_load_once_beside_another_tools_choice() -> None:
    assert not holding().allows("maps")
    assert holding(once={"maps"}).allows("maps")


@pytest.mark.parametrize("made_at", [None, float("nan"), float("inf"), 1e300, -1e300])
def test_a_time_that_is_none_is_no_time(made_at: float | None) -> None:
    assert holding(made_at).decided_at is None
    assert holding(made_at).decided


def test_while_undecided_there_is_no_time() -> None:
    assert holding(decided=False).decided_at is None
    assert holding(0.0).decided_at == datetime(1970, 1, 1, tzinfo=UTC)
