"""The cookie that a guarded app's own tests use."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from consent_guard.consent.choice import Consent, effective
from consent_guard.consent.token import TokenSigner
from consent_guard.errors import SecretKeyError, UnknownPurpose
from consent_guard.policy.model import Basis, Category, Policy, Service
from consent_guard.testing import consent_cookie

KEY = "a key of the tests, longer than 32 bytes"
POLICY = Policy(
    categories=(
        Category("necessary", Basis.NECESSARY, {"en": "Necessary"}),
        Category("audience", Basis.EXEMPT, {"en": "Audience"}),
        Category("campaigns", Basis.CONSENT, {"en": "Campaigns"}, gpc=True),
        Category("videos", Basis.CONSENT, {"en": "Videos"}),
    ),
    services=(
        Service("login", "necessary", {"en": "Login"}),
        Service("xiti", "audience", {"en": "Xiti"}, exempt="audience_fr"),
        Service("ads", "campaigns", {"en": "Ads"}),
        Service("damdy", "videos", {"en": "Damdy"}),
        Service("youtube", "videos", {"en": "YouTube"}),
    ),
)


def consent_of(value: str, now: float | None = None, policy: Policy = POLICY) -> Consent:
    moment = time.time() if now is None else now
    return effective(policy, TokenSigner(policy, KEY).read(value, moment), moment)


def test_the_cookie_is_a_decided_choice_of_each_basis_default() -> None:
    name, value = consent_cookie(POLICY, KEY)
    consent = consent_of(value)
    assert name == "__Host-consent"
    assert consent.decided
    assert not consent.asks
    assert consent.allowed_services == {"login", "xiti"}
    assert consent.choices == {"audience": True, "campaigns": False, "videos": False}


@pytest.mark.parametrize(
    ("allow", "deny", "services"),
    [
        ("*", (), {"xiti", "ads", "damdy", "youtube"}),
        (["*"], (), {"xiti", "ads", "damdy", "youtube"}),
        ((), "*", set()),
        ((), ["audience"], set()),
        (["youtube"], "*", {"youtube"}),
        (["videos"], ["*"], {"damdy", "youtube"}),
        ("*", "*", {"xiti", "ads", "damdy", "youtube"}),
        (["youtube"], (), {"xiti", "youtube"}),
        ("youtube", "xiti", {"youtube"}),
        (["videos"], ["youtube"], {"xiti", "damdy"}),
        (["youtube"], ["videos"], {"xiti", "youtube"}),
        (["ads"], ["ads"], {"xiti", "ads"}),
        (iter(["ads"]), iter(["xiti"]), {"ads"}),
        ((), ["necessary", "login"], {"xiti"}),
        (["necessary", "login"], (), {"xiti"}),
    ],
)
def test_it_refuses_what_deny_lists_then_grants_what_allow_lists(allow: list[str], deny: list[str], services: set[str]) -> None:
    """DESIGN §3"""
    assert consent_of(consent_cookie(POLICY, KEY, allow, deny)[1]).allowed_services == {"login", *services}


@pytest.mark.parametrize(("allow", "deny"), [(["youtub"], ()), ((), ["video"]), ("**", ()), ([""], "*")])
def test_an_unknown_id_is_an_error(allow: list[str], deny: list[str]) -> None:
    with pytest.raises(UnknownPurpose):
        consent_cookie(POLICY, KEY, allow, deny)


@pytest.mark.parametrize(
    "at",
    [
        1_700_000_000,
        1_700_000_000.9,
        datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        datetime(2023, 11, 14, 22, 13, 20),
        datetime(2023, 11, 14, 23, 13, 20, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_the_time_is_unix_seconds_or_a_datetime(at: float | datetime) -> None:
    """DESIGN §3"""
    _, value = consent_cookie(POLICY, KEY, allow="*", at=at)
    assert consent_of(value, 1_700_000_000).decided_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert not consent_of(value, datetime(2024, 12, 14, 22, 13, 20, tzinfo=UTC).timestamp()).decided
    assert consent_of(value, datetime(2024, 12, 14, 22, 13, 19, tzinfo=UTC).timestamp()).decided


def test_the_name_follows_the_policy() -> None:
    """DESIGN §4"""
    assert consent_cookie(replace(POLICY, cookie_name="choice"), KEY)[0] == "__Host-choice"
    assert consent_cookie(replace(POLICY, cookie_domain="example.org"), KEY)[0] == "__Secure-consent"


def test_a_key_of_bytes_is_the_same_key_and_an_empty_one_is_refused() -> None:
    """K2"""
    assert consent_of(consent_cookie(POLICY, KEY.encode())[1]).decided
    with pytest.raises(SecretKeyError):
        consent_cookie(POLICY, "")


def test_the_policy_is_anything_that_a_middleware_takes(tmp_path: Path) -> None:
    """DESIGN §3: a Policy, a path, a mapping or None for the built-in policy."""
    mapping = {
        "categories": [{"id": "chat", "basis": "consent", "title": {"en": "Chat"}}],
        "services": [{"id": "talk", "category": "chat", "title": {"en": "Talk"}, "hosts": ["talk.example"]}],
    }
    file = tmp_path / "consent.toml"
    file.write_text(
        '[[categories]]\nid = "chat"\nbasis = "consent"\ntitle = { en = "Chat" }\n'
        '[[services]]\nid = "talk"\ncategory = "chat"\ntitle = { en = "Talk" }\nhosts = ["talk.example"]\n',
        encoding="utf-8",
    )
    for source in (mapping, file, str(file)):
        _, value = consent_cookie(source, KEY, allow=["talk"])
        assert consent_of(value, policy=Policy.load(mapping)).allows("talk")
    assert consent_of(consent_cookie(None, KEY, allow="*")[1], policy=Policy.load(None)).decided
