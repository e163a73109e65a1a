"""Which encoding a browser takes a document to be in (WHATWG HTML 13.2.3.2), from its first bytes.

A byte order mark beats the Content-Type's charset, which beats what the document says of itself in its first 1024 bytes. May
import ``labels``. Called by ``decode``, and for style sheets by ``sheets``.
"""

from __future__ import annotations

import re
from typing import Final

from .labels import encoding_of

PRESCAN_BYTES: Final = 1024
DEFAULT_HTML: Final = "windows-1252"
DEFAULT_XML: Final = "utf-8"
DEFAULT_CSS: Final = "utf-8"

_BOMS: Final = {b"\xef\xbb\xbf": "utf-8", b"\xfe\xff": "utf-16be", b"\xff\xfe": "utf-16le"}
_UTF16_XML: Final = {b"<\x00?\x00x\x00": "utf-16le", b"\x00<\x00?\x00x": "utf-16be"}
_MARKS: Final = {**_BOMS, **_UTF16_XML}

_NO_MARKUP: Final = re.compile(
    rb"<!--.*?(?:--!?>|\Z)|<(script|style|title|textarea|noscript|template|xmp|iframe|noembed|noframes|svg|math|select)\b.*?(?:</\1|\Z)",
    re.IGNORECASE | re.DOTALL,
)
"""What the parser does not take for HTML's own markup, though the prescan may."""
_STEP: Final = re.compile(
    rb"(?P<comment><!--)|(?P<meta><[mM][eE][tT][aA](?=[\t\n\f\r /]))|(?P<tag></?[A-Za-z][^\t\n\f\r >]*+)|(?P<other><[!/?])"
)
_NAME_END: Final = re.compile(rb"[\t\n\f\r />=]")
_VALUE_END: Final = re.compile(rb"[\t\n\f\r >]")
_CHARSET: Final = re.compile(rb"charset[\t\n\f\r ]*+=[\t\n\f\r ]*+", re.IGNORECASE)
_CSS_CHARSET: Final = re.compile(rb'@charset "([^"]*+)";')
_TRAILING: Final = re.compile(rb"[\x81-\xfe]\\")
_PAIRED: Final = ("shift_jis", "gb18030", "big5")
"""Where a backslash may be the second byte of a character: it escapes nothing then."""
_SHIFTED: Final = re.compile(rb"\x1b[$(]")
_XML_ENCODING: Final = re.compile(rb"encoding[\x00-\x20]*+=[\x00-\x20]*+([\"'])([^\"']*+)\1")


def bom(head: bytes) -> str | None:
    """Return the encoding that a byte order mark names, None without one."""
    for mark, name in _BOMS.items():
        if head.startswith(mark):
            return name
    return None


def may_be_mark(head: bytes, *, labelled: bool) -> bool:
    """Whether these first bytes may yet become a byte order mark or, without a label, an XML declaration in UTF-16."""
    return any(len(head) < len(mark) and mark.startswith(head) for mark in (_BOMS if labelled else _MARKS))


def starts_as_utf16(head: bytes) -> bool:
    """Whether the document begins with an XML declaration in UTF-16."""
    return head.startswith(tuple(_UTF16_XML))


def declared(head: bytes, *, xml: bool) -> str | None:
    """Return the encoding that a document names in its first bytes: a ``meta`` or, for want of one, an XML declaration
    (13.2.3.2, "prescan a byte stream to determine its encoding")."""
    head = head[:PRESCAN_BYTES]
    for mark, name in _UTF16_XML.items():
        if head.startswith(mark):
            return name
    return (None if xml else _from_meta(head)) or _from_xml_declaration(head)


def sheet_encodings(sheet: bytes, label: str | None) -> tuple[str, ...]:
    """Return the encodings that browsers may take a style sheet of its own to be in (CSS Syntax 3, "decode bytes"), nearly
    always one. ``label``: the charset of its Content-Type. Where nothing names one, it is that of the document that asks for
    it: several where its bytes hide something from a reader of ASCII in some of them."""
    named = bom(sheet) or encoding_of(label)
    if named is None and (rule := _CSS_CHARSET.match(sheet[:PRESCAN_BYTES])) is not None:
        named = _not_utf16(encoding_of(rule[1].decode("latin-1")))
    if named is not None:
        return (named,)
    paired = _PAIRED if not sheet.isascii() and _TRAILING.search(sheet) is not None else ()
    wide = ("utf-16le", "utf-16be") if b"\0" in sheet else ()  # of a page in UTF-16, or a link that says so
    return (DEFAULT_CSS, *wide, *paired, *(("iso-2022-jp",) if b"\x1b" in sheet and _SHIFTED.search(sheet) is not None else ()))


def declared_for_all(head: bytes) -> bool:
    """Tell whether the parser finds the same ``meta`` as the prescan does, and so looks for no other (13.2.3.4): else browsers
    may disagree on the encoding, for they look for it in different ways and as far as different places."""
    name = _from_meta(head[:PRESCAN_BYTES])
    return name is not None and name == _from_meta(_NO_MARKUP.sub(b"", head[:PRESCAN_BYTES]))


def _from_xml_declaration(head: bytes) -> str | None:
    if not head.startswith(b"<?xml"):
        return None
    end = head.find(b">")
    found = _XML_ENCODING.search(head, 0, end) if end >= 0 else None
    if found is None or re.search(rb"[\x00-\x20]", found.group(2)):
        return None
    return _not_utf16(encoding_of(found.group(2).decode("latin-1")))


def _not_utf16(name: str | None) -> str | None:
    return "utf-8" if name in ("utf-16be", "utf-16le") else name


def _from_meta(head: bytes) -> str | None:
    at = 0
    while found := _STEP.search(head, at):
        at = found.end()
        if found.lastgroup == "comment":
            end = head.find(b"-->", found.start() + 2)
            if end < 0:
                return None
            at = end + 3
        elif found.lastgroup == "other":
            end = head.find(b">", found.start())
            if end < 0:
                return None
            at = end + 1
        else:
            attributes, at = _attributes(head, at)
            name = _of_meta(attributes) if found.lastgroup == "meta" else None
            if name is not None:
                return name
    return None


def _of_meta(attributes: dict[bytes, bytes]) -> str | None:
    name: str | None = None
    if b"charset" in attributes:
        name = encoding_of(attributes[b"charset"].decode("latin-1"))
    elif attributes.get(b"http-equiv") == b"content-type":
        name = _from_content(attributes.get(b"content", b""))
    return "windows-1252" if name == "x-user-defined" else _not_utf16(name)


def _from_content(content: bytes) -> str | None:
    """The algorithm for extracting a character encoding from a meta element (WHATWG HTML 2.3.4)."""
    found = _CHARSET.search(content)
    if found is None:
        return None
    rest = content[found.end() :]
    if rest[:1] in (b'"', b"'"):
        value, closed, _ = rest[1:].partition(rest[:1])
        return encoding_of(value.decode("latin-1")) if closed else None
    label = re.match(rb"[^\t\n\f\r ;]*+", rest)
    return encoding_of(label.group().decode("latin-1")) if label else None


def _attributes(head: bytes, at: int) -> tuple[dict[bytes, bytes], int]:
    """Return a tag's attributes, the first of each name, and where the tag ends (13.2.3.2, "get an attribute"). Names and
    values are in lower case. Cut short by the end of the bytes, the tag counts for nothing."""
    attributes: dict[bytes, bytes] = {}
    size = len(head)
    while True:
        while at < size and head[at] in b"\t\n\f\r /":
            at += 1
        if at >= size:
            return {}, size
        if head[at] == 0x3E:
            return attributes, at + 1
        # An equals sign may begin a name.
        end = _NAME_END.search(head, at + (head[at] == 0x3D))
        if end is None:
            return {}, size
        name = head[at : end.start()].lower()
        at = _after_space(head, end.start())
        value = b""
        if head[at : at + 1] == b"=":
            at = _after_space(head, at + 1)
            quote = head[at : at + 1]
            if quote in (b'"', b"'"):
                stop = head.find(quote, at + 1)
                if stop < 0:
                    return {}, size
                value = head[at + 1 : stop]
                at = stop + 1
            else:
                unquoted = _VALUE_END.search(head, at)
                if unquoted is None:
                    return {}, size
                value = head[at : unquoted.start()]
                at = unquoted.start()
        attributes.setdefault(name, value.lower())


def _after_space(head: bytes, at: int) -> int:
    while at < len(head) and head[at] in b"\t\n\f\r ":
        at += 1
    return at
