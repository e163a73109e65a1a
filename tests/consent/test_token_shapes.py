"""Validly signed is not validly shaped, and garbage is never an error (K4, K7, K8, K9)."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer, URLSafeSerializer

from consent_guard.consent.choice import Choice, save
from consent_guard.consent.token import CHOICE_SALT, ONCE_SALT, TokenSigner
from consent_guard.policy.model import Basis, Category, Policy, Service

KEY = "k" * 32
NOW = 1_700_000_000
POLICY = Policy(
    categories=(Category("audience", Basis.EXEMPT, {}), Category("videos", Basis.CONSENT, {})),
    services=(Service("xiti", "audience", {}), Service("damdy", "videos", {}), Service("youtube", "videos", {})),
)
SIGNER = TokenSigner(POLICY, KEY)


def signed(payload: bytes, salt: bytes = CHOICE_SALT) -> bytes:
    """Return a token with this payload under the right key."""
    signer = Signer(KEY, salt, key_derivation="hmac", digest_method=hashlib.sha256)
    return signer.sign(base64.urlsafe_b64encode(payload).rstrip(b"="))


def payload(allow: list[str]) -> bytes:
    text = SIGNER.sign(save(POLICY, allow, NOW)).partition(".")[0]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


GOOD = payload(["xiti", "youtube"])
HEAD = 31
"""Bytes before the first category: format, flags, revision, time, receipt id, number of categories."""


def test_the_forge_of_these_tests_makes_what_is_read() -> None:
    choice = SIGNER.read(signed(GOOD), NOW)
    assert choice is not None
    assert choice.overrides == {"xiti": True, "youtube": True}
    assert GOOD[HEAD - 1] == 2


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        None,
        True,
        1,
        10**400,
        "accept",
        [],
        {},
        {"v": 1, "audience": True},
        {"v": True, "t": float("nan"), "c": {"videos": 1}},
        {"v": 1, "r": 1, "t": 10**30, "c": {"videos": True}, "x": "more"},
        [1, 1, NOW, {"audience": True, "videos": True}],
    ],
)
def test_json_of_any_shape_under_the_right_key_and_salt_is_no_choice(value: object) -> None:
    """K7"""
    serializer = URLSafeSerializer(KEY, CHOICE_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})
    assert SIGNER.read(serializer.dumps(value), NOW) is None
    assert SIGNER.read(signed(json.dumps(value).encode()), NOW) is None


@pytest.mark.parametrize(
    ("what", "forged"),
    [
        ("nothing", b""),
        ("another format", b"\2" + GOOD[1:]),
        ("format zero", b"\0" + GOOD[1:]),
        ("an unknown flag", GOOD[:1] + b"\2" + GOOD[2:]),
        ("all flags", GOOD[:1] + b"\xff" + GOOD[2:]),
        ("an earlier revision", GOOD[:2] + struct.pack(">Q", 0) + GOOD[10:]),
        (
            "an unknown state in a newer revision",
            GOOD[:2] + struct.pack(">Q", 2) + GOOD[10 : HEAD + 3] + b"\xff" + GOOD[HEAD + 4 :],
        ),
        ("a huge time", GOOD[:10] + b"\xff" * 8 + GOOD[18:]),
        ("a not-a-number time", GOOD[:10] + struct.pack(">d", float("nan")) + GOOD[18:]),
        ("a negative time", GOOD[:10] + struct.pack(">q", -1) + GOOD[18:]),
        ("the time zero", GOOD[:10] + bytes(8) + GOOD[18:]),
        ("no categories counted", GOOD[: HEAD - 1] + b"\0" + GOOD[HEAD:]),
        ("too many categories counted", GOOD[: HEAD - 1] + b"\x09" + GOOD[HEAD:]),
        ("an unknown category", GOOD[:HEAD] + bytes(4) + GOOD[HEAD + 4 :]),
        (
            "a state that does not exist",
            GOOD[:HEAD] + bytes([GOOD[HEAD]]) + GOOD[HEAD + 1 : HEAD + 3] + bytes([GOOD[HEAD + 3] | 3]) + GOOD[HEAD + 4 :],
        ),
        ("one category twice", GOOD[: HEAD - 1] + b"\3" + GOOD[HEAD : HEAD + 8] * 2 + GOOD[HEAD + 8 :]),
        ("categories out of order", GOOD[:HEAD] + GOOD[HEAD + 8 : HEAD + 16] + GOOD[HEAD : HEAD + 8] + GOOD[HEAD + 16 :]),
        ("one service twice", GOOD + GOOD[-4:]),
        (
            "one service granted and refused",
            GOOD[:-4] + bytes([*GOOD[-4:-1], GOOD[-1] & 254]) + bytes([*GOOD[-4:-1], GOOD[-1] | 1]),
        ),
        ("services out of order", GOOD[:-8] + GOOD[-4:] + GOOD[-8:-4]),
        ("one byte more", GOOD + b"\0"),
        ("three bytes more", GOOD + b"\xff\xff\xff"),
        ("one byte fewer", GOOD[:-1]),
        ("the head alone", GOOD[: HEAD - 1]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_signed_payload_of_another_shape_is_no_choice(what: str, forged: bytes) -> None:
    """K7, T08"""
    assert SIGNER.read(signed(forged), NOW) is None, what


@given(st.binary(max_size=200))
def test_any_signed_bytes_are_a_choice_in_their_one_spelling_or_none(data: bytes) -> None:
    """K7, K8"""
    for forged in (data, GOOD[:HEAD] + data, GOOD[: HEAD + 16] + data):
        choice = SIGNER.read(signed(forged), NOW)
        assert choice is None or (isinstance(choice, Choice) and choice.made_at == NOW)
        assert SIGNER.read_once(signed(forged, ONCE_SALT), "/", NOW) is None


@given(st.integers(min_value=0, max_value=len(GOOD) * 8 - 1))
def test_one_flipped_bit_under_the_right_key_never_grants_more(bit: int) -> None:
    """K7: what it can change is the answer itself, the time, or the receipt id, never a purpose into another."""
    forged = bytearray(GOOD)
    forged[bit // 8] ^= 1 << bit % 8
    choice = SIGNER.read(signed(bytes(forged)), NOW)
    if choice is not None:
        assert set(choice.answers) <= {"audience", "videos"}
        assert set(choice.overrides) <= {"xiti", "youtube"}
        assert choice.made_at <= NOW + 300


@given(st.binary(max_size=400) | st.text(max_size=200) | st.text(alphabet="AQab0_-.=\udcff\ud800\x00 \n\"'"))
def test_garbage_is_no_choice_and_never_an_error(value: bytes | str) -> None:
    """K4, K8"""
    assert SIGNER.read(value, NOW) is None
    assert SIGNER.read_once(value, "/", NOW) is None
    assert SIGNER.read_all([value, value], NOW) is None


@given(st.binary(max_size=60), st.integers(min_value=0, max_value=300), st.integers(min_value=0, max_value=60))
def test_a_token_with_a_piece_cut_out_or_put_in_is_no_choice(piece: bytes, start: int, length: int) -> None:
    """K8"""
    token = signed(GOOD)
    changed = token[:start] + piece + token[start + length :]
    assert (SIGNER.read(changed, NOW) is None) is (changed != token)


@pytest.mark.parametrize("value", ["\udcff", "\ud800.\udfff", "é.é", "\x00", "A" * 40 + "." + "\udc80" * 43])
def test_lone_surrogates_and_letters_beyond_ascii_are_no_choice(value: str) -> None:
    """K4"""
    assert SIGNER.read(value, NOW) is None
    assert SIGNER.read(value.encode("utf-8", "surrogatepass"), NOW) is None


@pytest.mark.parametrize("unit", [b"A", b".", b"\xff", b"A.", b"\x00"])
def test_ten_megabytes_are_refused_by_their_length_alone(unit: bytes) -> None:
    """K9"""
    value = unit * (10_000_000 // len(unit))
    start = time.perf_counter()
    for _ in range(100):
        assert SIGNER.read(value, NOW) is None
        assert SIGNER.read_once(value, "/", NOW) is None
    assert time.perf_counter() - start < 0.5, "a look at each byte would take seconds"


def test_a_signed_token_over_the_limit_is_not_looked_at() -> None:
    """K9"""
    services = b"".join(struct.pack(">I", number) for number in range(2, 2 * 760, 2))
    allowed, too_long = signed(GOOD[: HEAD + 16] + services[: 4 * 700]), signed(GOOD[: HEAD + 16] + services)
    assert len(allowed) <= 4096 < len(too_long)
    assert SIGNER.read(allowed, NOW) is not None
    assert SIGNER.read(too_long, NOW) is None


def test_a_zip_bomb_is_only_bytes_that_are_not_a_choice() -> None:
    """K9: nothing in a token is ever unfolded."""
    serializer = URLSafeSerializer(KEY, CHOICE_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})
    bomb = serializer.dumps("0" * 2_000_000)
    assert len(bomb) < 4096
    assert SIGNER.read(bomb, NOW) is None


@pytest.mark.parametrize("revision", [2, 2**64 - 1])
def test_a_newer_revision_of_whatever_size_is_read_as_it_stands(revision: int) -> None:
    """DESIGN §5"""
    read = SIGNER.read(signed(GOOD[:2] + struct.pack(">Q", revision) + GOOD[10:]), NOW)
    assert read is not None
    assert read.revision == revision
