"""XML in encodings whose characters may end in an ASCII byte, which is then no bracket, letter or backslash (R1, R2)."""

from __future__ import annotations

import pytest

from ..documents import SERVICES, kept, rewritten, rules

SVG = b'<svg xmlns="http://www.w3.org/2000/svg">'
ADDRESS = b"https://px.ads.example/a"
ENDS_IN = {
    "shift_jis": {b"]": b"\x81\x5d", b"\\": b"\x95\x5c", b"`": b"\x81\x60"},
    "gbk": {b"]": b"\x81\x5d", b"\\": b"\x95\x5c", b"`": b"\x81\x60"},
    "gb18030": {b"]": b"\x81\x5d", b"\\": b"\x95\x5c", b"`": b"\x81\x60"},
    "big5": {b"]": b"\xa5\x5d", b"\\": b"\xa5\x5c", b"`": b"\xa4\x60"},
}
"""Characters, by the ASCII byte that they end in."""
SIGNATURE = rules(inline_scripts="signature")


@pytest.mark.parametrize("charset", ENDS_IN)
@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(
    ("byte", "markup"),
    [
        (b"]", b'<desc><![CDATA[%s]> <!-- ]]></desc><image href="%s"/><desc><![CDATA[ --> ]]></desc>'),
        (b"]", b'<desc><![CDATA[%s]></desc><!-- ]]></desc><image href="%s"/><desc> --></desc>'),
        (b"]", b"<style><![CDATA[/*%s]> */ a{background:url(%s)} /*]]>*/</style>"),
        (b"\\", b'<style>p:after{content:"%s"}b{background:url(%s)}</style>'),
        (b"\\", b'<script>var t="%s";import("%s")</script>'),
        (b"`", b'<script>var t=`%s`;import("%s")</script>'),
        (b"\\", b"<p style='content:\"%s\";background:url(%s)'/>"),
    ],
)
def test_a_character_that_ends_in_a_byte_of_markup_hides_nothing(
    charset: str, declared: bool, byte: bytes, markup: bytes
) -> None:
    """R1: by Content-Type, and by the XML declaration."""
    body = SVG + markup % (ENDS_IN[charset][byte], ADDRESS) + b"</svg>"
    where = {"charset": charset}
    if declared:
        where = {"charset": None}
        body = b'<?xml version="1.0" encoding="%s"?>' % charset.encode() + body
    assert "ads.example" not in rewritten(body, syntax="xml", compiled=SIGNATURE, **where)
    assert kept(body, syntax="xml", compiled=SIGNATURE, allowed=SERVICES, **where)


@pytest.mark.parametrize("charset", ENDS_IN)
def test_text_and_attributes_in_such_an_encoding_stay_byte_for_byte(charset: str) -> None:
    """R2, and what leaves takes nothing of its neighbours along."""
    text = b"".join(ENDS_IN[charset].values())
    markup = b"<!-- %s --><?x %s?><desc a='%s'>%s<![CDATA[%s]]></desc>" % (text, text, text, text, text)
    assert kept(SVG + markup + b"</svg>", syntax="xml", charset=charset)
    body = SVG + b"<image a='%s' href='%s' b='%s'/>" % (text, ADDRESS, text) + markup + b"</svg>"
    out = SVG + b"<image a='%s'  b='%s'/>" % (text, text) + markup + b"</svg>"
    assert rewritten(body, syntax="xml", charset=charset) == out.decode("utf-8", "surrogateescape")


def test_a_document_in_the_replacement_encoding_holds_no_element() -> None:
    """WHATWG Encoding §14.1: browsers read one U+FFFD."""
    assert kept(SVG + b'<image href="%s"/></svg>' % ADDRESS, syntax="xml", charset="iso-2022-kr")
