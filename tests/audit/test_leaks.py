"""What the leak finder tells of one response: which leak, where, whose, by which rule."""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import cache

import pytest

from consent_guard.audit.leaks import Inspection, Leak, LeakFinder
from consent_guard.errors import UnknownPurpose
from consent_guard.policy.model import Policy

PAGE = "https://www.site.example/a/page?q=1"
HTML = (b"content-type", b"text/html; charset=utf-8")
POLICY = {
    "policy": {"first_party": ["site.example"]},
    "categories": [
        {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
        {"id": "audience", "basis": "exempt", "title": {"en": "Audience"}},
        {"id": "media", "basis": "consent", "title": {"en": "Media"}},
    ],
    "services": [
        {
            "id": "counter",
            "category": "audience",
            "title": {"en": "Counter"},
            "exempt": "audience_fr",
            "hosts": ["counter.example"],
            "cookies": [{"name": "_c*", "lifetime": "1 month"}],
        },
        {
            "id": "video",
            "category": "media",
            "title": {"en": "Video"},
            "hosts": ["*.video.example"],
            "cookies": [{"name": "_v"}],
            "inline": [{"host": "player.example", "global": "Player"}],
        },
        {"id": "maps", "category": "media", "title": {"en": "Maps"}, "hosts": ["maps.example/tiles"]},
    ],
}


@cache
def policy() -> Policy:
    return Policy.load(POLICY)


def inspected(
    body: str | bytes,
    *headers: tuple[bytes, bytes],
    allow: tuple[str, ...] = (),
    deny: tuple[str, ...] = (),
    kind: bytes | None = HTML[1],
    under: Policy | None = None,
) -> Inspection:
    head = [(b"Content-Type", kind)] if kind is not None else []
    data = body.encode() if isinstance(body, str) else body
    return LeakFinder(under or policy(), frozenset(allow), frozenset(deny)).inspect(200, [*head, *headers], data, PAGE)


def only(inspection: Inspection) -> Leak:
    assert len(inspection.leaks) == 1, inspection
    return inspection.leaks[0]


def places(inspection: Inspection) -> list[tuple[int | None, int | None, str]]:
    return [(leak.line, leak.column, leak.where) for leak in inspection.leaks]


def test_a_leak_names_what_where_whose_and_by_which_rule() -> None:
    leak = only(inspected('<!doctype html>\n<p>\n  <img alt="" src="https://a.video.example/x.gif?uid=4711">'))
    assert leak == Leak(
        kind="request",
        host="a.video.example",
        name="",
        service="video",
        category="media",
        rule="*.video.example",
        where="img src",
        line=3,
        column=15,
        excerpt='<img src="https://a.video.example/x.gif?uid=…"',
    )
    assert str(leak) == (
        "line 3, column 15 (img src): a.video.example (service video, category media, rule *.video.example): "
        '<img src="https://a.video.example/x.gif?uid=…"'
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_editors_see_them_and_columns_count_characters(end: str) -> None:
    text = f"<!doctype html>{end}{end}<p>éé\U0001f600<img src=//video.example/1>{end}<img src=//video.example/2>"
    assert places(inspected(text)) == [(3, 12, "img src"), (4, 6, "img src")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8", "windows-1252", "shift_jis"])
def test_a_place_is_the_same_in_every_encoding(encoding: str) -> None:
    letters = "表" if encoding == "shift_jis" else "é"
    text = f"<!doctype html>\n<p>{letters}{letters}<img src=//video.example/1>"
    kind = f"text/html; charset={encoding.removesuffix('-le').removesuffix('-be')}"
    body = text.encode(encoding)
    if encoding.startswith("utf-16"):
        body = "\ufeff".encode(encoding) + body
    assert places(inspected(body, kind=kind.encode())) == [(2, 11, "img src")]


def test_a_byte_order_mark_takes_no_column() -> None:
    assert places(inspected(b"\xef\xbb\xbf<img src=//video.example/1>")) == [(1, 6, "img src")]


def test_a_place_does_not_depend_on_how_much_was_read_before() -> None:
    filler = "<p>" + "é" * 700_000 + "</p>\n"
    assert places(inspected("<!doctype html>\n" + filler + '<b></b><script src="//video.example/x"></script>')) == [
        (3, 16, "script src")
    ]


def test_leaks_of_one_line_are_told_in_a_time_that_grows_with_it() -> None:
    """A minified page is one line: its columns must not be counted from the line's beginning each time."""
    tag = "<b>é</b><img src=//video.example/x>"
    leaks = inspected(tag * 20_000).leaks
    assert [leak.column for leak in leaks] == [len(tag) * number + 14 for number in range(20_000)]


@pytest.mark.parametrize(
    ("markup", "where", "column"),
    [
        ("<img src=/a.png srcset='/b.png 1x, //video.example/2.png 2x'>", "img srcset", 17),
        ("<noscript><img src=//video.example/x></noscript>", "img src", 16),
        ("<style>p{background:url(//video.example/x)}</style>", "style url()", 25),
        ("<p style='background:url(//video.example/x)'>", "p style", 4),
        ("<iframe srcdoc='<img src=//video.example/x>'></iframe>", "iframe srcdoc > img src", 9),
        (
            "<iframe src='data:text/html,<script src=https://video.example/x></script>'></iframe>",
            "iframe src > script src",
            9,
        ),
        ("<a href=/ ping='/x https://video.example/p'>", "a ping", 11),
        ("<link rel=preconnect href=//video.example>", "link href", 22),
        ("<svg><image xlink:href='//video.example/i'/></svg>", "image xlink:href", 13),
        ("<meta http-equiv=refresh content='1;url=//video.example/'>", "meta content", 26),
        ("<template><img src=//video.example/x></template>", "img src", 16),
    ],
)
def test_a_request_is_told_at_the_attribute_that_makes_it(markup: str, where: str, column: int) -> None:
    """DESIGN §6: both parsers, both meanings of noscript, srcset, CSS, documents within documents."""
    leak = only(inspected(markup))
    assert (leak.kind, leak.line, leak.column, leak.where) == ("request", 1, column, where)


@pytest.mark.parametrize(
    ("markup", "where", "line", "column", "excerpt"),
    [
        (
            "<script>\nfetch('https://video.example/x?uid=1')</script>",
            "script",
            2,
            16,
            "video.example/x?uid=…",
        ),
        ("<a onclick=\"fetch('//video.example')\">x</a>", "a onclick", 1, 4, None),
        ("<a href=\"javascript:fetch('//video.example')\">x</a>", "a href", 1, 4, None),
    ],
)
def test_a_script_is_told_where_the_guard_withholds_it(
    markup: str, where: str, line: int, column: int, excerpt: str | None
) -> None:
    assert policy().inline_scripts == "signature"
    leak = only(inspected(markup))
    assert (leak.kind, leak.where, leak.service) == ("inline", where, "video")
    assert (leak.line, leak.column) == (line, column)
    assert excerpt in (None, leak.excerpt)


@pytest.mark.parametrize("text", ["config = {'player': 'video.example/x'}", "play('//video.example/x')"])
def test_a_host_that_no_loading_call_reaches_is_a_mention_as_it_is_for_the_guard(text: str) -> None:
    """A page that the guard leaves as it is must not fail its test: there would be no mend."""
    found = inspected(f"<script>\n{text}</script>")
    assert not found.leaks
    assert [(leak.kind, leak.service, leak.line) for leak in found.mentions] == [("inline", "video", 2)]
    strict = inspected(f"<script>\n{text}</script>", under=mentioning())
    assert (strict.leaks, strict.mentions) == (found.mentions, ())


def mentioning() -> Policy:
    return replace(policy(), inline_scripts="mention")


def test_a_script_is_told_by_signature_where_no_host_rule_names_its_host() -> None:
    leak = only(inspected("<script>\n\n new Player('//player.example/embed')</script>"))
    assert (leak.service, leak.line, leak.column) == ("video", 3, 16)


def test_every_service_that_one_script_names_is_told() -> None:
    text = "<script>a('video.example')\nb('counter.example/x'); c('maps.example/tiles/1')</script>"
    leaks = inspected(text, deny=("*",), under=mentioning()).leaks
    assert [(leak.service, leak.line, leak.column) for leak in leaks] == [("video", 1, 12), ("counter", 2, 4), ("maps", 2, 28)]
    text = "<script>fetch('//video.example')\nfetch('//counter.example/x');fetch('//maps.example/tiles/1')</script>"
    leaks = inspected(text, deny=("*",)).leaks
    assert [(leak.service, leak.line, leak.column) for leak in leaks] == [("video", 1, 18), ("counter", 2, 10), ("maps", 2, 39)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Link", b"<https://video.example/x.js>; rel=preload; as=script"),
        (b"Refresh", b"1; url=https://video.example/"),
        (b"Speculation-Rules", b'"https://video.example/rules.json"'),
        (b"Report-To", b'{"group":"g","max_age":1,"endpoints":[{"url":"https://video.example/r"}]}'),
        (b"Reporting-Endpoints", b'g="https://video.example/r"'),
        (b"SourceMap", b"https://video.example/x.map"),
        (b"Content-Security-Policy", b"default-src 'self'; report-uri https://video.example/r"),
    ],
)
def test_a_header_that_makes_a_browser_act_is_told_on_any_type(name: bytes, value: bytes) -> None:
    """H40, H41, H42."""
    leak = only(inspected(b"{}", (name, value), kind=b"application/json"))
    assert (leak.kind, leak.host, leak.line, leak.column) == ("header", "video.example", None, None)
    assert leak.where.startswith(name.decode())


def test_a_gated_cookie_is_told_by_name_and_never_by_value() -> None:
    """R9."""
    leak = only(inspected(b"", (b"Set-Cookie", b"_v=secret; Path=/; Max-Age=60")))
    assert (leak.kind, leak.name, leak.host, leak.service, leak.where) == (
        "cookie",
        "_v",
        "www.site.example",
        "video",
        "Set-Cookie",
    )
    assert "secret" not in str(leak)


def test_a_cookie_that_lives_too_long_is_told() -> None:
    """S11, S12."""
    month = 31 * 86400
    assert only(inspected(b"", (b"set-cookie", b"_c1=1; Max-Age=%d" % (2 * month)))).where == "Set-Cookie lifetime"
    assert only(inspected(b"", (b"set-cookie", b"sessionid=1; Max-Age=%d" % (14 * month)))).where == "Set-Cookie lifetime"
    assert not inspected(b"", (b"set-cookie", b"sessionid=1; Max-Age=%d" % (12 * month))).leaks


def test_what_no_rule_names_is_a_leak_only_where_the_policy_blocks_it() -> None:
    body, cookie = '<img src="https://unknown.example/x">', (b"set-cookie", b"mine=1")
    reported = inspected(body, cookie)
    assert not reported.leaks
    assert [(leak.kind, leak.host or leak.name, leak.service) for leak in reported.unlisted] == [
        ("cookie", "www.site.example", None),
        ("request", "unknown.example", None),
    ]
    strict = Policy.load({**POLICY, "policy": {**POLICY["policy"], "unlisted_hosts": "block", "unlisted_cookies": "block"}})
    blocked = inspected(body, cookie, under=strict)
    assert blocked.leaks == reported.unlisted
    assert not blocked.unlisted


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("//video.example/x?uid=4711&mail=a@b.example#frag", "//video.example/x?uid=…&mail=…#…"),
        ("//video.example/x?4711", "//video.example/x?…"),
        ("https://me:secret@video.example/x", "https://…@video.example/x"),
    ],
)
def test_an_excerpt_shows_neither_values_of_a_query_nor_who_signs_in(address: str, shown: str) -> None:
    """R9."""
    assert only(inspected(f'<img src="{address}">')).excerpt == f'<img src="{shown}"'


def test_hosts_of_our_own_site_are_neither_leaks_nor_unlisted() -> None:
    assert inspected('<img src="/x"><img src="https://static.site.example/x">') == Inspection()


def test_what_is_allowed_is_no_leak_and_what_is_denied_is_one() -> None:
    """DESIGN §5: a service's own answer, then its category's, then the basis's default."""
    markup = "<img src=//counter.example/c><img src=//video.example/v><img src=//maps.example/tiles/m>"

    def told(allow: tuple[str, ...] = (), deny: tuple[str, ...] = ()) -> set[str | None]:
        return {leak.service for leak in inspected(markup, allow=allow, deny=deny).leaks}

    assert told() == {"video", "maps"}
    assert told(deny=("*",)) == {"counter", "video", "maps"}
    assert told(allow=("video",)) == {"maps"}
    assert told(allow=("media",), deny=("maps",)) == {"maps"}
    assert told(allow=("*",)) == set()


def test_an_id_that_the_policy_does_not_hold_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownPurpose, match="video"):
        LeakFinder(policy(), frozenset({"vidoe"}))


@pytest.mark.parametrize("kind", [b"text/plain", b"application/json", b"image/png", b"application/octet-stream"])
def test_a_body_that_no_browser_shows_as_markup_is_not_read(kind: bytes) -> None:
    assert inspected('<img src="https://video.example/x">', kind=kind) == Inspection()


def test_a_download_is_not_read() -> None:
    download = (b"content-disposition", b"attachment; filename=x.html")
    assert inspected('<img src="https://video.example/x">', download) == Inspection()


def test_a_body_without_a_type_is_read_as_a_browser_sniffs_it() -> None:
    """W3C, WHATWG MIME Sniffing."""
    assert only(inspected("<!doctype html><img src=//video.example/x>", kind=None)).service == "video"
    assert inspected("plain <img src=//video.example/x>", kind=None) == Inspection()


def test_svg_and_xhtml_are_read_by_their_own_syntax() -> None:
    """N11."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:l="http://www.w3.org/1999/xlink">\n<image l:href="//video.example/i"/>'
    assert places(inspected(svg + "</svg>", kind=b"image/svg+xml")) == [(2, 8, "image xlink:href")]
    styled = '<svg xmlns="http://www.w3.org/2000/svg"><style>\n p{fill:url(//video.example/p)}</style></svg>'
    assert places(inspected(styled, kind=b"image/svg+xml"))[0][0] == 2


def test_a_style_sheet_of_its_own_is_read_too() -> None:
    css = 'p { color: red }\n@import "//video.example/x.css";\np { background: url(/own.png) }'
    leak = only(inspected(css, kind=b"text/css"))
    assert (leak.line, leak.column, leak.where) == (2, 10, "style sheet url()")


def test_a_coded_body_is_decoded_and_one_that_cannot_be_is_a_doubt_not_a_pass() -> None:
    """N5: what could not be read must not look clean."""
    page = b"<!doctype html><img src=//video.example/x>"
    assert only(inspected(gzip.compress(page), (b"content-encoding", b"gzip"))).service == "video"
    broken = inspected(gzip.compress(page)[:-9], (b"content-encoding", b"gzip"))
    assert "cannot be decoded" in broken.doubts[0]
    unknown = inspected(page, (b"content-encoding", b"rot13"))
    assert "'rot13' cannot be undone" in unknown.doubts[0]


def test_markup_that_cannot_be_told_from_a_leak_is_a_doubt() -> None:
    deep = "<img src=//video.example/x>"
    for _ in range(12):
        deep = '<iframe srcdoc="' + deep.replace("&", "&amp;").replace('"', "&quot;") + '"></iframe>'
    assert inspected("<p>\n" + deep).doubts == (
        "line 2, column 9: this cannot be told from a leak: iframe srcdoc > a document nested too deep",
    )


def test_binary_garbage_under_an_html_type_is_read_to_its_end() -> None:
    garbage = bytes(range(256)) * 64
    assert inspected(garbage).leaks == ()
    assert inspected(garbage + b"><img src=//video.example/x>").leaks


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_places_are_the_same_however_the_rewriter_is_fed(monkeypatch: pytest.MonkeyPatch, size: int, encoding: str) -> None:
    """R1."""
    page = (
        "<!doctype html>\n<title>é</title><noscript>\n<img src=//video.example/1></noscript><svg><style>"
        "a{b:url(//video.example/2)}</style><image href=//video.example/3 /></svg>\n"
        "<style>p{}\n q{background:url( '//video.example/4' )}</style>"
        "<script>\n\n'é';fetch('//video.example/5')\nfetch('//maps.example/tiles')</script>"
        "<p style='b:url(//video.example/6)'>\r\n"
        "<iframe srcdoc='<img src=//video.example/7>'></iframe>"
        + "é" * 400
        + "<img src=//video.example/8>\n<embed src=//video.example/9>"
    )
    kind = f"text/html; charset={encoding}".encode()
    body = page.encode("utf-16-le" if encoding == "utf-16" else encoding)
    whole = inspected(body, kind=kind)
    assert len(whole.leaks) >= 10
    monkeypatch.setattr("consent_guard.audit.documents._CHUNK", size)
    assert inspected(body, kind=kind) == whole


def test_the_parts_of_a_body_are_read_one_by_one() -> None:
    kind = b"multipart/x-mixed-replace; boundary=b"
    page = '<p>\n<script src="https://a.video.example/x.js"></script>'
    picture = f"--b\r\nContent-Type: image/png\r\nSet-Cookie: _v=1\r\n\r\n{page}\r\n"
    found = inspected(f"{picture}--b\r\nContent-Type: text/html\r\n\r\n{page}\r\n--b--\r\n{page}", kind=kind)
    assert [(leak.kind, leak.name or leak.host) for leak in found.leaks] == [("cookie", "_v"), ("request", "a.video.example")]
    assert not found.doubts


def test_parts_that_cannot_be_told_apart_are_a_doubt() -> None:
    page = "--b\r\nContent-Type: text/html\r\n\r\n<script src='https://a.video.example/x.js'></script>"
    assert inspected(page, kind=b"multipart/x-mixed-replace").doubts
    assert inspected("xb\n" + page, kind=b"multipart/x-mixed-replace; boundary=b").doubts
    assert inspected("--b\r\nX: " + "x" * 20_000 + page, kind=b"multipart/x-mixed-replace; boundary=b").doubts


def test_parts_nested_deep_are_read_without_recursion() -> None:
    heads = (f"--b{depth}\r\nContent-Type: multipart/x-mixed-replace; boundary=b{depth + 1}\r\n\r\n" for depth in range(2000))
    assert inspected("".join(heads), kind=b"multipart/x-mixed-replace; boundary=b0") == Inspection()
