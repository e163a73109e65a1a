"""XHTML, SVG and other XML: the same rules under XML's syntax (DESIGN §6, N11, R1 to R7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.findings import Finding, FindingKind
from consent_guard.limits import HELD_VALUE_BYTES

from ..documents import DOMAINS, FUZZ, SERVICES, WHOLE, fresh, once, rewritten, rules
from ..live import contacts, host_of, xml_tree
from ..timing import grows_linearly

PIXEL = "//px.ads.example/p.gif"
HTML_NS = 'xmlns="http://www.w3.org/1999/xhtml"'
SVG_NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
Y_NS = 'xmlns:y="http://www.w3.org/1999/xlink"'
X_NS = 'xmlns:x="http://www.w3.org/1999/xhtml"'
MENTION = rules(inline_scripts="mention")


def xhtml(markup: str, **options: object) -> str:
    """What becomes of the content of an XHTML document."""
    return _within(f"<html {HTML_NS}>", markup, "</html>", **options)


def svg(markup: str, **options: object) -> str:
    return _within(f"<svg {SVG_NS}>", markup, "</svg>", **options)


def _within(start: str, markup: str, end: str, **options: object) -> str:
    out = rewritten(start + markup + end, syntax="xml", **options)
    assert out.startswith(start), out
    assert out.endswith(end), out
    return out[len(start) : len(out) - len(end)]


# -- elements ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        (f'a<script src="{PIXEL}"/>b', "ab"),
        (f'a<script src="{PIXEL}"></script>b', "ab"),
        (f'a<script src="{PIXEL}">x<y>z</y></script>b', "ab"),
        (f"a<iframe src='{PIXEL}'><p>x</p></iframe>b", "ab"),
        (f'<img src="{PIXEL}" alt="x"/>', '<img  alt="x"/>'),
        (f'a<img src="{PIXEL}" width="1"/>b', "ab"),
        (f'a<link rel="stylesheet" href="{PIXEL}"/>b', "ab"),
        (f'<p style="background:url({PIXEL})">x</p>', '<p style="background:url(about:invalid)">x</p>'),
        (f'<fooBar style="background:url({PIXEL})"/>', '<fooBar style="background:url(about:invalid)"/>'),
        (f"<p onclick=\"go('{PIXEL}')\">x</p>", "<p >x</p>"),
        (f'a<meta http-equiv="refresh" content="0;url={PIXEL}"/>b', "ab"),
        (f'<video poster="{PIXEL}" src="/v.mp4"/>', '<video  src="/v.mp4"/>'),
        ("<img src='https://px&#46;ads.example/a'/>", "<img />"),
        (f'<base href="{PIXEL}"/>', '<base href=""/>'),
        (f"<style>p{{background:url({PIXEL})}}</style>", ""),
        (f"<style><![CDATA[p{{background:url({PIXEL})}}]]></style>", ""),
        ("<style>p{background:url(//px.ads<!-- -->.example/)}</style>", ""),
        ("<style>p{background:url(//px.ads<![CDATA[.]]>example/)}</style>", ""),
        (f"<style>p{{background:url({PIXEL})}}<script></script></style>", ""),
        (f"<script>go('{PIXEL}')</script>", ""),
        ("<script>go('//px&#46;ads.example')</script>", ""),
        (f"<script><![CDATA[go('{PIXEL}')]]></script>", ""),
        (f"<script>go('{PIXEL}');<style></style></script>", ""),
        (f"<object data=\"data:text/html,&lt;img src='https:{PIXEL}'&gt;\"/>", "<object />"),
        ("<iframe srcdoc=\"&lt;img src='//px.ads.example/'&gt;\"/>", '<iframe srcdoc="&lt;img >"/>'),
    ],
)
def test_what_is_withheld_of_xhtml(markup: str, out: str) -> None:
    assert xhtml(markup) == out
    assert xhtml(markup, allowed=SERVICES) == markup


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        (f'<image href="{PIXEL}"/>', "<image />"),
        (f'<image xlink:href="{PIXEL}"/>', "<image />"),
        (
            f'<g xmlns:y="http://www.w3.org/1999/xlink"><image y:href="{PIXEL}"/></g>',
            '<g xmlns:y="http://www.w3.org/1999/xlink"><image /></g>',
        ),
        (f'<use href="{PIXEL}#a"/>', "<use />"),
        (f'<feImage href="{PIXEL}"/>', "<feImage />"),
        (f'a<script href="{PIXEL}"/>b', "ab"),
        (f'<rect fill="url({PIXEL})"/>', '<rect fill="url(about:invalid)"/>'),
        (f"<animateTransform onbegin=\"go('{PIXEL}')\"/>", "<animateTransform />"),
        (f'<set attributeName="href" to="{PIXEL}"/>', '<set attributeName="href" />'),
        (f"<style>rect{{fill:url({PIXEL})}}</style>", ""),
    ],
)
def test_what_is_withheld_of_svg(markup: str, out: str) -> None:
    assert svg(markup) == out
    assert svg(markup, allowed=SERVICES) == markup


def test_prefixed_names_count() -> None:
    body = f'<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:script src="{PIXEL}"/><h:img src="{PIXEL}" alt="x"/></h:html>'
    out = rewritten(body, syntax="xml")
    assert out == '<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:img  alt="x"/></h:html>'


def test_names_are_read_in_their_case() -> None:
    """The first of two attributes counts only where both have the same name."""
    assert xhtml(f'<img SRC="/ok" src="{PIXEL}"/>') == '<img SRC="/ok" />'
    assert xhtml(f'a<link REL="next" rel="stylesheet" href="{PIXEL}"/>b') == "ab"
    assert xhtml(f'<img SRC="{PIXEL}"/>') == f'<img SRC="{PIXEL}"/>'
    assert xhtml(f'<SCRIPT src="{PIXEL}"/>') == f'<SCRIPT src="{PIXEL}"/>'


@pytest.mark.parametrize(
    "markup",
    [
        f'<a href="{PIXEL}">x</a>',
        f'<!-- <script src="{PIXEL}"/> -->',
        f'<![CDATA[<script src="{PIXEL}"/>]]>',
        f'<?php <script src="{PIXEL}"/> ?>',
        f"text {PIXEL} &lt;img src='{PIXEL}'/&gt;",
        '<textarea><b title="x"/></textarea>',
        '<script type="application/json">{"a": "//px.ads.example/"}</script>',
        '<p title="a>b" class=\'"\'>x</p>',
        "<style>p{background:url(/a.png)}</style>",
        "\r\n\t<p\n>x</p\n>",
        "<img src='/a.png'/><br/>",
    ],
)
def test_what_fetches_nothing_gated_stays_byte_for_byte(markup: str) -> None:
    """R2."""
    assert xhtml(markup) == markup
    assert svg(markup) == markup


@pytest.mark.parametrize(
    "body",
    [
        f'<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><itunes:image href="https:{PIXEL}"/></rss>',
        f'<feed xmlns="http://www.w3.org/2005/Atom"><link rel="icon" href="https:{PIXEL}"/></feed>',
        f'<r><img src="https:{PIXEL}"/><script src="https:{PIXEL}"/></r>',
    ],
)
def test_what_no_browser_shows_is_not_touched(body: str) -> None:
    """Only elements of XHTML and SVG load: feeds and the answers of interfaces stay as they are."""
    assert rewritten(body, syntax="xml") == body


@pytest.mark.parametrize(
    "instruction",
    [
        f'<?xml-stylesheet href="{PIXEL}"?>',
        f"<?xml-stylesheet type='text/css'\n href = '{PIXEL}' ?>",
        f'<?xml-stylesheet xhref="/a.css" href="{PIXEL}"?>',
        f'<?xml-stylesheet title=" href=\'/a.css\'" href="{PIXEL}"?>',
        '<?xml-stylesheet href="https://px&#46;ads.example/a.css"?>',
        f"<?xml-stylesheet href=\"data:text/css,@import '{PIXEL}'\"?>",
        f'<?xml-stylesheet href="{PIXEL}" {"x" * 9000}?>',
    ],
)
def test_a_style_sheet_instruction_goes_for_its_address(instruction: str) -> None:
    root = f"<svg {SVG_NS}/>"
    assert rewritten(f"<?xml version='1.0'?>{instruction}{root}", syntax="xml") == f"<?xml version='1.0'?>{root}"
    assert rewritten(instruction + root, syntax="xml", allowed=SERVICES) == instruction + root


def test_a_style_sheet_instruction_for_our_own_sheet_stays() -> None:
    body = f'<?xml-stylesheet href="/a.css"?><?xml-model href="{PIXEL}"?><svg {SVG_NS}/>'
    assert rewritten(body, syntax="xml") == body


def test_findings_are_told_once() -> None:
    found: list[Finding] = []
    xhtml(f'<script src="{PIXEL}"/><p style="background:url({PIXEL})"/>', found=found)
    assert [(one.kind, one.subject) for one in found] == [
        (FindingKind.ELEMENT, "px.ads.example"),
        (FindingKind.STYLE, "px.ads.example"),
    ]


def test_a_document_that_is_only_looked_at_stays() -> None:
    body = f'<html {HTML_NS}><script src="{PIXEL}"/></html>'
    found: list[Finding] = []
    assert rewritten(body, syntax="xml", emits=False, found=found) == body
    assert found
    assert not any(one.enforced for one in found)


# -- not well-formed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "markup",
    [
        "<",
        "<p",
        "<p x='",
        "<!--",
        "<!-",
        "<![CDATA[",
        "<?x",
        "</p",
        "<!DOCTYPE",
        "< p>",
        "<>",
        "</>",
        "<!x>",
        "<p <b>",
        "<1>",
        "&",
        "\0",
    ],
)
def test_what_is_not_well_formed_breaks_nothing(markup: str) -> None:
    """R9: a browser stops there; so does nothing of ours."""
    for whole in (markup, f"<html {HTML_NS}>{markup}", f"<html {HTML_NS}>{markup}<p>x</p></html>"):
        rewritten(whole, syntax="xml")


# -- length -----------------------------------------------------------------------------------------------------------------

PAD = "x" * HELD_VALUE_BYTES


def streamed(body: str) -> bytes:
    out = {once(body.encode(), sizes=size, compiled=MENTION, syntax="xml") for size in (WHOLE, 1 << 16, 999_983)}
    assert len(out) == 1
    return out.pop()


@pytest.mark.parametrize(
    "markup",
    [
        f"<script>{PAD}go('{PIXEL}')</script>",
        f"<style>{PAD}p{{background:url({PIXEL})}}</style>",
        f"<style>p{{background:url({PIXEL}{PAD})}}</style>",
        f'<script src="{PIXEL}" x="{PAD}"></script>',
        f'<script x="{PAD}" src="{PIXEL}"/>',
        f'<img src="{PIXEL}{PAD}"/>',
        f'<img alt="{PAD}" src="{PIXEL}"/>',
        f'<?xml-stylesheet href="{PIXEL}" {PAD}?>',
    ],
    ids=lambda markup: markup[:14],
)
def test_length_hides_nothing_and_the_rest_of_the_document_comes_out(markup: str) -> None:
    """R4, R5: however the input is cut, nothing gated gets out, and the end is that of the document."""
    start, end = f"<html {HTML_NS}>", '<p class="a">b</p></html>'
    out = streamed(start + markup + end)
    assert b"ads.example" not in out
    assert out.startswith(start.encode())
    assert out.endswith(end.encode())
    tree = xml_tree(out)
    assert tree is not None
    assert tree[-1].attributes == {"class": "a"}


@pytest.mark.parametrize(
    "markup",
    [f"<!--{PAD}-->", f"<p>{PAD}</p>", f'<p title="{PAD}"/>', f"<![CDATA[{PAD}]]>", f"<?x {PAD}?>"],
    ids=lambda one: one[:6],
)
def test_what_is_not_gated_stays_whatever_its_length(markup: str) -> None:
    body = f"<html {HTML_NS}>{markup}</html>"
    assert streamed(body) == body.encode()


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("<a b='", ">"),
        ("<a ", " "),
        ("<a ", "b='c' "),
        ("<style>", "a<b/>"),
        ("<style>", "<![CDATA[x]]>"),
        ("<script>", "<"),
        ("", "<"),
        ("", "<!"),
        ("", "&"),
        ("<!--", "-"),
        ("<?x ", "?"),
        ("<?xml-stylesheet ", "href='a' "),
        ("<![CDATA[", "]"),
        ("<!DOCTYPE r [", ">"),
        ("<!DOCTYPE r [", '<!ENTITY a "b">'),
        ("<!DOCTYPE r [", "<!ATTLIST "),
        ("<!DOCTYPE r [<!ATTLIST ", 'a"" '),
        ("<!DOCTYPE r [", "<!--x-->"),
        ("<svg>", "<g>"),
        ("<svg>", "</g>"),
    ],
)
def test_in_small_pieces_a_document_is_read_once(head: str, unit: str) -> None:
    """R6."""

    def feed(size: int) -> None:
        once((f"<svg {SVG_NS}>" * (head[:2] != "<!") + head + unit * (size // len(unit))).encode(), sizes=61, syntax="xml")

    grows_linearly(feed, 8_000, longest=1 << 20)


# -- beside somebody else's parser ------------------------------------------------------------------------------------------

LEAVES = st.sampled_from(
    [
        *("text", "&lt;", "&h;", "<br/>", "<![CDATA[x<y]]>", "<!-- x -->", "<?x y?>", f'<script src="{PIXEL}"/>', "<x-y/>"),
        *(f'<img src="{PIXEL}"/>', '<img src="//&h;/p"/>', f'<image xlink:href="{PIXEL}"/>', f'<h:img src="{PIXEL}"/>'),
        *(f"<script>go('{PIXEL}')</script>", "<script>go('//&h;/')</script>", f"<script><![CDATA[x<'{PIXEL}']]></script>"),
        *(f"<style>p{{background:url({PIXEL})}}</style>", "<style>@import '//&h;/';</style>", "<style>p{}</style>"),
        *(f'<p style="background:url({PIXEL})"/>', "<p onclick=\"go('//&h;/')\"/>", f'<iframe src="{PIXEL}"><p/></iframe>'),
        *(f'<link rel="stylesheet" href="{PIXEL}"/>', f'<a href="{PIXEL}">x</a>', f'<s:image href="{PIXEL}"/>', "<p a='>'/>"),
    ]
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda tag, children: f"<{tag}>{''.join(children)}</{tag.split()[0]}>",
        st.sampled_from(
            [
                "div",
                "p class='a'",
                "s:g",
                f"svg {SVG_NS}",
                "h:div",
                "style",
                "script",
                "title",
                "x:y xmlns:x='x'",
                f"div {HTML_NS}",
            ]
        ),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)
ROOT = (
    f'<html {HTML_NS} xmlns:h="http://www.w3.org/1999/xhtml" xmlns:s="http://www.w3.org/2000/svg" '
    'xmlns:xlink="http://www.w3.org/1999/xlink">'
)
DOCTYPES = st.sampled_from(
    [
        "",
        '<!DOCTYPE html [<!ENTITY h "px.ads.example">]>',
        "<!DOCTYPE html [<!ENTITY h '<img src=\"//px.ads.example/\"/>'>]>",
    ]
)


@FUZZ
@given(DOCTYPES, st.lists(NODES, max_size=5))
def test_of_any_document_expat_sees_nothing_gated_that_a_browser_loads(doctype: str, nodes: list[str]) -> None:
    """R1, R2, R3."""
    body = f"{doctype}{ROOT}{''.join(nodes)}</html>"
    out = rewritten(body, compiled=MENTION, syntax="xml")
    elements = xml_tree(out.encode())
    if elements is not None:
        for contact in contacts(elements):
            if contact.where == "script":
                assert "ads.example" not in contact.address, out
            else:
                assert not host_of(contact.address).endswith(DOMAINS), (contact, out)
    assert rewritten(body, compiled=MENTION, syntax="xml", allowed=SERVICES) == body


CUT = "<|>|'|\"|<p|</p>|<style>|</style>|<script>|</script>|]]>|<!--|-->|<![CDATA[|<?|?>|<!DOCTYPE x [|]>|&|<html>|=|/"
SOUP = st.lists(st.one_of(LEAVES, st.sampled_from(CUT.split("|"))), max_size=14)


@FUZZ
@given(SOUP)
def test_any_soup_comes_out_the_same_however_it_is_cut_and_is_not_changed_twice(parts: list[str]) -> None:
    body = f"<html {HTML_NS}>" + "".join(parts)
    rewritten(body, compiled=MENTION, syntax="xml")
    assert rewritten(body, compiled=MENTION, syntax="xml", allowed=SERVICES) == body


def test_a_judge_that_has_seen_html_reads_xml_as_xml() -> None:
    compiled = fresh()
    html = f'<svg><x:script src="{PIXEL}"></x:script></svg>'.encode()
    assert once(html, compiled=compiled) == html
    xml = f'<svg {SVG_NS} xmlns:x="http://www.w3.org/1999/xhtml"><x:script src="{PIXEL}"></x:script></svg>'
    assert "ads" not in once(xml.encode(), compiled=compiled, syntax="xml").decode()


@pytest.mark.parametrize("name", ["script", "style"])
def test_a_quote_in_an_instruction_hides_nothing_of_a_script_or_style(name: str) -> None:
    text = {"script": f"new Image().src='https:{PIXEL}'", "style": f"p{{background:url(https:{PIXEL})}}"}[name]
    out = rewritten(f"<html {HTML_NS}><{name}><?a ' ?>{text}</{name}></html>", syntax="xml", compiled=MENTION)
    assert "ads.example" not in out


@pytest.mark.parametrize(
    "root",
    ['math xmlns="http://www.w3.org/1998/Math/MathML"', 'm:math xmlns:m="http://www.w3.org/1998/Math/MathML"'],
)
def test_mathml_by_itself_is_read_too(root: str) -> None:
    assert "ads.example" not in rewritten(f'<{root} style="background:url({PIXEL})"/>', syntax="xml")


def test_what_a_stylesheet_of_xslt_would_write_is_read_too() -> None:
    sheet = f'<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform"><html><img src="{PIXEL}"/></html></x:stylesheet>'
    assert "ads.example" not in rewritten(sheet, syntax="xml")


def test_the_type_of_a_style_sheet_instruction_may_be_spelled_with_references() -> None:
    body = "<x:stylesheet xmlns:x='http://www.w3.org/1999/XSL/Transform'><x:element name='img'/></x:stylesheet>"
    for kind in ("text/xsl", "text/&#120;sl"):
        out = rewritten(f'<?xml-stylesheet type="{kind}" href="data:text/xsl,{body.replace(chr(34), "")}"?><a/>', syntax="xml")
        assert "stylesheet" not in out, kind


def test_a_value_that_is_written_anew_stays_well_formed() -> None:
    """XML 1.0 §3.1: no < in attribute values."""
    out = xhtml(f'<iframe srcdoc="&lt;img src={PIXEL}>&lt;p>hello"/>')
    assert "ads.example" not in out
    assert "&lt;p>hello" in out
    assert "<p" not in out


@pytest.mark.parametrize(
    "markup",
    [
        f'<script>1<b>/*</b>;import("{PIXEL}")<b>*/</b></script>',
        f'<script>1;<b>/*</b>import<b>x</b>("{PIXEL}")</script>',
        f"<style>a{{}}<b>/*</b>a{{background:url({PIXEL})}}<b>*/</b></style>",
        f"<style><b/><!--/*--><b>/*</b><?x /*?>a{{background:u<b>x</b>rl({PIXEL})}}</style>",
        f'<style>/*<b><script>1<b>/*</b>;import("{PIXEL}")</script></b>*/</style>',
        f"<script>/*<style>a{{background:url({PIXEL})}}</style>*/</script>",
        f'<style>/*<script type=\'importmap\'>{{"imports":{{"a":"https:{PIXEL}"}}}}</script>*/</style>',
        f'<x:script {X_NS}>1<b>/*</b>;import("{PIXEL}")<b>*/</b></x:script>',
    ],
)
def test_of_a_script_or_style_its_own_text_counts_whatever_elements_stand_in_it(markup: str) -> None:
    """R1: browsers run the child text content, and each script and style sheet within by itself."""
    assert "ads.example" not in xhtml(markup, compiled=rules(inline_scripts="signature"))
    assert xhtml(markup, compiled=rules(inline_scripts="signature"), allowed=SERVICES) == markup


def test_a_script_in_a_script_that_is_withheld_hides_none_of_its_text() -> None:
    markup = f'<script><script src="{PIXEL}">x</script>import("{PIXEL}")</script>'
    assert "ads.example" not in xhtml(markup, compiled=rules(inline_scripts="signature"))


def test_a_script_or_style_that_holds_elements_and_leads_nowhere_stays() -> None:
    """R2."""
    for markup in ("<script>a<b>c</b>;<style>p{}</style></script>", "<style>p{}<i/><script>a()</script></style>"):
        assert xhtml(markup, compiled=rules(inline_scripts="signature")) == markup


def test_of_a_script_too_long_to_be_read_the_rest_goes_whatever_elements_are_open_in_it() -> None:
    """R4: however the input is cut, and the end of an element within ends nothing."""
    body = f"<html {HTML_NS}><script>a<b><i>{PAD + PAD}</i></b>go('{PIXEL}')</script><p/></html>"
    assert streamed(body) == f"<html {HTML_NS}><script></script><p/></html>".encode()


def test_of_a_long_tag_in_an_element_that_is_withheld_nothing_is_left() -> None:
    """R1, R5: whatever of its values is held when a piece of the document ends."""
    tag = f"<img x='{PAD}' alt='{'y' * 100_000}' src='/{'z' * 100_000}'/>"
    body = f"<html {HTML_NS}><iframe src='{PIXEL}'>{tag}</iframe><p/></html>"
    assert streamed(body) == f"<html {HTML_NS}><p/></html>".encode()


@pytest.mark.parametrize("unit", ["<script>x</script>", "<style>", "<b>x</b>", "<b>"])
def test_any_number_of_elements_in_a_script_is_read_in_linear_time(unit: str) -> None:
    """R6."""
    grows_linearly(lambda size: once(f"<html {HTML_NS}><script>{unit * size}".encode(), syntax="xml"), 500, longest=1 << 15)
