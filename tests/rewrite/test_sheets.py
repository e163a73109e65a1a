"""A style sheet of its own: which addresses in it go, and in which encodings a browser may read it."""

from __future__ import annotations

from typing import Any

import pytest

from consent_guard.policy.model import Policy
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.rewrite.decide.urls import HostBook
from consent_guard.rewrite.encoding.sniff import sheet_encodings
from consent_guard.rewrite.model import DocumentFacts
from consent_guard.rewrite.sheets import SheetRewriter, leads_elsewhere

SERVICE = {"id": "ads", "category": "c", "title": {"en": "Ads"}, "hosts": ["ads.example", "ads.example.de"]}
CATEGORY = {"id": "c", "basis": "consent", "title": {"en": "C"}}
POLICY = Policy.load({"categories": [CATEGORY], "services": [SERVICE, {"id": "matomo", "category": "c"}]})
RULES = CompiledPolicy(POLICY)
DOCUMENT = DocumentFacts("https", "www.example.org", "/css/site.css")


def read(sheet: bytes, charset: str | None = None) -> bytes:
    """Return a sheet as it leaves for a visitor who allows nothing, fed byte by byte."""
    document = DocumentFacts("https", "www.example.org", "/css/site.css", charset=charset)
    rewriter = SheetRewriter(RULES, frozenset(), document)
    assert all(rewriter.feed(sheet[at : at + 1]) == b"" for at in range(len(sheet)))
    out = rewriter.close()
    assert rewriter.personal is bool(out)
    return out or sheet


@pytest.mark.parametrize(
    "address",
    [
        "//ads.example/x",
        "https://ads.example/x",
        "HTTPS:ads.example/x".replace("HTTPS:", "http:"),
        r"\2f\2f ads.example/x",
        r"\2f/ads.example/x",
        r"\/\/ads.example/x",
        r"\\\\ads.example/x",
        r"/\\ads.example/x",
        r"\00005c\00005cads.example/x",
        r"/\9/ads.example/x",
        r"/\00000a/ads.example/x",
        r"\68ttps://ads.example/x",
        r"\68 \74 \74 p\3a ads.example/x",
        r"ht\tp:ads.example/x",
        r"//\41 DS.example/x",
    ],
)
def test_an_address_counts_however_it_is_spelled(address: str) -> None:
    for sheet in (f'p{{background:url("{address}")}}', f"@import '{address}';", f"@import url({address});"):
        left = read(sheet.encode())
        assert left == sheet.replace(address, "about:invalid").encode(), sheet


@pytest.mark.parametrize("end", ["\n", "\r", "\f", "\r\n"])
def test_so_does_one_with_an_escaped_line_end_in_it(end: str) -> None:
    """CSS Syntax 3 §3.3: a form feed is a line end too."""
    for address in (f"h\\{end}ttp:ads.example/x", f"/\\{end}/ads.example/x"):
        sheet = f'p{{background:url("{address}")}}'
        assert read(sheet.encode()) == sheet.replace(address, "about:invalid").encode()


@pytest.mark.parametrize(
    "sheet",
    [
        rb"@\69mport '//ads.example/x';",
        rb"@IMPORT '//ads.example/x';",
        b"@import 'data:text/css,p{background:url(//ads.example/x)}';",
        b"p{background:url(/stats/matomo.php?idsite=1)}",
        b"p{background:url(/stats/%6datomo.php?idsite=1)}",
        b"p{background:image-set('//ads.example/x' 1x)}",
        b"p{--x:url(//ads.example/x)}",
    ],
)
def test_so_do_imports_nested_sheets_and_self_hosted_tools(sheet: bytes) -> None:
    left = read(sheet)
    assert left != sheet
    assert b"about:invalid" in left
    assert b"ads.example" not in left
    assert b"atomo" not in left


@pytest.mark.parametrize(
    "sheet",
    [
        b"/* //ads.example/x */p{color:red}",
        b"p{content:'//ads.example/x'}",
        b"p{background:url(//ads.example.com/x)}",
        b"p[href='//ads.example/x']{color:red}",
        b"p{background:url(data:image/svg+xml,//ads.example/x)}",
        b"@namespace url(http://ads.example/x);",
    ],
)
def test_what_a_browser_does_not_fetch_stays(sheet: bytes) -> None:
    assert read(sheet) == sheet


@pytest.mark.parametrize(
    ("sheet", "label", "expected"),
    [
        (b"\xef\xbb\xbfp", "shift_jis", ("utf-8",)),
        (b"\xff\xfep\0", "utf-8", ("utf-16le",)),
        (b'@charset "big5";', "Shift_JIS", ("shift_jis",)),
        (b'@charset "big5";', None, ("big5",)),
        (b'@charset "big5";', "nonsense", ("big5",)),
        (b'@charset "utf-16le";', None, ("utf-8",)),
        (b"@charset 'big5';", None, ("utf-8",)),
        (b' @charset "big5";', None, ("utf-8",)),
        (b"p", None, ("utf-8",)),
        (b"p\0", None, ("utf-8", "utf-16le", "utf-16be")),
        (b"p\0", "utf-8", ("utf-8",)),
        ("p::before{content:'é\\'}".encode(), None, ("utf-8",)),
        (b"p{content:'\x95\\'}", None, ("utf-8", "shift_jis", "gb18030", "big5")),
        (b"\x1b$B", None, ("utf-8", "iso-2022-jp")),
    ],
)
def test_a_sheet_is_read_in_the_encodings_that_browsers_may_take_it_to_be_in(
    sheet: bytes, label: str | None, expected: tuple[str, ...]
) -> None:
    """CSS Syntax 3, "decode bytes"."""
    if sheet.startswith(b"p::"):
        expected = (*expected, "shift_jis", "gb18030", "big5")  # é ends in a byte that may lead a pair
    assert sheet_encodings(sheet, label) == expected


HIDDEN = 'p{content:"表";background:url(//ads.example/x)}'


@pytest.mark.parametrize("label", ["shift_jis", None])
def test_a_character_that_ends_in_a_backslash_hides_nothing(label: str | None) -> None:
    sheet = HIDDEN.encode("shift_jis")
    assert read(sheet, label) == sheet.replace(b"//ads.example/x", b"about:invalid")


@pytest.mark.parametrize(
    ("codec", "label"),
    [("utf-16", None), ("utf-16-le", "utf-16le"), ("utf-16-be", "utf-16be"), ("utf-16-le", None), ("utf-16-be", None)],
)
def test_utf_16_is_read_and_leaves_as_utf_16(codec: str, label: str | None) -> None:
    sheet = HIDDEN.encode(codec)
    assert read(sheet, label).decode(codec) == HIDDEN.replace("//ads.example/x", "about:invalid")
    clean = "p{content:'表'}".encode(codec)
    assert read(clean, label) == clean


@pytest.mark.parametrize(
    "sheet", ['p{background:url("//ads.example/x', "@import '//ads.example/x", "p{background:url(//ads.example/x"]
)
def test_what_nothing_ends_is_read_as_a_browser_does(sheet: str) -> None:
    assert read(sheet.encode()) == sheet.replace("//ads.example/x", "about:invalid").encode()


@pytest.mark.parametrize(
    "sheet",
    [
        rb".md\:flex{color:red}.w-1\/2{content:'\f101\201c\25b6\00a0\e900'}",
        b"p{background:url(/img/p.png)}@media (min-width:1px){p{margin:calc(100% - 1rem)}}",
        b"/* a comment */ /* another */ p{content:'/'}",
    ],
)
def test_a_plain_sheet_is_passed_at_a_glance(sheet: bytes) -> None:
    for step in (looking := leads_elsewhere(sheet, RULES.view(frozenset(), DOCUMENT))):
        assert step is None
    with pytest.raises(StopIteration) as end:
        next(looking)
    assert not end.value.value


@pytest.mark.parametrize(
    "sheet",
    [
        b"url(%6d)" * 4000,
        b"".join(b"url(%d%%6d)" % number for number in range(4000)),
        b"@import 'data:text/css," + b"".join(b"@import //%d.ads.example;" % number for number in range(1000)) + b"';",
        b"@x/*" + b"".join(b";@import '//%d.ads.example'" % number for number in range(1000)) + b"*/{}",
        b"\0\x1b$(\x81\\" + "p{b:url(//ads.example)}\u00e9".encode() * 1000,
        b"p{color:red}" * 40_000,
    ],
)
def test_a_sheet_is_read_in_steps_of_few_addresses(sheet: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it leaves as one that is read in one go does, in whatever pieces it comes."""
    seen = 0

    def counted(*arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        return address(*arguments)

    address = HostBook.address
    monkeypatch.setattr(HostBook, "address", counted)
    rewriter = SheetRewriter(CompiledPolicy(POLICY), frozenset(), DOCUMENT)
    rewriter.feed(sheet)
    most = steps = 0
    for _ in rewriter.steps():
        most, seen, steps = max(most, seen), 0, steps + 1
    seen = 0
    stepped = rewriter.close()
    assert seen == 0
    assert most <= 60
    assert steps > 10
    assert (stepped or sheet) == read(sheet)
