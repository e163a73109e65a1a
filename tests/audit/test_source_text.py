"""Lines and columns as an author counts them."""

from __future__ import annotations

import pytest

from consent_guard.audit.source_text import SourceText

TEXT = "é1\r\n\r\nx\ry\n日本z"


@pytest.mark.parametrize(("label", "encoding"), [("utf-8", "utf-8"), ("shift_jis", "shift_jis"), ("utf-16", "utf-16-le")])
def test_places_do_not_depend_on_the_order_in_which_they_are_asked(label: str, encoding: str) -> None:
    text = TEXT.replace("é", "日")
    source = SourceText(text.encode(encoding), label, xml=False)
    inner = "shift_jis" if encoding == "shift_jis" else "utf-8"
    offsets = [len(text[:at].encode(inner)) for at in range(len(text))]
    wanted = [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (3, 1), (3, 2), (4, 1), (4, 2), (5, 1), (5, 2), (5, 3)]
    assert [source.place(offset) for offset in offsets] == wanted
    assert [source.place(offset) for offset in reversed(offsets)] == wanted[::-1]


def test_a_byte_order_mark_takes_no_column_whenever_it_is_asked() -> None:
    source = SourceText(b"\xef\xbb\xbfab\nc", None, xml=False)
    assert [source.place(at) for at in (3, 4, 6, 3, 4)] == [(1, 1), (1, 2), (2, 1), (1, 1), (1, 2)]
