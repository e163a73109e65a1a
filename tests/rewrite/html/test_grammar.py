"""The lexer's byte patterns: what the fast path passes, and that none of them can be made slow (DESIGN §8, R6)."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import consent_guard.rewrite
from consent_guard.rewrite.decide.tags import read_tag
from consent_guard.rewrite.fetch_table import FETCHING_ELEMENTS, TABLE, Grammar
from consent_guard.rewrite.html import grammar as p
from consent_guard.rewrite.html.tree_builder_simulator import Switch, TreeBuilderSimulator

from ..documents import FUZZ, rules


def passed(text: bytes, pattern: re.Pattern[bytes] = p.SKIP) -> bytes:
    found = pattern.match(text)
    assert found is not None
    return found[0]


# -- which patterns this interpreter can be trusted with --------------------------------------------------------------------


def source_files() -> list[Path]:
    return sorted(path for root in consent_guard.rewrite.__path__ for path in Path(root).rglob("*.py"))


def every_pattern() -> dict[str, re.Pattern[bytes] | re.Pattern[str]]:
    """Every compiled pattern of the package, by module and name."""
    found: dict[str, re.Pattern[bytes] | re.Pattern[str]] = {}
    for module in pkgutil.walk_packages(consent_guard.rewrite.__path__, "consent_guard.rewrite."):
        for name, value in vars(importlib.import_module(module.name)).items():
            for key, one in value.items() if isinstance(value, dict) else [("", value)]:
                if isinstance(one, re.Pattern):
                    found.setdefault(f"{module.name}.{name}[{key}]" if key else f"{module.name}.{name}", one)
    return found


PATTERNS = every_pattern()


def possessive_groups(parsed: Any) -> Iterator[Any]:
    """Possessive repeats, in a parsed pattern or a part of one, of anything but one character."""
    if isinstance(parsed, re._parser.SubPattern):  # type: ignore[attr-defined]
        for operation, argument in parsed:
            if str(operation) == "POSSESSIVE_REPEAT":
                item = argument[-1]
                if [str(one) for one, _ in item] not in (["IN"], ["LITERAL"], ["NOT_LITERAL"], ["ANY"]):
                    yield item
            yield from possessive_groups(argument)
    elif isinstance(parsed, tuple | list):
        for part in parsed:
            yield from possessive_groups(part)


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_no_pattern_uses_a_possessive_group(name: str) -> None:
    """CPython before 3.11.5 mis-executes ``(…)*+``; Debian 12 ships 3.11.2."""
    pattern = PATTERNS[name]
    assert not list(possessive_groups(re._parser.parse(pattern.pattern, pattern.flags)))  # type: ignore[attr-defined]


def test_a_possessive_group_would_be_found() -> None:
    for text in ("(?:ab)*+", "a(?:b|(?>(?:cd)++))", "(x(?:ab){2}+)"):
        assert list(possessive_groups(re._parser.parse(text))), text  # type: ignore[attr-defined]
    assert not list(possessive_groups(re._parser.parse("[ab]*+(?>(?:ab)*)a?+")))  # type: ignore[attr-defined]


def test_no_byte_pattern_of_the_lexer_takes_a_vertical_tab_for_white_space() -> None:
    for name, pattern in vars(p).items():
        for one in pattern.values() if isinstance(pattern, dict) else [pattern]:
            if isinstance(one, re.Pattern):
                assert rb"\s" not in one.pattern, name


def test_an_interpreter_that_misreads_a_pattern_is_refused_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    p._check()
    monkeypatch.setattr(p, "TAG", re.compile(rb"<(/?)([a-z]+)([^>]*)>"))
    with pytest.raises(RuntimeError, match="re module"):
        p._check()
    monkeypatch.undo()
    monkeypatch.setattr(p, "SKIP", re.compile(rb"(?:[^<]|<[a-z]+[^>]*>)*"))
    with pytest.raises(RuntimeError, match="re module"):
        p._check()


# -- what the fast path passes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"text",
        b"a < b <3 << <1",
        b"<p>a</p><b class=x>c</b>",
        b"<a href='/x' title=\"'>'\">x</a>",
        b"<a href=//px.ads.example/>x</a><form action=//px.ads.example/>",
        b"<!-- <script src=x> -->a<!-->b<!--->c<!-- --!>d",
        b'<!doctype html PUBLIC "><p>',
        b"<br/><hr / ><x-y z></x-y>",
        b"<imgx src=//px.ads.example/><scripts><p data-onx=1 data-style=url(x) xstyle=1>",
        b"</p>" * 5000 + b"<i a=b c='d' e=\"f\" g>" * 5000,
        b"\x00\xff<p\x00a=\xff>",
        b"<div title='x java script:x' alt=\"j\" rel=jx>",
    ],
)
def test_what_cannot_matter_is_passed_whole(text: bytes) -> None:
    assert passed(text) == text


AFTER = [b">", b" x>", b"/>", b"\tsrc=x>", b"\n>", b"\f>", b"\r>"]


@pytest.mark.parametrize("name", sorted({*p.RAW_TEXT, *p.STRUCTURAL}))
@pytest.mark.parametrize("after", AFTER)
def test_a_tag_that_changes_the_reading_is_never_passed(name: bytes, after: bytes) -> None:
    if name == b"svg" and after == b"/>":
        return  # a whole drawing is passed: see test_slow_reference
    for spelled in (name, name.upper(), name.title()):
        text = b"a<b>c<" + spelled + after + b"d"
        for pattern in (p.SKIP, p.SKIP_STRICT):
            assert passed(text, pattern) == b"a<b>c"
        assert b"<" + spelled not in passed(text, p.SKIP_FOREIGN)
    assert passed(b"<" + name + b"x" + after) == b"<" + name + b"x" + after


FETCHES = sorted(
    {
        (
            entry.element.encode(),
            (entry.when.attribute if entry.grammar is Grammar.REFRESH and entry.when else entry.attribute).encode(),
        )
        for entry in TABLE
        if entry.element != "*" and not entry.svg and entry.element != "link"
    }
)


@pytest.mark.parametrize(("name", "attribute"), FETCHES)
def test_a_tag_is_never_passed_with_an_attribute_by_which_it_fetches(name: bytes, attribute: bytes) -> None:
    for spelled in (name, name.upper(), name.title()):
        for written in (attribute, attribute.upper(), attribute.title()):
            for tag in (b" %s=//x>", b"\n%s='//x'>", b"/%s=//x/>", b' a=b\f%s = "//x">', b" a='>'%s=//x>"):
                text = b"a<b>c<" + spelled + tag % written + b"d"
                for pattern in (p.SKIP, p.SKIP_STRICT, p.SKIP_FOREIGN):
                    assert b"<" + spelled not in passed(text, pattern), text


@pytest.mark.parametrize("name", sorted(FETCHING_ELEMENTS - p.RAW_TEXT - set(p.STRUCTURAL) - {b"base", b"link"}))
def test_an_element_that_fetches_is_passed_where_it_has_nothing_to_fetch(name: bytes) -> None:
    for after in (b">", b" x>", b"/>", b" x-src=//px.ads.example/ alt='x'>"):
        assert passed(b"a<" + name + after + b"b") == b"a<" + name + after + b"b"


@pytest.mark.parametrize(
    "tag", [b"<meta http-equiv=refresh>", b"<META a=b HTTP-EQUIV='x'>", b"<input src=x>", b"<Input type=image\nSRC=x>"]
)
def test_a_meta_or_input_is_passed_only_without_what_makes_it_fetch(tag: bytes) -> None:
    assert passed(b"a<meta name=x content='0;url=//px.ads.example/'><input type=image x=src>" + tag + b"b") == (
        b"a<meta name=x content='0;url=//px.ads.example/'><input type=image x=src>"
    )


@pytest.mark.parametrize("style", [b"style=a:b", b"STYLE='color:red'", b'style="a:b;c:d" x=y', b"a=b\nstyle = x"])
def test_a_style_attribute_without_parenthesis_or_escape_is_passed(style: bytes) -> None:
    assert passed(b"a<p " + style + b">b") == b"a<p " + style + b">b"


@pytest.mark.parametrize(
    "attribute",
    [
        b"onclick=x",
        b"ONanything=x",
        b"style=x(",
        b"style='a:&lpar;'",
        b'style="\\75rl"',
        b"Style",
        b"background=x",
        b"ping=x",
        b"attributionsrc=x",
        b"href=javascript:x",
        b"href='javascript:x'",
        b'href="  JaVascript:x"',
        b"href='\x01j\nav'",
        b"href=j&#97;vascript:x",
        b"href=&#106;avascript:x",
        b'x="&Tab;javascript:x"',
        b"a/style=x(",
        b'a="b"style=x(',
        b"a='>' onclick=x",
        b"= onclick=x",
        b"a=onclick style=x(",
    ],
)
def test_a_tag_with_an_attribute_that_may_act_is_never_passed(attribute: bytes) -> None:
    assert passed(b"a<p " + attribute + b">b") == b"a"
    assert passed(b"a<p x=y\n" + attribute + b" z>b") == b"a"
    assert passed(b"a<path " + attribute + b"/>b", p.SKIP_FOREIGN) == b"a"


@pytest.mark.parametrize(
    "text", [b"<p", b"<p title='x", b"<p title=x", b"</p", b"<!--x", b"<!doctype x", b"<?x", b"<", b"</", b"<!", b"<!-"]
)
def test_what_the_end_of_the_buffer_cuts_is_not_passed(text: bytes) -> None:
    assert passed(b"a" + text) == b"a"


@pytest.mark.parametrize(
    "text", [b"</p >", b"</p x='>", b"<![CDATA[x]]>", b"<?php ?>", b"</>", b"</ p>", b"</select>", b"</template>", b"<!x>"]
)
def test_what_only_the_lexer_can_read_is_not_passed(text: bytes) -> None:
    assert passed(b"a" + text + b"b") == b"a"


def test_inside_svg_only_leaves_that_close_at_once_are_passed() -> None:
    leaves = b"<path d='M0 0'/> <rect width=1></rect><stop offset=1 />\n<g/><!-- x -->"
    assert passed(leaves, p.SKIP_FOREIGN) == leaves
    for text in (
        b"<path d='M0'>",
        b"<g>",
        b"<g></g>",
        b"</path>",
        b"<use href=x />",
        b"<path fill='url(x)'/>",
        b"<path x='\\75'/>",
    ):
        assert passed(text, p.SKIP_FOREIGN) == b""
    # an unquoted value takes the slash with it: the element stays open
    assert passed(b"<path d=x/>", p.SKIP_FOREIGN) == b""


NAMES = st.sampled_from(
    b"p div a b x-y path g rect circle stop img script link style title svg imag scriptx textare form input object".split()
)
PARTS = st.sampled_from(
    [
        *(b" ", b"\n", b"/", b"=", b'"', b"'", b">", b"<", b"a", b"href", b"src", b"style", b"onload", b"background", b"ping"),
        *(b"attributionsrc", b"fill", b"title", b"xlink:href", b"data", b"to", b"//px.ads.example/", b"url(//px.ads.example/)"),
        *(b"javascript:import('//px.ads.example/')", b"java", b"&#9;", b"&quot;", b"script:", b"\\", b"x"),
    ]
)


def acts(tag: re.Match[bytes], foreign: bool) -> bool:
    name = tag[2].lower()
    context = TreeBuilderSimulator()
    if foreign:
        context.start(b"svg", closed=False)
    before = context.state()
    switch = context.start(name, closed=tag[0].endswith(b"/>"))
    if foreign and context.state() != before:
        # passed with its end tag only
        context.end(name)
    named = read_tag(
        rules(inline_scripts="mention"), tag[0], tag[0], name, lambda raw: raw.decode("utf-8", "replace"), foreign, False
    )
    return named is not None or switch is not Switch.NO or context.state() != before


@FUZZ
@given(NAMES, st.lists(PARTS, max_size=8))
def test_nothing_is_passed_at_which_something_would_be_done(name: bytes, parts: list[bytes]) -> None:
    """The pattern and the reader, told apart: what SKIP passes names nothing, and changes no reading."""
    text = b"<" + name + b" " + b"".join(parts) + b">"
    tag = p.TAG.match(text)
    if tag is None:
        return
    for pattern, foreign in ((p.SKIP, False), (p.SKIP_FOREIGN, True)):
        whole = tag[0] + (b"</" + name + b">" if foreign and not tag[0].endswith(b"/>") else b"")
        found = pattern.match(whole)
        if found is not None and found.end() == len(whole) and found[0]:
            assert not acts(tag, foreign), (pattern is p.SKIP, whole)


@FUZZ
@given(st.sets(st.binary(min_size=1, max_size=4).map(bytes.lower), min_size=1, max_size=8), st.binary(max_size=5))
def test_words_in_any_case_are_matched_and_no_others(words: set[bytes], text: bytes) -> None:
    pattern = re.compile(b"(?:" + p.any_case_words(words) + rb")\Z", re.DOTALL)
    for word in words:
        assert pattern.match(word)
        assert pattern.match(word.upper())
    assert bool(pattern.match(text)) is (text.lower() in words)


# -- time -------------------------------------------------------------------------------------------------------------------


UNITS = [
    *("<", "</", "<a", "<a ", "<a/", "<a b", "<a b=", "<a b='", '<a b="', "<a b=c ", "<!", "<!-", "<!--", "-", "--", "--!"),
    *("&", "&a", "&#", "=", " ", "\t", "/", "'", '"', "</script", "<script", "]]", "<![CDATA[", "url(", "\\", "(", ",", ";"),
    *(
        "a",
        "a.",
        "a-",
        "a:",
        "http://a.",
        "j",
        "java",
        "0",
        "0 ",
        ".",
        "@",
        "@import",
        "/*",
        "*",
        "?",
        "<?",
        "%",
        "<!ENTITY ",
        '["',
    ),
    *("hidden:", "display", "width", "width :", "x x", "=a", "='a' ", "a=b c='d' ", "é", "\x80"),
]


METHODS = ("match", "fullmatch", "search", "finditer", "findall", "sub", "split")


def used_methods() -> dict[str, set[str]]:
    """How the package calls each pattern, by the pattern's name: read from its source."""
    used: dict[str, set[str]] = {}
    for path in source_files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                owner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
                name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
                used.setdefault(name, set()).add(node.attr)
    return used


USED = used_methods()


@pytest.mark.parametrize("name", sorted(PATTERNS))
@pytest.mark.linear
def test_no_pattern_can_be_made_to_backtrack(name: str) -> None:
    """R6: every pattern over adversarial repetitions, called as the package calls it. A quadratic one needs many seconds for
    this length, an exponential one for ever."""
    pattern = PATTERNS[name]
    methods = USED.get(re.sub(r"^\w+\.|\[.*", "", name), {"match"})
    for unit in UNITS:
        for head in ("", "<a ", '<a b="', "<!--", "<!DOCTYPE a [", "data:", "display:", "0;", "url("):
            text = head + unit * (120_000 // len(unit))
            subject = text if isinstance(pattern.pattern, str) else text.encode("utf-8")
            for method in methods:
                call = getattr(pattern, method)
                found = call(lambda one: one[0], subject) if method == "sub" else call(subject)
                if method == "finditer":
                    deque(found, 0)
