"""The encoding of a document, and what an ASCII lexer reads of it (ROBUSTNESS 0.8; WHATWG Encoding, HTML 13.2.3)."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from consent_guard.rewrite.encoding.decode import Charset
from consent_guard.rewrite.encoding.labels import codec, encoding_of, text
from consent_guard.rewrite.encoding.pairs import BIG5_MORE
from consent_guard.rewrite.encoding.sniff import declared
from consent_guard.rewrite.encoding.trail_bytes import PairMask


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("utf8", "utf-8"),
        (" UTF-8\n", "utf-8"),
        ("latin1", "windows-1252"),
        ("ISO-8859-1", "windows-1252"),
        ("us-ascii", "windows-1252"),
        ("iso-8859-9", "windows-1254"),
        ("gb2312", "gbk"),
        ("x-sjis", "shift_jis"),
        ("ks_c_5601-1987", "euc-kr"),
        ("utf-16", "utf-16le"),
        ("unicodeFFFE", "utf-16be"),
        ("iso-2022-kr", "replacement"),
        ("hz-gb-2312", "replacement"),
        ("utf-7", None),
        ("utf-32", None),
        ("cp932", None),
        ("\u00a0utf-8", None),
        ("", None),
        (None, None),
    ],
)
def test_labels_are_those_of_the_web(label: str | None, name: str | None) -> None:
    assert encoding_of(label) == name


def test_every_encoding_has_a_codec() -> None:
    for label in (
        "ibm866",
        "iso-8859-6-e",
        "visual",
        "logical",
        "l9",
        "koi8-ru",
        "mac",
        "dos-874",
        "x-mac-ukrainian",
        "euc-jp",
    ):
        name = encoding_of(label)
        assert name is not None
        assert text(name, b"abc") == "abc"
        assert "x".encode(codec(name)) == b"x"
    assert text("windows-1252", b"\x80\x81") == "€\x81"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"<meta charset=shift_jis>", "shift_jis"),
        (b"<META/CHARSET='Shift_JIS'>", "shift_jis"),
        (b'<!doctype html><html><!-- <meta charset=gbk> --><meta charset="big5">', "big5"),
        (b"<!--><meta charset=big5>", "big5"),
        (b"<a title='<meta charset=gbk>'><meta charset=big5>", "big5"),
        (b"<?x <meta charset=gbk>><meta charset=big5>", "big5"),
        (b"<meta name=x><meta charset=nonsense><meta charset=big5>", "big5"),
        (b"<meta charset=gbk charset=big5>", "gbk"),
        (b"<meta http-equiv=Content-Type content='text/html; charset=big5'>", "big5"),
        (b"<meta content='text/html; charset = \"big5\" ' http-equiv=content-type>", "big5"),
        (b"<meta content='text/html; charset=big5'>", None),
        (b"<meta http-equiv=content-type content='charset charset=big5;x'>", "big5"),
        (b"<meta http-equiv=content-type content='charset=\"big5'>", None),
        (b"<meta http-equiv=refresh content='charset=big5'>", None),
        (b"<meta charset=utf-16>", "utf-8"),
        (b"<meta charset=x-user-defined>", "windows-1252"),
        (b"<metacharset=big5>", None),
        (b"<meta charset=big5", None),
        (b"<meta =charset=big5>", None),
        (b"<title><meta charset=big5></title>", "big5"),
        (b" " * 1020 + b"<meta charset=big5>", None),
        (b"<?xml version='1.0' encoding='big5'?>", "big5"),
        (b"<?xml encoding=big5?>", None),
        (b"<?xml encoding='utf-16'?>", "utf-8"),
        (b"<\x00?\x00x\x00m\x00", "utf-16le"),
        (b"\x00<\x00?\x00x\x00m", "utf-16be"),
        (b"", None),
    ],
)
def test_a_document_names_its_encoding(head: bytes, name: str | None) -> None:
    assert declared(head, xml=False) == name


@pytest.mark.parametrize(
    ("label", "body", "name"),
    [
        ("shift_jis", b"\xef\xbb\xbfx", "utf-8"),
        ("utf-8", b"\xff\xfex\x00", "utf-16le"),
        (None, b"\xfe\xff\x00x", "utf-16be"),
        ("shift_jis", b"<meta charset=gbk>", "shift_jis"),
        ("nonsense", b"<meta charset=gbk>", "gbk"),
        (None, b"x", "windows-1252"),
        (None, b"", "windows-1252"),
    ],
)
def test_a_byte_order_mark_beats_the_header_and_the_header_beats_the_document(
    label: str | None, body: bytes, name: str
) -> None:
    charset = Charset(label)
    charset.decode(body)
    charset.finish()
    assert charset.name == name


def test_an_xml_document_is_utf8_unless_it_says_otherwise() -> None:
    for body, name in ((b"<a/>", "utf-8"), (b"<?xml encoding='gbk'?>", "gbk"), (b"<meta charset='gbk'/>", "utf-8")):
        charset = Charset(None, xml=True)
        charset.decode(body)
        charset.finish()
        assert charset.name == name


def test_ascii_does_not_wait_for_the_encoding() -> None:
    """R4, W3"""
    charset = Charset(None)
    assert charset.decode(b"<h") == b"<h"
    assert charset.decode(b"tml>") == b"tml>"
    assert charset.masks
    assert charset.decode(b"a\xe9b") == b"a"
    assert charset.decode(b"c" * 2000) == b"\xe9b" + b"c" * 2000
    assert not charset.masks


@pytest.mark.parametrize(
    ("encoding", "raw", "expected"),
    [
        ("gbk", b"h\x80.t", "h€.t"),
        ("gb18030", b"\x81\x30\x81\x30@", "\x80@"),
        ("gbk", b"\x81\x30\x81/\xff\xa6\xda", "\ufffd0\ufffd/\ufffd\ufe12"),
        ("shift_jis", b'\x81"\x81\xff@\x80\xb1\xfd\x93\xfa\x83\x5c', '\ufffd"\ufffd@\x80ｱ\ufffd日ソ'),
        ("big5", b"\x81\xfe@\x87\x7a\xa4@\xff", "一@一一\ufffd"),
        ("euc-kr", b"\xfe\xfe@\xb0\xa1", "\ufffd@가"),
        ("euc-jp", b"\xa1@\xad\xa1\x8e\xb1\x8f\xb0\xa1\xa1\xff@", "\ufffd@①ｱ丂\ufffd@"),
        ("windows-1252", b"\x80\x81\xe9", "€\x81é"),
        ("windows-1255", b"\xca", "\u05ba"),
        ("x-user-defined", b"a\x80", "a\uf780"),
        ("replacement", b"abc\x80", "\ufffd"),
        ("utf-8", b"\xc3", "\ufffd"),
    ],
)
def test_values_are_read_as_browsers_read_them(encoding: str, raw: bytes, expected: str) -> None:
    """ROBUSTNESS 0.8: a byte that one of us swallows and the other does not would move an address's host."""
    assert text(encoding, raw) == expected


def pairs(encoding: str) -> set[tuple[int, int]]:
    """The pairs of a lead and an ASCII byte that the decoder takes as one character."""
    found = {(lead, trail) for lead, trails in BIG5_MORE.items() for trail in trails} if encoding == "big5" else set()
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0x7F):
            try:
                character = bytes((lead, trail)).decode(codec(encoding))
            except UnicodeDecodeError:
                continue
            if not character.endswith(chr(trail)):
                found.add((lead, trail))
    return found


def reference_mask(encoding: str, data: bytes, valid: set[tuple[int, int]]) -> bytes:
    """What WHATWG's decoders take for ASCII, byte by byte; everything else high."""
    out = bytearray(data)
    at = 0
    while at < len(data):
        lead = data[at]
        leads = 0x81 <= lead <= 0xFE and not (encoding == "shift_jis" and (0xA0 <= lead <= 0xDF or lead > 0xFC))
        following = data[at + 1 : at + 4]
        if not leads or not following:
            at += 1
        elif following[0] >= 0x80:
            at += 2
        elif encoding in ("gbk", "gb18030") and following[0] in b"0123456789":
            whole = len(following) == 3 and 0x81 <= following[1] <= 0xFE and following[2] in b"0123456789"
            if whole:
                out[at + 1] |= 0x80
                out[at + 3] |= 0x80
            at += 4 if whole else 1
        elif (lead, following[0]) in valid:
            out[at + 1] |= 0x80
            at += 2
        else:
            at += 1
    return bytes(out)


@pytest.mark.parametrize("encoding", ["shift_jis", "gbk", "gb18030", "big5", "euc-kr"])
def test_the_mask_hides_the_ascii_that_ends_a_character_at_any_split(encoding: str) -> None:
    """R1"""
    valid = pairs(encoding)
    assert len(valid) > 3000
    random_ = random.Random(3)
    for lead, trail in random_.sample(sorted(valid), 200):
        assert PairMask(encoding).feed(bytes((lead, trail, trail)), True) == bytes((lead, trail | 0x80, trail))
    alphabet = b"\x81\x82\x8e\x9f\xa0\xa1\xe0\xf0\xfc\xfe\xff\x80<>\"'=/ @AZaz{|}~09srcimg"
    for _ in range(400):
        data = bytes(random_.choice(alphabet) for _ in range(random_.randrange(30)))
        expected = reference_mask(encoding, data, valid)
        for size in (30, 1, 2, 3):
            mask = PairMask(encoding)
            out = b"".join(mask.feed(data[at : at + size], False) for at in range(0, len(data), size)) + mask.feed(b"", True)
            assert out == expected


@pytest.mark.parametrize("encoding", ["shift_jis", "gbk", "big5", "euc-kr", "euc-jp", "utf-8", "windows-1252"])
def test_no_lead_swallows_what_delimits_markup(encoding: str) -> None:
    """ROBUSTNESS 0.8"""
    for lead in range(0x80, 0x100):
        for delimiter in b"<>\"'= /\n\t":
            charset = Charset(encoding)
            data = charset.decode(bytes((lead, delimiter)) + b"x") + charset.finish()
            assert charset.mask(data, True) == bytes((lead, delimiter)) + b"x"


def test_of_the_replacement_encoding_nothing_is_read() -> None:
    charset = Charset("iso-2022-kr")
    data = charset.decode(b"<script>") + charset.finish()
    assert data == b"<script>"
    assert charset.masks
    assert min(charset.mask(data, True)) >= 0x80


def through(label: str | None, body: bytes, size: int) -> tuple[bytes, bytes]:
    charset = Charset(label)
    read = b""
    out = b""
    for at in range(0, len(body), size):
        piece = charset.decode(body[at : at + size])
        read += piece
        out += charset.encode_pieces((piece,))
    piece = charset.finish()
    return read + piece, out + charset.encode_pieces((piece,))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    ("label", "body", "read"),
    [
        ("utf-16le", "<p title='é€😀'>".encode("utf-16-le"), "<p title='é€😀'>".encode()),
        ("utf-16be", "<p>é€😀".encode("utf-16-be"), "<p>é€😀".encode()),
        ("utf-8", "\ufeff<p>😀".encode("utf-16-le"), "\ufeff<p>😀".encode()),
        ("utf-16le", b"<\x00\x00\xd8p\x00\x00\xdc>\x00\x00\xd8", b"<\xed\xa0\x80p\xed\xb0\x80>\xed\xa0\x80"),
        ("utf-16le", b"<\x00\x41", b"<\xff\x84\x81"),
        ("iso-2022-jp", b"<p>\x1b$BF|K\\\x1b(B</p>", "<p>日本</p>".encode()),
        ("iso-2022-jp", b"<\x1b(Bs\x1b(Jc\\~\x1b(I1\x1b$@F|\x1b(B>\x1b(B", "<sc¥‾ｱ日>".encode()),
        ("iso-2022-jp", b"\x1b$B\x1b(B\x1b$B<script>\x1b(B\x1bx", None),
        ("iso-2022-jp", b"a\x80\x0e\x1b", "a���".encode()),
        ("iso-2022-jp", b"\x1b$B!", "�".encode()),
        ("iso-2022-jp", b"\x1b$B!\x1b(Ba\n", "�a\n".encode()),
        ("shift_jis", b"\x83\x5c<", b"\x83\x5c<"),
    ],
)
def test_what_is_not_changed_comes_back_byte_for_byte(label: str, body: bytes, read: bytes | None, size: int) -> None:
    """R1, R2"""
    seen, back = through(label, body, size)
    assert back == body
    assert seen == (read if read is not None else through(label, body, 1000)[0])


def test_random_bytes_come_back_through_every_layer() -> None:
    """R1, R2"""
    random_ = random.Random(5)
    alphabet = [
        b"\x1b",
        b"$B",
        b"(B",
        b"(J",
        b"(I",
        b"$@",
        b"!",
        b"0",
        b"F|",
        b"<a>",
        b"\\",
        b"\x80",
        b"\n",
        b"\x00",
        b"\xd8",
        b"\xdc",
    ]
    for label in ("utf-16le", "utf-16be", "iso-2022-jp"):
        for _ in range(400):
            body = b"".join(random_.choice(alphabet) for _ in range(random_.randrange(14)))
            whole = through(label, body, 1000)
            assert whole[1] == body
            assert through(label, body, 1) == whole


def test_the_decoder_of_iso_2022_jp_agrees_with_pythons_where_both_decode() -> None:
    random_ = random.Random(6)
    for _ in range(200):
        words = "".join(random_.choice("日本語かなカナ<p>=' \nabc") for _ in range(20))
        body = words.encode("iso2022_jp")
        assert through("iso-2022-jp", body, 7)[0].decode() == words


def test_what_is_put_in_is_in_the_documents_encoding() -> None:
    for label, python in (("utf-16le", "utf-16-le"), ("utf-16be", "utf-16-be")):
        charset = Charset(label)
        head, tail = charset.decode("<a>é".encode(python)), charset.decode("<b>".encode(python))
        assert charset.encode_pieces((head, "ü😀".encode(), tail)) == "<a>éü😀<b>".encode(python)
    for label, put in (
        ("windows-1252", b"\xfc\x80&#26085;"),
        ("shift_jis", b"&#252;&#8364;\x93\xfa"),
        ("utf-8", "ü€日".encode()),
    ):
        charset = Charset(label)
        kept = charset.decode(b"\x83\x5c")
        assert charset.encode_pieces((kept, "ü€日".encode(), b"")) == b"\x83\x5c" + put


def test_iso_2022_jp_means_the_same_after_a_change() -> None:
    body = b"<p>\x1b$BF|\x1b(J~\x1b$BK\\\x1b(B</p>\x1b$BF|\x1b(B"
    for cut in range(len("<p>日‾本</p>日".encode()) + 1):
        charset = Charset("iso-2022-jp")
        read = charset.decode(body) + charset.finish()
        try:
            read[:cut].decode()
        except UnicodeDecodeError:
            continue
        first = charset.encode_pieces((read[:cut],))
        out = first + charset.encode_pieces((b"", "<b>語é</b>".encode(), read[cut:])) + charset.encode_pieces((b"x", b"", b"y"))
        again = through("iso-2022-jp", out, 1000)[0]
        assert again == read[:cut] + "<b>語".encode() + b"&#233;</b>" + read[cut:] + b"xy"


@pytest.mark.parametrize("label", ["utf-16le", "iso-2022-jp", "shift_jis", "gbk"])
def test_memory_does_not_grow_with_the_document(label: str) -> None:
    """R4"""
    charset = Charset(label)
    block = b"\x1b$B" * 300 + b"F|" * 2000 + b"\x81" * 999
    tracemalloc.start()
    for _ in range(12):
        piece = charset.decode(block)
        charset.mask(piece, False)
        charset.encode_pieces((piece,))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
