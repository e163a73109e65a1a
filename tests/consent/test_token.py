"""The signed token: what verifies, what is read back, and how large it is."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from dataclasses import replace

import pytest
from itsdangerous import Signer, TimestampSigner

from consent_guard.consent.choice import Choice, accept_all, effective, expiry, refuse_all, save, set_service
from consent_guard.consent.token import (
    CHOICE_SALT,
    ONCE_SALT,
    TokenSigner,
    consent_cookie_name,
    names_to_read,
    once_cookie_name,
)
from consent_guard.errors import PolicyError, SecretKeyError, UnknownPurpose
from consent_guard.policy.model import Basis, Category, Policy, Service

TWENTY = [
    *("youtube", "vimeo", "dailymotion", "google-analytics", "google-tag-manager", "campaign-manager", "facebook", "twitter"),
    *("recaptcha", "damdy", "at-internet", "hotjar", "matomo", "linkedin-insight", "pinterest", "tiktok-pixel", "snapchat"),
    *("crisp", "intercom", "addthis"),
]


def twenty_services() -> Policy:
    homes = ("audience", "campaigns", "interactivity")
    return Policy(
        categories=(
            Category("necessary", Basis.NECESSARY, {}),
            Category("audience", Basis.EXEMPT, {}),
            Category("campaigns", Basis.CONSENT, {}),
            Category("interactivity", Basis.CONSENT, {}),
        ),
        services=tuple(Service(id, homes[number % 3], {}) for number, id in enumerate(TWENTY)),
        revision=20_260_131,
    )


# Round trips


def test_every_kind_of_choice_is_read_back_as_it_was(policy: Policy, signer: TokenSigner, now: int) -> None:
    choices = [
        accept_all(policy, now),
        refuse_all(policy, now),
        save(policy, ["audience", "youtube"], now),
        set_service(policy, None, "youtube", True, now),
        set_service(policy, None, "xiti", False, now),
        set_service(policy, accept_all(policy, now), "damdy", False, now),
    ]
    for choice in choices:
        assert signer.read(signer.sign(choice), now) == choice
        assert signer.read(signer.sign(choice).encode(), now) == choice


def test_a_token_is_made_of_characters_that_a_cookie_carries_unquoted(policy: Policy, signer: TokenSigner, now: int) -> None:
    """K17; RFC 6265bis §4.1.1 cookie-octet"""
    for _ in range(50):
        assert re.fullmatch(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}", signer.sign(accept_all(policy, now)))


def test_a_token_with_an_answer_for_each_of_20_services_is_under_300_bytes(now: int) -> None:
    """DESIGN §5"""
    policy = twenty_services()
    choice = refuse_all(policy, now)
    for service in TWENTY:
        choice = set_service(policy, choice, service, True, now)
    token = TokenSigner(policy, "k" * 32).sign(choice)
    assert len(choice.overrides) == 20
    assert len(token) < 300
    assert TokenSigner(policy, "k" * 32).read(token, now) == choice


def test_ten_categories_and_20_services_are_under_300_bytes_too(now: int) -> None:
    """DESIGN §5"""
    policy = replace(
        twenty_services(),
        categories=tuple(Category(f"category-{number}", Basis.CONSENT, {}) for number in range(10)),
        services=tuple(Service(id, f"category-{number % 10}", {}) for number, id in enumerate(TWENTY)),
    )
    assert len(TokenSigner(policy, "k" * 32).sign(save(policy, TWENTY, now))) < 300


def test_a_token_reads_the_same_when_services_and_categories_are_reordered(
    policy: Policy, signer: TokenSigner, now: int
) -> None:
    choice = save(policy, ["audience", "youtube"], now)
    turned = replace(policy, services=policy.services[::-1], categories=policy.categories[::-1])
    read = TokenSigner(turned, "a key of the tests, longer than 32 bytes").read(signer.sign(choice), now)
    assert read == choice
    assert effective(turned, read, now).allowed_services == effective(policy, choice, now).allowed_services


def test_a_token_tells_nothing_of_the_visitor(policy: Policy, signer: TokenSigner, now: int) -> None:
    """L33: the same answers at the same time under one receipt id make the same token."""
    choice = accept_all(policy, now)
    assert signer.sign(choice) == signer.sign(replace(choice))


def test_a_removed_service_leaves_the_refusals_of_the_others(policy: Policy, signer: TokenSigner, now: int) -> None:
    choice = set_service(policy, set_service(policy, accept_all(policy, now), "damdy", False, now), "youtube", False, now)
    smaller = replace(policy, services=tuple(service for service in policy.services if service.id != "youtube"))
    read = TokenSigner(smaller, "a key of the tests, longer than 32 bytes").read(signer.sign(choice), now)
    assert read is not None
    assert read.overrides == {"damdy": False}


def test_a_token_made_before_a_new_partner_is_read_and_its_grant_does_not_count(
    policy: Policy, widened: Policy, signer: TokenSigner, key: str, now: int
) -> None:
    """L12, DESIGN §5"""
    reader = TokenSigner(widened, key)
    read = reader.read(signer.sign(accept_all(policy, now)), now)
    consent = effective(widened, read, now)
    assert consent.allowed_services == {"login", "xiti", "ads"}
    assert consent.asks
    assert read is not None
    again = reader.read(reader.sign(read), now)
    assert effective(widened, again, now) == consent


def test_a_removed_category_makes_it_no_choice(policy: Policy, signer: TokenSigner, key: str, now: int) -> None:
    """K7"""
    token = signer.sign(refuse_all(policy, now))
    smaller = replace(policy, categories=policy.categories[:-1], services=policy.services[:-2])
    assert TokenSigner(smaller, key).read(token, now) is None


# Time and revision


def test_a_token_expires_at_the_very_second(policy: Policy, signer: TokenSigner, now: int) -> None:
    """S07, T04, DESIGN §5"""
    choice = accept_all(policy, now)
    token = signer.sign(choice)
    end = expiry(policy, choice)
    assert signer.read(token, end - 1) == choice
    assert signer.read(token, end - 0.001) == choice
    assert signer.read(token, end) is None


def test_a_token_over_five_minutes_in_the_future_is_no_choice(policy: Policy, signer: TokenSigner, now: int) -> None:
    """T08, K6"""
    token = signer.sign(accept_all(policy, now))
    assert signer.read(token, now - 300) is not None
    assert signer.read(token, now - 301) is None


def test_a_raised_revision_makes_it_no_choice_and_a_lowered_one_does_not(
    policy: Policy, signer: TokenSigner, key: str, now: int
) -> None:
    """L12, DESIGN §5: in a rolling deploy, a guard of the last revision reads what the next one wrote."""
    token = signer.sign(accept_all(policy, now))
    assert TokenSigner(replace(policy, revision=policy.revision + 1), key).read(token, now) is None
    for revision in (1, policy.revision - 1):
        older = TokenSigner(replace(policy, revision=revision), key)
        read = older.read(token, now)
        assert read is not None
        assert read.revision == policy.revision
        with pytest.raises(ValueError, match="cannot be signed"):
            older.sign(read)


def test_purposes_that_a_newer_revision_has_added_are_passed_over(policy: Policy, key: str, now: int) -> None:
    newer = replace(policy, revision=policy.revision + 1)
    token = TokenSigner(newer, key).sign(accept_all(newer, now))
    older = replace(policy, categories=policy.categories[:2], services=())
    read = TokenSigner(older, key).read(token, now)
    assert read is not None
    assert read.answers.keys() == read.digests.keys() <= {one.id for one in older.categories}


# Keys


def test_an_old_key_verifies_a_retired_key_fails_and_the_newest_signs(policy: Policy, now: int) -> None:
    """K2"""
    choice = accept_all(policy, now)
    old, new = "old" * 20, "new" * 20
    token = TokenSigner(policy, old).sign(choice)
    rotated = TokenSigner(policy, [new, "other" * 10, old])
    assert rotated.read(token, now) == choice
    assert TokenSigner(policy, [new, "other" * 10]).read(token, now) is None
    assert TokenSigner(policy, new).read(rotated.sign(choice), now) == choice
    assert TokenSigner(policy, old).read(rotated.sign(choice), now) is None


def test_text_and_byte_keys_are_the_same_key(policy: Policy, now: int) -> None:
    token = TokenSigner(policy, "clé" * 12).sign(accept_all(policy, now))
    assert TokenSigner(policy, ("clé" * 12).encode()).read(token, now) is not None


def test_an_empty_key_is_refused(policy: Policy) -> None:
    """K2"""
    for keys in ("", b"", [], ["good" * 10, ""]):
        with pytest.raises(SecretKeyError):
            TokenSigner(policy, keys)


def test_reading_and_signing_warn_of_nothing(policy: Policy, caplog: pytest.LogCaptureFixture) -> None:
    """K2: the guard warns once, at its start, by check_keys."""
    with caplog.at_level(logging.DEBUG, "consent_guard"):
        TokenSigner(policy, "short")
    assert not caplog.records


def test_another_digest_derivation_or_salt_does_not_verify(policy: Policy, signer: TokenSigner, key: str, now: int) -> None:
    """K1, K3"""
    payload = signer.sign(accept_all(policy, now)).rpartition(".")[0]
    right = Signer(key, CHOICE_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
    assert signer.read(right.sign(payload), now) is not None
    wrong = [
        Signer(key, CHOICE_SALT, key_derivation="hmac", digest_method=hashlib.sha1),
        Signer(key, CHOICE_SALT, key_derivation="hmac", digest_method=hashlib.sha512),
        Signer(key, CHOICE_SALT, key_derivation="django-concat", digest_method=hashlib.sha256),
        Signer(key, CHOICE_SALT, key_derivation="none", digest_method=hashlib.sha256),
        Signer(key, ONCE_SALT, key_derivation="hmac", digest_method=hashlib.sha256),
        Signer(key, b"itsdangerous.Signer", key_derivation="hmac", digest_method=hashlib.sha256),
        TimestampSigner(key, CHOICE_SALT, key_derivation="hmac", digest_method=hashlib.sha256),
        Signer("", CHOICE_SALT, key_derivation="hmac", digest_method=hashlib.sha256),
    ]
    for other in wrong:
        assert signer.read(other.sign(payload), now) is None
    assert signer.read(payload, now) is None
    assert signer.read(payload + ".", now) is None


# Spelling


def test_only_the_one_spelling_of_a_signature_is_read(policy: Policy, signer: TokenSigner, now: int) -> None:
    """K5: base64 leaves bits unused, so 15 other last characters verify for itsdangerous."""
    token = signer.sign(accept_all(policy, now))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for character in alphabet:
        assert (signer.read(token[:-1] + character, now) is None) is (character != token[-1])
    for tail in ("=", "==", "A", "x", ".", " ", "\n", ";", '"'):
        assert signer.read(token + tail, now) is None
    for head in (" ", '"', ".", "A", "\ufeff", "v1."):
        assert signer.read(head + token, now) is None
    assert signer.read(f'"{token}"', now) is None
    assert signer.read(token.replace(".", "%2E"), now) is None


def test_every_cut_and_every_changed_character_is_no_choice(policy: Policy, signer: TokenSigner, now: int) -> None:
    """K8"""
    token = signer.sign(save(policy, ["youtube"], now))
    for end in range(len(token)):
        assert signer.read(token[:end], now) is None
        assert signer.read(token[end + 1 :], now) is None
        assert signer.read(token[:end] + ("B" if token[end] == "A" else "A") + token[end + 1 :], now) is None


def test_a_signed_payload_in_another_spelling_is_not_read(policy: Policy, signer: TokenSigner, key: str, now: int) -> None:
    """K5, K7"""
    choice = replace(accept_all(policy, now), overrides={"youtube": True})
    payload = signer.sign(choice).partition(".")[0]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    assert len(raw) % 3, "the last character must have unused bits"
    right = Signer(key, CHOICE_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [
        payload[:-1] + character
        for character in alphabet
        if base64.urlsafe_b64decode(payload[:-1] + character + "=" * (-len(payload) % 4)) == raw
    ]
    assert len(twins) > 1
    assert [twin for twin in twins if signer.read(right.sign(twin), now)] == [payload]


# Size


def large(*sizes: tuple[str, int]) -> Policy:
    """A policy of categories with so many services each: ``videos-0`` and on."""
    return Policy(
        categories=tuple(Category(id, Basis.EXEMPT if id == "audience" else Basis.CONSENT, {}) for id, _ in sizes),
        services=tuple(Service(f"{id}-{number}", id, {}) for id, size in sizes for number in range(size)),
    )


def test_a_choice_of_very_many_single_services_is_signed_in_a_stricter_form(now: int) -> None:
    """K9"""
    policy = large(("audience", 800), ("campaigns", 800), ("videos", 800))
    signer = TokenSigner(policy, "k" * 32)
    overrides = {
        service.id: answer
        for service in policy.services
        if (answer := {"audience": False, "campaigns": True}.get(service.category)) is not None
    }
    choice = replace(save(policy, ["audience", "videos"], now), overrides=overrides)
    token = signer.sign(choice)
    assert len(token) <= 4096
    read = signer.read(token, now)
    assert read is not None
    assert read.answers == {"audience": False, "campaigns": False, "videos": True}
    assert effective(policy, read, now).allowed_services <= effective(policy, choice, now).allowed_services


@pytest.mark.parametrize("refused", [0, 1, 5, 400, 699])
def test_most_services_of_a_large_category_by_themselves_are_read_back_as_granted(now: int, refused: int) -> None:
    """K9: an answer for half of the services is the most that a choice takes."""
    policy = large(("campaigns", 1400), ("videos", 40))
    signer = TokenSigner(policy, "k" * 32)
    picked = [service.id for service in policy.services][refused:1410]
    token = signer.sign(save(policy, picked, now))
    assert len(token) <= 4096
    consent = effective(policy, signer.read(token, now), now)
    assert consent.allowed_services == frozenset(picked)
    assert not consent.allowed_categories


def test_most_services_of_a_category_are_not_granted_once_it_holds_others(now: int) -> None:
    """L12: the entry for all the others counts for the services that were shown, or for none."""
    policy = large(("campaigns", 1400), ("videos", 40))
    picked = [service.id for service in policy.services][3:]
    token = TokenSigner(policy, "k" * 32).sign(save(policy, picked, now))
    first, *others = policy.services
    for services in (
        (*policy.services, Service("new", "campaigns", {})),
        tuple(others),
        (replace(first, category="videos"), *others),
        (*others, Service("new", "campaigns", {})),
    ):
        changed = replace(policy, services=services)
        consent = effective(changed, TokenSigner(changed, "k" * 32).read(token, now), now)
        assert not {id for id in consent.allowed_services if changed.service(id).category == "campaigns"}
        assert first.id not in consent.allowed_services


# Several cookies


def test_equal_cookies_count_once(policy: Policy, signer: TokenSigner, now: int) -> None:
    """K11"""
    choice = accept_all(policy, now)
    token = signer.sign(choice)
    assert signer.read_all([token.encode()] * 100, now) == choice
    assert signer.read_all([token, token.encode()], now) == choice


@pytest.mark.parametrize("other", [b"", b"x", b"\xff", b'"', b"accept", b"A" * 10_000])
def test_one_invalid_cookie_beside_a_valid_one_makes_it_no_choice(
    policy: Policy, signer: TokenSigner, now: int, other: bytes
) -> None:
    """DESIGN §5, K10"""
    token = signer.sign(accept_all(policy, now)).encode()
    assert signer.read_all([token, other], now) is None
    assert signer.read_all([other, token, token], now) is None


@pytest.mark.parametrize("other", [b"", b"x", b"A" * 10_000])
def test_an_invalid_cookie_beside_a_refusal_takes_no_refusal_back(
    policy: Policy, signer: TokenSigner, now: int, other: bytes
) -> None:
    """DESIGN §5, K10: no choice would let the exempt purposes, refused here, run again."""
    refusal = refuse_all(policy, now)
    read = signer.read_all([other, signer.sign(refusal)], now)
    assert read is not None
    assert not read.decided
    assert read.receipt_id == refusal.receipt_id
    consent = effective(policy, read, now)
    assert consent.asks
    assert consent.allowed_services == effective(policy, refusal, now).allowed_services
    assert consent.allowed_services < effective(policy, None, now).allowed_services


def test_an_invalid_cookie_beside_single_answers_keeps_the_refused_service_alone(
    policy: Policy, signer: TokenSigner, now: int
) -> None:
    """DESIGN §5, K10"""
    exempt = min(effective(policy, None, now).allowed_services - {"login"})
    choice = set_service(policy, accept_all(policy, now), exempt, False, now)
    consent = effective(policy, signer.read_all([b"x", signer.sign(choice)], now), now)
    assert consent.allowed_services == effective(policy, None, now).allowed_services - {exempt}


def test_an_expired_cookie_beside_a_valid_one_makes_it_no_choice(policy: Policy, signer: TokenSigner, now: int) -> None:
    """K10"""
    old, new = accept_all(policy, now - 86400 * 400), accept_all(policy, now)
    assert signer.read_all([signer.sign(old), signer.sign(new)], now) is None


def test_of_several_valid_cookies_only_what_all_permit_counts(policy: Policy, signer: TokenSigner, now: int) -> None:
    """DESIGN §5, K10, K11"""
    tokens = [signer.sign(accept_all(policy, now)), signer.sign(save(policy, ["youtube"], now - 60))]
    for order in (tokens, tokens[::-1]):
        read = signer.read_all(order, now)
        assert read is not None
        assert read.made_at == now - 60
        assert effective(policy, read, now).allowed_services == {"login", "youtube"}


def test_no_cookie_is_no_choice(signer: TokenSigner, now: int) -> None:
    assert signer.read_all([], now) is None


def test_more_different_cookies_than_a_browser_sends_are_no_choice(policy: Policy, signer: TokenSigner, now: int) -> None:
    """K9"""
    tokens = [signer.sign(accept_all(policy, now)) for _ in range(17)]
    assert signer.read_all(tokens[:16], now) is not None
    assert signer.read_all(tokens, now) is None


# Once


def test_a_one_use_permission_is_for_one_service_one_page_and_sixty_seconds(signer: TokenSigner, now: int) -> None:
    """DESIGN §5"""
    token = signer.sign_once("youtube", "/article?id=é", now)
    assert signer.read_once(token, "/article?id=é", now) == "youtube"
    assert signer.read_once(token.encode(), "/article?id=é", now + 59) == "youtube"
    assert signer.read_once(token, "/article?id=é", now + 60) is None
    assert signer.read_once(token, "/article?id=é", now - 301) is None
    assert signer.read_once(token, "/article", now) is None
    assert signer.read_once(token, "", now) is None


def test_a_permission_is_not_a_choice_and_a_choice_is_not_a_permission(policy: Policy, signer: TokenSigner, now: int) -> None:
    """K1: a salt for each purpose."""
    assert signer.read(signer.sign_once("youtube", "/", now), now) is None
    assert signer.read_once(signer.sign(accept_all(policy, now)), "/", now) is None


def test_a_permission_of_another_key_or_revision_or_service_is_none(
    policy: Policy, signer: TokenSigner, key: str, now: int
) -> None:
    token = signer.sign_once("youtube", "/", now)
    assert TokenSigner(policy, "other" * 10).read_once(token, "/", now) is None
    assert TokenSigner(replace(policy, revision=4), key).read_once(token, "/", now) is None
    assert TokenSigner(replace(policy, services=policy.services[:-1]), key).read_once(token, "/", now) is None
    with pytest.raises(UnknownPurpose):
        signer.sign_once("youtub", "/", now)


def test_a_permission_for_an_address_with_lone_surrogates_can_be_made_and_read(signer: TokenSigner, now: int) -> None:
    """K4"""
    assert signer.read_once(signer.sign_once("youtube", "/\udcff", now), "/\udcff", now) == "youtube"


# Names


def test_over_https_only_the_prefixed_name_is_read_and_over_http_both(policy: Policy) -> None:
    """DESIGN §5, H06"""
    assert consent_cookie_name(policy, secure=True) == "__Host-consent"
    assert consent_cookie_name(policy, secure=False) == "consent"
    assert names_to_read(policy, secure=True) == ("__Host-consent",)
    assert names_to_read(policy, secure=False) == ("__Host-consent", "consent")


def test_a_shared_domain_needs_the_secure_prefix_and_a_permission_stays_on_its_host(policy: Policy) -> None:
    """H06"""
    shared = replace(policy, cookie_domain="example.org", cookie_name="choice")
    assert names_to_read(shared, secure=True) == ("__Secure-choice",)
    assert names_to_read(shared, secure=False) == ("__Secure-choice", "choice")
    assert once_cookie_name(shared, secure=True) == "__Host-choice-once"
    assert once_cookie_name(shared, secure=False) == "choice-once"


# What cannot be signed


def test_what_is_not_ours_is_not_signed(policy: Policy, signer: TokenSigner, now: int) -> None:
    choice = accept_all(policy, now)
    wrong: list[Choice] = [
        replace(choice, revision=4),
        replace(choice, made_at=-1),
        replace(choice, receipt_id=""),
        replace(choice, receipt_id="visitor 42"),
        replace(choice, receipt_id="A" * 20),
    ]
    for one in wrong:
        with pytest.raises(ValueError):
            signer.sign(one)
    for unknown in (replace(choice, answers={"nobody": True}), replace(choice, overrides={"nobody": True})):
        with pytest.raises(UnknownPurpose):
            signer.sign(unknown)


def test_a_policy_that_no_token_can_carry_is_refused(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    for broken in (
        replace(policy, revision=2**64),
        replace(policy, revision=-1),
        replace(policy, categories=tuple(Category(f"c{n}", Basis.CONSENT, {}) for n in range(256)), services=()),
    ):
        with pytest.raises(PolicyError):
            TokenSigner(broken, "k" * 32)
    monkeypatch.setattr("consent_guard.consent.token._hash", lambda text, size: b"\0" * size)
    with pytest.raises(PolicyError, match="look alike"):
        TokenSigner(policy, "k" * 32)
