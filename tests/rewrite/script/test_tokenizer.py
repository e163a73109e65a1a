"""Code told apart from strings, templates, comments and regular expressions (ECMA-262 §12)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard.rewrite.script.literals import literal_text
from consent_guard.rewrite.script.tokenizer import NOWHERE, Groups, mask

PIECES = [
    *("a", "b1", "$", " ", "\n", "\r\n", "\t", ";", ",", "=", "+", "++", ".", ":", "?", "=>", "é", "\u2028"),
    *("'", '"', "`", "\\", "/", "//", "/*", "*/", "<!--", "-->", "${", "{", "}", "(", ")", "[", "]"),
    *("return", "if", "typeof", "function", "import", "http://x.example/a", "'//x.example'", "/[/]/g", "0", "\\x41", "\\u{41}"),
]
SCRIPTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def shown(script: str) -> str:
    """The masked script with a mark for each kind of what is not code."""
    return mask(script.encode()).decode("utf-8").replace("\x01", "s").replace("\x02", "r")


@pytest.mark.parametrize(
    ("script", "masked"),
    [
        ('x = "a b"', 'x = "sss"'),
        ("x = 'a\"b'", "x = 'sss'"),
        (r'x = "a\"b" + y', 'x = "ssss" + y'),
        (r'x = "a\\" + y', 'x = "sss" + y'),
        ('x = "a\\\nb"; y', 'x = "ssss"; y'),
        ('x = "a\\\r\nb"; y', 'x = "sssss"; y'),
        ('x = "a\ny', 'x = "s\ny'),
        ('x = "a\u2028b"', 'x = "sssss"'),
        ('x = "a', 'x = "s'),
        ('x = "a\\', 'x = "ss'),
        ("x // c 'd'\ny", "x         \ny"),
        ("x // c\u2028y", "x     \n  y"),
        ("x /* ' */ y", "x         y"),
        ("x /* \n */ y", "x \n       y"),
        ("x /* y", "x     "),
        ("x /** a * b **/ y", "x               y"),
        ("x <!-- 'c'\ny", "x         \ny"),
        ("\n --> 'c'\ny", "\n        \ny"),
        ("/* c */ --> 'c'\ny", "               \ny"),
        ("a --> 'c'", "a --> 's'"),
        ("x = /'/g", "x = rrrr"),
        ("x = /[/']/; y", "x = rrrrrr; y"),
        (r"x = /\/'/; y", "x = rrrrr; y"),
        ("x = a / b / 'c'", "x = a / b / 's'"),
        ("x = 1 / 2 / 'c'", "x = 1 / 2 / 's'"),
        ("x = (a) / b / 'c'", "x = (a) / b / 's'"),
        ("if (a) /'/.test(b)", "if (a) rrr.test(b)"),
        ("while (f(a)) /'/.test(b)", "while (f(a)) rrr.test(b)"),
        ("x = a[0] / b / 'c'", "x = a[0] / b / 's'"),
        ("return /'/", "return rrr"),
        ("a.return / b / 'c'", "a.return / b / 's'"),
        ("x = a++ / b / 'c'", "x = a++ / b / 's'"),
        ("x = a + /'/", "x = a + rrr"),
        ("{} /'/.test(a)", "{} rrr.test(a)"),
        ("x = 'a' / b / 'c'", "x = 's' / b / 's'"),
        ("x = /a/ / b / 'c'", "x = rrr / b / 's'"),
        ("x = a / b; y = 'c'", "x = a / b; y = 's'"),
        ("x = `a ${b} c`", "x = `ss${b}ss`"),
        ("x = `a ${ {y: 1}.y } c` + d", "x = `ss${ {y: 1}.y }ss` + d"),
        ("x = `a ${`b ${c} d`} e` + f", "x = `ss${`ss${c}ss`}ss` + f"),
        ("x = `${'}'}` + f", "x = `${'s'}` + f"),
        ("x = `a $b {c}` + f", "x = `sssssss` + f"),
        (r"x = `a \${b} \` c` + f", "x = `sssssssssss` + f"),
        ("x = `a", "x = `s"),
        ("x = `a${", "x = `s${"),
        ("x = ``; y = ''", "x = ``; y = ''"),
        ("x = `${ /}'/ }` + y", "x = `${ rrrr }` + y"),
        ("x = `${ a /* } */ }` + y", "x = `${ a         }` + y"),
    ],
)
def test_code_is_told_from_what_is_none(script: str, masked: str) -> None:
    assert shown(script).replace("s" * 2, "s").replace("r" * 2, "r") == masked.replace("s" * 2, "s").replace("r" * 2, "r")
    assert len(mask(script.encode())) == len(script.encode())


@given(SCRIPTS | st.text(max_size=60), st.binary(max_size=40))
def test_masking_never_raises_and_keeps_every_offset(script: str, more: bytes) -> None:
    text = script.encode("utf-8", "surrogatepass") + more
    code = mask(text)
    assert len(code) == len(text)
    assert all(byte == text[at] or byte in b" \n\x01\x02" for at, byte in enumerate(code))
    groups = Groups(code)
    for number, start in enumerate(groups.open):
        end = groups.close[number]
        assert start < end <= len(code)
        assert groups.opened_at(start) == number
        parent = groups.parent[number]
        assert parent < number
        if parent != NOWHERE:
            assert groups.open[parent] < start
            assert end <= groups.close[parent]
        assert groups.group_at(start) == parent
        if end < len(code):
            assert groups.closed_at(end) in range(number, len(groups.open))
    assert all(first < second for first, second in pairwise(groups.open))


@given(SCRIPTS)
def test_no_text_of_a_string_or_comment_is_left_in_the_code(script: str) -> None:
    inside = script.translate(str.maketrans("", "", "\n\r\u2028'\"`\\$*/"))
    assert b"secret" not in mask(f"x = 'secret{inside}'; y".encode())
    assert b"secret" not in mask(f"x = `secret{inside}`; y".encode())
    assert b"secret" not in mask(f"/* secret{inside} */ y".encode())
    assert mask(f"x = 'secret{inside}'; y".encode()).endswith(b"'; y")


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (rb"https:\/\/x.example\/a", "https://x.example/a"),
        (rb"\x68\u0074\u{74}p", "http"),
        (rb"a\101\0", "aA\ufffd"),
        (b"a\\\nb\\\r\nc", "abc"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d", "\ufffd"),
        (rb"\u{110000}", "\ufffd"),
        (rb"\n\q", "\nq"),
        (b"\xff", "\ufffd"),
        ("é".encode(), "é"),
        (b"a\\", "a\\"),
    ],
)
def test_escapes_are_undone_as_the_standard_says(raw: bytes, meant: str) -> None:
    assert literal_text(raw) == meant


@given(st.binary(max_size=60))
def test_a_literals_text_is_found_for_any_bytes(raw: bytes) -> None:
    literal_text(raw).encode("utf-8")


@pytest.mark.linear
@pytest.mark.parametrize(
    "unit",
    [
        b"'",
        b"\\",
        b"'\\'",
        b"`",
        b"${`",
        b"`${",
        b"/[",
        b"=/[ ",
        b"=/a",
        b")/a",
        b"}/a\n",
        b"/*",
        b"/**",
        b"<!--",
        b"\n-->",
        b"-->",
        b" /",
        b"(",
        b"([{",
        b")]}",
        b"(]",
        b"([)",
        b"a/",
        b"/ \n",
        b"\xe2\x80\xa8//",
        b"a\\\n",
    ],
)
def test_anything_again_and_again_is_masked_in_linear_time(unit: bytes) -> None:
    for before in (b"", b"x = `"):
        Groups(mask(before + unit * (400_000 // len(unit))))


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("x={}/1;s=2;y=1/2", "x={}/1;s=2;y=1/2"),
        ("f({}/1);s=2;y=1/2", "f({}/1);s=2;y=1/2"),
        ("x=`${y}`/1;s=1/2", "x=`${y}`/1;s=1/2"),
        ("if(a){}/'/", "if(a){}\x02\x02\x02"),
        ("x=>{}\n/'/", "x=>{}\n\x02\x02\x02"),
    ],
)
def test_a_slash_after_an_object_literal_divides_and_begins_a_regular_expression_after_a_block(script: str, code: str) -> None:
    assert mask(script.encode()) == code.encode()
