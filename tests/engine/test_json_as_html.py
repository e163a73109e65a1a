"""JSON that leaves as text/html, as many apps answer scripts: it still parses, and what is no JSON is HTML."""

from __future__ import annotations

import json
from typing import Any

import pytest

from consent_guard.limits import HELD_TEXT_BYTES

EMPTY = (b"Sec-Fetch-Dest", b"empty")
AD = '<p class="x">a</p><img src="https://x.ads.example/a.png"><script src="https://x.ads.example/a.js"></script>'
FRAME = '<iframe src="https://x.video.example/"></iframe>'


def sent(site, body: bytes, *asked: Any) -> bytes:
    """Return a body as it leaves, whole, byte by byte and in threes."""
    made = set()
    for size in (len(body) or 1, 1, 3) if len(body) < 5000 else (len(body), 9999):
        plan = site.request("/page", *asked).respond(200, site.HTML)
        pieces = [plan.rewriter.feed(body[at : at + size]) for at in range(0, len(body), size)]
        made.add(b"".join(pieces) + plan.rewriter.close())
    assert len(made) == 1
    return made.pop()


SCRIPTS = [
    (EMPTY, (b"Accept", b"*/*")),
    ((b"Accept", b"application/json, text/javascript, */*; q=0.01"),),
    ((b"Accept", b"*/*"), (b"X-Requested-With", b"XMLHttpRequest")),
]


@pytest.mark.parametrize("asked", SCRIPTS)
@pytest.mark.parametrize("before", ["", "\ufeff", " \r\n"])
def test_json_still_parses_and_its_strings_are_edited(site, asked: Any, before: str) -> None:
    for value in ({"html": AD, "n": [1, FRAME]}, [1, AD], AD + FRAME, [[{}, AD + FRAME]]):
        left = sent(site, (before + json.dumps(value)).encode(), *asked).decode()
        assert left.startswith(before)
        assert json.dumps(json.loads(left.removeprefix("\ufeff"))) != json.dumps(value)
        assert "ads.example" not in left
        assert "video.example" not in left
        assert "privacy-choices" not in left
        assert '<p class=\\"x\\">a</p>' in left


@pytest.mark.parametrize(
    "body",
    [
        f"[1] {AD}",
        f'["{AD}"]',
        f"[ see {AD}",
        '{"a": "' + AD,
        f'"{AD}',
        f"<p>{AD}",
        '["a", ]' + AD,
        " " * 40 + AD,
        "\ufeff" + AD,
    ],
)
def test_all_else_is_html(site, body: str) -> None:
    left = sent(site, body.encode(), EMPTY)
    assert b"ads.example" not in left
    assert left == sent(site, body.encode(), (b"Sec-Fetch-Dest", b"fencedframe"))


def test_so_is_what_is_too_long(site) -> None:
    body = f"[{'1,' * (HELD_TEXT_BYTES // 2)} 1] {AD}".encode()
    assert b"ads.example" not in sent(site, body, EMPTY)


DOCUMENTS: list[Any] = [
    *(((b"Sec-Fetch-Dest", name),) for name in (b"document", b"iframe", b"frame", b"embed", b"object", b"fencedframe")),
    ((b"Accept", b"text/html,*/*"),),
    (EMPTY, (b"Accept", b"text/html,*/*")),  # a service worker passes a navigation on
    ((b"Accept", b"*/*"),),  # a plug-in's document, over http
    (),
]


@pytest.mark.parametrize("asked", DOCUMENTS)
def test_what_may_be_shown_as_a_document_is_html(site, asked: Any) -> None:
    """As HTML its strings may hold markup together that none holds by itself."""
    body = b'["<img title=\'", "\' src=https://x.ads.example/a.png>", {"<img src=https://x.ads.example/b.png>": 1}]'
    assert b"ads.example" not in sent(site, body, *asked)


@pytest.mark.parametrize("body", [b"", b" ", b"\xef\xbb", b"[", b'"', b"{}", b"7"])
def test_what_holds_nothing_keeps_its_bytes(site, body: bytes) -> None:
    assert sent(site, body, EMPTY) == body


FETCHED = (EMPTY, (b"Accept", b"*/*"))
APP = ((b"Accept", b"*/*"), (b"X-Requested-With", b"com.some.app"))


@pytest.mark.parametrize("asked", [FETCHED, APP])
@pytest.mark.parametrize(
    "body",
    [
        b'["<img title=\'", "\' src=https://x.ads.example/a.png>"]',
        b'{"<img src=https://x.ads.example/b.png>": 1}',
        b'{"a": ["<svg>", {"b": "<image title=\'"}], "c": "\' href=https://x.ads.example/c.png>"}',
    ],
)
def test_what_would_act_as_a_document_is_html_whoever_asks(site, body: bytes, asked: Any) -> None:
    """A script may show what it fetched, and a browser that has kept it shows it after a 304."""
    assert b"ads.example" not in sent(site, body, *asked)


def test_its_strings_are_edited_even_so(site) -> None:
    """For a script that parses it."""
    body = json.dumps(["<img title='", "' src=https://x.ads.example/a.png>", AD]).encode()
    left = sent(site, body, *FETCHED)
    assert b"x.ads.example/a.js" not in left
    assert b"x.ads.example/a.png" not in left


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("text", ["[%s1, %s]", "%s{%s}"])
def test_blanks_before_the_first_value_are_passed_over_once(site, before: str, text: str) -> None:
    """R6: each look was at all that had come."""
    value = json.dumps(AD) if text[0] == "[" else '"h": ' + json.dumps(AD)
    body = (before + text % (" \n" * 2000, value)).encode()
    left = sent(site, body, *FETCHED)
    assert b"ads.example" not in left
    json.loads(left.decode().removeprefix("\ufeff"))


@pytest.mark.linear
def test_so_are_many_that_come_one_by_one(site) -> None:
    rewriter = site.request("/page", *FETCHED).respond(200, site.HTML).rewriter
    for _ in range(400_000):
        rewriter.feed(b" ")
    assert rewriter.feed(b"x").endswith(b" x")
