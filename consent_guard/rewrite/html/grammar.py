"""The WHATWG tokenizer's lexemes as compiled byte patterns.

Pure data: no state, no policy. ``lexer`` runs them, ``attributes`` reads single tags with them.

Why they look as they do: CPython before 3.11.5 mis-executes possessive *groups* ``(…)*+`` (Debian 12 ships 3.11.2), so a
repeated group stands in an atomic one, ``(?>(…)*)``, and ``*+`` follows character classes only. ``\\s`` is never used: HTML's
white space has
no vertical tab. The vectors at the end are checked at import: an interpreter on which a pattern misreads must not guard a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

SPACE: Final = rb"\t\n\f\r "

RAW_TEXT: Final = frozenset(
    {b"style", b"xmp", b"iframe", b"noembed", b"noframes", b"noscript", b"script", b"plaintext", b"textarea", b"title"}
)
"""Elements whose content an HTML tokenizer does not read as markup (WHATWG 13.2.6: RCDATA, RAWTEXT, script data, PLAINTEXT)."""

INTERESTING: Final = (
    *(b"script", b"style", b"textarea", b"title", b"xmp", b"iframe", b"noembed", b"noframes", b"noscript", b"plaintext"),
    *(b"html", b"svg", b"math", b"template", b"select", b"frameset", b"base", b"body"),
    *(b"img", b"image", b"input", b"frame", b"embed", b"object", b"param", b"link", b"meta", b"portal"),
    *(b"source", b"video", b"audio", b"track", b"bgsound"),
)
"""Start tags that change how the rest is read, or whose own attributes fetch."""

FOREIGN_LEAVES: Final = (b"path", b"rect", b"circle", b"ellipse", b"line", b"polyline", b"polygon", b"stop", b"g")
"""SVG elements that fetch nothing by themselves and fill most inline drawings."""


def _letter(byte: int) -> bytes:
    char = bytes([byte])
    return b"[" + char + char.upper() + b"]" if char.isalpha() else re.escape(char)


def any_case_words(words: Iterable[bytes]) -> bytes:
    """Return a pattern for any of the lower-case words in any case, shared beginnings written once."""
    branches: dict[int, list[bytes]] = {}
    for word in words:
        branches.setdefault(word[0], []).append(word[1:])
    written = []
    for byte, rests in sorted(branches.items()):
        longer = [rest for rest in rests if rest]
        tail = any_case_words(longer) if longer else b""
        if len(longer) < len(rests):
            tail = b"(?:" + tail + b")?" if tail else b""
        elif b"|" in tail:
            tail = b"(?:" + tail + b")"
        written.append(_letter(byte) + tail)
    return b"|".join(written)


_VALUE: Final = rb"(?:\"[^\"]*+\"|'[^']*+'|[^" + SPACE + rb">\"'][^" + SPACE + rb">]*+|(?=>))"
_ASSIGN: Final = rb"[" + SPACE + rb"]*+=[" + SPACE + rb"]*+"
_NAME: Final = rb"[^" + SPACE + rb"/>][^" + SPACE + rb"/>=]*+"
_TAG_NAME: Final = rb"[a-zA-Z][^" + SPACE + rb"/>]*+"
_GAP: Final = rb"[" + SPACE + rb"/]*+"


def _one_attribute(guard_name: bytes = b"", guard_value: bytes = b"") -> bytes:
    """One whole attribute with the gap before it, unless a guard looks ahead at its name or value in vain."""
    value = rb"(?:" + _ASSIGN + guard_value + _VALUE + rb"|(?!" + _ASSIGN + rb"))"
    return _GAP + guard_name + _NAME + value


def _attributes(guard_name: bytes = b"", guard_value: bytes = b"") -> bytes:
    """A run of such attributes."""
    return rb"(?>(?:" + _one_attribute(guard_name, guard_value) + rb")*)"


TAG: Final = re.compile(rb"<(/?+)(" + _TAG_NAME + rb")(" + _attributes() + rb")" + _GAP + rb">")
"""A whole start or end tag: slash, name, attributes."""

ATTRIBUTE: Final = re.compile(
    rb"["
    + SPACE
    + rb"/]*+("
    + _NAME
    + rb")(?:"
    + _ASSIGN
    + rb"(?:\"([^\"]*+)\"|'([^']*+)'|([^"
    + SPACE
    + rb">\"'][^"
    + SPACE
    + rb">]*+)|(?=>)))?"
)
"""One attribute inside a tag that TAG has matched: name, then the value as it was quoted."""

# Attributes that can make any element fetch or run: on*, style, background, ping, attributionsrc; and values that may be
# javascript:.
_SUSPECT_NAME: Final = rb"(?!" + any_case_words([b"on", b"style", b"background", b"ping", b"attributions"]) + rb")"
_SUSPECT_VALUE: Final = rb"(?![\"']?+[\x00-\x20]*+(?:[jJ][aA\t\n\r&]|&))"
_COMMON_ATTRIBUTE: Final = rb' [c-nqrt-z][a-z-]*+="(?![\x00-\x20]*+(?:[jJ][aA\t\n\r&]|&))[^"]*+"'
"""What most attributes look like; no suspect's name begins so."""
_PLAIN_STYLE: Final = (
    _GAP
    + rb"[sS][tT][yY][lL][eE]"
    + _ASSIGN
    + rb"(?:\"[^\"'(&\\]*+\"|'[^\"'(&\\]*+'|[^"
    + SPACE
    + rb">\"'(&\\]++(?=["
    + SPACE
    + rb">]))"
)
"""A style attribute that cannot fetch: every CSS function that does needs a parenthesis, as it stands or escaped, and a custom
property that one elsewhere takes needs a string."""


def _boring_attributes(*more: bytes) -> bytes:
    """A run of attributes that cannot fetch on any element, nor are called ``more``."""
    guard = _SUSPECT_NAME + (rb"(?!" + any_case_words(more) + rb")" if more else b"")
    common = b"" if more else _COMMON_ATTRIBUTE + rb"|"
    return rb"(?>(?:" + common + _one_attribute(guard, _SUSPECT_VALUE) + rb"|" + _PLAIN_STYLE + rb")*)"


_BORING_ATTRIBUTES: Final = _boring_attributes()
_FOREIGN_ATTRIBUTES: Final = _attributes(
    _SUSPECT_NAME, rb"(?!\"[^\"(&\\]*+[(&\\]|'[^'(&\\]*+[(&\\]|[^\"'" + SPACE + rb">(&\\]*+[(&\\])" + _SUSPECT_VALUE
)

_COMMENT: Final = rb"!--(?:-?>|(?>(?:[^-]++|-(?!-!?>))*)--!?>)"
_DECLARATION: Final = rb"![dD][^>]*+>"
_STRAY: Final = rb"(?=[^a-zA-Z/!?])"
_COUNTED: Final = rb"(?:" + any_case_words([b"select", b"template"]) + rb")[" + SPACE + rb"/>]"
_END_TAG: Final = rb"/(?:[a-ru-wA-RU-W]|(?!" + _COUNTED + rb")[a-zA-Z])[^" + SPACE + rb"/>]*+>"
_BORING_NAME: Final = (
    rb"(?:(?:div|span|a|p|li|ul)(?=[ >])|(?!(?:" + any_case_words(INTERESTING) + rb")[" + SPACE + rb"/>])" + _TAG_NAME + rb")"
)

_SIMPLE_ATTRIBUTE: Final = rb' [c-nqrt-z][a-z-]*+="[^\x00-\x20&jJ"][^"]*+"'
_BORING_REST: Final = (
    rb"(?:>|" + _SIMPLE_ATTRIBUTE + rb"(?:>|" + _SIMPLE_ATTRIBUTE + rb">)|" + _BORING_ATTRIBUTES + _GAP + rb">)"
)
"""Of a tag after its name. Most have none, one or two attributes, in the usual spelling: these need no loop."""

_BORING_META: Final = (
    rb"(?:[mM][eE][tT][aA]|[iI][nN][pP][uU][tT])(?=[" + SPACE + rb"/>])" + _boring_attributes(b"http-", b"src") + _GAP + rb">"
)
"""``<meta>`` without http-equiv and ``<input>`` without an address."""

SKIP: Final = re.compile(
    rb"(?>(?:[^<]*+<(?:"
    + rb"|".join((_END_TAG, _BORING_NAME + _BORING_REST, _BORING_META, _COMMENT, _DECLARATION, _STRAY))
    + rb"))*)[^<]*+"
)
"""Everything in HTML content at which nothing can be withheld and no reading changes: the fast path."""

SKIP_FOREIGN: Final = re.compile(
    rb"(?>(?:[^<]*+<(?:(?!"
    + any_case_words(INTERESTING)
    + rb")(?:"
    + any_case_words(FOREIGN_LEAVES)
    + rb")"
    + _FOREIGN_ATTRIBUTES
    + rb"["
    + SPACE
    + rb"]*+(?:/>|></(?:"
    + any_case_words(FOREIGN_LEAVES[:-1])
    + rb")>)|"
    + _COMMENT
    + rb"|"
    + _STRAY
    + rb"))*)[^<]*+"
)
"""The same inside svg and math, where every open element counts: only leaves that close at once."""

TEXT: Final = re.compile(rb"(?>(?:[^<]++|<[^a-zA-Z/!?<])*)")
"""Text without any markup; it stops before a ``<`` that may begin some."""

BLANK: Final = re.compile(rb"[" + SPACE + rb"]*+")
COMMENT_END: Final = re.compile(rb"--!?>")
SCRIPT_PLAIN: Final = re.compile(rb"<(?:!--|/[sS][cC][rR][iI][pP][tT][" + SPACE + rb"/>])")
SCRIPT_ESCAPED: Final = re.compile(rb"-->|</?[sS][cC][rR][iI][pP][tT][" + SPACE + rb"/>]")
RAW_END: Final = {
    name: re.compile(rb"</" + b"".join(map(_letter, name)) + rb"[" + SPACE + rb"/>]")
    for name in RAW_TEXT - {b"script", b"plaintext"}
}

# The single states inside a tag, for a tag that a chunk's end cuts.
IN_TAG_NAME: Final = re.compile(rb"[^" + SPACE + rb"/>]*+")
BEFORE_NAME: Final = re.compile(_GAP)
IN_NAME: Final = re.compile(rb"[^" + SPACE + rb"/>=]*+")
IN_UNQUOTED: Final = re.compile(rb"[^" + SPACE + rb">]*+")


def _check() -> None:
    """Raise RuntimeError where this interpreter's ``re`` misreads one of the patterns."""
    tags = {
        b'<p/="><script src=x>': b'<p/=">',
        b"<a b='>' c=\">\"d=/>": b"<a b='>' c=\">\"d=/>",
        b'<a ="b">': b'<a ="b">',
        b"<a b=>c": b"<a b=>",
        b"<a b= 'x>": None,
        b"</a b='>'>": b"</a b='>'>",
        b"<a" + b" b=c" * 300 + b" d='e": None,
    }
    for text, whole in tags.items():
        found = TAG.match(text)
        if (found and found[0]) != whole:
            raise RuntimeError(f"this Python's re module misreads {text!r}; consent_guard cannot run on it safely")
    skipped = {
        b"a<b>c<!-->d<!-- -- --!>e</b x>": b"a<b>c<!-->d<!-- -- --!>e",
        b"<p a=b><p onx=y>": b"<p a=b>",
        b"<p style='a:b'><p style=a\tb><p style='a:url(b)'>": b"<p style='a:b'><p style=a\tb>",
        b"<meta name=a><meta http-equiv=refresh>": b"<meta name=a>",
        b"<input type=image><input type=image src=x>": b"<input type=image>",
        b"<p><IMG src=x>": b"<p>",
        b"<i" * 3 + b"><imgx><b " + b"c=d " * 500 + b"><base>": b"<i" * 3 + b"><imgx><b " + b"c=d " * 500 + b">",
        b"<p title='a": b"",
        b"<a href=' &#106;avascript:'>": b"",
    }
    for text, part in skipped.items():
        found = SKIP.match(text)
        if found is None or found[0] != part:
            raise RuntimeError(f"this Python's re module misreads {text!r}; consent_guard cannot run on it safely")


_check()
