"""What is no page, said alike of pages that are read and of those that are run."""

from __future__ import annotations

import pytest

from consent_guard.audit.reading.pagehood import binary, no_page, too_large

HTML = (b"content-type", b"text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (200, [HTML], ""),
        (200, [], ""),
        (200, [(b"content-type", b"image/svg+xml")], ""),
        (200, [(b"content-type", b"application/pdf")], "is application/pdf, not a page"),
        (200, [HTML, (b"content-disposition", b'attachment; filename="a.html"')], "is a download, not a page"),
        (200, [HTML, (b"content-disposition", b"inline")], ""),
        (204, [], "answered 204: there is no page"),
        (401, [HTML], ""),
        (401, [HTML, (b"www-authenticate", b"Basic")], "asks for a name and a password (401)"),
        (500, [HTML], ""),
        (500, [(b"content-type", b"text/plain")], "is text/plain, not a page (it answered 500)"),
    ],
)
def test_the_head_of_a_response_tells_what_is_no_page(status: int, headers: list[tuple[bytes, bytes]], said: str) -> None:
    told = no_page(status, headers)
    assert told.startswith(said)
    assert bool(told) == bool(said)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<p>\t\n\f\x1b(B text", ""),
        (b"\x00\x01", "holds binary data, not a page"),
        ("<p>x".encode("utf-16"), ""),
        ("<p>x".encode("utf-16-be"), ""),
        (b"x" * 2000 + b"\x00", ""),
    ],
)
def test_binary_data_is_told_by_its_beginning(body: bytes, said: str) -> None:
    assert binary(body) == said


def test_the_limit_is_said_in_megabytes() -> None:
    assert too_large(20 * 1024 * 1024) == "is larger than 20 MB: only the beginning was read"
