"""What went wrong on real sites, each as a case: one test a row of ``field/html.jsonl`` (DESIGN §6, R1 to R3).

A row goes through the guard whole, split anywhere and byte by byte.
"""

from __future__ import annotations

import base64
import re
from html import unescape
from urllib.parse import unquote_to_bytes

import pytest

from ..cases import UNSCORED, Case, domains, guarded, html_cases, pieces
from .live import Contact, left_in

CASES = html_cases("field/html.jsonl")
SPLITS = 2_000
"""A row is split at every offset; a long one at so many."""
OUR_LINK = re.compile(rb'<a class="cg-link" href="[^"]*"')
BASE64 = re.compile(rb";base64,([A-Za-z0-9+/=]+)")
XSLT = b"http://www.w3.org/1999/XSL/Transform"


def contacts(case: Case, body: bytes) -> list[Contact]:
    return left_in(body, case.type, case.page, domains())


def unfolded(body: bytes) -> bytes:
    """A body with what references, percent signs and base64 hide, after itself. Our own plain link is left out."""
    plain = OUR_LINK.sub(b"", body)
    inner = b"".join(base64.b64decode(found) for found in BASE64.findall(plain))
    return b"\n".join((plain, unescape(plain.decode("utf-8", "replace")).encode(), unquote_to_bytes(plain), inner))


def traces(case: Case, body: bytes) -> bool:
    """Whether the host, or a style sheet that builds a document, stands anywhere: for what no parser of this proof sees."""
    text = unfolded(body)
    if case.type is not None and "xml" in case.type:
        return b"<?xml-stylesheet" in text and XSLT in text
    return case.host.encode() in text


def still_loads(case: Case, body: bytes) -> bool:
    """Whether a body still loads what the row's own body loads."""
    return bool(contacts(case, body)) if contacts(case, case.body) else traces(case, body)


BLOCKED = [case for case in CASES if case.must_block and case.tier not in UNSCORED]


def test_the_proof_sees_what_each_row_loads() -> None:
    unseen = {case.id for case in BLOCKED if not still_loads(case, case.body)}
    assert not unseen, unseen


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.tier}")
def test_a_row_is_withheld_or_left_alone_as_a_browser_reads_it(case: Case) -> None:
    out = guarded(case, [case.body])
    if case in BLOCKED:
        assert not still_loads(case, out), (case.why, out)
    assert set(contacts(case, out)) <= set(contacts(case, case.body)), (case.why, "loads something that it did not", out)
    if case.scored and case.touch != "any":
        assert (out == case.body) is (case.touch == "identical"), (case.why, out)
    for at in range(0, len(case.body) + 1, len(case.body) // SPLITS + 1):
        assert guarded(case, [case.body[:at], case.body[at:]]) == out, (case.why, at)
    for size in (1, 2, 3, 7):
        assert guarded(case, pieces(case.body, size)) == out, (case.why, size)
    assert guarded(case, [out]) == out, (case.why, "is changed again")
