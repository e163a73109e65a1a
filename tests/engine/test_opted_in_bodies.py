"""HTML within JSON and within events, where the policy says that there is some (``[[paths]]``, ``bodies``)."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from consent_guard import Guard
from consent_guard.limits import HELD_EVENT_BYTES, HELD_TEXT_BYTES
from consent_guard.wire.headers import without

JSON = [(b"Content-Type", b"application/json"), (b"ETag", b'"v1"'), (b"Cache-Control", b"public, max-age=60")]
EVENTS = [(b"Content-Type", b"text/event-stream; charset=utf-8")]
EMPTY = (b"Sec-Fetch-Dest", b"empty")
AD = "<p>a</p><script src=https://x.ads.example/a.js></script><b>b</b>"
FRAME = '<iframe src="https://x.video.example/"></iframe><i title="ü">é</i>'


@pytest.fixture
def api(site) -> Any:
    policy = {**site.policy, "paths": [{"glob": "/api/**", "bodies": ["json", "sse"]}]}
    found: list[Any] = []
    return type(site)(policy, Guard(policy, secret_key=site.KEY, on_finding=found.append), found)


def sent(api, body: bytes, headers: Any = JSON, path: str = "/api/x", **options: Any) -> bytes:
    """Return a body as it leaves, whole, byte by byte and in threes."""
    made = set()
    for size in (len(body) or 1, 1, 3):
        if size == 1 and len(body) > 5000:
            continue
        exchange = api.request(path, EMPTY, **options)
        plan = exchange.respond(200, headers)
        if plan.rewriter is None:
            made.add(body)
        else:
            pieces = [plan.rewriter.feed(body[at : at + size]) for at in range(0, len(body), size)]
            made.add(b"".join(pieces) + plan.rewriter.close())
        exchange.finish()
    assert len(made) == 1
    return made.pop()


def test_html_in_a_string_is_edited_there(api) -> None:
    body = json.dumps({"html": AD, "n": [1, 2.5, FRAME], "plain": "a < b"}).encode()
    left = sent(api, body)
    value = json.loads(left)
    assert value["plain"] == "a < b"
    assert "ads.example" not in value["html"]
    assert value["html"].startswith("<p>a</p>")
    assert value["html"].endswith("<b>b</b>")
    assert "video.example" not in value["n"][2]
    assert left.startswith(b'{"html": "<p>a')


@pytest.mark.parametrize(
    "body",
    [
        b'{ "a" :\t"<p>\\u00e9\\/\\n</p>" , "a": "<b>x<\\/b>",\r\n"n": [1e5, -0, null] }\n',
        b'"x"',
        b"",
        b"[]",
        '{"é": "<p>ü</p>"}'.encode(),
        b'{"<script src=//x.ads.example/a.js>": 1}',
    ],
)
def test_what_needs_no_edit_keeps_its_bytes(api, body: bytes) -> None:
    assert sent(api, body) == body
    assert api.findings == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"a": 1, "a": ', b"}"),
        (b'{"n": NaN, "a": ', b"}"),
        (b"\xef\xbb\xbf[", b"]"),
        (b'["\\ud800<p>", ', b"]"),
        (b"[" + b"9" * 5000 + b", ", b"]"),
    ],
)
def test_what_only_some_readers_take_is_edited_all_the_same(api, before: bytes, after: bytes) -> None:
    assert sent(api, before + json.dumps(AD).encode() + after) == before + b'"<p>a</p><b>b</b>"' + after


@pytest.mark.parametrize("escaped", ["\\u003c", "\\u003C"])
def test_a_string_is_spelled_as_it_was(api, escaped: str) -> None:
    left = sent(api, ('["' + AD.replace("<", escaped) + '"]').encode())
    assert left == b'["' + rb"\u003cp\u003ea\u003c/p\u003e\u003cb\u003eb\u003c/b\u003e" + b'"]'
    assert sent(api, ('["' + AD.replace("/", "\\/") + '"]').encode()) == rb'["<p>a<\/p><b>b<\/b>"]'
    assert sent(api, json.dumps(["é" + AD], ensure_ascii=False).encode()) == '["é<p>a</p><b>b</b>"]'.encode()
    assert sent(api, json.dumps(["é" + AD]).encode()) == rb'["\u00e9<p>a</p><b>b</b>"]'
    assert sent(api, json.dumps(["\ud83d" + AD + "\ude00"]).encode()) == rb'["\ud83d<p>a</p><b>b</b>\ude00"]'


@pytest.mark.parametrize("broken", [b'["%s"', b"['%s']", b'["%s\x01"]', b'["%s\xff"]', b'{"a": "%s",}'])
def test_what_is_no_json_leaves_as_it_came_with_a_finding(api, broken: bytes) -> None:
    body = broken % AD.encode()
    assert sent(api, body) == body
    assert {(one.kind.value, one.where) for one in api.findings} == {("unfiltered", "JSON that cannot be read")}


def test_so_does_what_is_too_long(api) -> None:
    body = json.dumps([AD, "x" * HELD_TEXT_BYTES]).encode()
    assert sent(api, body) == body
    assert {one.where for one in api.findings} == {"JSON, longer than what is read"}


def test_it_is_this_visitors_own(api) -> None:
    body = json.dumps([AD, FRAME]).encode()
    plan = api.request("/api/x", EMPTY, cookie=api.cookie(allow=["video"])).respond(200, JSON)
    headers, left = plan.whole(body)
    head = {name.lower(): value for name, value in headers}
    assert head[b"cache-control"].startswith(b"private")
    assert head[b"etag"].startswith(b'W/"v1~cg-')
    assert head[b"vary"] == b"Cookie"
    assert head[b"content-length"] == b"%d" % len(left)
    assert b"video.example" in left
    assert b"ads.example" not in left
    asked = api.request(
        "/api/x.json", EMPTY, (b"If-None-Match", b'"v1"'), (b"Range", b"bytes=0-9"), (b"Accept-Encoding", b"x, gzip")
    )
    assert {name.lower() for name, _ in asked.forward_headers} == {b"sec-fetch-dest", b"accept-encoding"}
    assert api.request("/api/x", EMPTY).respond(206, JSON).status == 416
    assert api.request("/api/x", EMPTY).respond(200, [*JSON, (b"Content-Encoding", b"dcb")]).status == 500
    assert api.request("/api/x", EMPTY, method="HEAD").respond(200, JSON).bodiless


def test_nothing_else_is_read(api) -> None:
    body = json.dumps([AD]).encode()
    for path, headers, method in (
        ("/other", JSON, "GET"),
        ("/api/x", JSON, "POST"),
        ("/api/x", [(b"Content-Type", b"application/javascript")], "GET"),
    ):
        plan = api.request(path, EMPTY, method=method).respond(200, headers)
        assert plan.rewriter is None
        assert plan.headers == headers
    assert sent(api, body, [(b"Content-Type", b"application/problem+json")]) != body


def test_coded_bodies_are_coded_again(api) -> None:
    for headers, body in ((JSON, json.dumps([AD]).encode()), (EVENTS, b"data: %s\n\n" % AD.encode())):
        plan = api.request("/api/x", EMPTY).respond(200, [*headers, (b"Content-Encoding", b"gzip")])
        out = plan.rewriter.feed(gzip.compress(body)) + plan.rewriter.close()
        assert b"ads.example" not in gzip.decompress(out)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_the_data_of_events_are_edited(api, end: str) -> None:
    lines = [
        "\ufeff: hello", "retry: 100", "",
        "event: add", "id: 1", "data: <p>a</p><script",
        "data:src=https://x.ads.example/a.js>", ": within", "data:</script>", "id: 2", "",
        "data: <p>", "data:é", "data", "data:  </p>", "", "",
        'data: {"html": "<img src=\\"https://x.ads.example/p\\">", "n": 1}', "",
        "data: a < b", ":", "",
        ": the last", "",
    ]  # fmt: skip
    left = sent(api, end.join(lines).encode(), EVENTS).decode()
    kept = left.split(end)
    assert "ads.example" not in left
    assert kept[:6] == [*lines[:5], "data: <p>a</p>"]
    assert kept[kept.index(": within") :][:3] == [": within", "id: 2", ""]
    at = kept.index("data: <p>")
    assert kept[at : at + 6] == lines[11:17]
    assert json.loads(kept[at + 6].removeprefix("data: "))["n"] == 1
    assert kept[-5:] == lines[-5:]


def test_an_event_leaves_with_its_end_and_what_is_no_data_at_once(api) -> None:
    body = api.request("/api/x", EMPTY).respond(200, EVENTS).rewriter
    assert body.feed(b": ping\n") == b": ping\n"
    assert body.feed(b"id: 1\nda") == b"id: 1\n"
    assert body.feed(b"ta: <p>x\n") == b""
    assert body.feed(b"\n") == b"data: <p>x\n\n"
    assert body.feed(b"data: y\r\r") == b"data: y\r\r"
    assert body.feed(b"\ndata: z") == b"\n"
    assert body.close() == b"data: z"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_event_that_is_too_long_loses_its_data(api, end: bytes) -> None:
    long = b"data: " + b"<p>" * (HELD_EVENT_BYTES // 6)
    for lines in ([b"id: 1", long, b": x", long, long, b"id: 2", b""], [b"id: 1", b": x", b"data:" + long * 3, b"id: 2", b""]):
        left = sent(api, end.join([*lines, b"data: next", b"", b""]), EVENTS)
        assert left == end.join([b"id: 1", b": x", b"id: 2", b"", b"data: next", b"", b""])
    assert {one.where for one in api.findings} == {"event, longer than what is read"}


def test_in_report_mode_nothing_changes(api) -> None:
    policy = {**api.policy, "policy": {**api.policy["policy"], "enforcement": "report"}}
    found: list[Any] = []
    api = type(api)(policy, Guard(policy, secret_key=api.KEY, on_finding=found.append), found)
    for headers, body in ((JSON, json.dumps([AD]).encode()), (EVENTS, b"data: %s\n\n" % AD.encode())):
        assert sent(api, body, headers) == body
        assert [one.enforced for one in found][-1:] == [False]
        found.clear()
    assert without(JSON, b"x") == JSON


@pytest.mark.parametrize(
    "text", ["<\\u0069mg src=https://x.ads.example/p>", "\\u003c\\u0069mg src=https://x.ads.example/p\\u003e"]
)
def test_an_escaped_name_of_a_tag_in_an_event_is_read(api, text: str) -> None:
    assert b"ads.example" not in sent(api, f'data: {{"h":"{text}"}}\n\n'.encode(), EVENTS)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("size", [7, 1000, 10**6])
def test_comments_after_an_events_data_do_not_gather(api, end: bytes, size: int) -> None:
    """R6: an event without an end is held no longer than it may be; what is no data of it leaves."""
    rewriter = api.request("/api/x", EMPTY).respond(200, EVENTS).rewriter
    note = b": ping pong ping" + end
    body = b"data: x" + end + note * 20_000
    out = b"".join(rewriter.feed(body[at : at + size]) for at in range(0, len(body), size))
    assert len(body) - len(out) < HELD_EVENT_BYTES + 5000
    rest = rewriter.feed(end + b"data: y" + end + end) + rewriter.close()
    assert (out + rest).count(b"ping pong ping") >= 19_999
    assert b"data: x" not in out
    assert rest.endswith(b"data: y" + end + end)
