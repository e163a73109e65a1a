"""Documents, style sheets and scripts inside a document: ``srcdoc`` and ``data:`` (DESIGN §6, R7)."""

from __future__ import annotations

import base64
from html import escape
from urllib.parse import quote

import pytest

from consent_guard.findings import Finding
from consent_guard.limits import NESTING_DEPTH
from consent_guard.rewrite.data_url import data_url

from ..documents import SERVICES, fresh, kept, once, rewritten

PIXEL = "https://px.ads.example/p.gif"
IMAGE = f"<img src={PIXEL}>"
TRACKER = "<img src=https://tr\u00e4cker.example/>"


def coded(text: str, codec: str = "utf-8") -> str:
    return base64.b64encode(text.encode(codec)).decode()


# -- the address ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("data:,a%20b", ("text/plain", None, b"a b")),
        ("DATA:text/HTML,<p>", ("text/html", None, b"<p>")),
        (" \x01data:text/html,<p>", ("text/html", None, b"<p>")),
        ("da\tta:text/h\ntml,<\rp>", ("text/html", None, b"<p>")),
        ("data:text/html;charset=UTF-8,é", ("text/html", "UTF-8", "é".encode())),
        ("data:text/html; charset = x ,a", ("text/html", "x", b"a")),
        ('data:text/html;charset="x;y",a', ("text/html", "x;y", b"a")),
        ("data:text/html;xcharset=a;charset=b,c", ("text/html", "b", b"c")),
        ('data:text/html;x="charset=a";charset=b;charset=d,c', ("text/html", "b", b"c")),
        ("data:text/html,a#b", ("text/html", None, b"a")),
        ("data:text/html;base64,PHA+", ("text/html", None, b"<p>")),
        ("data:text/html;BASE64,PHA%2B", ("text/html", None, b"<p>")),
        ("data:text/html; base64,P HA +", ("text/html", None, b"<p>")),
        ("data:text/html;base64,PHA", ("text/html", None, b"<p")),
        ("data:text/html;base64,PA==", ("text/html", None, b"<")),
        ("data:text/html;base64,P", ("text/html", None, b"")),
        ("data:text/html;base64,*", ("text/html", None, b"")),
        ("data:text/html;base64;x,PHA+", ("text/html", None, b"PHA+")),
        ("data:text/html,a,b", ("text/html", None, b"a,b")),
    ],
)
def test_a_data_address_is_read_as_fetch_reads_it(address: str, parts: tuple[str, str | None, bytes]) -> None:
    """WHATWG Fetch, data: URL processor."""
    assert data_url(address) == parts


@pytest.mark.parametrize("address", ["", "data:", "data:text/html", "xdata:,a", "/data:,a", "d ata:,a", "https://data:,a"])
def test_another_address_is_none(address: str) -> None:
    assert data_url(address) is None


# -- srcdoc -----------------------------------------------------------------------------------------------------------------


def inside(markup: str, levels: int, *, changed: bool = False) -> str:
    """A document in the srcdoc of a document in the srcdoc of one… ``changed``: as they are written by the rewriter."""
    for _ in range(levels):
        value = markup.replace("&", "&amp;").replace('"', "&quot;")
        markup = f'<iframe srcdoc="{value.replace("<", "&lt;") if changed else value}"></iframe>'
    return markup


@pytest.mark.parametrize("levels", range(1, NESTING_DEPTH))
def test_a_srcdoc_in_a_srcdoc_is_rewritten_too(levels: int) -> None:
    assert rewritten(inside(IMAGE, levels)) == inside("<img >", levels, changed=True)
    assert kept(inside("<p>x", levels))


def test_past_the_depth_limit_the_document_is_emptied() -> None:
    """R7."""
    found: list[Finding] = []
    out = rewritten(inside(IMAGE, NESTING_DEPTH + 1), found=found)
    assert "example" not in out
    assert out.count("srcdoc") == NESTING_DEPTH + 1
    assert found[-1].enforced
    assert "example" not in rewritten(inside(IMAGE, 50))


@pytest.mark.parametrize("markup", [inside(IMAGE, NESTING_DEPTH + 3), inside("<p>x", 20)])
def test_where_nothing_is_withheld_no_depth_is_too_deep(markup: str) -> None:
    """R2."""
    found: list[Finding] = []
    assert once(markup.encode(), allowed=SERVICES, found=found) == markup.encode()
    assert not found


def test_what_is_decided_deep_down_is_not_what_is_decided_above() -> None:
    """The same tag in the same guard: emptied past the limit, kept on the page itself."""
    compiled = fresh()
    tag = '<iframe srcdoc="x"></iframe>'
    emptied = once(inside(tag, NESTING_DEPTH).encode(), compiled=compiled).decode()
    assert emptied == inside(tag.replace("x", ""), NESTING_DEPTH, changed=True)
    assert once(tag.encode(), compiled=compiled) == tag.encode()


def test_a_srcdoc_is_resolved_against_the_page_that_holds_it() -> None:
    out = rewritten(
        "<base href=//www.shared.example/><iframe srcdoc='<script src=captcha/a.js></script><img src=b.png>'></iframe>"
    )
    assert out == '<base href=//www.shared.example/><iframe srcdoc="&lt;img src=b.png>"></iframe>'


def test_a_srcdoc_has_its_own_encoding_whatever_the_pages() -> None:
    """The bytes of one tag mean two hosts in windows-1252 and in UTF-8: what is remembered of one is not for the other."""
    page = TRACKER.encode()
    within = b'<iframe srcdoc="<img src=https://tr&auml;cker.example/>"></iframe>'
    for first, second in ((page, within), (within, page)):
        compiled = fresh()
        for body in (first, second, first):
            out = once(body, compiled=compiled, charset="windows-1252")
            assert out == (page if body is page else b'<iframe srcdoc="&lt;img >"></iframe>')


def test_a_handler_or_style_in_a_srcdoc_goes() -> None:
    out = rewritten(f"<iframe srcdoc=\"<p onclick=&quot;go('{PIXEL}')&quot; style='background:url({PIXEL})'>x\"></iframe>")
    assert "ads" not in out
    assert "about:invalid" in out


# -- data: documents --------------------------------------------------------------------------------------------------------

SVG = f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{PIXEL}'/></svg>"
XHTML = f"<html xmlns='http://www.w3.org/1999/xhtml'><img src='{PIXEL}'/></html>"


@pytest.mark.parametrize(
    "address",
    [
        f"data:text/html,{IMAGE}",
        f"data:text/html,{quote(IMAGE)}",
        f"data:text/html;base64,{coded(IMAGE)}",
        f"data:text/html;charset=utf-16le;base64,{coded(IMAGE, 'utf-16-le')}",
        f"data:text/html;xcharset=utf-8;charset=utf-16le;base64,{coded(IMAGE, 'utf-16-le')}",
        f"data:text/html;charset=utf-8,{quote(TRACKER)}",
        f"data:image/svg+xml,{SVG}",
        f"data:application/xhtml+xml,{XHTML}",
        f"data:text/xml,{XHTML}",
        f"data:application/xml,{XHTML}",
        f"data:text/xsl,{XHTML}",
        f"data:application/atom+xml,{XHTML}",
        f"data:text/html,<iframe src='data:text/html,{quote(IMAGE)}'></iframe>",
        f"data:text/html,<iframe srcdoc='{escape(IMAGE)}'></iframe>",
        f"data:text/html,<meta http-equiv=refresh content='0;url={PIXEL}'>",
    ],
)
def test_a_data_document_that_fetches_something_gated_goes_with_its_attribute(address: str) -> None:
    markup = f'a<iframe src="{escape(address)}"></iframe>b'
    assert rewritten(markup) == "a<iframe ></iframe>b"
    assert kept(markup, allowed=["ads", "stats"])


@pytest.mark.parametrize(
    "address",
    [
        f"data:text/plain,{IMAGE}",
        f"data:,{IMAGE}",
        f"data:application/json,{IMAGE}",
        f"data:text/html,<a href={PIXEL}>x</a>",
        f"data:text/html,<!-- {IMAGE} -->",
        "data:text/html,<img src=/p.gif>",
        f"data:text/html;charset=utf-16le;base64,{coded(IMAGE)}",
    ],
)
def test_a_data_document_that_fetches_nothing_gated_stays(address: str) -> None:
    assert kept(f'<iframe src="{escape(address)}"></iframe>')


def test_data_documents_have_a_depth_limit_too() -> None:
    """R7."""
    address = "data:text/html,x"
    for _ in range(NESTING_DEPTH + 2):
        address = "data:text/html," + quote(f'<iframe src="{address}"></iframe>', safe="")
    assert rewritten(f'<iframe src="{address}"></iframe>') == "<iframe ></iframe>"


def test_a_refresh_to_a_data_document_is_followed() -> None:
    markup = escape(f'<meta http-equiv=refresh content="0;url=data:text/html,{escape(IMAGE)}">')
    assert rewritten(f'<iframe srcdoc="{markup}"></iframe>') == '<iframe srcdoc=""></iframe>'


# -- data: style sheets and scripts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        f"data:text/css,@import '{PIXEL}'",
        f"data:text/css;base64,{coded('p{background:url(' + PIXEL + ')}')}",
        f"data:text/css;base64,{coded('﻿@import ' + repr(PIXEL), 'utf-16-le')}",
        f"data:text/css;charset=utf-16le;base64,{coded('@import ' + repr(PIXEL), 'utf-16-le')}",
        f"data:text/css,@import 'data:text/css,{quote(quote('@import ' + repr(PIXEL)))}'",
    ],
)
def test_a_data_style_sheet_that_fetches_something_gated_goes(address: str) -> None:
    assert rewritten(f'a<link rel=stylesheet href="{escape(address)}">b') == "ab"
    for spelled in (address, " " + address, address.replace("data:", "d\\61 ta:", 1)):
        quoted = spelled.replace("'", "\\'")
        out = rewritten(f"<style>@import '{quoted}';</style>")
        assert out == "<style>@import 'about:invalid';</style>", spelled


@pytest.mark.parametrize(
    "address",
    [
        f"data:text/javascript,import('{PIXEL}')",
        f"data:,import('{quote(PIXEL)}')",
        f"data:text/javascript;base64,{coded(f'import({PIXEL!r})')}",
        f"data:text/javascript;charset=utf-16le;base64,{coded(f'import({PIXEL!r})', 'utf-16-le')}",
        f"data:text/javascript;base64,{coded('﻿' + f'import({PIXEL!r})', 'utf-16-le')}",
    ],
)
def test_a_data_script_that_names_something_gated_goes(address: str) -> None:
    assert rewritten(f'a<script src="{escape(address)}"></script>b') == "ab"


def test_the_elements_own_charset_is_that_of_its_data_script() -> None:
    address = f"data:text/javascript;base64,{coded(f'import({PIXEL!r})', 'utf-16-le')}"
    assert rewritten(f'a<script charset=utf-16le src="{address}"></script>b') == "ab"
