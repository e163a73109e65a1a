"""Every Set-Cookie case whose truth was found in a real browser."""

from __future__ import annotations

import base64
from typing import Any

from consent_guard.wire.set_cookie import LIFETIME_CAP_SECONDS, Reading, cut_lifetime, parse_set_cookie

from ..cases import rows

NOW = 1_790_000_000.0


def having(key: str) -> list[dict[str, Any]]:
    return [row for row in rows("cases/setcookie.jsonl") if key in row]


def agrees(reading: Reading, truth: dict[str, Any] | None) -> bool:
    if truth is None:
        return not reading.stores
    lifetime = truth["lifetime_s"]
    if lifetime == "session":
        return reading.accepted and reading.lifetime is None
    if lifetime == "cap":
        return reading.accepted and reading.lifetime == LIFETIME_CAP_SECONDS
    return reading.accepted and reading.lifetime is not None and max(reading.lifetime, 0) == lifetime


def test_names_lifetimes_and_deletions_are_those_of_the_browser() -> None:
    """H02, H03, H04, K22, rule 0.5"""
    wrong = []
    for row in having("header"):
        cookie = parse_set_cookie(row["header"].encode("latin-1"), NOW)
        assert cookie is not None, row["id"]
        standard, chromium = row["rfc6265bis"], row["chromium"]
        right = agrees(cookie.rfc, standard) and agrees(cookie.chromium, chromium)
        right = right and (standard is None or cookie.name == standard["name_latin1"].encode("latin-1"))
        right = right and cookie.deletes_everywhere is row["safe_to_pass_as_deletion"]
        if not right:
            wrong.append((row["id"], row["header"], cookie))
    assert not wrong


def test_lines_cut_to_a_minute_live_no_longer_by_any_reading() -> None:
    """S12, T02"""
    for row in having("header"):
        line = row["header"].encode("latin-1")
        cut = cut_lifetime(line, 60, NOW)
        cookie = parse_set_cookie(cut, NOW)
        assert cookie is not None
        assert max(cookie.lifetime_rfc or 0, cookie.lifetime_chromium or 0) <= 60, row["id"]
        original = parse_set_cookie(line, NOW)
        assert original is not None
        if max(original.lifetime_rfc or 0, original.lifetime_chromium or 0) <= 60:
            assert cut is line, row["id"]


def test_the_lines_that_survive_without_consent_are_those_expected() -> None:
    """H01, H04, K22: ``_ga``, ``_ga_*``, ``_gat*``, ``_gid`` and ``_fbp`` are gated"""

    def gated(name: bytes) -> bool:
        return name in (b"_ga", b"_gid", b"_fbp") or name.startswith((b"_ga_", b"_gat"))

    for row in having("headers_b64"):
        if row["expect_kept"] is None:
            continue
        kept = []
        for place, line in enumerate(map(base64.b64decode, row["headers_b64"])):
            cookie = parse_set_cookie(line, NOW)
            if cookie is None or cookie.deletes_everywhere or not any(map(gated, cookie.names)):
                kept.append(place)
        assert kept == row["expect_kept"], row["id"]
