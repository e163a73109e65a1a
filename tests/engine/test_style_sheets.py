"""Style sheets of the app: clean ones keep every byte and header, others are this visitor's own (DESIGN §6)."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from consent_guard import Guard
from consent_guard.errors import RewriteError
from consent_guard.limits import KNOWN_SHEETS, STYLE_SHEET_BYTES

STYLE = (b"Sec-Fetch-Dest", b"style")
CSS: list[tuple[bytes, bytes]] = [
    (b"Content-Type", b"text/css; charset=utf-8"),
    (b"Content-Length", b"1"),
    (b"Cache-Control", b"public, max-age=31536000, immutable"),
    (b"Last-Modified", b"Thu, 01 Jan 2026 00:00:00 GMT"),
    (b"ETag", b'"v1"'),
    (b"Accept-Ranges", b"bytes"),
    (b"Repr-Digest", b"sha-256=:x:"),
]
GATED = b"@import \"//x.ads.example/a.css\";p{background:url( 'https://x.video.example/p.png' )}b{color:red}"
WITHOUT_ADS = GATED.replace(b"//x.ads.example/a.css", b"about:invalid")
WITHOUT_BOTH = WITHOUT_ADS.replace(b"https://x.video.example/p.png", b"about:invalid")
CLEAN = b'@import "more.css";p{background:url(/p.png)}.md\\:x{content:"\\f101 // \\201c"}'


def got(site, body: bytes, headers: Any = CSS, *asked: tuple[bytes, bytes], status: int = 200, **options: Any):
    """Return head and body of a sheet as a visitor gets it."""
    plan = site.request("/site.css", STYLE, *asked, **options).respond(status, headers)
    return plan.whole(body)


def head(headers) -> dict[bytes, bytes]:
    return {name.lower(): value for name, value in headers}


def test_a_clean_sheet_keeps_every_byte_and_header(site) -> None:
    assert got(site, CLEAN) == (CSS, CLEAN)
    assert site.findings == []


@pytest.mark.parametrize("body", [b"", b"p{color:red}", b"p{background:url(https://unlisted.example/x)}"])
def test_so_does_one_that_names_no_listed_host(site, body: bytes) -> None:
    assert got(site, body) == (CSS, body)


def test_so_does_one_that_names_what_every_visitor_may_contact(site) -> None:
    captcha = {**site.policy["services"][3], "category": "necessary"}
    policy = {**site.policy, "services": [*site.policy["services"][:3], captcha]}
    site = type(site)(policy, Guard(policy, secret_key=site.KEY))
    body = b"p{background:url(https://x.captcha.example/p.png)}"
    assert got(site, body) == (CSS, body)


def test_a_sheet_that_names_a_listed_host_is_this_visitors_own(site) -> None:
    headers, body = got(site, GATED)
    assert body == WITHOUT_BOTH
    left = head(headers)
    assert left[b"cache-control"] == b"private, no-cache"
    assert left[b"vary"] == b"Cookie"
    assert left[b"etag"].startswith(b'W/"v1~cg-')
    assert left[b"content-length"] == b"%d" % len(body)
    assert not {b"last-modified", b"accept-ranges", b"repr-digest"} & left.keys()
    assert [(one.kind.value, one.subject, one.where) for one in site.findings] == [
        ("style", "x.ads.example", "style sheet url()"),
        ("style", "x.video.example", "style sheet url()"),
    ]


def test_it_is_so_for_every_visitor_and_each_gets_what_was_granted(site) -> None:
    heads = []
    for cookie, expected in (
        (site.cookie(deny="*"), WITHOUT_BOTH),
        (site.cookie(allow=["video"]), WITHOUT_ADS),
        (site.cookie(allow="*"), GATED),
        (site.cookie(deny="*"), WITHOUT_BOTH),
    ):
        headers, body = got(site, GATED, cookie=cookie)
        assert body == expected
        left = head(headers)
        assert left[b"cache-control"] == b"private, no-cache"
        heads.append(left[b"etag"])
    assert len(set(heads)) == 3
    assert heads[0] == heads[3]


def test_a_tag_of_another_choice_is_no_validator(site) -> None:
    """Grant, then withdrawal: the stored sheet is not confirmed."""
    allowed, denied = site.cookie(allow="*"), site.cookie(deny="*")
    tag = head(got(site, GATED, cookie=allowed)[0])[b"etag"]
    again = site.request("/site.css", STYLE, (b"If-None-Match", tag), cookie=denied)
    assert b"if-none-match" not in names(again)
    same = site.request("/site.css", STYLE, (b"If-None-Match", tag), cookie=allowed)
    assert (b"If-None-Match", b'"v1"') in same.forward_headers
    plan = same.respond(304, [(b"ETag", b'"v1"'), (b"Cache-Control", b"public, max-age=31536000, immutable")])
    assert plan.status == 304
    assert head(plan.headers)[b"etag"] == tag
    assert b"immutable" not in head(plan.headers)[b"cache-control"]


def names(exchange) -> set[bytes]:
    return {name.lower() for name, _ in exchange.forward_headers}


@pytest.mark.parametrize(
    "condition", [(b"If-None-Match", b'"v1"'), (b"If-None-Match", b'"v0", "v1"'), (b"If-Modified-Since", CSS[3][1])]
)
def test_a_validator_without_our_mark_is_not_asked_of_a_version_that_was_never_found_to_be_clean(site, condition) -> None:
    """What a browser stored under it was never filtered: before we stood here, or before a rule was new."""
    headers = dated(condition)
    for read in (False, True):
        asked = site.request("/site.css", STYLE, condition)
        assert condition[0].lower() not in names(asked)
        assert asked.respond(304, [(b"ETag", b'"v1"')]).status == 412
        left, body = got(site, GATED, headers, condition)
        assert (body, head(left)[b"cache-control"]) == (WITHOUT_BOTH, b"private, no-cache"), read


def dated(condition: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """Return the head of a sheet with a validator of the kind that this condition asks."""
    return [one for one in CSS if one[0] != b"ETag"] if condition[0] == b"If-Modified-Since" else CSS


REVALIDATIONS = [
    (b"If-None-Match", b'"v1"'),
    (b"If-None-Match", b'W/"v1"'),
    (b"If-None-Match", b'"v0", W/"v1"'),
    (b"If-Modified-Since", CSS[3][1]),
]


@pytest.mark.parametrize("condition", REVALIDATIONS)
@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/site.css", [STYLE]),
        ("/site.css", []),
        ("/site.css", [(b"Accept", b"*/*")]),
        ("/theme", [STYLE]),
        ("/theme", [(b"Accept", b"*/*")]),
        ("/theme.txt", [(b"Accept", b"text/css,*/*;q=0.1")]),
    ],
)
def test_a_sheet_that_turns_out_clean_is_answered_with_304_where_the_client_has_it(site, condition, path, asked) -> None:
    """As after a restart: nobody has read it in this process."""
    exchange = site.request(path, *asked, condition)
    assert condition[0].lower() not in names(exchange)
    headers = dated(condition)
    plan = exchange.respond(200, headers)
    assert plan.not_modified() is None
    status, left, body = plan.at_once(CLEAN)
    assert (status, body) == (304, b"")
    assert left == [one for one in headers if one[0] not in (b"Content-Type", b"Content-Length")]
    again = site.request(path, *asked, condition)
    if condition[0].lower() in names(again):
        assert again.respond(304, left).headers == left
    else:
        assert (again.respond(200, headers).status, again.respond(200, headers).headers) == (304, left)


@pytest.mark.parametrize("condition", REVALIDATIONS)
def test_so_it_is_where_the_sheet_comes_bit_by_bit(site, condition) -> None:
    plan = site.request("/site.css", STYLE, condition).respond(200, dated(condition))
    out = b"".join(plan.rewriter.feed(CLEAN[at : at + 7]) for at in range(0, len(CLEAN), 7)) + plan.rewriter.close()
    assert plan.settled(b"", out)[::2] == (304, b"")


@pytest.mark.parametrize(
    "condition",
    [
        (b"If-None-Match", b'"v0"'),
        (b"If-None-Match", b"*"),
        (b"If-None-Match", b'W/"v1~cg-s-other"'),
        (b"If-Modified-Since", b"Fri, 02 Jan 2026 00:00:00 GMT"),
    ],
)
def test_a_clean_sheet_that_the_client_has_not_is_sent_whole(site, condition) -> None:
    for _ in range(2):
        assert site.request("/site.css", STYLE, condition).respond(200, CSS).at_once(CLEAN) == (200, CSS, CLEAN)


def test_a_sheet_that_ends_early_or_is_chosen_by_a_date_alone_is_not_known_to_anybody(site) -> None:
    short = [CSS[0], (b"Content-Length", b"999"), *CSS[2:]]
    plan = site.request("/site.css", STYLE, REVALIDATIONS[0]).respond(200, short)
    assert plan.at_once(CLEAN)[0] == 200
    chosen = [*dated(REVALIDATIONS[-1]), (b"Vary", b"Cookie")]
    plan = site.request("/site.css", STYLE, REVALIDATIONS[-1]).respond(200, chosen)
    assert plan.at_once(CLEAN)[0] == 200


@pytest.mark.parametrize("change", [(b"Content-Length", b"%d" % (STYLE_SHEET_BYTES + 1)), (b"Content-Encoding", b"dcz")])
def test_a_sheet_that_is_left_alone_keeps_its_revalidation(site, change) -> None:
    """What the client has is what it would get."""
    headers = [CSS[0], change, *CSS[2:]]
    plan = site.request("/site.css", STYLE, REVALIDATIONS[0]).respond(200, headers)
    assert (plan.status, plan.bodiless, plan.headers) == (304, True, CSS[2:])
    by_date = [*dated(REVALIDATIONS[-1]), change, (b"Vary", b"Cookie")]
    assert site.request("/site.css", STYLE, REVALIDATIONS[-1]).respond(200, by_date).status == 200


@pytest.mark.parametrize("setting", [{"style_sheets": "ignore"}, {"enforcement": "report"}])
@pytest.mark.parametrize("condition", REVALIDATIONS)
def test_where_no_sheet_is_filtered_its_validator_is_the_apps_own(make, condition, setting) -> None:
    exchange = make(**setting).request("/site.css", STYLE, condition)
    assert condition in exchange.forward_headers
    assert exchange.respond(304, CSS[2:5]).headers == CSS[2:5]


def test_one_of_several_tags_that_is_not_known_is_not_asked(site) -> None:
    got(site, CLEAN)
    assert b"if-none-match" in names(site.request("/site.css", STYLE, (b"If-None-Match", b'"v1", "v1"')))
    assert b"if-none-match" not in names(site.request("/site.css", STYLE, (b"If-None-Match", b'"v1", "v2"')))
    assert b"if-none-match" not in names(site.request("/site.css", STYLE, (b"If-None-Match", b'"v1"'), query=b"v=9"))


def test_a_known_clean_sheet_is_handed_on_as_it_is(site, monkeypatch) -> None:
    got(site, CLEAN)
    monkeypatch.delattr("consent_guard.rewrite.sheets.SheetRewriter.feed")
    exchange = site.request("/site.css", STYLE, (b"If-None-Match", b'"v1"'))
    assert (b"If-None-Match", b'"v1"') in exchange.forward_headers
    plan = exchange.respond(200, CSS)
    assert (plan.headers, plan.rewriter, plan.held) == (CSS, None, False)
    assert site.request("/site.css", STYLE, (b"If-None-Match", b'"v1"')).respond(304, CSS[2:5]).headers == CSS[2:5]
    part = [*CSS, (b"Content-Range", b"bytes 0-0/9")]
    assert site.request("/site.css").respond(206, part).headers == part
    head_of = site.request("/site.css", STYLE, method="HEAD").respond(200, CSS)
    assert head_of.headers == CSS


@pytest.mark.parametrize(
    "change",
    [{"path": "/other.css"}, {"query": b"v=2"}, {"host": "other.example.org"}, {"tag": b'"v2"'}, {"root_path": "/below"}],
)
def test_another_sheet_or_version_is_read(site, change: dict[str, Any]) -> None:
    got(site, CLEAN)
    headers = [(name, change.get("tag", value) if name == b"ETag" else value) for name, value in CSS]
    options = {name: value for name, value in change.items() if name not in ("tag", "path")}
    plan = site.request(change.get("path", "/site.css"), STYLE, **options).respond(200, headers)
    assert plan.rewriter is not None
    assert plan.whole(GATED)[1] == WITHOUT_BOTH


def test_a_sheet_without_a_validator_is_read_each_time(site) -> None:
    headers = [CSS[0]]
    assert got(site, CLEAN, headers) == (headers, CLEAN)
    assert got(site, GATED, headers)[1] == WITHOUT_BOTH


@pytest.mark.parametrize("type_", [None, b"text/plain", b"application/x-unknown-content-type", b"text/html"])
def test_what_a_page_asks_for_as_its_sheet_is_one_whatever_its_type(site, type_: bytes | None) -> None:
    """WHATWG 4.6.7.20: in quirks mode; Chromium always takes one without a type."""
    headers = [] if type_ is None else [(b"Content-Type", type_)]
    expected = GATED if type_ == b"text/html" else WITHOUT_BOTH  # that is read as markup
    nosniff = [*headers, (b"X-Content-Type-Options", b"nosniff")]
    assert site.request("/site.css", STYLE).respond(200, headers).whole(GATED)[1] == expected
    assert got(site, GATED, nosniff)[1] == GATED
    assert got(site, CLEAN, [*headers, CSS[2]])[1] == CLEAN
    if type_ != b"text/html":
        assert got(site, CLEAN, [*headers, CSS[2]])[0] == [*headers, CSS[2]]
        plan = site.request("/site.css", (b"Sec-Fetch-Dest", b"image")).respond(200, headers)
        assert plan.whole(GATED)[1] == GATED


@pytest.mark.parametrize(
    ("vary", "remembered"), [(b"Accept-Encoding, Origin", True), (b"accept-encoding, Cookie", False), (b"*", False)]
)
def test_a_date_alone_names_no_sheet_among_those_that_the_app_chooses_for_a_visitor(
    site, vary: bytes, remembered: bool
) -> None:
    """RFC 9110 §8.8.2: two representations may be of one date."""
    headers = [CSS[0], CSS[3], (b"Vary", vary)]
    assert got(site, CLEAN, headers) == (headers, CLEAN)
    assert got(site, GATED, headers)[1] == (GATED if remembered else WITHOUT_BOTH)
    assert got(site, CLEAN, [*headers, CSS[4]])[1] == CLEAN
    assert site.request("/site.css", STYLE).respond(200, [*headers, CSS[4]]).rewriter is None


@pytest.mark.parametrize("begun", [b"", CLEAN[:9]])
def test_a_sheet_that_ends_before_its_length_is_not_known_to_be_clean(site, begun: bytes) -> None:
    headers = [CSS[0], (b"Content-Length", b"%d" % len(GATED)), *CSS[2:]]
    assert got(site, begun, headers) == (headers, begun)
    assert got(site, GATED, headers)[1] == WITHOUT_BOTH


def test_the_memory_of_sheets_is_bounded(site) -> None:
    for number in range(KNOWN_SHEETS + 10):
        site.request(f"/{number}.css", STYLE).respond(200, CSS).settle(b"", b"p")
    known = site.guard._site.clean_sheets
    assert len(known._known) + len(known._before) <= KNOWN_SHEETS + 1


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_nothing_leaves_before_the_end(site, size: int) -> None:
    plan = site.request("/site.css", STYLE).respond(200, CSS)
    assert plan.held
    assert all(plan.rewriter.feed(GATED[at : at + size]) == b"" for at in range(0, len(GATED), size))
    assert plan.rewriter.close() == WITHOUT_BOTH


def test_where_the_head_does_not_wait_it_is_right_for_what_follows(site) -> None:
    """For adapters that stream."""
    plan = site.request("/site.css", STYLE).respond(200, CSS)
    left = head(plan.headers)
    assert b"content-length" not in left
    assert left[b"cache-control"].startswith(b"private, no-cache")


def test_a_sheet_that_is_stated_to_be_too_long_is_left_alone_with_a_finding(site) -> None:
    headers = [CSS[0], (b"Content-Length", b"%d" % (STYLE_SHEET_BYTES + 1)), *CSS[2:]]
    plan = site.request("/site.css", STYLE).respond(200, headers)
    assert (plan.headers, plan.rewriter) == (headers, None)
    assert [(one.kind.value, one.where) for one in site.findings] == [("unfiltered", "style sheet, longer than what is read")]


@pytest.mark.parametrize("coded", [False, True])
def test_so_is_one_that_is_found_to_be(site, coded: bool) -> None:
    body = GATED + b"p{color:red}" * (STYLE_SHEET_BYTES // 12)
    raw = gzip.compress(body) if coded else body
    headers = [CSS[0], *CSS[2:], *([(b"Content-Encoding", b"gzip")] if coded else [])]
    plan = site.request("/site.css", STYLE).respond(200, headers)
    pieces = [plan.rewriter.feed(raw[at : at + 1000]) for at in range(0, len(raw), 1000)]
    out = b"".join(pieces) + plan.rewriter.close()
    assert out == raw
    assert plan.settle(b"", next(piece for piece in pieces if piece))[0] == headers
    assert [(one.kind.value, one.where) for one in site.findings] == [("unfiltered", "style sheet, longer than what is read")]


def test_a_sheet_of_just_the_limit_is_read(site) -> None:
    body = GATED + b" " * (STYLE_SHEET_BYTES - len(GATED))
    assert got(site, body)[1] == WITHOUT_BOTH + b" " * (STYLE_SHEET_BYTES - len(GATED))


def test_a_coded_sheet_is_decoded_and_coded_again(site) -> None:
    headers = [*CSS, (b"Content-Encoding", b"gzip")]
    left, body = got(site, gzip.compress(GATED), headers)
    assert gzip.decompress(body) == WITHOUT_BOTH
    assert head(left)[b"content-length"] == b"%d" % len(body)
    clean = gzip.compress(CLEAN, mtime=7)
    headers[4] = (b"ETag", b'"v2"')
    assert got(site, clean, headers) == (headers, clean)


def test_a_coded_sheet_that_is_cut_off_breaks_off(site) -> None:
    plan = site.request("/site.css", STYLE).respond(200, [*CSS, (b"Content-Encoding", b"gzip")])
    plan.rewriter.feed(gzip.compress(GATED)[:-9])
    with pytest.raises(RewriteError):
        plan.rewriter.close()


def test_a_coding_that_cannot_be_undone_is_left_alone_with_a_finding(site) -> None:
    """Precompressed files leave as they are, in codings for which an extra is not installed too."""
    headers = [*CSS, (b"Content-Encoding", b"dcz")]
    plan = site.request("/site.css", STYLE).respond(200, headers)
    assert (plan.headers, plan.rewriter) == (headers, None)
    assert [one.where for one in site.findings] == ["style sheet, in a coding that cannot be undone"]


def test_a_part_of_a_sheet_is_refused_and_none_is_asked_for(site) -> None:
    part = [*CSS, (b"Content-Range", b"bytes 0-0/9")]
    assert site.request("/site.css", STYLE).respond(206, part).status == 416
    for asked in (("/site.css",), ("/theme", STYLE)):
        assert names(site.request(*asked, (b"Range", b"bytes=0-9"), (b"If-Range", b'"v1"'))) <= {b"sec-fetch-dest"}


def test_the_head_of_an_unknown_sheet_is_private(site) -> None:
    plan = site.request("/site.css", STYLE, method="HEAD").respond(200, CSS)
    assert plan.bodiless
    assert head(plan.headers)[b"cache-control"].startswith(b"private, no-cache")


def test_a_rule_on_a_path_of_our_own_counts_too(site) -> None:
    policy = {**site.policy, "services": [{**site.policy["services"][1], "hosts": ["/gtm/"]}]}
    site = type(site)(policy, Guard(policy, secret_key=site.KEY))
    assert got(site, b"p{background:url(gtm/p.png)}")[1] == b"p{background:url(about:invalid)}"
    assert got(site, b"p{background:url(img/p.png)}", [CSS[0]]) == ([CSS[0]], b"p{background:url(img/p.png)}")


def test_ignore_turns_it_off(make) -> None:
    site = make(style_sheets="ignore")
    plan = site.request("/site.css", STYLE).respond(200, CSS)
    assert (plan.headers, plan.rewriter) == (CSS, None)


def test_in_report_mode_nothing_changes_and_all_is_found(make) -> None:
    site = make(enforcement="report")
    plan = site.request("/site.css", STYLE).respond(200, CSS)
    assert plan.headers == CSS
    assert site.send(plan, GATED, 10) == GATED
    assert [(one.subject, one.enforced) for one in site.findings] == [("x.ads.example", False), ("x.video.example", False)]


def test_a_download_that_somebody_asked_for_is_not_touched(site) -> None:
    headers = [*CSS, (b"Content-Disposition", b"attachment")]
    plan = site.request("/site.css", (b"Sec-Fetch-Dest", b"document")).respond(200, headers)
    assert (plan.headers, plan.rewriter) == (headers, None)
    assert got(site, GATED, headers)[1] == WITHOUT_BOTH


def test_a_sheet_that_the_app_asks_to_leave_alone_is_left(site) -> None:
    exchange = site.request("/site.css", STYLE)
    exchange.leave_body("a theme of the editor's")
    plan = exchange.respond(200, CSS)
    assert plan.rewriter is None
    assert head(plan.headers)[b"cache-control"].startswith(b"private")


def test_a_sheet_that_is_clean_in_one_charset_is_read_again_in_another(site) -> None:
    sheet = b"p{background:url(\x81\\//x.ads.example/p.png)}@\x1b$(B\x1b(Bimport '//x.ads.example/a.css';"
    assert got(site, CLEAN) == (CSS, CLEAN)
    utf16 = "@import '//x.ads.example/a.css';".encode("utf-16-le")
    labelled = [(b"Content-Type", b"text/css"), *CSS[1:]]
    assert got(site, utf16, [(b"Content-Type", b"text/css; charset=koi8-r"), *CSS[1:]], query=b"2")[1] == utf16
    assert got(site, utf16, [(b"Content-Type", b"text/css; charset=utf-16le"), *CSS[1:]], query=b"2")[1] != utf16
    assert got(site, sheet, labelled)[1] != sheet


@pytest.mark.parametrize(
    ("path", "dest"), [("/site.css", b"style"), ("/site", b"style"), ("/SITE.CSS", b""), ("/site.css", b"empty")]
)
def test_no_coding_is_asked_for_that_cannot_be_undone(site, path: str, dest: bytes) -> None:
    asked = [(b"accept-encoding", b"gzip, br, dcb, zstd, x-ours"), *([(b"sec-fetch-dest", dest)] if dest else [])]
    seen = head(site.request(path, *asked).forward_headers)[b"accept-encoding"]
    assert b"gzip" in seen
    assert b"dcb" not in seen
    assert b"x-ours" not in seen
    ignored = {**site.policy, "policy": {**site.policy["policy"], "style_sheets": "ignore"}}
    site = type(site)(ignored, Guard(ignored, secret_key=site.KEY))
    assert (
        head(site.request("/site.css", (b"Accept-Encoding", asked[0][1]), STYLE).forward_headers)[b"accept-encoding"]
        == asked[0][1]
    )
