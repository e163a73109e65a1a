"""Where the banner goes: first in the body of a full document, and nowhere else (DESIGN §9, H36, F9)."""

from __future__ import annotations

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..documents import FUZZ, NOTHING, Parts, facts, once, page_rewriter, rewritten, rules
from ..soup import DOCUMENT

HERE = "[banner -]"


def placed(markup: str, **options: object) -> str:
    return rewritten(markup, parts=Parts(), banner=True, **options)


@pytest.mark.parametrize(
    "markup",
    [
        "<!doctype html><html><head><title>t</title></head><body>|<p>x</body></html>",
        "<!doctype html><html><head></head>\n<body class='a>b'\n>|x",
        "<BODY>|x",
        "<body>|",
        "<html><body>|<script>x()</script>",
        "<!doctype html>|<p>x",
        "<!doctype html>\n \t|x",
        "<!doctype html><title>t</title><meta charset=utf-8><link rel=icon href=/i>|<div>x",
        "<!doctype html><title>a<p></title><style>p{}</style><script>'<p>'</script>|<p>x",
        "<html>|<p>x",
        "<head></head>|<p>x",
        "<head><meta charset=utf-8>|<p>x",
        "<html><head><title>t</title></head>|text",
        "<!doctype html><!-- a --><html><!-- <body> --><body>|x",
        "<!doctype html><?php body ?><head><noscript><link rel=stylesheet href=/a></noscript></head><body>|x",
        "<!doctype html><template><p>x</template>|<p>x",
        "<!doctype html><head><template><body></template></head><body>|x",
        "<!doctype html><base href=/a><basefont><bgsound src=/a>|<hr>",
        "<!doctype html><head><noframes><body></noframes></head><body>|x",
        "<!doctype html>|<svg><title>x</title></svg>",
        "<!doctype html>|&amp;",
        "<!doctype html>|<3",
        "<!doctype html>|</br>",
        "<!doctype html><title>t</title>|</body></html>",
        "<!doctype html><title>t</title>|</html>",
        "<!doctype html></p></div>|x",
        "<!doctype html><title>t</title>|",
        "<!doctype html>|",
        "<html><head></head>|",
        "<!doctype html><title>t</title><!-- x -->|",
        "<!doctype html><html><head><script><!--<script></script><body>--></script></head><body>|x",
    ],
)
def test_in_a_full_document_it_stands_first_in_the_body(markup: str) -> None:
    assert placed(markup.replace("|", "")) == markup.replace("|", HERE)


@pytest.mark.parametrize(
    "markup",
    [
        "",
        " ",
        "text",
        "<p>x</p>",
        "<tr><td>x",
        "<title>t</title><p>x",
        "<!-- <!doctype html> --><p>x",
        "<script>x()</script><body>x",
        "<p>x<!doctype html><html><body>x",
        "<template><body>x</template>",
        "<!doctype html><frameset><frame src=/a></frameset>",
        "<html><head></head><frameset cols=50%><noframes><body>x</noframes></frameset>",
        "<html ⚡><head></head><body>x",
        "<!doctype html><html amp lang=fr><body>x",
        "<html AMP><body>x",
        "<!doctype html><title>t",
        "<!doctype html><script>x()",
        "<!doctype html><!-- x",
        "<!doctype html><plaintext><body>",
        "<!doctype html",
        "<!doctype html><link rel=icon",
    ],
)
def test_fragments_framesets_amp_pages_and_cut_heads_get_none(markup: str) -> None:
    if markup.startswith("<script>x()</script><body>"):
        # a body tag makes a document of it
        assert placed(markup) == markup.replace("<body>", "<body>" + HERE)
    elif "<plaintext>" in markup:
        assert placed(markup) == markup.replace("<plaintext>", HERE + "<plaintext>")
    else:
        assert placed(markup) == markup


def test_an_attribute_whose_name_only_begins_like_amp_is_none() -> None:
    assert placed("<html ampere data-amp><body>x") == f"<html ampere data-amp><body>{HERE}x"


def test_it_is_put_in_once() -> None:
    assert placed("<!doctype html><body><p><body><html><head><body>").count(HERE) == 1


@pytest.mark.parametrize(
    ("tag", "lang"),
    [
        ("<html lang=fr>", "fr"),
        ("<HTML\nLang = 'en-GB' >", "en-GB"),
        ("<html>", "-"),
        ("<html lang=f&#114;>", "fr"),
        ("<html xml:lang=de>", "-"),
    ],
)
def test_it_is_told_the_pages_language(tag: str, lang: str) -> None:
    assert placed(f"<!doctype html>{tag}<body>") == f"<!doctype html>{tag}<body>[banner {lang}]"


def test_without_its_being_wanted_or_any_parts_none_is_put_in() -> None:
    page = "<!doctype html><body>x"
    assert rewritten(page, parts=Parts(), banner=False) == page
    assert rewritten(page, banner=True) == page
    assert rewritten(page, parts=Parts(), banner=True, emits=False) == page
    assert rewritten(page, parts=Parts(), banner=True, syntax="xml") == page


def test_it_leaves_with_the_first_bytes_of_the_body() -> None:
    rewriter = page_rewriter(rules(), NOTHING, facts(), insertions=Parts(), banner=True)
    assert rewriter.feed(b"<!doctype html><html><body>") == b"<!doctype html><html><body>" + HERE.encode()


def test_what_is_withheld_before_it_does_not_move_it() -> None:
    page = "<!doctype html><head><script src=//px.ads.example/a></script></head><body><img src=//px.ads.example/a width=1>x"
    assert placed(page) == f"<!doctype html><head></head><body>{HERE}x"
    first = "<!doctype html><iframe src=//www.video.example/e></iframe>x"
    assert placed(first) == f"<!doctype html>{HERE}[placeholder video]x[closing]"
    pixel = "<!doctype html><img src=//px.ads.example/a width=1>x"
    assert placed(pixel) == f"<!doctype html>{HERE}x"


def test_a_byte_order_mark_is_no_text() -> None:
    for charset in ("utf-8", None):
        assert placed("\ufeff<!doctype html><body>x", charset=charset) == f"\ufeff<!doctype html><body>{HERE}x"
    marked = once("\ufeff<!doctype html><body>x".encode("utf-16-le"), parts=Parts(), banner=True, charset="utf-8")
    assert marked.decode("utf-16-le") == f"\ufeff<!doctype html><body>{HERE}x"


def test_in_utf16_it_is_written_in_utf16() -> None:
    page = "<!doctype html><body>é"
    out = once(page.encode("utf-16-le"), parts=Parts(), banner=True, charset="utf-16le")
    assert out.decode("utf-16-le") == f"<!doctype html><body>{HERE}é"


def test_the_closing_form_goes_to_the_end_of_a_document_that_holds_a_placeholder() -> None:
    embed = "<iframe src=//www.video.example/e></iframe>"
    assert rewritten(f"<p>{embed}", parts=Parts()) == "<p>[placeholder video][closing]"
    for end in ("<!-- x", "<script>x", "<title>x", "<p title='"):
        assert rewritten(f"<p>{embed}{end}", parts=Parts()) == f"<p>[placeholder video]{end}", "it would be text there"


PIECES = st.lists(
    st.sampled_from(
        [
            *DOCUMENT,
            *("<title>t</title>", "\n", " "),
            *(
                "<meta charset=utf-8>",
                "<script>x()</script>",
                "<style>p{}</style>",
                "<!-- <body> -->",
                "<link rel=icon href=/i>",
            ),
            *("<p>", "</p>", "text", "<div>", "<noscript><p>x</noscript>", "<base href=/>", "<svg></svg>", "<br>", "</title>"),
        ]
    ),
    max_size=10,
)


@FUZZ
@given(PIECES)
def test_wherever_a_document_begins_its_body_the_banner_is_its_first_child(pieces: list[str]) -> None:
    """By html5lib's tree: nothing but blanks before it in the body, and nothing of it elsewhere."""

    class Section(Parts):
        def banner(self, lang: str | None) -> bytes:
            return b"<section data-cg=banner></section>"

    markup = "".join(pieces)
    out = once(markup.encode(), parts=Section(), banner=True).decode()
    full = any(part in markup.replace("<!-- <body> -->", "") for part in ("<!doctype", "<html", "<head>", "</head>", "<body>"))
    if "banner" not in out:
        return
    assert full
    assert out.replace("<section data-cg=banner></section>", "") == markup
    tree = html5lib.parse(out, namespaceHTMLElements=False, scripting=True)
    body = tree.find("body")
    elements = [child for child in body if isinstance(child.tag, str)]
    assert elements[0].get("data-cg") == "banner", out
    assert not (body.text or "").strip(), out
