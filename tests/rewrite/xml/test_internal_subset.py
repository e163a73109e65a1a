"""The internal subset of an XML doctype: what it declares cannot bring in what would be withheld (N11, R7)."""

from __future__ import annotations

import tracemalloc

import pytest

from consent_guard.findings import Finding, FindingKind
from consent_guard.limits import HELD_VALUE_BYTES
from consent_guard.rewrite.page import page_rewriter
from consent_guard.rewrite.xml.internal_subset import Declarations

from ..documents import SERVICES, facts, once, pieces, rewritten, rules, run
from ..live import contacts, host_of, xml_tree
from ..timing import grows_linearly

PIXEL = "https://px.ads.example/p.gif"
HTML = "http://www.w3.org/1999/xhtml"


def document(subset: str, content: str = "") -> str:
    return f'<!DOCTYPE html [{subset}]><html xmlns="{HTML}"><body>{content}</body></html>'


def live(out: str) -> list[str]:
    """Gated hosts that the document still leads to, as expat reads it."""
    elements = xml_tree(out.encode())
    if elements is None:
        return []  # not well-formed: a browser shows an error
    return [
        contact.address
        for contact in contacts(elements)
        if "ads.example" in (contact.address if contact.where == "script" else host_of(contact.address))
    ]


@pytest.mark.parametrize(
    ("subset", "content"),
    [
        ('<!ENTITY h "px.ads.example">', "<img src='https://&h;/p.gif'/>"),
        ('<!ENTITY h "px.ads.example">', "<style>p{background:url(https://&h;/)}</style>"),
        ('<!ENTITY h "px.ads.example">', "<script>go('https://&h;/')</script>"),
        ("<!ENTITY h 'px&#46;ads.example'>", "<img src='https://&h;/p.gif'/>"),
        (f"<!ENTITY x \"<img src='{PIXEL}'/>\">", "&x;"),
        (f"<!ENTITY x \"&#60;img src='{PIXEL}'/>\">", "&x;"),
        (f"<!ENTITY x \"<script>go('{PIXEL}')</script>\">", "&x;"),
        ("<!ENTITY h 'px.ads.example'><!ENTITY x \"<img src='https://&h;/'/>\">", "&x;"),
        ("<!ENTITY x \"<img src='https://&h;/'/>\"><!ENTITY h 'px.ads.example'>", "&x;"),
        ("<!ENTITY a 'px.'><!ENTITY h '&a;ads.example'>", "<img src='https://&h;/'/>"),
        (
            "".join(f"<!ENTITY e{n} '&e{n + 1};'>" for n in range(12)) + "<!ENTITY e12 'px.ads.example'>",
            "<img src='https://&e0;/'/>",
        ),
        (f"<!ENTITY pad '{' ' * 70_000}'>", f"<img src='&pad;{PIXEL}'/>"),
        ("<!-- <!ENTITY h 'site.example'> --><!ENTITY h 'px.ads.example'>", "<img src='https://&h;/'/>"),
        ("<?x <!ENTITY h 'site.example'> ?><!ENTITY h 'px.ads.example'>", "<img src='https://&h;/'/>"),
        ("<!ENTITY hô 'px.ads.example'>", "<img src='https://&hô;/'/>"),
        ("<!ENTITY h 'px．ads．example'>", "<img src='https://&h;/'/>"),
        ("<!ENTITY h 'px.ads.example'><!ENTITY h 'site.example'>", "<img src='https://&h;/'/>"),
        (f"<!ATTLIST img src CDATA '{PIXEL}'>", "<img/>"),
        (f"<!ATTLIST img src CDATA #FIXED '{PIXEL}'>", "<img/>"),
        (f"<!ATTLIST p style CDATA 'background:url({PIXEL})'>", "<p/>"),
        (f"<!ATTLIST p onload CDATA \"go('{PIXEL}')\">", "<p/>"),
        ("<!ATTLIST link rel CDATA 'stylesheet'>", f"<link href='{PIXEL}'/>"),
        ("<!ATTLIST meta http-equiv CDATA 'refresh'>", f"<meta content='0;url={PIXEL}'/>"),
        ("<!ATTLIST input type CDATA 'image'>", f"<input src='{PIXEL}'/>"),
        ("<!ATTLIST img alt CDATA '>' src CDATA \"" + PIXEL + '">', "<img/>"),
        (f"<!ENTITY % p \"<!ENTITY x '{PIXEL}'>\">%p;", "<img src='&x;'/>"),
        ("<!ENTITY % p 'px.ads.example'><!ENTITY h '%p;'>", "<img src='https://&h;/'/>"),
    ],
)
def test_a_declaration_hides_no_address_and_no_markup(subset: str, content: str) -> None:
    body = document(subset, content)
    out = rewritten(body, syntax="xml")
    assert not live(out), out
    assert rewritten(body, syntax="xml", allowed=SERVICES) == body


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE html>",
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
        "<!DOCTYPE html SYSTEM 'a>b[c'>",
        "<!DOCTYPE html []>",
        "<!DOCTYPE html [<!ENTITY copy '&#169;'> <!-- x ]> --> <?x ]> ?>] >",
        '<!DOCTYPE html [<!ENTITY nbsp "&#160;"><!ENTITY euro "&#x20AC;">]>',
        '<!DOCTYPE svg [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]>',
        "<!DOCTYPE html [<!ELEMENT p (#PCDATA)><!ATTLIST p class CDATA #IMPLIED>]>",
    ],
)
def test_a_doctype_that_brings_in_nothing_stays(doctype: str) -> None:
    body = f'{doctype}<html xmlns="{HTML}"><p>x</p></html>'
    assert rewritten(body, syntax="xml") == body


@pytest.mark.parametrize("value", ["&#60;img/&#62;", "&#38;lt;", "&#x3c;b", "&#37;x;"])
def test_an_entity_whose_references_stand_for_markup_goes(value: str) -> None:
    """R9: what a reference in an entity stands for is read again where the entity is used."""
    body = f'<!DOCTYPE html [<!ENTITY m "{value}">]><html xmlns="{HTML}"><p>x</p></html>'
    assert "ENTITY m" not in rewritten(body, syntax="xml")


def test_a_host_spelled_with_an_entity_of_references_is_withheld() -> None:
    body = f'<!DOCTYPE html [<!ENTITY dot "&#46;">]><html xmlns="{HTML}"><img src="{PIXEL.replace(".", "&dot;")}"/></html>'
    assert "&dot;" not in rewritten(body, syntax="xml")


@pytest.mark.parametrize(
    ("subset", "script"),
    [
        ("<!ENTITY e '/*'>", "<![CDATA[var e=1,x=1&e;import('{}')]]>"),
        ("<!ENTITY amp '/*'>", "var x=1&amp;import('{}')"),
        ("<!ENTITY e SYSTEM 'e'><!ENTITY e '/*'>", "var x=1;&e;import('{}')"),
    ],
)
def test_no_entity_hides_what_browsers_read_without_it(subset: str, script: str) -> None:
    """R1: none is put in within a section (XML 1.0 §2.7) or for a predefined one (§4.6); the first of a name counts (§4.2)."""
    body = document(subset, f"<script>{script.format(PIXEL)}</script>")
    out = rewritten(body, syntax="xml", compiled=rules(inline_scripts="signature"))
    assert "ads.example" not in out


def test_an_endless_doctype_lets_nothing_after_it_through() -> None:
    """R9: fail closed."""
    for opening in ("<!DOCTYPE html [<!ENTITY h '", "<!DOCTYPE html '", "<!DOCTYPE html ["):
        out = rewritten(f'{opening}<html xmlns="{HTML}"><img src={PIXEL}/></html>', syntax="xml")
        assert "ads" not in out


def test_entities_are_put_in_once_and_the_first_declaration_counts() -> None:
    declared = Declarations()
    assert not declared.any
    assert declared.read("<!ENTITY a 'x'><!ENTITY a 'y'><!ENTITY b '&a;'>")
    assert declared.any
    assert declared.expand("&a;&b;&lt;&#38;&unknown;") == "x&b;&lt;&#38;&unknown;"
    assert declared.expand("&a;" * 5) == "xxxxx"


def test_an_entity_bomb_costs_nothing() -> None:
    """R7: a billion laughs."""
    bomb = "<!ENTITY l0 'lol'>" + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    out = rewritten(document(bomb, "<p title='&l9;'/>"), syntax="xml")
    assert len(out) < 2000


LONG = "<!ENTITY a '" + "x" * 1000 + "'>"
TOO_MANY = "&a;" * (HELD_VALUE_BYTES // 1000 + 1)


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("<img src='{}' alt=''/>", ""),
        ("<img alt='{}'/>", ""),
        ("<style>{}</style>", "<style></style>"),
        ("<script>{}</script>", "<script></script>"),
    ],
)
def test_what_entities_make_too_long_to_be_read_is_withheld(markup: str, kept: str) -> None:
    """R4, R9: the bound is that of any value, whether it stands in the document or an entity brings it in."""
    found: list[Finding] = []
    body = document(LONG, markup.format(TOO_MANY) + "<p/>")
    assert rewritten(body, syntax="xml", found=found) == document(LONG, kept + "<p/>")
    assert [one.subject for one in found] == [""]
    assert rewritten(body, syntax="xml", allowed=SERVICES) == body
    within = document(LONG, markup.format("&a;") + "<p/>")
    assert rewritten(within, syntax="xml") == within


def test_of_a_tag_too_long_to_be_held_a_value_that_entities_make_too_long_is_withheld() -> None:
    """R4, R9."""
    pad = "y" * HELD_VALUE_BYTES
    body = document(LONG, f"<img alt='{pad}' src='{TOO_MANY}'/>").encode()
    found: list[Finding] = []
    assert once(body, syntax="xml", found=found, sizes=1 << 16) == document(LONG, f"<img alt='{pad}' src=''/>").encode()
    assert [one.kind for one in found] == [FindingKind.UNFILTERED]


@pytest.mark.parametrize("markup", ["<img src='{}'/>", "<style>{}</style>", "<script>{}</script>"])
def test_entities_take_no_memory_beyond_what_is_held(markup: str) -> None:
    """R6: 600 kB of references stood for 200 MB."""
    body = document(LONG, markup.format("&a;" * 200_000)).encode()
    rewriter = page_rewriter(rules(), frozenset(), facts("xml"))
    tracemalloc.start()
    try:
        run(rewriter, pieces(body, 1 << 16))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * HELD_VALUE_BYTES, peak


def test_a_list_of_parentheses_in_an_attribute_list_takes_linear_time() -> None:
    """R6."""
    grows_linearly(lambda count: Declarations().read("<!ATTLIST a " + "b (" * count + ">"), 1000, longest=1 << 18)
