"""Where a withheld thing stands decides what may be put in its place (A09, H37)."""

from __future__ import annotations

import pytest

from consent_guard.findings import Finding
from consent_guard.limits import OWED_BYTES
from consent_guard.policy.model import Policy
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.rewrite.model import Embed
from consent_guard.rewrite.page import page_rewriter
from tests.rewrite.documents import Parts, facts, kept, once, pieces, rewritten, rules
from tests.rewrite.timing import grows_linearly

VIDEO = '<iframe src="https://www.video.example/e/1" width="560"></iframe>'
RENAMED = VIDEO.replace(" src", " data-cg-src")
PUT = "[placeholder video]"


# -- texts that visitors edit ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "edits",
    [
        "<div contenteditable=true>",
        "<div contenteditable>",
        "<div class=x contentEditable='plaintext-only'>",
        '<div contenteditable="TRUE">',
        "<section contenteditable=true><div contenteditable=false>",
    ],
)
def test_into_a_text_that_is_edited_nothing_is_put_and_what_loads_only_changes_its_name(edits: str) -> None:
    found: list[Finding] = []
    out = rewritten(f"{edits}<p>a</p>{VIDEO}", parts=Parts(), found=found)
    assert out == f"{edits}<p>a</p>{RENAMED}"
    assert [(one.kind.value, one.where, one.service) for one in found] == [("element", "iframe src", "video")]


@pytest.mark.parametrize(
    "tag",
    ["<div contenteditable=false>", "<div contenteditable=inherit>", "<div title=contenteditable>", "contenteditable<div>"],
)
def test_elsewhere_a_placeholder_stands_in(tag: str) -> None:
    assert rewritten(f"{tag}{VIDEO}</div>", parts=Parts()) == f"{tag}{PUT}</div>[closing]"


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        ("<div contenteditable><div>{}</div>{}</div>{}", "<div contenteditable><div>{0}</div>{0}</div>{1}[closing]"),
        ("<p contenteditable>{}<p>{}", "<p contenteditable>{0}<p>{1}[closing]"),
        ("<div contenteditable><!-- </div> -->{}</div>{}", "<div contenteditable><!-- </div> -->{0}</div>{1}[closing]"),
        ("<i contenteditable><xmp></i></xmp>{}</i>{}", "<i contenteditable><xmp></i></xmp>{0}</i>{1}[closing]"),
        ("<!-- <div contenteditable> -->{}", "<!-- <div contenteditable> -->{1}[closing]"),
        ("<script>'<div contenteditable>'</script>{}", "<script>'<div contenteditable>'</script>{1}[closing]"),
        ("<input contenteditable>{}", "<input contenteditable>{1}[closing]"),
        ("<div contenteditable><noscript>{}</noscript></div>", "<div contenteditable><noscript>{0}</noscript></div>"),
        (
            "<li contenteditable>a<ul><li>{}</li><li>{}</ul>{}<li>{}",
            "<li contenteditable>a<ul><li>{0}</li><li>{0}</ul>{0}<li>{1}[closing]",
        ),
        ("<ul><li contenteditable>a<p>{}</ul>{}", "<ul><li contenteditable>a<p>{0}</ul>{1}[closing]"),
        (
            "<td contenteditable><table><td>{}</td></table>{}</td>{}",
            "<td contenteditable><table><td>{0}</td></table>{0}</td>{1}[closing]",
        ),
        ("<svg contenteditable><g/></svg>{}", "<svg contenteditable><g/></svg>{1}[closing]"),
        ("<i contenteditable><svg><path/></svg>{}</i>{}", "<i contenteditable><svg><path/></svg>{0}</i>{1}[closing]"),
    ],
)
def test_the_edited_text_ends_where_its_element_does(markup: str, out: str) -> None:
    assert rewritten(markup.replace("{}", VIDEO), parts=Parts()) == out.format(RENAMED, PUT)


def test_a_page_that_is_edited_as_a_whole_gets_no_banner_and_no_form() -> None:
    page = f"<!doctype html><body contenteditable>a{VIDEO}</body>{VIDEO}"
    assert rewritten(page, parts=Parts(), banner=True) == page.replace(VIDEO, RENAMED)


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        (
            "<script src=//cdn.stats.example/a>x</script>",
            '<script type="text/plain" data-cg-src=//cdn.stats.example/a>x</script>',
        ),
        (
            "<script type=module src=//cdn.stats.example/a.js></script>",
            '<script type="text/plain" type=module data-cg-src=//cdn.stats.example/a.js></script>',
        ),
        ('<script>_stats("cdn.stats.example")</script>', '<script type="text/plain">_stats("cdn.stats.example")</script>'),
        ("<img src=//a.stats.example/p width=1 height=1>", "<img data-cg-src=//a.stats.example/p width=1 height=1>"),
        ("<img src=//ads.example/p src=//ads.example/q>", "<img data-cg-src=//ads.example/p data-cg-src=//ads.example/q>"),
        ("<img srcset='/own 1x, //ads.example/p 2x'>", "<img srcset=\"/own 1x\" data-cg-srcset='/own 1x, //ads.example/p 2x'>"),
        ("<video src=//www.video.example/v>a</video>", "<video data-cg-src=//www.video.example/v>a</video>"),
        ("<object data=//www.video.example/v>a</object>", "<object data-cg-data=//www.video.example/v>a</object>"),
        ("<link rel=stylesheet href=//ads.example/s>", "<link rel=stylesheet data-cg-href=//ads.example/s>"),
        (
            '<i style="color:red;cursor:url(//ads.example/x)">x</i>',
            '<i style="color:red;cursor:url(about:invalid)" data-cg-style="color:red;cursor:url(//ads.example/x)">x</i>',
        ),
        (
            "<iframe srcdoc='<img src=//ads.example/p>'></iframe>",
            "<iframe srcdoc=\"&lt;img >\" data-cg-srcdoc='<img src=//ads.example/p>'></iframe>",
        ),
    ],
)
def test_all_that_loads_is_withheld_there_and_all_that_was_written_stays(markup: str, out: str) -> None:
    """H37: nothing that fetches holds a gated address, and the text that the site stores has lost none."""
    assert rewritten(f"<div contenteditable>{markup}</div>", parts=Parts()) == f"<div contenteditable>{out}</div>"
    assert kept(f"<div contenteditable>{out}</div>")
    assert kept(f"<div contenteditable>{markup}</div>", allowed={"stats", "ads", "video"})


# -- embeds that nobody was to see ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes",
    [
        'height="0" width="0" style="display:none;visibility:hidden"',  # as Google Tag Manager's noscript is written
        "hidden",
        "style='display: none'",
        "style='visibility:hidden'",
        "width=1 height=1",
        "width=0 height=0",
        "width=100% height=0",
        "width=1",
        "style='width:1px;height:1px'",
        "style='border:0;height:0'",
        "hidden style='width:1px;min-width:100%'",
    ],
)
def test_an_embed_that_nobody_was_to_see_leaves_neither_a_box_nor_forms(attributes: str) -> None:
    frame = f"<iframe src=//www.video.example/e {attributes}></iframe>"
    assert rewritten(f"<p>{frame}</p>", parts=Parts()) == "<p>[unseen video]</p>"
    assert rewritten(f"<noscript>{frame}</noscript>", parts=Parts()) == "<noscript>[unseen video]</noscript>"
    video = f"<video src=//www.video.example/e {attributes}></video>"
    assert rewritten(f"<p>{video}</p>", parts=Parts()).startswith("<p>[unseen video]<video")


@pytest.mark.parametrize(
    "attributes",
    [
        "style='width:1px;min-width:100%'",
        "style='height:1px;min-height:20em'",
        "style='max-width:0'",
        "width=10 height=100",
        "style='width:100px'",
    ],
)
def test_one_that_grows_is_to_be_seen(attributes: str) -> None:
    """iframe-resizer's frames begin one pixel wide."""
    frame = f"<iframe src=//www.video.example/e {attributes}></iframe>"
    assert rewritten(f"<p>{frame}</p>", parts=Parts()) == "<p>[placeholder video]</p>[closing]"


# -- links and buttons of the page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        ("<a href=/x>{}<h2>t</h2></a>u", "<a href=/x><h2>t</h2></a>{}u"),
        ("<A class=c\nHREF=/x>{}t</A>u", "<A class=c\nHREF=/x>t</A>{}u"),
        ("<button>{}Play</button>u", "<button>Play</button>{}u"),
        ("<a href=/x><b>{}</b>{}t</a>u", "<a href=/x><b></b>t</a>{}{}u"),
        ("<a href=/x><button>{}p</button>t</a>u", "<a href=/x><button>p</button>t</a>{}u"),
        ("<button><a href=/x>{}p</a>t</button>u", "<button><a href=/x>p</a>t</button>{}u"),
        ("<a href=/x>{}<p>t<a href=/y>z</a>", "<a href=/x><p>t{}<a href=/y>z</a>"),
        ("<button>{}t<button>z</button>", "<button>t{}<button>z</button>"),
        ("<a href=/x>{}t", "<a href=/x>t{}"),
        ("<a href=/x>{}<article>t</article><abbr>t</abbr></a>u", "<a href=/x><article>t</article><abbr>t</abbr></a>{}u"),
        ("<a href=/x>{}<!-- </a> --><i title='</a>'>t</i></a>u", "<a href=/x><!-- </a> --><i title='</a>'>t</i></a>{}u"),
        ("<a href=/x><!-- </a> --><script>'</a>'</script>{}t</a>u", "<a href=/x><!-- </a> --><script>'</a>'</script>t</a>{}u"),
        ("<a href=/x>t</a>{}<a href=/y>z</a>", "<a href=/x>t</a>{}<a href=/y>z</a>"),
        ("<a name=x>{}t</a>", "<a name=x>{}t</a>"),
        ("<a href=/x>{}<svg><a href=#y>z</a></svg>t</a>u", "<a href=/x><svg><a href=#y>z</a></svg>t</a>{}u"),
        ("<!-- <a href=/x> -->{}t", "<!-- <a href=/x> -->{}t"),
        ("<script>'<button>'</script>{}t", "<script>'<button>'</script>{}t"),
        ("<abbr href=x>{}<article>t", "<abbr href=x>{}<article>t"),
    ],
)
def test_a_placeholder_comes_after_the_link_or_button_that_its_embed_stood_in(markup: str, out: str) -> None:
    """Its own link would end the page's link, its buttons the page's button."""
    assert rewritten(markup.replace("{}", VIDEO), parts=Parts()) == out.replace("{}", PUT) + "[closing]"


def test_it_waits_for_the_end_of_a_long_link() -> None:
    words = "<p>word</p>" * 2000
    markup, out = f"<a href=/x>{VIDEO}{words}</a>u", f"<a href=/x>{words}</a>{PUT}u[closing]"
    assert once(markup.encode(), parts=Parts()) == once(markup.encode(), parts=Parts(), sizes=1000) == out.encode()


class LargeParts(Parts):
    """Placeholders as long as a real page's."""

    def placeholder(self, embed: Embed, lang: str | None) -> bytes:
        return super().placeholder(embed, lang) + b"." * 2000


@pytest.mark.parametrize(
    "embed",
    [VIDEO, f"<noscript>{VIDEO}</noscript>", f"<noscript></a><a href=/z>{VIDEO}</noscript>"],
    ids=["bare", "noscript", "link"],
)
def test_of_what_waits_for_the_end_of_a_link_only_so_much_is_held(embed: str) -> None:
    """A link that never ends costs neither memory nor time; what the page wrote in it leaves as it comes."""
    parts = LargeParts()
    rewriter = page_rewriter(rules(), frozenset(), facts(), insertions=parts)
    early = b"".join(map(rewriter.feed, pieces(f"<a href=/x>{f'{embed}<p>word</p>' * 500}".encode(), 1000)))
    assert early.count(b"<p>word</p>") == 500
    assert b"[placeholder" not in early
    late = rewriter.feed(f"</a>u{VIDEO}<a href=/y>{VIDEO}".encode()) + rewriter.close()
    assert OWED_BYTES < len(late) < OWED_BYTES + 8000
    assert late.count(b"[placeholder video]") == len(parts.embeds), "none is made that is not shown"
    assert late.partition(b"</a>")[2].partition(b"u")[2].count(b"[placeholder video]") == 2, "the next has its own again"


def test_an_embed_in_a_link_that_scripts_replace_is_shown_to_those_without_scripts() -> None:
    markup = f"<a href=/x>t<noscript>{VIDEO}</noscript></a>u"
    out = f"<a href=/x>t<noscript></noscript></a><noscript>{PUT}</noscript>u[closing]"
    assert rewritten(markup, parts=Parts()) == out


def test_a_noscript_late_in_a_long_link_is_one_in_a_link() -> None:
    """What is waited for is known there without a look back, until the noscript ends the link itself."""
    words = "<p>word</p>" * 1000
    markup = f"<a href=/x>{VIDEO}{words}<noscript>{VIDEO}</noscript>t</a>u"
    out = f"<a href=/x>{words}<noscript></noscript>t</a>{PUT}<noscript>{PUT}</noscript>u[closing]"
    assert once(markup.encode(), parts=Parts()) == out.encode()
    markup = f"<a href=/x>{VIDEO}{words}<noscript></a>{VIDEO}</noscript>t</a>u"
    out = f"<a href=/x>{words}<noscript></a>{PUT}</noscript>t</a>{PUT}u[closing]"
    assert once(markup.encode(), parts=Parts()) == out.encode()


def test_what_keeps_its_place_in_a_link_is_withheld_there() -> None:
    markup = "<a href=/x><video src=//www.video.example/v></video>t</a>u"
    out = '<a href=/x><video hidden=""></video>t</a>[placeholder video]u[closing]'
    assert rewritten(markup, parts=Parts()) == out


# -- elements that a withheld script would fill ---------------------------------------------------------------------------

CONTAINERS = {
    "policy": {"languages": ["en"]},
    "categories": [{"id": "interactivity", "basis": "consent", "title": {"en": "I"}}],
    "services": [
        *({"id": id} for id in ("google-recaptcha", "disqus", "x-twitter", "typeform")),
        {
            "id": "plans",
            "category": "interactivity",
            "title": {"en": "P"},
            "hosts": ["plans.example"],
            "containers": ["#plan-1", ".plan"],
        },
    ],
}
FILLED = CompiledPolicy(Policy.load(CONTAINERS))
API = "<script src=https://www.google.com/recaptcha/api.js></script>"
LONG = "<option>word</option>" * 500
"""More than is looked back."""


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        ("<p><i class='col g-recaptcha' data-sitekey=x></i>", "<p>{r}<i class='col g-recaptcha' data-sitekey=x></i>"),
        ("<div id=disqus_thread></div>", "{d}<div id=disqus_thread></div>"),
        ("<blockquote class=twitter-tweet>t</blockquote>", "{t}<blockquote class=twitter-tweet>t</blockquote>"),
        ("<div data-tf-live=x></div>", "{f}<div data-tf-live=x></div>"),
        ("<table><tr><td class=plan>", "<table><tr><td class=plan>{p}"),
        ("<button class=g-recaptcha>Send</button>", "{r}<button class=g-recaptcha>Send</button>"),
        ("<a href=/x><i id=disqus_thread></i>t</a>u", "<a href=/x><i id=disqus_thread></i>t</a>{d}u"),
        ("<input type=hidden class=g-recaptcha>", "{r}<input type=hidden class=g-recaptcha>"),
    ],
)
def test_a_placeholder_stands_before_an_element_that_a_withheld_script_would_fill(markup: str, out: str) -> None:
    ids = {"r": "google-recaptcha", "d": "disqus", "t": "x-twitter", "f": "typeform", "p": "plans"}
    put = {key: f"[placeholder {id}]" for key, id in ids.items()}
    assert rewritten(markup, parts=Parts(), compiled=FILLED) == out.format(**put) + "[closing]"
    assert rewritten(markup, parts=Parts(), compiled=FILLED, allowed=ids.values()) == markup


@pytest.mark.parametrize(
    "markup",
    [
        "<p>disqus_thread</p>",
        "<!-- <div id=disqus_thread> -->",
        "<script>'<div id=disqus_thread>'</script>",
        "<div id=disqus_threads></div>",
        "<div class=disqus_thread></div>",
        "<div id=twitter-tweet></div>",
        "<div class=x class=twitter-tweet></div>",
        "<div title='data-tf-live'></div>",
        "<div contenteditable><blockquote class=twitter-tweet>t</blockquote></div>",
        "<body class=plan>",
    ],
)
def test_what_only_looks_like_one_stays_as_it_is(markup: str) -> None:
    assert rewritten(markup, parts=Parts(), compiled=FILLED) == markup


@pytest.mark.parametrize(
    ("markup", "out"),
    [
        (API + "<form method=post><button>Send</button></form>", "<form method=post><button>Send</button>{}</form>"),
        ("<form>a" + API + "</form>", "<form>a{}</form>"),
        ("<form>" + LONG + API + "</form></form>", "<form>" + LONG + "{}</form></form>"),
        (API + "<form>a</form></form></form>", "<form>a{}</form></form></form>"),
        (API + "</form><form>a</form>", "</form><form>a{}</form>"),
        ("<form>s</form>" + API + "</form><form>a</form>", "<form>s</form></form><form>a{}</form>"),
        ("<!-- <form> -->" + API + "</form><form>a</form>", "<!-- <form> --></form><form>a{}</form>"),
        ("<form role=search>s" + API + "</form><form>a</form>", "<form role=search>s</form><form>a{}</form>"),
        (API + "<form contenteditable>a</form></form><form>a</form>", "<form contenteditable>a</form></form><form>a{}</form>"),
        (API + "<form role=search>s</form><form>a</form>", "<form role=search>s</form><form>a{}</form>"),
        (API + "<form method='GET'>s</form><form>a</form>", "<form method='GET'>s</form><form>a{}</form>"),
        (API + "<form><i class=g-recaptcha></form><form>a</form>", "<form>{}<i class=g-recaptcha></form><form>a</form>"),
        ("<form><i class=g-recaptcha></form>" + API + "<form>a</form>", "<form>{}<i class=g-recaptcha></form><form>a</form>"),
    ],
)
def test_a_captcha_without_an_element_of_its_own_is_told_of_in_the_forms_that_follow(markup: str, out: str) -> None:
    told = out.format("[placeholder google-recaptcha]") + "[closing]"
    assert rewritten(markup, parts=Parts(), compiled=FILLED) == told


# -- time -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("<a href=/x>", VIDEO),
        ("", "<i contenteditable></i>"),
        ("<div contenteditable>", f"<p>x</p>{VIDEO}"),
        (API, "<form></form>"),
        ("", API),
        ("", "<i id=disqus_thread></i>"),
    ],
)
def test_what_is_looked_for_in_vain_is_looked_for_once(head: str, unit: str) -> None:
    """R8: time grows with the document, not with its square."""

    def work(size: int) -> None:
        once((head + unit * size).encode(), parts=Parts(), compiled=FILLED)

    grows_linearly(work, 100, longest=1 << 20)


@pytest.mark.parametrize("unit", [VIDEO, f"<noscript>{VIDEO}</noscript>"])
def test_what_waits_is_not_copied_for_each_that_joins_it(unit: str) -> None:
    grows_linearly(lambda size: once(("<a href=/x>" + unit * size).encode(), parts=LargeParts()), 500, longest=1 << 20)
