"""The signed token that carries a choice in its cookie, and the one-use permission for a single load.

A token is ``payload.signature``, both URL-safe base64 without padding; the signature is itsdangerous' HMAC-SHA-256 under a salt
of our own (K1). The payload is packed bytes rather than JSON, so that it stays under 300 bytes for 20 services and has no room
for a wrong shape: no NaN, no nested values, one spelling for one choice. In order, integers big-endian:

    1 byte    format, 1
    1 byte    flags: 1 = decided
    8 bytes   policy revision
    8 bytes   made_at, Unix seconds
    12 bytes  receipt id
    1 byte    number of categories, then for each: 4 bytes (30 bits of its id's hash, 2 bits: refused, granted, unanswered)
              and 4 bytes of its digest's hash; ascending
    rest      for each service answered by itself: 4 bytes (31 bits of its id's hash, 1 bit granted); ascending

A choice that would not fit lists, of a refused category, the services that are not granted by themselves where these are fewer,
and one more entry, for the category's id and ``/*``, grants the others. So the most that a choice can take is an answer for
half of the services. The digest tells that the category still has the services that it had; else that entry grants nothing.

Hashes name the ids, so that a token reads the same when a policy lists its services in another order. No visitor id (L33).
May import the domain layer, errors, limits and itsdangerous. Called by the engine and by ``consent_guard.testing``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from itsdangerous import BadData, Signer

from ..errors import Fault, PolicyError
from ..limits import CLOCK_SKEW_SECONDS, CONSENT_COOKIE_BYTES, CONSENT_COOKIE_READINGS, ONCE_SECONDS
from ..policy.model import Policy
from .choice import Choice, expiry, holds
from .keys import Key, usable_keys
from .receipt import RECEIPT_ID_BYTES
from .restriction import most_restrictive
from .terms import terms_of

CHOICE_SALT = b"consent-guard.cookie.v1"
ONCE_SALT = b"consent-guard.once.v1"

_FORMAT = 1
_DECIDED = 1
_HEAD = struct.Struct(f">BBQQ{RECEIPT_ID_BYTES}sB")
_CATEGORY = struct.Struct(">I4s")
_SERVICE = struct.Struct(">I")
_ONCE = struct.Struct(">BQQI16s")
_REFUSED, _GRANTED, _UNANSWERED = range(3)
_STATES: Mapping[bool | None, int] = {False: _REFUSED, True: _GRANTED, None: _UNANSWERED}

# 32 bytes in base64 leave two bits of the last character unused: only the spelling with both at zero is ours (K5).
_TOKEN = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")


def consent_cookie_name(policy: Policy, secure: bool) -> str:
    """Return the name under which the choice is set: ``__Host-consent`` over https, ``consent`` over http.

    With a ``cookie_domain`` its hosts share the choice, which ``__Host-`` forbids: ``__Secure-consent`` over https (H06).
    """
    if not secure:
        return policy.cookie_name
    return f"{'__Secure-' if policy.cookie_domain else '__Host-'}{policy.cookie_name}"


def names_to_read(policy: Policy, secure: bool) -> tuple[str, ...]:
    """Return the cookie names that may carry the choice: over https the prefixed one alone, over http both (DESIGN §5)."""
    prefixed = consent_cookie_name(policy, secure=True)
    return (prefixed,) if secure else (prefixed, policy.cookie_name)


def is_spelt_like_ours(value: bytes) -> bool:
    """Return whether a cookie's value has the shape of a choice, whoever signed it."""
    return len(value) <= CONSENT_COOKIE_BYTES and _TOKEN.fullmatch(value) is not None


def once_cookie_name(policy: Policy, secure: bool) -> str:
    """Return the name of the one-use permission's cookie. It is never shared with other hosts."""
    return f"{'__Host-' if secure else ''}{policy.cookie_name}-once"


@dataclass(frozen=True, slots=True)
class Explained:
    """What a cookie value holds, for somebody who wonders why a choice does not count."""

    choice: Choice | None
    verified: bool
    """One of the keys has signed it."""
    reason: str
    """Why it does not count; empty: it does, if the signature is right."""

    @property
    def counts(self) -> bool:
        return self.verified and self.choice is not None and not self.reason


class TokenSigner:
    """Signs choices of one policy and reads them back. Immutable and thread-safe.

    ``keys`` are newest first: the first signs, all verify (K2). Raises SecretKeyError for an empty key or none, and PolicyError
    where the policy's revision or ids do not fit into a token.
    """

    def __init__(self, policy: Policy, keys: Key | Sequence[Key]) -> None:
        self._policy = policy
        self._terms = terms_of(policy)
        oldest_first = list(reversed(usable_keys(keys)))
        self._choices = Signer(oldest_first, CHOICE_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
        self._onces = Signer(oldest_first, ONCE_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
        categories = [category.id for category in policy.categories]
        services = [service.id for service in policy.services]
        self._category_codes = _codes("categories", categories, 30)
        self._service_codes = _codes("services", [*services, *map(_others, categories)], 31)
        self._categories = {code: id for id, code in self._category_codes.items()}
        self._services = {self._service_codes[id]: id for id in services}
        self._members: dict[str, list[str]] = {category: [] for category in self._terms.asked}
        for service, category in self._terms.category_of.items():
            self._members[category].append(service)
        if not 0 <= policy.revision < 2**64:
            raise PolicyError([Fault("policy.revision", "does not fit into 64 bits", "Give a smaller revision")])
        if len(categories) > 255:
            raise PolicyError([Fault("categories", "more than 255 do not fit into a token", "Merge some of them")])

    def sign(self, choice: Choice) -> str:
        """Return the token of a choice, fit for a cookie value: URL-safe ASCII, at most 4096 bytes.

        A choice that names so many single services that it does not fit is signed in a stricter form. Raises ValueError for a
        choice of another revision, a time before 1970, or a receipt id that is not one of ours.
        """
        if choice.revision != self._policy.revision:
            raise ValueError(f"a choice of revision {choice.revision} cannot be signed under revision {self._policy.revision}")
        token = self._signed(choice, choice.overrides)
        if len(token) > CONSENT_COOKIE_BYTES:
            token = self._signed(choice, self._shortened(choice))
        if len(token) > CONSENT_COOKIE_BYTES:
            token = self._signed(_stricter(choice, self._terms.category_of), {})
        return token

    def read(self, value: bytes | str, now: float) -> Choice | None:
        """Return the choice that a cookie value holds at ``now`` (Unix seconds), or None for anything else at all.

        None: absent, oversized, misspelt, unsigned, signed by another key, of another format or an earlier policy revision, of
        an unknown category (those of a newer revision are passed over), over 5 minutes in the future, expired. Never raises.
        Source: K1 to K9, T04, T08, DESIGN §5.
        """
        payload = _unsigned(self._choices, value)
        choice = None if payload is None else self._unpacked(payload)
        return choice if choice is not None and holds(self._policy, choice, now) else None

    def explain(self, value: bytes | str, now: float, *, verify: bool = True) -> Explained:
        """Return what a cookie value holds, and why it counts or does not at ``now``; for people, never for a decision.

        ``verify=False`` reads on without the signature, which proves nothing then. Never raises.
        """
        if len(value) > CONSENT_COOKIE_BYTES:
            return Explained(None, False, f"it is longer than {CONSENT_COOKIE_BYTES} bytes")
        text = value.encode("ascii", "replace") if isinstance(value, str) else value
        if not _TOKEN.fullmatch(text):
            return Explained(None, False, "it is not spelt like a choice of ours")
        payload = _unsigned(self._choices, text)
        verified = payload is not None
        if payload is None and not verify:
            payload = _decode(text.rpartition(b".")[0])
        if payload is None:
            return Explained(None, False, "none of the keys has signed it")
        choice = self._unpacked(payload)
        if choice is None:
            return Explained(None, verified, "it holds purposes that this policy lacks, or another format")
        if choice.revision < self._policy.revision:
            reason = f"it was made under revision {choice.revision}; the policy is at {self._policy.revision}"
        elif choice.made_at > now + CLOCK_SKEW_SECONDS:
            reason = "its time lies in the future"
        elif now >= expiry(self._policy, choice):
            reason = "it has expired"
        else:
            reason = ""
        return Explained(choice, verified, reason)

    def read_all(self, values: Iterable[bytes | str], now: float) -> Choice | None:
        """Return the most restrictive reading of all cookies of our name.

        Equal values count once. Where they differ, only what each of them permits is permitted. One that holds no choice lets
        no grant stand, but takes no refusal back: a purpose that is on until refused stays refused. None where nothing is left
        of any answer. Never raises. Source: DESIGN §5, K10, K11.
        """
        different = {value.encode("ascii", "replace") if isinstance(value, str) else value for value in values}
        if not different or len(different) > CONSENT_COOKIE_READINGS:
            return None
        choices = [choice for value in different if (choice := self.read(value, now)) is not None]
        if len(choices) == len(different):
            return choices[0] if len(choices) == 1 else most_restrictive(self._policy, choices)
        if not choices:
            return None
        # It must not be the oldest, whose time and receipt count.
        nothing = Choice(self._policy.revision, {}, {}, {}, max(choice.made_at for choice in choices) + 1, "", decided=False)
        left = most_restrictive(self._policy, [*choices, nothing])
        return left if left.answers or left.overrides else None

    def sign_once(self, service: str, page: str, now: float) -> str:
        """Return a permission to load one service on one page, for 60 seconds.

        ``page`` is the page's address as the reader will give it again. Raises UnknownPurpose for an unknown service.
        """
        self._policy.service(service)
        packed = _ONCE.pack(_FORMAT, self._policy.revision, int(now), self._service_codes[service], _hash(page, 16))
        return self._onces.sign(_encode(packed)).decode()

    def read_once(self, value: bytes | str, page: str, now: float) -> str | None:
        """Return the service that may load once on ``page``, or None. Never raises. The caller expires the cookie on use."""
        payload = _unsigned(self._onces, value)
        if payload is None or len(payload) != _ONCE.size:
            return None
        version, revision, made_at, code, page_code = _ONCE.unpack(payload)
        if version != _FORMAT or revision < self._policy.revision or page_code != _hash(page, 16):
            return None
        if not made_at - CLOCK_SKEW_SECONDS <= now < made_at + ONCE_SECONDS:
            return None
        return self._services.get(code)

    def _signed(self, choice: Choice, listed: Mapping[str, bool]) -> str:
        return self._choices.sign(_encode(self._packed(choice, listed))).decode()

    def _shortened(self, choice: Choice) -> dict[str, bool]:
        """Return what to list for a choice: of a refused category of which most services are granted, those that are not."""
        listed = dict(choice.overrides)
        for category, members in self._members.items():
            others = [service for service in members if not choice.overrides.get(service)]
            shown = choice.digests.get(category) == self._terms.digests[category]
            if choice.answers.get(category) is False and shown and len(others) + 1 < len(members) - len(others):
                for service in members:
                    listed.pop(service, None)
                listed |= {**dict.fromkeys(others, False), _others(category): True}
        return listed

    def _packed(self, choice: Choice, listed: Mapping[str, bool]) -> bytes:
        receipt = _decode(choice.receipt_id.encode())
        if receipt is None or len(receipt) != RECEIPT_ID_BYTES:
            raise ValueError(f"not a receipt id: {choice.receipt_id!r}")
        if not 0 <= choice.made_at < 2**64:
            raise ValueError(f"a choice cannot be made at Unix second {choice.made_at}")
        try:
            categories = sorted(
                _CATEGORY.pack(
                    self._category_codes[category] << 2 | _STATES[choice.answers.get(category)],
                    _hash(choice.digests.get(category, ""), 4),
                )
                for category in {*choice.answers, *choice.digests}
            )
            services = sorted(_SERVICE.pack(self._service_codes[service] << 1 | answer) for service, answer in listed.items())
        except KeyError as error:
            raise self._policy.unknown(str(error.args[0])) from None
        flags = _DECIDED if choice.decided else 0
        head = _HEAD.pack(_FORMAT, flags, choice.revision, choice.made_at, receipt, len(categories))
        return b"".join((head, *categories, *services))

    def _unpacked(self, payload: bytes) -> Choice | None:
        """Return the choice in a verified payload; None for any shape but ours (K7)."""
        if len(payload) < _HEAD.size:
            return None
        version, flags, revision, made_at, receipt, count = _HEAD.unpack_from(payload)
        services_at = _HEAD.size + count * _CATEGORY.size
        if version != _FORMAT or flags not in (0, _DECIDED) or len(payload) < services_at:
            return None
        if (len(payload) - services_at) % _SERVICE.size:
            return None
        categories = list(_CATEGORY.iter_unpack(payload[_HEAD.size : services_at]))
        services = [code for (code,) in _SERVICE.iter_unpack(payload[services_at:])]
        if not _ascending([code >> 2 for code, _ in categories]) or not _ascending([code >> 1 for code in services]):
            return None
        answers: dict[str, bool] = {}
        digests: dict[str, str] = {}
        for code, digest_code in categories:
            category, state = self._categories.get(code >> 2), code & 3
            if state not in _STATES.values() or (category is None and revision <= self._policy.revision):
                return None
            if category is None:
                continue  # a purpose that a newer revision has added: none of it is asked or enforced here
            if state != _UNANSWERED:
                answers[category] = state == _GRANTED
            # A digest that is no longer the policy's own cannot be had back from its hash, and needs not be.
            current = self._terms.digests.get(category, "")
            digests[category] = current if _hash(current, 4) == digest_code else ""
        # A service that the policy no longer holds has nothing left to permit.
        overrides = {id: bool(code & 1) for code in services if (id := self._services.get(code >> 1)) is not None}
        for category in answers:
            if digests[category] and self._service_codes[_others(category)] << 1 | 1 in services:
                overrides = {**dict.fromkeys(self._members.get(category, ()), True), **overrides}
        return Choice(
            revision=revision,
            answers=answers,
            overrides=overrides,
            digests=digests,
            made_at=made_at,
            receipt_id=_encode(receipt).decode(),
            decided=flags == _DECIDED,
        )


def _others(category: str) -> str:
    """Return the name under which a token grants a category's services but for those that it lists. No id holds a slash."""
    return f"{category}/*"


def _stricter(choice: Choice, category_of: Mapping[str, str]) -> Choice:
    """Return a choice without single services that permits no more: a category with a refused service is refused whole."""
    refused = {category_of[service] for service, answer in choice.overrides.items() if not answer and service in category_of}
    return replace(choice, answers={**choice.answers, **dict.fromkeys(refused, False)}, overrides={})


def _unsigned(signer: Signer, value: bytes | str) -> bytes | None:
    """Return the verified payload of a token in its one true spelling; None for anything else. The length is checked first."""
    if len(value) > CONSENT_COOKIE_BYTES:
        return None
    if isinstance(value, str):
        # itsdangerous would raise UnicodeEncodeError for a lone surrogate (K4).
        value = value.encode("ascii", "replace")
    if not _TOKEN.fullmatch(value):
        return None
    try:
        return _decode(signer.unsign(value))
    except BadData:
        return None


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(text: bytes) -> bytes | None:
    """Return what URL-safe base64 without padding spells, or None where it is not the spelling that :func:`_encode` gives."""
    try:
        data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return data if _encode(data) == text else None


def _hash(text: str, size: int) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:size]


def _codes(kind: str, ids: Iterable[str], bits: int) -> dict[str, int]:
    """Return each id's code of so many bits; raises PolicyError where two ids share one (one policy in 40,000 with 300 ids)."""
    codes: dict[str, int] = {}
    owners: dict[int, str] = {}
    for id in ids:
        code = int.from_bytes(_hash(id, 4)) >> (32 - bits)
        if owners.setdefault(code, id) != id:
            message = f"the ids {owners[code]!r} and {id!r} look alike in the signed choice"
            raise PolicyError([Fault(kind, message, "Rename one of them")])
        codes[id] = code
    return codes


def _ascending(codes: Sequence[int]) -> bool:
    return all(earlier < later for earlier, later in pairwise(codes))
