"""Addresses in CSS, found and made inert (DESIGN §6; CSS Syntax Level 3). What fetches was seen in Chromium 156."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

import pytest

from consent_guard import limits
from consent_guard.rewrite.css import blocks
from consent_guard.rewrite.css.blocks import StyleBlock
from consent_guard.rewrite.css.escapes import unescape
from consent_guard.rewrite.css.urls import find_urls


def urls(css: str, *, attribute: bool = False) -> list[str]:
    found = find_urls(css, attribute=attribute)
    assert [unescape(css[url.start : url.end]) for url in found] == [url.url for url in found]
    return [url.url for url in found]


class Sheet:
    """A style sheet as it leaves, fed in pieces: the reader's edits laid into its bytes."""

    def __init__(
        self, withheld: Callable[[str], bool], decode: Callable[[bytes], str] = lambda raw: raw.decode("utf-8", "replace")
    ) -> None:
        self.block = StyleBlock(lambda url, start, end: withheld(url), decode)
        self.held = bytearray()
        self.left = 0

    def feed(self, data: bytes, final: bool = False) -> bytes:
        """The bytes that may leave now."""
        self.held += data
        self.block.feed(data, final)
        end = self.left + len(self.held)
        safe = end if final or self.block.pending is None else self.block.pending
        out = []
        at = self.left
        for edit in self.block.edits:
            assert at <= edit.start <= edit.end <= safe, "an edit of what has left"
            out += [bytes(self.held[at - self.left : edit.start - self.left]), edit.text]
            at = edit.end
        out.append(bytes(self.held[at - self.left : safe - self.left]))
        self.block.edits.clear()
        del self.held[: safe - self.left]
        self.left = safe
        return b"".join(out)

    def close(self) -> bytes:
        return self.feed(b"", True)


def filtered(css: bytes, size: int = 1 << 30) -> bytes:
    style = Sheet(lambda url: "t" in url)
    return b"".join(style.feed(css[at : at + size]) for at in range(0, len(css), size)) + style.close()


@pytest.mark.parametrize(
    "css",
    [
        "a{background:url(t)}",
        "a{background:URL(t)}",
        "a{background:url( \n t \t )}",
        'a{background:url("t")}',
        "a{background:url( 't' )}",
        "a{background:url('t'",
        "a{background:url(t",
        "a{background:url(t  ",
        "a{background:\\75 rl(t)}",
        "a{background:\\000075\nrl(t)}",
        "a{background:u\\72l(t)}",
        "a{background:\\url(t)}",
        "a{background:ur\\6c(t)}",
        "a{background:url(\\74)}",
        "a{background:url('\\74\n')}",
        "a{background:url('\\\nt')}",
        "a{background:url('\\\r\nt')}",
        "a{background:x,url(t)}",
        "a{background:5%url(t)}",
        "a{background:/**/url(t)}",
        "a{background:+url(t)}",
        "a{background:$url(t)}",
        "a{background:url('t' crossorigin(anonymous))}",
        "a{background:image-set('t' 1x)}",
        "a{background:-webkit-image-set('t' 1x)}",
        "a{background:IMAGE-SET(/**/'t' 1x)}",
        "a{background:\\69mage-set('t' 1x)}",
        "a{background:image-set(url(t) 1x)}",
        "a{background:image-set(url('t') 1x)}",
        "a{background:image-set(var(--x, 't') 1x)}",
        "a{background:image-set( ] } 't' 1x)}",
        "a{src:src('t')}",
        "a{--x:url(t)}",
        "a{--x: 't'}",
        "a{/**/--x:'//t'}",
        "a{--x:/*;*/'//t'}",
        "a{--x:/*" + "c" * 200 + "*/'//t'}",
        "a{\\2d-x:'//t'}",
        "a{\\2d-x:'\\2f\\2ft'}",
        "a{\\2d-content:'https:t'}",
        "@property --x{syntax:'*';inherits:false;initial-value:'//t'}",
        "@function --f(){result:'//t'}",
        "@function --f(--p: url(t)){result:var(--p)}",
        "@function --f(--p: '//t'){result:var(--p)}",
        "@functio\\6e  --f(--p: url(t)){result:var(--p)}",
        "a{--a\\;content:'//t'}",
        "a{--a\\{content:'//t'}",
        "a{--a\\ content:'//t'}",
        "a{--a\\20 content:'//t'}",
        "a{--x:';CONTENT:' 1x,'//t' 1x}",
        "a{--x:';CONTENT:\"' 1x,\"'\" 1x,'//t' 1x}",
        "a{--x:url(;CONTENT:) 1x,'//t' 1x}",
        "a{--x:/*;content:*/'//t'}",
        "@function --f(--y,--z){result:var(--z)}a{--x:--f([;content:a],'//t')}",
        "a{--x:--f([;content:a[]],'//t')}",
        "a{--x:--f([;content:'a'],'//t')}",
        "a{--x:--f((;content:a),'//t')}",
        "a{--x:--f({;content:a},'//t')}",
        "a{color:red;--x:'t' 1x}",
        "@import 't';",
        "@import't';",
        "@IMPORT url(t);",
        "@import url('t') layer(a) supports(display:block) screen;",
        "@import/**/url(t);",
        "@import \n /* ; */ 't' print;",
        "@\\69mport 't';",
        "@i\\6d port \\75rl(t);",
        "@import 't",
        "@import src('t');",
        "<!--@import 't';-->",
        "@charset 'utf-8';@import 't';",
        "@font-face{src:url(t)}",
        "@media x{a{b:url(t)}}",
        "@namespace x;a{b:url(t)}",
        "'\n;b:url(t)",
        "url(x y);b:url(t)",
        'url(x"y);b:url(t)',
        "url(x\\);b:url(x));url(t)",
    ],
)
def test_what_a_browser_fetches_is_found(css: str) -> None:
    assert urls(css)[-1].removeprefix("https:").removeprefix("//") == "t"
    assert filtered(css.encode()).count(b"about:invalid") == 1


@pytest.mark.parametrize(
    "css",
    [
        "",
        "a{color:red}",
        "a{b:'url(t)'}",
        "a{b:/*url(t)*/c}",
        "a{b:/*'*/c/*url(t)'*/}",
        "a{b:xurl(t)}",
        "a{b:-url(t)}",
        "a{b:1url(t)}",
        "a{b:#url(t)}",
        "a{b:#u\\72l(t)}",
        "a{b:x\\75 rl(t)}",
        "a{b:\\61 url(t)}",
        "a{b:x\\:url(t)}",
        "a{b:url (t)}",
        "a{b:url(x t)}",
        "a{b:url(x't)}",
        "a{b:url(x(t)}",
        "a{b:url(x\x01t)}",
        "a{b:url('t\n')}",
        "a{b:url(/**/'t')}",
        "a{content:'t'}",
        "a{content:'//t'}",
        "a{color:red; CONTENT : '//t'}",
        "a[href^='//t']{}",
        "a{content:attr(href) ' //t'}",
        "a{content:'(' 'x' '//t' ')'}",
        "a{content:counter(a)\n' //t'}",
        "a[href = 'https://t']{}",
        "a{font:'x t'}",
        "a{b:image-sets('t')}",
        "a{b:image-set(x) 't'}",
        "a{b:image-set((x) [y] {z}) 't'}",
        "a{b:c--x:'t'}",
        "@namespace 't';",
        "@namespace url(t);",
        "@supports (b:url(t)){}",
        "@charset 't';",
        "@imports 't';",
        "@import x 't';",
        "@import url(x) supports(b:url(t));",
        "@1import 't';",
        "\\@import 't';",
        "/*@import 't';*/",
        "@import /* 't'",
        "a{b:url(data:text/plain,t)}",
        "a{b:url('DATA:text/plain,t')}",
        "a{b:\x00url(t)}",
    ],
)
def test_what_a_browser_does_not_fetch_stays(css: str) -> None:
    assert "t" not in urls(css)
    assert filtered(css.encode()) == css.encode()


def test_syntax_and_offsets_are_told() -> None:
    css = "é@import 'a';b{c:url( \\62 ) image-set('é' 1x)}"
    found = [(css[url.start : url.end], url.url, url.syntax) for url in find_urls(css, attribute=False)]
    assert found == [("a", "a", "import"), ("\\62 ", "b", "url"), ("é", "é", "string")]


def test_an_attribute_has_no_at_rules() -> None:
    assert urls("@import 't'; background:url(u)", attribute=True) == ["u"]


def test_data_addresses_are_judged_after_import_alone() -> None:
    css = b"@import 'data:text/css,t';a{b:url(data:t)}"
    style = Sheet(lambda url: url.startswith("data:"))
    assert style.feed(css) + style.close() == b"@import 'about:invalid';a{b:url(data:t)}"


def test_only_the_gated_address_changes() -> None:
    css = b"a{b:url( t ) no-repeat,url('t'),url(x)}\r\n\xff\x00@import \"t\" screen;"
    gone = b"a{b:url( about:invalid ) no-repeat,url('about:invalid'),url(x)}\r\n\xff\x00@import \"about:invalid\" screen;"
    assert filtered(css) == gone
    assert filtered(gone) == gone


def test_addresses_are_read_in_the_sheets_encoding() -> None:
    heard: list[str] = []
    style = Sheet(lambda url: bool(heard.append(url)), decode=lambda raw: raw.decode("cp1252"))
    style.feed(b"a{b:url(\xe9)}")
    assert heard == ["é"]


PIECES = [
    *[
        "url(",
        "URL(",
        "\\75 rl(",
        "u\\72l(",
        "\\url(",
        "ur",
        "l(",
        "image-set(",
        "-webkit-image-set(",
        "src(",
        "a",
        "t",
        '"t"',
        "'a'",
    ],
    *[
        "@import",
        "@\\69mport",
        "@media",
        "@supports",
        '"',
        "'",
        ")",
        "(",
        "{",
        "}",
        "[",
        "]",
        ";",
        ":",
        "/*",
        "*/",
        "--x:",
        "data:",
    ],
    *["\\", "\\\n", "\\\r\n", "\\41 ", "\n", "\r", " ", "\x00", "-", "#", "@", "/", "é", "<!--", "-->", ","],
    *["a" * 300, "\\61" * 90, " " * 130],
]


@pytest.mark.parametrize("limit", [limits.HELD_VALUE_BYTES, 3])
def test_any_split_gives_the_same_sheet(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """R1, R2, R3"""
    monkeypatch.setattr(blocks, "HELD_VALUE_BYTES", limit)
    random_ = random.Random(11)
    for _ in range(500):
        css = "".join(random_.choice(PIECES) for _ in range(random_.randrange(1, 16))).encode()
        whole = filtered(css)
        assert {filtered(css, size) for size in (1, 2, 3, 7)} == {whole}
        if limit > 3:
            nothing = Sheet(lambda url: False)
            assert nothing.feed(css) + nothing.close() == css
            assert filtered(whole) == whole
            assert (whole != css) == any("t" in url for url in urls(css.decode()))


@pytest.mark.parametrize("head", [b"a{b:url(", b"a{b:url('", b"@import 'data:,", b"a{b:image-set('"])
def test_an_address_too_long_to_hold_leaves_inert(head: bytes) -> None:
    """R4, R5"""
    style = Sheet(lambda url: False)
    out = style.feed(head)
    for _ in range(100):
        out += style.feed(b"x" * (limits.HELD_VALUE_BYTES // 20))
    block = StyleBlock(lambda url, start, end: False, bytes.decode)
    block.feed(head, False)
    tracemalloc.start()
    for _ in range(100):
        block.feed(b"x" * (limits.HELD_VALUE_BYTES // 20), False)
        block.edits.clear()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = head.removesuffix(b"data:,")
    assert out == kept + b"about:invalid"
    assert peak < 4 * limits.HELD_VALUE_BYTES
    assert style.feed(b"'))}c{d:e}").endswith(b"}c{d:e}")


@pytest.mark.parametrize(
    "unit",
    [
        b"url(",
        b"url('",
        b"\\",
        b"\\75",
        b"@",
        b"@i",
        b"/*",
        b"/",
        b"'",
        b"image-set(",
        b"a{",
        b"--x:'a'",
        b"url(\\",
        b" ",
        b"x",
    ],
)
@pytest.mark.linear
def test_time_is_linear_also_byte_by_byte(unit: bytes) -> None:
    """R6"""
    css = unit * (100_000 // len(unit))
    filtered(css, 1)
    filtered(css * 10)
    find_urls(css.decode() * 10, attribute=False)
