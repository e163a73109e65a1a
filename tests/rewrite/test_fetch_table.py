"""Each line of the fetch table is enforced wherever a browser may meet it, and adding a line is enough (DESIGN §6, §8)."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from consent_guard.findings import Finding
from consent_guard.limits import HELD_VALUE_BYTES
from consent_guard.rewrite.fetch_table import HANDLERS, TABLE, Entry, Grammar
from consent_guard.wire.link_header import filter_links
from consent_guard.wire.link_relations import CANDIDATES, FETCHING

from .documents import SERVICES, judge, kept, once, rewritten
from .live import FETCHING_RELS, FOREIGN_SOURCES, SOURCES

ADDRESS = "https://px.ads.example/p"
PAD = "x" * (HELD_VALUE_BYTES + 1)
XHTML = "http://www.w3.org/1999/xhtml"
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
VALUES = {
    Grammar.URL: ADDRESS,
    Grammar.URL_LIST: f"/own {ADDRESS}",
    Grammar.SRCSET: f"/own 1x, {ADDRESS} 2x",
    Grammar.CSS: f"url({ADDRESS})",
    Grammar.SCRIPT: f"go('{ADDRESS}')",
    Grammar.HTML: f"<img src='{ADDRESS}'/>",
    Grammar.REFRESH: f"0;url={ADDRESS}",
    Grammar.ANIMATION: f"/own;{ADDRESS}",
    Grammar.IMAGE: f"url({ADDRESS})",
    Grammar.PROGRAM_URL: f"javascript:go('{ADDRESS}')",
}
DECIDING = {"link": {"rel": "preload", "as": "image"}}
"""What else must stand in a tag for its address to count, beside the table's own conditions."""


def elements(entry: Entry) -> list[str]:
    """The elements on which to try an entry: of one for every element some with lines of their own and some without."""
    if entry.element != "*":
        return [entry.element]
    if entry.grammar is Grammar.PROGRAM_URL:
        return ["a", "x-y"]
    return ["rect", "use"] if entry.svg else ["p", "x-y", "img"]


def tag(entry: Entry, element: str, *, close: str = "", before: str = "", upper: bool = False) -> str:
    """A start tag in which the entry's attribute names a gated host. ``before``: what stands before all that matters."""
    value = f"background:{VALUES[entry.grammar]}" if entry.attribute == "style" else VALUES[entry.grammar]
    deciding = dict(DECIDING.get(element, {}))
    if entry.when is not None:
        deciding[entry.when.attribute] = min(entry.when.values)
    attributes = [*list(deciding.items()), (entry.attribute, value)]
    written = " ".join(f'{name.upper() if upper else name}="{html.escape(given)}"' for name, given in attributes)
    return f"<{element.upper() if upper else element} {before}{written}{close}>"


def tried() -> Iterator[tuple[Entry, str]]:
    for entry in TABLE:
        for element in elements(entry):
            yield entry, element


TRIED = [pytest.param(entry, element, id=f"{element} {entry.attribute} {entry.grammar.name}") for entry, element in tried()]
IN_HTML = [one for one in TRIED if not one.values[0].svg]  # type: ignore[attr-defined]


def in_xml(entry: Entry, element: str, **how: str) -> str:
    inner = tag(entry, element, close="/", **how)  # type: ignore[arg-type]
    if entry.svg:
        return f'<svg xmlns="{SVG}" xmlns:xlink="{XLINK}"><g>{inner}</g></svg>'
    return f'<html xmlns="{XHTML}"><body>{inner}</body></html>'


def assert_withheld(markup: str, **options: object) -> None:
    """The host stands nowhere in what leaves, by any split; who has allowed it gets the bytes as they are."""
    found: list[Finding] = []
    out = rewritten(markup, found=found, **options)  # type: ignore[arg-type]
    assert "ads.example" not in out, out
    assert any(one.enforced and one.service == "ads" for one in found)
    assert kept(markup, allowed=SERVICES, **options)


@pytest.mark.parametrize(("entry", "element"), IN_HTML)
def test_each_line_is_enforced_in_html(entry: Entry, element: str) -> None:
    for upper in (False, True):
        assert_withheld(f"<!doctype html><p>a{tag(entry, element, upper=upper)}<b>c</b>")


@pytest.mark.parametrize(("entry", "element"), TRIED)
def test_each_line_is_enforced_in_svg(entry: Entry, element: str) -> None:
    for upper in (False, True):
        assert_withheld(f"<p>a<svg><g>{tag(entry, element, close='/', upper=upper)}</g></svg>b")
    assert_withheld(f"<svg>{tag(entry, element)}</svg>b")


@pytest.mark.parametrize(("entry", "element"), TRIED)
def test_each_line_is_enforced_in_xml(entry: Entry, element: str) -> None:
    assert_withheld(in_xml(entry, element), syntax="xml")


@pytest.mark.parametrize(("entry", "element"), [one for one in TRIED if one.values[0].attribute == "xlink:href"])  # type: ignore[attr-defined]
def test_in_xml_any_prefix_may_stand_for_xlink_and_svg(entry: Entry, element: str) -> None:
    inner = tag(entry, f"s:{element}", close="/").replace("xlink:href", "l:href")
    assert_withheld(f'<s:svg xmlns:s="{SVG}" xmlns:l="{XLINK}"><s:g>{inner}</s:g></s:svg>', syntax="xml")


@pytest.mark.parametrize(("entry", "element"), TRIED)
def test_each_line_is_enforced_in_a_tag_too_long_to_be_held(entry: Entry, element: str) -> None:
    """R4, R5: the tag of a megabyte that real pages hold, before and after the address."""
    before = f'data-x="{PAD}" '
    documents = [(f"<svg><g>{tag(entry, element, close='/', before=before)}</g></svg>", "html")]
    if not entry.svg:
        documents.append((f"<p>{tag(entry, element, before=before)}<b>c</b>", "html"))
    documents.append((in_xml(entry, element, before=before), "xml"))
    for markup, syntax in documents:
        body = markup.encode()
        for size in (1 << 30, 999_983):
            out = once(body, sizes=size, syntax=syntax)
            assert b"ads.example" not in out, (syntax, out.replace(PAD.encode(), b"..."))
        assert once(body, syntax=syntax, allowed=SERVICES) == body


# -- event handlers ---------------------------------------------------------------------------------------------------------


def handled(names: list[str], close: str) -> str:
    return "".join(f"<p {name}=\"go('{ADDRESS}')\"{close}>" for name in names)


def test_every_handler_is_enforced_in_html_svg_and_xml() -> None:
    names = sorted(HANDLERS)
    assert_withheld(handled(names, ""))
    assert_withheld(handled([name.upper() for name in names], ""))
    assert_withheld(f"<svg>{handled(names, '/').replace('<p ', '<rect ')}</svg>")
    assert_withheld(f'<html xmlns="{XHTML}">{handled(names, "/")}</html>', syntax="xml")


@pytest.mark.parametrize("name", sorted(HANDLERS)[::20])
def test_a_handler_is_enforced_in_a_tag_too_long_to_be_held(name: str) -> None:
    for markup, syntax in (
        (f"<p data-x='{PAD}' {name}=\"go('{ADDRESS}')\">b", "html"),
        (f"<html xmlns='{XHTML}' data-x='{PAD}' {name}=\"go('{ADDRESS}')\"/>", "xml"),
    ):
        assert b"ads.example" not in once(markup.encode(), syntax=syntax), syntax


@pytest.mark.parametrize("name", ["only", "online", "on", "onx-click", "data-onclick"])
def test_what_merely_begins_like_a_handler_stays(name: str) -> None:
    assert kept(f"<p {name}=\"go('{ADDRESS}')\">")


# -- link relations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relation", sorted(FETCHING))
def test_each_relation_is_enforced_in_the_element(relation: str) -> None:
    for rel in (relation, relation.upper(), f"canonical {relation}"):
        link = f'<link rel="{rel}" href="{ADDRESS}">'
        assert rewritten(f"<p>a{link}b") == "<p>ab"
        assert kept(link, allowed=SERVICES)
        assert_withheld(f'<html xmlns="{XHTML}">{link[:-1]}/></html>', syntax="xml")
    for long in (f"rel={relation} x='{PAD}' href={ADDRESS}", f"x='{PAD}' href={ADDRESS} rel={relation}"):
        assert b"ads.example" not in once(f"<p><link {long}>".encode())


@pytest.mark.parametrize("relation", sorted(FETCHING))
def test_each_relation_is_enforced_in_the_field(relation: str) -> None:
    refused, granted = judge(), judge(SERVICES)
    for rel in (relation, relation.upper(), f'"canonical {relation}"'):
        value = f"<{ADDRESS}>; rel={rel}".encode()
        assert filter_links(value, refused.gated, lambda text: refused.hint(text) is not None) is None
        assert filter_links(value, granted.gated, lambda text: granted.hint(text) is not None) == value


# -- what the table holds ---------------------------------------------------------------------------------------------------


def test_the_table_has_what_the_tests_own_reader_of_pages_has() -> None:
    """Written by another hand: a line left out by mistake is missed here."""
    written = {(entry.element.lower(), entry.attribute) for entry in TABLE}
    for source in (SOURCES, FOREIGN_SOURCES):
        for element, attributes in source.items():
            for attribute in attributes:
                assert (element, attribute) in written
    for pair in (
        "img srcset",
        "source srcset",
        "script src",
        "script href",
        "link href",
        f"link {CANDIDATES}",
        "iframe srcdoc",
    ):
        element, attribute = pair.split()
        assert (element, attribute) in written
    for pair in ("base href", "meta content", "a ping", "input src", "param value", "body background", "* style", "* fill"):
        element, attribute = pair.split()
        assert (element, attribute) in written
    assert FETCHING_RELS <= FETCHING
    assert len(written) == len(
        {(entry.element, entry.attribute) for entry in TABLE if entry.grammar is not Grammar.PROGRAM_URL}
    ) + len(
        {
            (entry.element, entry.attribute)
            for entry in TABLE
            if entry.grammar is Grammar.PROGRAM_URL
            and not any(other.element == "*" and other.attribute == entry.attribute and other is not entry for other in TABLE)
        }
    )


def test_outside_svg_what_only_svg_fetches_stays() -> None:
    own = {(entry.element.lower(), entry.attribute) for entry in TABLE if not entry.svg}
    for entry, element in tried():
        if (
            entry.svg
            and element != "script"
            and (element.lower(), entry.attribute) not in own
            and ("*", entry.attribute) not in own
        ):
            assert kept(f"<p>{tag(entry, element)}"), (element, entry.attribute)


# -- adding a line ----------------------------------------------------------------------------------------------------------

NEW_LINES = {
    "an element": ('*_rows("model", "src"),', "model", "src", False),
    "an element that leaves": ('*_rows("model", "src", leaves=Leaves.ELEMENT),', "model", "src", False),
    "an attribute": ('*_rows("div", "imagesource"),', "div", "imagesource", False),
    "an attribute of any element": ('*_rows("*", "imagesource"),', "p", "imagesource", False),
    "a list of images": ('*_rows("model", "srcset", Grammar.SRCSET),', "model", "srcset", False),
    "an element of svg": ('*_rows("feNewImage", "href", svg=True),', "feNewImage", "href", True),
    "an attribute of svg": ('*_rows("*", "paint", Grammar.CSS, svg=True),', "rect", "paint", True),
}
CHILD = """
import importlib.machinery, json, sys
line, documents = json.loads(sys.argv[1])
usual = importlib.machinery.SourceFileLoader.get_code
def get_code(self, fullname):
    if fullname != "consent_guard.rewrite.fetch_table":
        return usual(self, fullname)
    path = self.get_filename(fullname)
    head = "TABLE: Final = ("
    source = self.get_data(path).decode()
    assert source.count(head) == 1
    return compile(source.replace(head, head + line), path, "exec")
importlib.machinery.SourceFileLoader.get_code = get_code
from consent_guard.policy.model import Policy
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.rewrite.model import DocumentFacts
from consent_guard.rewrite.page import page_rewriter
compiled = CompiledPolicy(Policy.load({
    "categories": [{"id": "a", "basis": "consent", "title": {"en": "A"}}],
    "services": [{"id": "ads", "category": "a", "title": {"en": "Ads"}, "hosts": ["*.ads.example"]}]}))
left = []
for body, syntax, pad, sizes in documents:
    body = body.replace("PAD", "x" * pad).encode()
    left.append([])
    for size in sizes:
        rewriter = page_rewriter(compiled, frozenset(), DocumentFacts("https", "site.example", "/", "", syntax, "utf-8"))
        out = b"".join(rewriter.feed(body[at : at + size]) for at in range(0, len(body), size)) + rewriter.close()
        left[-1].append(b"ads.example" in out)
print(json.dumps(left))
"""


def splits(document: tuple[str, str, int]) -> list[int]:
    return [1 << 30, 1 << 20] if document[2] else [1 << 30, 1, 3]


def leaks(line: str, documents: list[tuple[str, str, int]]) -> list[list[bool]]:
    """Whether each document keeps the gated host, by each split, with a line put into the source of the table."""
    command = [sys.executable, "-B", "-c", CHILD, json.dumps([line, [(*one, splits(one)) for one in documents]])]
    out = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert out.returncode == 0, out.stderr
    return json.loads(out.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", sorted(NEW_LINES))
def test_a_line_put_into_the_table_is_enforced_everywhere(name: str) -> None:
    line, element, attribute, svg = NEW_LINES[name]
    grammar = Grammar.CSS if "CSS" in line else Grammar.SRCSET if "SRCSET" in line else Grammar.URL
    entry = TABLE[0]._replace(element=element, attribute=attribute, grammar=grammar, svg=svg, when=None)
    before = 'data-x="PAD" '
    documents = [
        (f"<svg><g>{tag(entry, element, close='/')}</g></svg>", "html", 0),
        (in_xml(entry, element), "xml", 0),
        (f"<svg><g>{tag(entry, element, close='/', before=before)}</g></svg>", "html", len(PAD)),
        (in_xml(entry, element, before=before), "xml", len(PAD)),
    ]
    if not svg:
        documents.append((f"<p>{tag(entry, element)}<b>c</b>", "html", 0))
        documents.append((f"<p>{tag(entry, element, before=before)}<b>c</b>", "html", len(PAD)))
    assert leaks(line, documents) == [[False] * len(splits(one)) for one in documents], documents
    assert leaks("", documents) == [[True] * len(splits(one)) for one in documents], "it is no new line"
