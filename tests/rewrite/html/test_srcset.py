"""Image candidate strings (WHATWG HTML 4.8.4.3.10)."""

from __future__ import annotations

import random

import pytest

from consent_guard.rewrite.html.srcset import rest, split_candidates


def without(value: str, gated: str) -> str | None:
    """The value without some candidates, None where it stays."""
    candidates = split_candidates(value)
    gone = [gated in candidate.url for candidate in candidates]
    return rest(value, candidates, gone) if any(gone) else None


def reference(value: str) -> list[str]:
    """The algorithm of the specification, character by character."""
    urls: list[str] = []
    space = "\t\n\f\r "
    at = 0
    while True:
        while at < len(value) and value[at] in space + ",":
            at += 1
        if at == len(value):
            return urls
        start = at
        while at < len(value) and value[at] not in space:
            at += 1
        url = value[start:at]
        if url.endswith(","):
            urls.append(url.rstrip(","))
            continue
        urls.append(url)
        state = "in"
        while at < len(value):
            character = value[at]
            at += 1
            if state == "parens":
                state = "in" if character == ")" else "parens"
            elif character == ",":
                break
            elif character == "(":
                state = "parens"


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("", []),
        (" ,\t,\n", []),
        ("a", ["a"]),
        ("a,b", ["a,b"]),
        ("a, b", ["a", "b"]),
        ("a,,, b", ["a", "b"]),
        ("a 1x,b 2x", ["a", "b"]),
        (",a 1x,", ["a"]),
        ("a 1x 2x junk, b", ["a", "b"]),
        (" ( , data:,b 1x, ), //t/c.gif 3x", ["(", "data:,b", ")", "//t/c.gif"]),
        ("a (x, b) 1x, c", ["a", "c"]),
        ("a (x, b", ["a"]),
        ("a ((x), b", ["a", "b"]),
        ("data:image/png;base64,AAAA 1x, b 2x", ["data:image/png;base64,AAAA", "b"]),
        ("a\x0b1x, b", ["a\x0b1x", "b"]),
        ("a\u00a01x, b", ["a\u00a01x", "b"]),
    ],
)
def test_candidates_are_split_as_browsers_split_them(value: str, urls: list[str]) -> None:
    assert [candidate.url for candidate in split_candidates(value)] == urls == reference(value)


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("a 1x, b 2x", None),
        ("t", ""),
        (" t 1x , t 2x", ""),
        ("t 1x, a 2x", "a 2x"),
        ("a 1x, t 2x", "a 1x"),
        ("a 1x ,\n t 2x,", "a 1x"),
        ("a, t", "a"),
        ("\n a 1x,\n t 2x,\n b 3x\n", "\n a 1x,\n b 3x\n"),
        ("a 1x,t 2x,b 3x", "a 1x,b 3x"),
        ("t (x, y) 1x, a", "a"),
        ("a (, t), t", "a (, t)"),
    ],
)
def test_gated_candidates_go_and_the_rest_stays(value: str, left: str | None) -> None:
    assert without(value, "t") == left


def test_random_values_agree_with_the_specification_and_what_stays_reads_the_same() -> None:
    random_ = random.Random(7)
    for _ in range(4000):
        value = "".join(
            random_.choice(["a", "t", ",", " ", "(", ")", "1x", "\n", "data:,"]) for _ in range(random_.randrange(14))
        )
        urls = reference(value)
        candidates = split_candidates(value)
        assert [candidate.url for candidate in candidates] == urls
        assert all(value.startswith(candidate.url, candidate.start) for candidate in candidates)
        left = without(value, "t")
        kept = [url for url in urls if "t" not in url]
        assert (left is None) == (kept == urls)
        if left is not None:
            assert reference(left) == kept
            assert without(left, "t") is None


@pytest.mark.linear
def test_time_is_linear_in_hostile_values() -> None:
    """R6"""
    for unit in (",", " ", "(", "a ", "a,", "a (", "a, ", ")"):
        without(unit * 100_000, "a")
