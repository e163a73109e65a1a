"""Base elements after addresses that browsers resolve only when they use them, against the base of that time (WHATWG 4.2.3).

One under which such an address would be withheld is made inert; any other stays (R2).
"""

from __future__ import annotations

import pytest

from consent_guard.findings import Finding, FindingKind
from consent_guard.limits import BASES, HELD_VALUE_BYTES, LATE_BYTES, LATE_TAG_BYTES, LATE_TAGS

from ..documents import SERVICES, WHOLE, kept, once, rewritten, rules
from .test_self_hosted import TOOLS

BASE = '<base href="https://www.shared.example/">'
INERT = '<base href="">'
OWN = rules("/gtm/")
HTML_NS = "http://www.w3.org/1999/xhtml"
PAD = b"x" * HELD_VALUE_BYTES

LATE = [
    '<object data="captcha/x"></object>',
    '<embed src="captcha/x">',
    '<img alt=x loading=lazy src="captcha/x">',
    '<img alt=x LOADING=lazy srcset="captcha/x 2x">',
    '<video src="captcha/x"></video>',
    '<video poster="captcha/x"></video>',
    '<input type=image src="captcha/x">',
    '<body background="captcha/x">',
    '<picture><source srcset="captcha/x 2x"><img alt=x loading=lazy src=/own></picture>',
    '<video><track src="captcha/x"></video>',
    '<a href=/ ping="captcha/x">a</a>',
    '<img data-src="captcha/x" alt=x>',
    '<img alt=x data-srcset="captcha/x 2x">',
    '<p data-bg="captcha/x">a',
    '<p data-bg="url(captcha/x)">a',
]


@pytest.mark.parametrize("late", [*LATE, f"{LATE[0] * 2}", f"<noscript>{LATE[2]}</noscript>"])
def test_a_base_that_would_lead_what_has_passed_to_a_rules_host_is_made_inert(late: str) -> None:
    """WHATWG 4.2.3: browsers resolve these addresses when they use them, against the base of that time."""
    base = '<base target=_top href="https://www.shared.example/">'
    found: list[Finding] = []
    assert rewritten(late + base, found=found) == f'{late}<base target=_top href="">'
    assert [(one.kind, one.where) for one in found if one.enforced] == [
        (FindingKind.ATTRIBUTE, "base href after addresses that it would change")
    ]
    assert kept(late + base, allowed=SERVICES)
    assert kept(late + base.replace("www.shared", "other"))
    assert kept(late + base.replace("https://www.shared.example", "/own"))
    own = late.replace("captcha/", "gtm/")
    assert rewritten(f'{own}<base href="/">', compiled=rules("/gtm/"), path="/dir/p") == f'{own}<base href="">'


@pytest.mark.parametrize("plain", ['<img alt=x src="captcha/x">', '<script src="captcha/x"></script>', "<video></video>"])
def test_a_base_after_addresses_that_are_resolved_at_once_stays(plain: str) -> None:
    """R2."""
    assert kept(f'{plain}<base href="https://www.shared.example/"><p>')
    assert kept('<base href="https://www.shared.example/"><object data="other/x"></object>')


@pytest.mark.parametrize(
    "first",
    [
        "<template>{}</template>",
        "<noscript>{}</noscript>",
        "<svg>{}</svg>",
        "<table><tr><td>{}</td></tr></table>",
        "<table><tr><td>{}</td></tr>",
        "<template>{0}{0}</template><noscript>{0}</noscript>",
        "{}",
    ],
)
def test_a_base_that_was_made_inert_is_made_inert_again(first: str) -> None:
    """WHATWG 4.2.3: where the first was no base in the tree, its twin holds."""
    base, inert = '<base href="https://www.shared.example/">', '<base href="">'
    late = '<img loading=lazy src="captcha/a.gif">'
    assert rewritten(late + first.format(base) + base) == late + first.format(inert) + inert
    assert rewritten(late + first.format(base) + late + base) == late + first.format(inert) + "<img loading=lazy >" + inert


def test_a_base_under_which_what_has_passed_was_judged_stays() -> None:
    base = '<base href="https://www.shared.example/">'
    late = '<img loading=lazy src="other/a.gif">'
    assert kept(f"<template>{base}</template>{late}{base}")
    assert kept(f"{base}{late}<template>{base}</template>{base}")


# -- what has passed and is not withheld under the base -----------------------------------------------------------------------


@pytest.mark.parametrize("late", LATE)
def test_a_base_under_which_nothing_that_has_passed_is_withheld_stays(late: str) -> None:
    """R2: the host's other addresses are nobody's business."""
    assert kept(late.replace("captcha/", "other/") + BASE)
    assert kept(late + BASE, allowed=["captcha"])
    assert kept(late.replace("captcha/", "other/") + late.replace("captcha/", "/own/") + BASE + BASE)
    assert rewritten(late.replace("captcha/", "other/") + late + BASE).endswith(INERT)


@pytest.mark.parametrize("late", LATE)
def test_what_has_not_passed_makes_no_base_inert(late: str) -> None:
    """R2."""
    own = late.replace("captcha/", "gtm/")
    out = rewritten(f'{own}<base href="/">', compiled=OWN)
    assert "gtm/" not in out
    assert out.endswith('<base href="/">')


def test_what_is_left_of_a_list_counts() -> None:
    image = '<img alt=x loading=lazy srcset="gtm/a.gif 1x, {} 2x">'
    for left, inert in (("captcha/a.gif", True), ("other/a.gif", False)):
        out = rewritten(image.format(left) + BASE, compiled=OWN)
        assert "gtm/" not in out
        assert left in out
        assert out.endswith(INERT if inert else BASE)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "shift_jis", "iso-2022-jp", None])
def test_in_any_encoding_it_is_read_as_browsers_read_it(charset: str | None) -> None:
    for late in (
        '<video poster="capt&#99;ha/x"></video>',
        '<object data="\\captcha\\x"></object>',
        '<object data="capt\tcha/x"></object>',
    ):
        assert rewritten(late + BASE, charset=charset).endswith(INERT)


@pytest.mark.parametrize("address", ["{}", "../{}"])
@pytest.mark.parametrize("folder", ["/js/", "/%6as/", "/js/x/", "/%6a%73/x/", "/x%2fjs/", "/x/"])
def test_a_base_that_makes_it_the_address_of_a_self_hosted_service_is_made_inert(address: str, folder: str) -> None:
    late = f'<object data="{address.format("container_AbC12xyz.js")}"></object>'
    leads = (folder.endswith("/x/") and folder != "/x/") if address != "{}" else not folder.endswith("/x/")
    base = f'<base href="{folder}">'
    assert rewritten(late + base, compiled=TOOLS) == late + (INERT if leads else base)


def test_dots_lead_up_to_a_folder_of_a_base_that_may_hold() -> None:
    bases = '<table><tr><td><base href="/first/"></td></tr><base href="/js/x/"></table>'
    assert "container" not in rewritten(f"{bases}<script src=../container_AbC12xyz.js></script>", compiled=TOOLS)


# -- what an inert base leads to ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("href", ["//px.ads.example/", "", "/gtm/", "/gtm/x/..", "."])
@pytest.mark.parametrize("late", ['<object data="a.js"></object>', '<img alt=x loading=lazy srcset="a.js 2x">'])
def test_where_an_empty_address_would_do_as_much_it_goes(href: str, late: str) -> None:
    """WHATWG 4.2.3, 13.2.6.1: the second is the first in the tree; empty, it stands for the document's own address."""
    start = f'<table><tr><td><base href="/other/"></td></tr><tr><td>{late}</td></tr>'
    page = f'{start}<base target=_top href="{href}"></table>'
    assert rewritten(page, compiled=OWN, path="/gtm/p") == f"{start}<base target=_top ></table>"
    twice = rewritten(page + page, compiled=OWN, path="/gtm/p")
    assert twice.count("a.js") == 1
    assert twice.count("<base target=_top ></table>") == 2
    assert kept(page, compiled=OWN, path="/gtm/p", allowed=[*SERVICES, "own"])


def test_where_it_would_not_it_is_emptied_alone() -> None:
    start = '<table><tr><td><base href="/other/"></td></tr><tr><td><object data="a.js"></object></td></tr>'
    assert rewritten(f'{start}<base href="/gtm/"></table>', compiled=OWN, path="/p") == f'{start}<base href=""></table>'


# -- bounds -------------------------------------------------------------------------------------------------------------------


def _late(count: int, more: str = "") -> str:
    return "".join(f'<video poster="other/{at}"{more}></video>' for at in range(count))


def test_as_many_as_are_kept_make_no_base_inert() -> None:
    """R2: past them one may be withheld."""
    assert kept(_late(LATE_TAGS) + BASE)
    assert kept(_late(LATE_TAGS) * 3 + BASE)
    assert rewritten(_late(LATE_TAGS + 1) + BASE).endswith(INERT)
    for harmless in ("https://other.example/", "/own/"):
        assert kept(_late(LATE_TAGS + 1) + BASE.replace("https://www.shared.example/", harmless))
    assert kept(_late(LATE_TAGS + 1) + BASE, allowed=SERVICES)


def test_of_a_long_tag_the_addresses_alone_are_kept() -> None:
    more = f' title="{"x" * LATE_TAG_BYTES}"'
    many = LATE_BYTES // LATE_TAG_BYTES
    assert once((_late(many, more) + BASE).encode()).endswith(BASE.encode())
    assert once((_late(many + 1, more) + BASE).encode()).endswith(INERT.encode())
    assert once((_late(1, more).replace("other", "captcha") + BASE).encode()).endswith(INERT.encode())
    assert once(f'<video poster="other/{"x" * LATE_BYTES}"></video>{BASE}'.encode()).endswith(INERT.encode())


def test_a_second_pass_keeps_no_more_than_the_first() -> None:
    """R3: what is left of a tag may be another's twin, or none that counts."""
    images = [f'<img alt={at} loading=lazy src="gtm/a.gif" srcset="data:,x 2x">' for at in range(2 * LATE_TAGS)]
    assert rewritten("".join(images) + BASE, compiled=OWN).endswith(INERT)
    rests = [f'<img alt={at} loading=lazy srcset="gtm/a.gif, b.gif 2x">' for at in range(LATE_TAGS - 1)]
    assert rewritten("".join(rests) + BASE.replace("www.shared", "x") + BASE, compiled=OWN).endswith(BASE)


def test_a_bound_is_met_at_the_same_place_by_the_fast_way_and_the_slow_one() -> None:
    for late in (_late(LATE_TAGS), _late(LATE_TAGS + 1)):
        for within in ("{}", "<noscript>{}</noscript>", "<template>{}</template>", "<svg></svg>{}"):
            out = rewritten(within.format(late) + BASE)
            assert out.endswith(BASE if late == _late(LATE_TAGS) else INERT), within


# -- XHTML --------------------------------------------------------------------------------------------------------------------


def _xhtml(markup: str, doctype: str = "", **options: object) -> str:
    start = f'{doctype}<html xmlns="{HTML_NS}">'
    out = rewritten(f"{start}{markup}</html>", syntax="xml", **options)  # type: ignore[arg-type]
    return out.removeprefix(start).removesuffix("</html>")


X_LATE = [
    '<object data="captcha/x"/>',
    '<embed src="captcha/x"/>',
    '<h:embed xmlns:h="http://www.w3.org/1999/xhtml" src="captcha/x"/>',
    '<img alt="x" loading="lazy" src="captcha/x"/>',
    '<img alt="x" loading="lazy" srcset="captcha/x 2x"/>',
    '<video src="captcha/x"/>',
    '<video poster="captcha/x"/>',
    '<video poster="&#x63;aptcha/x"/>',
    '<input type="image" src="captcha/x"/>',
]


@pytest.mark.parametrize("late", X_LATE)
def test_in_xhtml_too(late: str) -> None:
    base, inert = '<base href="https://www.shared.example/"/>', '<base href=""/>'
    found: list[Finding] = []
    assert _xhtml(late + base, found=found) == late + inert
    assert [one.where for one in found if one.enforced] == ["base href after addresses that it would change"]
    assert _xhtml(late + base + base) == late + inert + inert
    assert _xhtml(late + base, allowed=SERVICES) == late + base
    innocent = late.replace("aptcha/", "other/") + base
    assert _xhtml(innocent) == innocent
    assert _xhtml(base + innocent) == base + innocent
    own = late.replace("captcha/", "gtm/").replace("&#x63;aptcha/", "&#x67;tm/") + '<base href="/"/>'
    assert _xhtml(own, compiled=OWN, path="/dir/p") == own.replace('"/"/>', '""/>')


def test_in_xhtml_an_entity_may_hold_it() -> None:
    doctype = '<!DOCTYPE html [<!ENTITY c "captcha">]>'
    late, base = '<video poster="&c;/x"/>', '<base href="https://www.shared.example/"/>'
    assert _xhtml(late + base, doctype) == late + '<base href=""/>'
    assert _xhtml(late + base, doctype.replace("captcha", "other")) == late + base


def test_in_xhtml_a_base_past_those_that_are_followed_is_made_inert() -> None:
    """Only one reader knows which of them are HTML's."""
    many = "".join(f'<x:base xmlns:x="urn:x" href="/{at}/"/>' for at in range(BASES))
    base, script = '<base href="https://www.shared.example/"/>', '<script src="captcha/a.js"/>'
    assert _xhtml(f"{many}{base}{script}") == f'{many}<base href=""/>{script}'
    assert _xhtml(f"{many}{base}{script}", allowed=SERVICES) == f"{many}{base}{script}"
    assert _xhtml(f'{many}<base href="/x/"/>{script}') == f'{many}<base href="/x/"/>{script}'
    other = '<base href="http://site.example/"/><img alt="x" src="https:px.ads.example/a"/>'
    assert "https:px" not in _xhtml(many + other) or '<base href=""/>' in _xhtml(many + other)


# -- past 2 MiB ---------------------------------------------------------------------------------------------------------------


def _long(markup: str, **options: object) -> str:
    """What becomes of a document in which ``~`` stands for more than is held, by three splits and a second pass."""
    body = markup.encode().replace(b"~", PAD)
    outs = {once(body, sizes=size, **options) for size in (WHOLE, 1 << 16, 999_983)}  # type: ignore[arg-type]
    (out,) = outs
    assert once(out, **options) == out  # type: ignore[arg-type]
    return out.replace(PAD, b"~").decode()


LONG = [
    '<object title="~" data="captcha/x"></object>',
    '<embed title="~" src="captcha/x"/>',
    '<img alt="~" loading="lazy" src="captcha/x"/>',
    '<img alt="~" src="captcha/x" loading="lazy"/>',
    '<img alt="~" srcset="captcha/x 2x" loading="lazy"/>',
    '<video title="~" poster="captcha/x"></video>',
    '<input title="~" src="captcha/x" type="image"/>',
]


@pytest.mark.parametrize("syntax", ["html", "xml"])
@pytest.mark.parametrize("late", LONG)
def test_past_2_mib_too(late: str, syntax: str) -> None:
    start, end = (f'<html xmlns="{HTML_NS}">', "</html>") if syntax == "xml" else ("", "")
    base, inert = '<base href="https://www.shared.example/"/>', '<base href=""/>'
    assert _long(f"{start}{late}{base}{end}", syntax=syntax) == f"{start}{late}{inert}{end}"
    innocent = f"{start}{late.replace('captcha', 'other')}{base}{end}"
    assert _long(innocent, syntax=syntax) == innocent


@pytest.mark.parametrize("syntax", ["html", "xml"])
def test_a_long_base_after_them_is_emptied_too(syntax: str) -> None:
    start, end = (f'<html xmlns="{HTML_NS}">', "</html>") if syntax == "xml" else ("", "")
    base = '<base title="~" href="https://www.shared.example/"/>'
    for name, inert in (("captcha", True), ("other", False)):
        late = f'<video poster="{name}/x"></video>'
        out = base.replace("https://www.shared.example/", "") if inert else base
        assert _long(f"{start}{late}{base}{end}", syntax=syntax) == f"{start}{late}{out}{end}"


def test_a_long_base_that_cannot_be_made_inert_ends_the_document() -> None:
    """R5."""
    start = '<table><tr><td><base href="/other/"></td></tr><tr><td><object data="a.js"></object></td></tr>'
    for href in ("//px.ads.example/", "", "/gtm/"):
        page = f'{start}<base title="~" href="{href}"></table><p>after'
        out = _long(page, compiled=OWN, path="/gtm/p")
        assert out.startswith(start)
        assert "href" not in out.removeprefix(start) or out.endswith('href="')
        assert "after" not in out


def test_of_a_long_tag_that_is_short_when_a_value_has_gone_no_more_is_kept() -> None:
    """R3."""
    late = f'<video title="{"x" * LATE_BYTES}" poster="other/x" src="{{}}~"></video>'
    assert _long(late.format("a") + BASE).endswith(BASE)
    assert _long(late.format("a") * 20 + BASE).endswith(INERT)
