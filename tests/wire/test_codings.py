"""Content codings undone and done as they stream; what cannot be undone is not asked for."""

from __future__ import annotations

import contextlib
import gzip
import importlib
import struct
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_guard.errors import CodingError, RewriteError
from consent_guard.limits import CODING_RATIO
from consent_guard.wire import coding_streams, codings
from consent_guard.wire.codings import ContentDecoder, ContentEncoder, decodable, narrow_accept_encoding

LARGE = b"".join(b"<tr><td>%d</td><td>%x</td></tr>" % (number, number * 7919) for number in range(30_000))
PAGE = b"<!doctype html><title>x</title>" + b"".join(b"<p>line %d \xc3\xa9</p>\n" % number for number in range(400))


def raw_deflate(data: bytes, level: int = 6) -> bytes:
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    return deflater.compress(data) + deflater.flush()


def brotli_bytes(data: bytes) -> bytes:
    brotli: Any = pytest.importorskip("brotli", reason="needs the extra br")
    return bytes(brotli.compress(data, quality=5))


def zstd_bytes(data: bytes) -> bytes:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]

        return bytes(zstd.compress(data))
    except ImportError:
        zstandard: Any = pytest.importorskip("zstandard", reason="needs the extra zstd")
        return bytes(zstandard.compress(data))


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "x-gzip": lambda data: gzip.compress(data, mtime=0),
    "deflate": zlib.compress,
    "br": brotli_bytes,
    "zstd": zstd_bytes,
    "gzip, br": lambda data: brotli_bytes(gzip.compress(data)),
    "zstd , Deflate": lambda data: zlib.compress(zstd_bytes(data)),
    "GZIP,gzip": lambda data: gzip.compress(gzip.compress(data)),
}
SINGLE = ("gzip", "deflate", "br", "zstd")
every_coding = pytest.mark.parametrize("coding", CODERS)
single_coding = pytest.mark.parametrize("coding", SINGLE)


def undo(coding: str, data: bytes, step: int = 0) -> bytes:
    decoder = ContentDecoder(coding.encode())
    parts = [data[at : at + step] for at in range(0, len(data), step)] if step else [data]
    return b"".join(map(decoder.feed, parts)) + decoder.close()


@every_coding
@pytest.mark.parametrize("step", [0, 1, 7])
def test_a_coded_body_decodes_whole_and_split_anywhere(coding: str, step: int) -> None:
    """H34, R1"""
    assert undo(coding, CODERS[coding](PAGE), step) == PAGE


@every_coding
def test_a_large_page_decodes_whole_and_in_network_sized_chunks(coding: str) -> None:
    """R1: output comes in several pieces for one piece of input"""
    data = CODERS[coding](LARGE)
    assert undo(coding, data) == LARGE
    assert undo(coding, data, 1400) == LARGE
    encoder = ContentEncoder(coding.encode())
    assert undo(coding, encoder.feed(LARGE) + encoder.close()) == LARGE


@every_coding
def test_what_is_coded_here_decodes_to_what_was_fed(coding: str) -> None:
    """H34"""
    encoder = ContentEncoder(coding.encode())
    coded = b"".join(encoder.feed(PAGE[at : at + 1000]) for at in range(0, len(PAGE), 1000)) + encoder.close()
    assert undo(coding, coded) == PAGE


@every_coding
def test_each_feed_leaves_at_once(coding: str) -> None:
    """H34, H45: a streamed page keeps its first byte, and nothing is flushed where nothing was fed"""
    encoder, decoder = ContentEncoder(coding.encode()), ContentDecoder(coding.encode())
    for part in (b"<p>", b"x" * 5000, b"y"):
        coded = encoder.feed(part)
        assert coded
        assert decoder.feed(coded) == part
        assert encoder.feed(b"") == b""
    decoder.feed(encoder.close())
    decoder.close()


@every_coding
def test_a_truncated_body_is_an_error_at_its_end(coding: str) -> None:
    """DESIGN §6, R9: half a page may end inside a tag"""
    data = CODERS[coding](PAGE)
    for length in (1, len(data) // 2, len(data) - 1):
        decoder = ContentDecoder(coding.encode())
        assert PAGE.startswith(decoder.feed(data[:length]))
        with pytest.raises(CodingError, match="ends before"):
            decoder.close()


@every_coding
def test_an_empty_body_has_no_coding(coding: str) -> None:
    decoder, encoder = ContentDecoder(coding.encode()), ContentEncoder(coding.encode())
    assert decoder.feed(b"") + decoder.close() + encoder.feed(b"") + encoder.close() == b""


@single_coding
def test_broken_bytes_are_an_error_and_nothing_else(coding: str) -> None:
    """DESIGN §6: raw bytes never go out instead"""
    data = CODERS[coding](PAGE)
    with pytest.raises(RewriteError):
        undo(coding, b"<p>not coded at all</p>" * 10)
    broken = data[:20] + bytes(octet ^ 0xFF for octet in data[20:60]) + data[60:]
    with pytest.raises(CodingError):
        undo(coding, broken)


@pytest.mark.parametrize("step", [0, 1])
def test_further_gzip_members_are_decoded_and_other_trailing_bytes_ignored(step: int) -> None:
    """RFC 1952 §2.2; Chromium ignores what follows"""
    one, two = gzip.compress(b"one"), gzip.compress(b"two")
    assert undo("gzip", one + two, step) == b"onetwo"
    assert undo("gzip", one + b"\0" * 10, step) == b"one"
    assert undo("gzip", one + b"garbage" + two, step) == b"one"
    assert undo("gzip", one + b"\x1f", step) == b"one"
    assert undo("gzip", one + b"\x1f" + two, step) == b"one"
    with pytest.raises(CodingError):
        undo("gzip", one + two[:-1], step)


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("level", [0, 6])
def test_deflate_is_read_with_and_without_the_zlib_head(step: int, level: int) -> None:
    """RFC 9110 §8.4.1.2: some servers send the bare stream"""
    assert undo("deflate", raw_deflate(PAGE, level), step) == PAGE
    assert undo("deflate", zlib.compress(PAGE, level), step) == PAGE
    assert undo("deflate", zlib.compress(PAGE, level) + b"garbage", step) == PAGE
    with pytest.raises(CodingError, match="ends before"):
        undo("deflate", raw_deflate(PAGE, level)[:-1], step)


@pytest.mark.parametrize("step", [0, 1, 5])
def test_what_follows_a_brotli_stream_is_ignored(step: int) -> None:
    """As Chromium does"""
    assert undo("br", brotli_bytes(PAGE) + b"garbage", step) == PAGE
    assert undo("br", brotli_bytes(PAGE) + brotli_bytes(b"more"), step) == PAGE


def test_what_follows_a_brotli_stream_takes_nothing_from_what_came_before_it() -> None:
    """One slice of the stream gives many pieces before the library comes to what follows."""
    page = b"<tr><td>0</td><td>none</td></tr>\n" * 40_000
    assert undo("br", brotli_bytes(page) + b"garbage") == page
    assert undo("br", brotli_bytes(LARGE) + b"garbage", 1400) == LARGE


@pytest.mark.parametrize("step", [0, 1])
def test_further_zstd_frames_are_decoded_and_anything_else_is_an_error(step: int) -> None:
    """RFC 8878 §3.1; as Chromium does"""
    skippable = struct.pack("<II", 0x184D2A50, 3) + b"abc"
    assert undo("zstd", skippable + zstd_bytes(b"one") + skippable + zstd_bytes(b"two"), step) == b"onetwo"
    with pytest.raises(CodingError):
        undo("zstd", zstd_bytes(PAGE) + b"garbage", step)


def test_a_zstd_window_that_browsers_refuse_is_refused() -> None:
    """RFC 9659 §3"""
    with pytest.raises(CodingError):
        undo("zstd", b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([(27 - 10) << 3]) + b"\x01\x00\x00")


FREE_BYTES = 1024 * 1024
"""In place of ``limits.CODING_FREE_BYTES``, for smaller bombs."""


@single_coding
def test_a_bomb_never_fills_the_memory_and_what_no_deflate_could_unfold_is_an_error(coding: str, monkeypatch) -> None:
    """N5: limits.CODING_RATIO past limits.CODING_FREE_BYTES"""
    monkeypatch.setattr(codings, "CODING_FREE_BYTES", FREE_BYTES)
    data = CODERS[coding](b"\0" * 12_000_000)
    allowed = FREE_BYTES + CODING_RATIO * len(data)
    decoder = ContentDecoder(coding.encode())
    longest = 0

    def unfold() -> None:
        nonlocal longest, allowed
        for piece in decoder.pieces(data):
            longest = max(longest, len(piece))
            allowed -= len(piece)

    tracemalloc.start()
    if coding in ("br", "zstd"):
        with pytest.raises(CodingError, match="unfolds"):
            unfold()
    else:
        unfold()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert allowed >= 0
    if coding == "br" and not hasattr(importlib.import_module("brotli").Decompressor(), "can_accept_more_data"):
        assert peak < 32 * 1024 * 1024  # before 1.2 a single block of up to 16 MiB came out at once
        return
    assert longest <= 2 * 1024 * 1024
    assert peak < 6 * 1024 * 1024


def test_stacked_codings_cannot_multiply_the_ratio(monkeypatch) -> None:
    """N5"""
    monkeypatch.setattr(codings, "CODING_FREE_BYTES", FREE_BYTES)
    with pytest.raises(CodingError, match="unfolds"):
        undo("gzip, gzip", gzip.compress(gzip.compress(b"\0" * 20_000_000)))


@single_coding
def test_a_page_of_like_rows_passes_whole(coding: str) -> None:
    """N5: from 341 to one with gzip up to what br and zstd make of it"""
    rows = b"<tr><td class=number>0</td><td>none</td><td></td></tr>\n" * 130_000
    assert undo(coding, CODERS[coding](rows)) == rows


def test_no_deflated_page_is_broken_off_however_well_it_folds(monkeypatch) -> None:
    monkeypatch.setattr(codings, "CODING_FREE_BYTES", FREE_BYTES)
    assert len(undo("gzip", gzip.compress(b"\n" * 40_000_000))) == 40_000_000


@pytest.mark.linear
def test_many_empty_members_and_frames_take_linear_time() -> None:
    """R6: one large chunk of small streams is not copied for each of them"""
    assert undo("gzip", gzip.compress(b"", mtime=0) * 20_000) == b""
    assert undo("zstd", zstd_bytes(b"") * 2_000) == b""


@given(st.binary(max_size=300), st.sampled_from([*SINGLE, "gzip, br"]), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_any_split_decodes_to_the_same_bytes(data: bytes, coding: str, step: int) -> None:
    """R1"""
    assert undo(coding, CODERS[coding](data), step) == data


@given(st.binary(max_size=200), st.sampled_from(SINGLE))
@settings(max_examples=100, deadline=None)
def test_garbage_decodes_or_is_a_coding_error(data: bytes, coding: str) -> None:
    if not decodable(coding.encode()):
        pytest.skip(f"needs the extra for {coding}")
    with contextlib.suppress(CodingError):
        undo(coding, data)


@pytest.mark.parametrize(
    "coding", [b"gzip", b"x-gzip", b"GZip", b"deflate", b"gzip, deflate", b"gzip,gzip ,gzip,gzip", b"identity"]
)
def test_known_codings_are_decodable(coding: bytes) -> None:
    assert decodable(coding)


@pytest.mark.parametrize(
    "coding",
    [
        b"",
        b"compress",
        b"gzip, foo",
        b"gzip, identity",
        b"gzip,",
        b", gzip",
        b"gzip;q=1",
        b'"gzip"',
        b"gzip gzip",
        b"x-deflate",
        b"dcb",
        b"*",
        b"\xff",
        b",".join([b"gzip"] * 5),
        b"," * 1_000_000,
    ],
    ids=range(15),
)
def test_what_browsers_do_not_undo_alike_is_not_decodable(coding: bytes) -> None:
    """N5: Chromium shows the coded bytes themselves for such a list"""
    assert not decodable(coding)
    with pytest.raises(CodingError):
        ContentDecoder(coding)
    with pytest.raises(CodingError):
        ContentEncoder(coding)


def test_identity_alone_changes_nothing() -> None:
    assert undo("identity", PAGE) == PAGE
    assert ContentEncoder(b"identity").feed(PAGE) == PAGE


@pytest.fixture
def _without_extras(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(coding_streams, "_module", lambda name: None)
    codings._narrowed.cache_clear()
    yield
    codings._narrowed.cache_clear()


@pytest.mark.usefixtures("_without_extras")
@pytest.mark.parametrize(
    ("value", "narrowed"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, deflate"),
        (b"br;q=1.0, gzip;q=0.8, *;q=0.1", b"gzip;q=0.8, deflate;q=0.1"),
        (b"br", b"identity"),
        (b"*", b"gzip, deflate"),
        (b"* ;q=0.5", b"gzip;q=0.5, deflate;q=0.5"),
        (b"gzip;q=0, *", b"gzip;q=0, deflate"),
        (b"br, identity;q=0", b"identity;q=0"),
        (b"br;q=0, gzip", b"gzip"),
        (b"dcb, dcz, gzip", b"gzip"),
        (b"compress, X-GZip", b"X-GZip"),
    ],
)
def test_only_codings_that_can_be_undone_are_asked_for(value: bytes, narrowed: bytes) -> None:
    """N5, DESIGN §6"""
    assert narrow_accept_encoding(value) == narrowed


def test_where_anything_is_asked_for_each_coding_that_can_be_undone_is() -> None:
    """N5"""
    codings._narrowed.cache_clear()
    ours = [name.encode() for name in SINGLE if decodable(name.encode())]
    assert ours[:2] == [b"gzip", b"deflate"]
    assert narrow_accept_encoding(b"*") == b", ".join(ours)
    others = [name + b";q=0.1" for name in ours[1:]]
    assert narrow_accept_encoding(b"gzip;q=0.5, *;q=0.1") == b", ".join([b"gzip;q=0.5", *others])


@pytest.mark.usefixtures("_without_extras")
def test_without_their_extras_br_and_zstd_are_not_decodable() -> None:
    """DESIGN §11"""
    assert [decodable(name.encode()) for name in SINGLE] == [True, True, False, False]


@pytest.mark.parametrize("value", [b"gzip", b"gzip, deflate;q=0.5,identity", b"gzip, *;q=0", b"*;q=0.000", b"identity"])
def test_a_request_for_what_can_be_undone_stays_the_same_object(value: bytes) -> None:
    assert narrow_accept_encoding(value) is value


@pytest.mark.parametrize("value", [b"", b",", b";q=1", b"gzip;q=", b'"gzip', b"\xff\x00", b"*;", b"gzip;gzip;*"])
def test_a_broken_accept_encoding_is_narrowed_without_an_error(value: bytes) -> None:
    narrowed = narrow_accept_encoding(value)
    assert narrow_accept_encoding(narrowed) == narrowed


def test_a_brotli_without_an_output_limit_is_fed_in_small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra allows brotli 1.1, which has none"""
    data = brotli_bytes(PAGE)
    monkeypatch.setattr(coding_streams._BrotliDecoder, "_limited", lambda self: False)
    assert undo("br", data) == PAGE
    assert undo("br", data + b"garbage") == PAGE


def test_the_extras_are_loaded_on_first_need() -> None:
    """DESIGN §11"""
    import subprocess

    code = "import sys, consent_guard.wire.codings; print([m for m in ('brotli', 'zstandard') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_any_coding_at_all_is_answered_once() -> None:
    """The app would get ten times what a client sends."""
    assert narrow_accept_encoding(b"*,*;q=0.5,*") == narrow_accept_encoding(b"*")
    assert len(narrow_accept_encoding(b"*," * 20_000)) < 100
