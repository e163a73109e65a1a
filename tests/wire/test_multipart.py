"""Bodies of ``multipart/x-mixed-replace``, told apart as Firefox does: each row whole, byte by byte and in threes."""

from __future__ import annotations

import pytest

from consent_guard.errors import RewriteError
from consent_guard.limits import PART_HEAD_BYTES
from consent_guard.wire.messages import Header
from consent_guard.wire.multipart import PartsFilter, boundary_of, parts_of

JPEG = b"\xff\xd8\xff\xe0\r\n\n\r--fram\r\n--frame-x\r\n--frameless\r\n-\xff\xd9"
TYPE = b"Content-Type: text/html\r\n\r\n"


class Cut:
    """A rewriter that takes ``bad`` out, and holds what may be its beginning."""

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes) -> bytes:
        data = (self.held + data).replace(b"bad", b"")
        keep = next(count for count in (2, 1, 0) if data.endswith(b"bad"[:count]))
        self.held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def close(self) -> bytes:
        held, self.held = self.held, b""
        return held


class Body:
    def __init__(self, boundary: bytes = b"frame") -> None:
        self.heads: list[list[Header]] = []
        self.left_out = 0
        self.filter = PartsFilter(boundary, self.part, self.count)

    def part(self, head: list[Header]) -> tuple[list[Header], Cut | None]:
        self.heads.append(head)
        kept = [field for field in head if field[0] != b"X-Gone"]
        return kept, Cut() if any(b"html" in value for _, value in head) else None

    def count(self) -> None:
        self.left_out += 1

    def send(self, data: bytes, size: int) -> bytes:
        out = b"".join(self.filter.feed(data[at : at + size]) for at in range(0, len(data), size))
        return out + self.filter.close()


def sent(data: bytes, boundary: bytes = b"frame") -> bytes:
    whole, *others = [Body(boundary).send(data, size) for size in (1 << 30, 1, 3)]
    assert others == [whole, whole]
    return whole


def heads(data: bytes, boundary: bytes = b"frame") -> list[list[Header]]:
    body = Body(boundary)
    body.send(data, 1)
    return body.heads


@pytest.mark.parametrize(
    ("parameters", "boundary"),
    [
        (b"; boundary=b", b"b"),
        (b";boundary=b;x=y", b"b"),
        (b"; charset=x; BOUNDARY = b ", b"b"),
        (b'; boundary="b"', b"b"),
        (b'; boundary=" b "', b"b"),
        (b'; boundary="two words"', b"two words"),
        (b"; boundary=--b", b"--b"),
        (b"; boundary=(.*)", b"(.*)"),
        (b"; boundary=b; boundary=b", b"b"),
        (b"; boundary=b; boundary=c", None),
        (b"; boundary=b, text/html", None),
        (b'; boundary="b', None),
        (b'; boundary=""b""', None),
        (b'; boundary="a\\b"', None),
        (b"; boundary=b\t", None),
        (b"; boundary=", None),
        (b'; boundary=""', None),
        (b"; boundary=" + b"b" * 71, None),
        (b"; xboundary=b", None),
        (b"", None),
    ],
)
def test_a_boundary_is_what_all_read_alike(parameters: bytes, boundary: bytes | None) -> None:
    assert boundary_of([(b"Content-Type", b"multipart/x-mixed-replace" + parameters)]) == boundary


def test_two_types_must_name_the_same_boundary() -> None:
    types = [(b"content-type", b"multipart/x-mixed-replace; boundary=" + name) for name in (b"b", b"b", b"c")]
    assert boundary_of(types[:2]) == b"b"
    assert boundary_of(types) is None


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("before", [b"", b"\r\n", b"a preamble\r\n", b"a preamble of several\nlines --fram\r\n"])
@pytest.mark.parametrize("after", [b"", b"--frame--", b"--frame--\r\n", b"--frame--\r\nan epilogue", b"--fra"])
def test_pictures_keep_every_byte(before: bytes, after: bytes, end: bytes) -> None:
    part = b"--frame" + end + b"Content-Type: image/jpeg" + end + b"Content-Length: 99" + end + end + JPEG + end
    data = before + part * 3 + after
    assert sent(data) == data
    assert len(heads(data)) == 3


@pytest.mark.parametrize("size", [1, 7, 64, 1 << 20])
def test_no_more_of_a_picture_waits_than_may_begin_a_delimiter(size: int) -> None:
    part = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG * 50 + b"\r\n"
    body, fed, left, head_ends = Body(), 0, 0, len(part) - len(JPEG) * 50 - 2
    for at in range(0, len(part * 3), size):
        piece = (part * 3)[at : at + size]
        fed, left = fed + len(piece), left + len(body.filter.feed(piece))
        if fed % len(part) >= head_ends or size >= len(part):
            assert fed - left <= len(b"\r\n--frame") + 18


def test_a_frame_leaves_at_once() -> None:
    body = Body()
    frame = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + b"\xff\xd8" * 5000
    assert body.filter.feed(frame) == frame
    assert body.filter.feed(b"\r\n") == b""
    assert body.filter.feed(frame) == b"\r\n" + frame


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_a_document_is_filtered_part_by_part(end: bytes) -> None:
    head = b"--frame" + end + b"Content-Type: text/html" + end + end
    data = head + b"<p>bad" + end + head + b"ba" + end + head + b"d</p>bad" + end + b"--frame--" + end
    assert sent(data) == data.replace(b"<p>bad", b"<p>").replace(b"</p>bad", b"</p>")


def test_a_document_without_a_closing_boundary_is_filtered_to_its_end() -> None:
    assert sent(b"--frame\r\n" + TYPE + b"1bad2\r\n--fra") == b"--frame\r\n" + TYPE + b"12\r\n--fra"
    assert sent(b"--frame\r\n" + TYPE + b"1bad2\r\n--frame\r") == b"--frame\r\n" + TYPE + b"12\r\n--frame\r"
    assert sent(b"--frame\r\nContent-Type: text/html\r\n") == b"--frame\r\n"
    assert sent(b"--frame--\r\n") == b"--frame--\r\n"
    assert sent(b"") == b""


@pytest.mark.parametrize(
    "like", [b"--frame-old", b"--framed", b"--frame x", b"-frame\r\n", b"frame\r\n", b"--frame\0\r\n", b"--Frame\r\n"]
)
def test_what_looks_like_a_boundary_is_none(like: bytes) -> None:
    data = b"--frame\r\n" + TYPE + b"a\r\n" + like + b"bad\r\nb\r\n--frame--"
    assert sent(data) == data.replace(b"bad", b"")
    assert len(heads(data)) == 1


def test_a_content_length_does_not_hide_a_delimiter() -> None:
    """Nor do browsers take it for more than a limit."""
    inner = b"--frame\r\n" + TYPE + b"bad"
    data = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 9999\r\n\r\nx\r\n" + inner + b"\r\n--frame--"
    assert sent(data) == data.replace(b"bad", b"")


@pytest.mark.parametrize(
    ("boundary", "delimiter"), [(b"--b", b"--b"), (b"--b", b"----b"), (b"b", b"b"), (b"b", b"--b"), (b"b b", b"--b b")]
)
def test_the_first_delimiter_tells_how_all_are_written(boundary: bytes, delimiter: bytes) -> None:
    data = delimiter + b"\r\n" + TYPE + b"bad\r\n" + delimiter + b" \t\r\n" + TYPE + b"2bad\r\n" + delimiter + b"--\r\n"
    assert sent(data, boundary) == data.replace(b"bad", b"")
    assert len(heads(data, boundary)) == 2


def test_a_delimiter_within_a_line_of_a_document_gets_a_line_of_its_own() -> None:
    """Firefox sees it there, others do not: what follows would be a part to one, and the same document to the other."""
    data = b"--frame\r\n" + TYPE + b"1--frame\r\nContent-Type: text/plain\r\n\r\n<script>--frame--\r\nx"
    assert sent(data) == data.replace(b"1--frame", b"1\r\n--frame")


def test_a_lone_return_ends_a_line_for_all() -> None:
    data = b"--frame\r\n" + TYPE + b"1\r\n--frame\rContent-Type: text/html\rX: y\r\r<p>bad\r\n--frame--"
    assert sent(data) == b"--frame\r\n" + TYPE + b"1\r\n--frame\r\nContent-Type: text/html\r\nX: y\r\n\r\n<p>\r\n--frame--"


def test_of_what_follows_the_last_document_only_blanks_leave() -> None:
    """``<!--b-->`` ends a body whose boundary is ``b``, to Firefox alone."""
    assert sent(b"--b\r\n" + TYPE + b"<!--b--> <script>", b"b") == b"--b\r\n" + TYPE + b"<!\r\n--b--"
    assert sent(b"--b\r\n" + TYPE + b"1\r\n--b--\r\n \nx\n", b"b") == b"--b\r\n" + TYPE + b"1\r\n--b--\r\n \n"


def test_a_part_after_the_last_is_filtered_all_the_same() -> None:
    data = b"--frame\r\n" + TYPE + b"bad\r\n--frame--\r\n--frame\r\n" + TYPE + b"bad\r\n--frame--\r\n"
    assert sent(data) == data.replace(b"bad", b"")


def test_a_boundary_in_a_word_of_the_preamble_is_read_in_two_ways() -> None:
    for preamble in (b"xb\r\n", b"1b\r\n", b"\r\n_b\n"):
        for size in (1, 3, 99):
            with pytest.raises(RewriteError):
                Body(b"b").send(preamble + b"--b\r\n" + TYPE + b"bad\r\n--b--", size)
    data = b"x--b\r\n" + TYPE + b"bad\r\n--b--"
    assert sent(data, b"b") == data.replace(b"bad", b"")


def test_a_head_that_may_be_read_in_two_ways_leaves_one_field_a_line() -> None:
    data = b"--frame\r\nContent-Type : text/plain\r\n\t; x=y\r\nno field\r\nX-Gone: 1\r\nContent-Type:text/html\r\n\r\nbad"
    plain = b"--frame\r\nContent-Type: text/plain ; x=y\r\nContent-Type: text/html\r\n\r\n"
    assert sent(data) == plain
    assert heads(data) == [[(b"Content-Type", b"text/plain ; x=y"), (b"X-Gone", b"1"), (b"Content-Type", b"text/html")]]


@pytest.mark.parametrize("fields", [b"", b"\r\n", b"no field\r\n\r\n"])
def test_a_part_may_have_no_head(fields: bytes) -> None:
    data = b"--frame\r\n" + (fields or b"\n") + b"x\r\n--frame--"
    assert heads(data) == [[]]
    assert sent(data).endswith(b"\nx\r\n--frame--")


@pytest.mark.parametrize("size", [1, 3, 1 << 30])
def test_a_part_whose_head_is_too_long_shows_nothing(size: int) -> None:
    fits = b"--frame\r\nX: " + b"x" * (PART_HEAD_BYTES - 7) + b"\r\n\r\nkept"
    body = Body()
    assert body.send(fits, size) == fits
    assert body.left_out == 0
    data = fits.replace(b"X: ", b"X: x") + b"bad\r\n--frame\r\n" + TYPE + b"2bad\r\n--frame--"
    body = Body()
    left = body.send(data, size)
    assert left == b"--frame\r\nContent-Type: text/plain\r\n\r\n\r\n--frame\r\n" + TYPE + b"2\r\n--frame--"
    assert body.left_out == 1


@pytest.mark.parametrize("size", [1, 3, 99])
@pytest.mark.parametrize("text", [b"--frbadame--x", b"--framebad--x", b"--framebad", b"--framebad \r\nx"])
def test_what_is_left_of_a_part_may_not_end_it(text: bytes, size: int) -> None:
    with pytest.raises(RewriteError):
        Body().send(b"--frame\r\n" + TYPE + text + b"\r\n--frame--", size)


def test_the_parts_of_a_whole_body() -> None:
    kind = [(b"Content-Type", b"multipart/x-mixed-replace; boundary=b")]
    data = b"preamble\r\n--b\r\nA: 1\r\n\r\none\r\n--b\n\ntwo\n--b--\r\nepilogue"
    assert parts_of(kind, data) == [([(b"A", b"1")], b"one"), ([], b"two")]
    assert parts_of(kind, b"nothing") == []
    with pytest.raises(RewriteError):
        parts_of([(b"Content-Type", b"multipart/x-mixed-replace")], data)
    with pytest.raises(RewriteError):
        parts_of(kind, b"--b\r\nX: " + b"x" * PART_HEAD_BYTES)
