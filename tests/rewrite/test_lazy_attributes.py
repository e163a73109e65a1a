"""What lazy loaders turn into plain attributes is withheld like these, and only where it is listed (DESIGN §4)."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard.findings import Finding, FindingKind
from consent_guard.limits import HELD_VALUE_BYTES
from consent_guard.rewrite.fetch_table import LAZY, TABLE
from consent_guard.rewrite.script.kinds import script_kind

from .documents import SERVICES, Parts, kept, once, rewritten, rules

VIDEO = "https://cdn.video.example/v"
PIXEL = "https://px.ads.example/p"
UNKNOWN = "https://cdn.unknown.example/a.jpg"


@pytest.mark.parametrize(
    ("plain", "lazy"), [(plain, lazy) for plain, names in LAZY.items() if plain != "style" for lazy in names.split()]
)
def test_every_element_that_has_the_plain_attribute_has_the_lazy_one(plain: str, lazy: str) -> None:
    def elements(attribute: str) -> set[str]:
        return {one.element for one in TABLE if one.attribute == attribute and not one.svg and one.element not in ("*", "base")}

    assert elements(plain) <= elements(lazy)


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        (f'<img src="data:image/gif;base64,R0" data-src="{PIXEL}" alt="a">', '<img src="data:image/gif;base64,R0"  alt="a">'),
        (f'<img data-src="{PIXEL}" width=1 height=1>', ""),
        (f'<img data-srcset="/own 1x, {PIXEL} 2x">', '<img data-srcset="/own 1x">'),
        (f'<p data-bg="{PIXEL}">a', "<p >a"),
        (f'<script data-src="{PIXEL}"></script>', ""),
        (f'<link rel=stylesheet data-href="{PIXEL}">', ""),
        (f'<video poster=/own data-poster="{PIXEL}"></video>', "<video poster=/own ></video>"),
        (f'<input type=image data-src="{PIXEL}">', "<input type=image >"),
    ],
)
def test_it_leaves_as_the_plain_attribute_would(markup: str, out: str) -> None:
    assert rewritten(f"<p>a{markup}b") == f"<p>a{out}b"
    assert kept(f"<p>a{markup}b", allowed=SERVICES)
    assert kept(f"<p>a{markup}b", compiled=rules(lazy_attributes=False))


@pytest.mark.parametrize("before", ["", "src=about:blank ", "srcdoc='' ", "loading=lazy class=lazy "])
def test_a_frame_gets_the_placeholder_of_the_service(before: str) -> None:
    parts, plain = Parts(), Parts()
    out = rewritten(f'<p><iframe {before}data-src="{VIDEO}" width=560 title=T></iframe>b', parts=parts)
    assert rewritten(f'<p><iframe src="{VIDEO}" width=560 title=T></iframe>b', parts=plain) == out
    assert parts.embeds == plain.embeds


@pytest.mark.parametrize("quote", ["", "'", "&quot;"])
@pytest.mark.parametrize("name", LAZY["style"].split())
def test_a_background_may_be_an_address_or_css(name: str, quote: str) -> None:
    for value in (f"url({quote}{PIXEL}{quote})", f"linear-gradient(red, blue), url({quote}{PIXEL}{quote})"):
        found: list[Finding] = []
        assert "ads.example" not in rewritten(f'<section {name}="{value}">a', found=found)
        assert [(one.kind, one.service, one.where) for one in found] == [(FindingKind.STYLE, "ads", f"section {name}")]
    for value in (PIXEL, f" {PIXEL.removeprefix('https:')}", f"{PIXEL}_(1).jpg"):
        assert "ads.example" not in rewritten(f'<section {name}="{value}">a')


@pytest.mark.parametrize(
    "markup",
    [
        "<script src=/own.js {}></script>",
        "<script type=module {} src=/own.js></script>",
        "<link rel=stylesheet href=/own.css {}>",
        "<video src=/own.mp4 {}></video>",
        "<object data=/own.svg {}></object>",
    ],
)
def test_what_has_an_address_of_its_own_keeps_that(markup: str) -> None:
    """R2: a script's ``data-src`` may be what it is told to work on."""
    name = "data-href" if "link" in markup else "data-src"
    found: list[Finding] = []
    assert rewritten(markup.format(f'{name}="{PIXEL}"'), found=found) == markup.format("")
    where = f"{markup[1:].partition(' ')[0]} {name}"
    assert [(one.kind, one.service, one.where, one.enforced) for one in found] == [(FindingKind.ATTRIBUTE, "ads", where, True)]
    assert kept(markup.format(f'{name}="{PIXEL}"'), allowed=SERVICES)


@pytest.mark.parametrize("blank", ["", " ", "about:blank", "data:,", "javascript:void(0)", "#"])
def test_what_only_stands_in_for_it_does_not(blank: str) -> None:
    assert rewritten(f'<p>a<script src="{blank}" data-src="{PIXEL}">own()</script>b') == "<p>ab"
    assert rewritten(f'<p>a<link rel=stylesheet href="{blank}" data-href="{PIXEL}">b') == "<p>ab"
    assert "hidden" in rewritten(f'<video src="{blank}" data-src="{PIXEL}"></video>')


GARBAGE = [
    "",
    "true",
    "#gallery",
    ".video > img",
    "main-image",
    "{&quot;a&quot;: &quot;https://px.ads.example/&quot;}",
    '["https://px.ads.example/"]'.replace('"', "&quot;"),
    "px.ads.example",
    "/own.jpg",
    "own.jpg 1x, other.jpg 2x",
    "https://site.example/a.jpg",
    "//site.example/{width}.jpg",
    "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP",
    "url(/own.jpg)",
    "{{ url }}",
    "https://",
    "javascript:void(0)",
]


@pytest.mark.parametrize("value", GARBAGE)
@pytest.mark.parametrize("name", ["data-src", "data-srcset", "data-lazy", "data-bg", "data-poster", "data-href"])
def test_what_names_nothing_listed_stays(name: str, value: str) -> None:
    for element in ("img", "iframe", "video", "script", "link rel=stylesheet", "div", "object", "input type=image"):
        closed = f"</{element}>" if element in ("iframe", "video", "script", "div", "object") else ""
        for options in ({}, {"unlisted_hosts": "block"}):
            markup = f'<p>a<{element} {name}="{value}">{closed}b'
            found: list[Finding] = []
            assert kept(markup, found=found, compiled=rules(**options))
            assert not found


@pytest.mark.parametrize(
    "markup",
    [
        f'<div data-src="{PIXEL}" data-srcset="{PIXEL}" data-href="{PIXEL}">a</div>',
        f'<a data-href="{PIXEL}">a</a>',
        f'<script type="application/json" data-src="{PIXEL}">{{}}</script>',
        f'<script type="text/plain" data-src="{PIXEL}"></script>',
        f'<link rel=canonical href=/a data-href="{PIXEL}">',
        f'<input type=text data-src="{PIXEL}">',
        f'<img data-cg-src="{PIXEL}" data-cg-data-src="{PIXEL}" data-src-x="{PIXEL}" xdata-src="{PIXEL}">',
        f'<p data-bg-color="{PIXEL}" data-background-video="{PIXEL}">a',
    ],
)
def test_where_the_plain_attribute_fetches_nothing_so_does_the_lazy_one(markup: str) -> None:
    found: list[Finding] = []
    assert kept(markup, found=found)
    assert not found


SOME = [
    '<img data-src="{}">',
    '<img data-srcset="{} 2x">',
    '<img DATA-SRC=" {}">',
    '<iframe data-src="{}"></iframe>',
    '<script data-src="{}"></script>',
    '<p data-bg="url({})">a',
    '<p data-bg="{}">a',
    '<link rel=stylesheet data-href="{}">',
]


@pytest.mark.parametrize("markup", SOME)
def test_what_no_rule_names_is_not_told_and_withheld_only_under_block(markup: str) -> None:
    found: list[Finding] = []
    assert kept(markup.format(UNKNOWN), found=found)
    assert not found
    out = rewritten(markup.format(UNKNOWN), compiled=rules(unlisted_hosts="block"), found=found)
    assert "unknown.example" not in out
    assert [(one.kind, one.subject, one.enforced) for one in found] == [
        (FindingKind.HOST_UNLISTED, "cdn.unknown.example", True)
    ]
    off: dict[str, Any] = {"unlisted_hosts": "block", "lazy_attributes": False}
    assert kept(markup.format(UNKNOWN), compiled=rules(**off))


@pytest.mark.parametrize("markup", SOME)
def test_a_path_of_our_own_counts_where_a_rule_names_it(markup: str) -> None:
    own = rules("/gtm/")
    assert "/gtm/" not in rewritten(markup.format("/gtm/a.js"), compiled=own)
    assert kept(markup.format("/gtms/a.js"), compiled=own)
    assert kept(markup.format("/gtm/a.js"), compiled=own, allowed={"own"})


def test_a_tag_too_long_to_be_held_is_left_alone_where_the_policy_says_so() -> None:
    pad = "x" * (HELD_VALUE_BYTES + 1)
    for markup in (f'<p><img data-x="{pad}" data-src="{PIXEL}">b', f'<p><img data-src="{PIXEL}?{pad}">b'):
        assert b"ads.example" not in once(markup.encode())
        assert once(markup.encode(), compiled=rules(lazy_attributes=False)) == markup.encode()
    inline = f'<p data-bg="data:image/png;base64,{pad}">b'.encode()
    assert once(inline) == inline


def test_a_text_that_visitors_edit_keeps_it_under_another_name() -> None:
    out = rewritten(f'<div contenteditable><img data-src="{PIXEL}"></div>')
    assert out == f'<div contenteditable><img data-cg-data-src="{PIXEL}"></div>'


# -- Partytown --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["text/partytown", " Text/Partytown "])
def test_a_script_of_partytown_is_a_script(type_: str) -> None:
    assert script_kind(type_, None) == "script"
    assert script_kind(None, "partytown") is None
    for markup in (
        f'<script type="{type_}" src="{PIXEL}"></script>',
        f"<script type='{type_}'>fetch('{PIXEL}')</script>",
    ):
        assert rewritten(f"<p>a{markup}b") == "<p>ab"
        assert kept(f"<p>a{markup}b", allowed=SERVICES)
    assert kept(f"<script type='{type_}'>own('/a')</script>")
