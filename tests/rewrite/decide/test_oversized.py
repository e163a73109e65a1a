"""Tags too long to be held: no tag is, and nothing of one gets out that would fetch (R4, R5, DESIGN §8).

Browsers accept attributes of any length before ``src``; real pages hold tags of more than a megabyte.
"""

from __future__ import annotations

import pytest

from consent_guard.findings import Finding, FindingKind
from consent_guard.limits import HELD_VALUE_BYTES

from ..documents import NOTHING, SERVICES, WHOLE, facts, fresh, once, page_rewriter, rules
from ..live import reached

PAD = b"x" * HELD_VALUE_BYTES
BLANKS = b" " * HELD_VALUE_BYTES
SIZES = (WHOLE, 1 << 16, 999_983)
RULES = rules(inline_scripts="mention")


def streamed(body: bytes, **options: object) -> bytes:
    """The output, the same for chunks of several sizes, and for a second pass."""
    options = {"compiled": RULES, **options}
    out = {once(body, sizes=size, **options) for size in SIZES}  # type: ignore[arg-type]
    assert len(out) == 1
    (only,) = out
    assert once(only, **options) == only  # type: ignore[arg-type]
    return only


LONG = {
    "value": b' data-x="' + PAD + b'"',
    "single": b" data-x='" + PAD + b"'",
    "unquoted": b" data-x=" + PAD,
    "blanks": BLANKS,
    "slashes": b" " + b"/" * HELD_VALUE_BYTES,
    "name": b" " + PAD,
    "attributes": b" data-attribute='and its value'" * (HELD_VALUE_BYTES // 31 + 1),
    "quotes": b' x="<img src=//px.ads.example>"' * (HELD_VALUE_BYTES // 32 + 1),
}
GATED = [
    b"<script%s src=//px.ads.example/a.js></script>",
    b"<SCRIPT%s SRC='//px.ads.example/a.js'></SCRIPT>",
    b"<img%s src=//px.ads.example/a.gif>",
    b'<img%s srcset="/a.png 1x, //px.ads.example/a.gif 2x">',
    b"<iframe%s src=//px.ads.example/a></iframe>",
    b"<iframe%s srcdoc='<img src=//px.ads.example/a>'></iframe>",
    b"<iframe%s src='data:text/html,<img src=https://px.ads.example/a>'></iframe>",
    b"<object%s data=//px.ads.example/a></object>",
    b"<embed%s src=//px.ads.example/a>",
    b"<video%s poster=//px.ads.example/a></video>",
    b"<link%s rel=stylesheet href=//px.ads.example/a.css>",
    b"<link%s href=//px.ads.example/a.css rel=preload>",
    b"<meta%s http-equiv=refresh content='0;url=//px.ads.example/'>",
    b"<base%s href=//px.ads.example/><img src=a.gif>",
    b"<p%s style='background:url(//px.ads.example/a)'>",
    b"<p%s onclick=\"import('//px.ads.example/a')\">",
    b"<a%s href=\"javascript:import('//px.ads.example/a')\">",
    b"<a%s ping=//px.ads.example/a>",
    b"<table%s background=//px.ads.example/a>",
    b"<input%s type=image src=//px.ads.example/a>",
    b"<svg><image%s href=//px.ads.example/a /></svg>",
    b"<svg><image%s xlink:href=//px.ads.example/a /></svg>",
    b"<embed%s type=text/html code=//px.ads.example/a>",
    b"<svg><rect%s fill='url(//px.ads.example/a)'/></svg>",
    b"<script%s>import('//px.ads.example/a')</script>",
    b"<link%s imagesrcset='//px.ads.example/a 1x' rel=preload as=image>",
    b"<link imagesrcset='//px.ads.example/a 1x'%s rel=preload as=image>",
    b"<link rel='stylesheet" + b" " * 300 + b"' href=//px.ads.example/a%s>",
    b"<link rel='stylesheet" + b" x" * 300 + b"' href=//px.ads.example/a%s>",
    b"<script href=x%s>import('//px.ads.example/a')</script>",
    b'<script type=importmap%s>{"imports":{"a":"//px.ads.example/a"}}</script>',
    b'<script%s type=\' importmap \'>{"imports":{"a":"//px.ads.example/a"}}</script>',
    b"<svg%s><style><img src=//px.ads.example/a></style></svg>",
]


@pytest.mark.parametrize("tag", GATED, ids=lambda tag: tag.decode()[:24])
def test_however_much_stands_before_it_a_gated_address_does_not_get_out(tag: bytes) -> None:
    body = b"a" + tag % LONG["value"] + b"b"
    for compiled in (RULES, rules(inline_scripts="signature")):
        out = streamed(body, compiled=compiled)
        assert not reached(out.replace(PAD, b"").decode(), ("ads.example",))
        assert b"ads.example" not in out
        assert out.startswith(b"a<")
        assert streamed(body, compiled=compiled, allowed=SERVICES) == body


@pytest.mark.parametrize("kind", sorted(LONG))
def test_whatever_makes_a_tag_long_its_address_is_seen(kind: str) -> None:
    for tag in (GATED[0], GATED[2]):
        out = streamed(b"a" + tag % LONG[kind] + b"b")
        assert b"src=//px" not in out.replace(LONG["quotes"], b""), tag
        assert out.endswith(b"b")


def test_an_address_past_the_limit_leaves_neutralised() -> None:
    """R5: fail-closed, and never markup as text."""
    found: list[Finding] = []
    for quote in (b"", b"'", b'"'):
        out = streamed(b"a<img src=" + quote + b"/" + PAD * 2 + quote + b" alt=x>b", found=found)
        assert len(out) < 100
        assert out.startswith(b"a<img src=")
        assert out.endswith(b" alt=x>b")
        assert PAD[:100] not in out


def test_a_long_attribute_that_no_rule_reads_streams_through() -> None:
    rewriter = page_rewriter(RULES, NOTHING, facts())
    assert rewriter.feed(b"<p title='" + PAD) == b"<p title='" + PAD
    assert rewriter.feed(b"more") == b"more"
    assert rewriter.feed(b"' class=a>b") == b"' class=a>b"


@pytest.mark.parametrize(
    "body",
    [
        b"<p title='" + PAD + b"'>b",
        b"<img alt='" + PAD + b"' src=/own.gif>b",
        b"<script data-x='" + PAD + b"'>var x = 1</script>b",
        b"<script data-x='" + PAD + b"' src=/own.js></script>b",
        b"<script type=application/json data-x='" + PAD + b"'>['//px.ads.example/a']</script>b",
        b"<a data-x='" + PAD + b"' href=//px.ads.example/>b</a>",
        b"<form data-x='" + PAD + b"' action=//px.ads.example/>b",
        b"<input data-x='" + PAD + b"' value=//px.ads.example/>b",
        b"<p " + b"an-attribute-without-a-value " * (HELD_VALUE_BYTES // 28) + b">b",
        b"</p " + BLANKS + b">b",
        b"</p x='" + PAD + b"'>b",
        b"<" + PAD + b" src=//own.example/>b",
        b"<title x='" + PAD + b"'><img src=//px.ads.example/></title>b",
        b"<p title='" + PAD,
        b"<!--" + PAD + b"--><p>b",
        b"<!doctype html '" + PAD + b"'><p>b",
        b"<?x " + PAD + b"?><p>b",
        b"<svg><desc x='" + PAD + b"'></desc></svg>b",
    ],
    ids=lambda body: body[:12].decode(),
)
def test_what_is_not_gated_stays_byte_for_byte_whatever_its_length(body: bytes) -> None:
    """R2."""
    assert streamed(body) == body


def test_the_content_of_a_long_script_with_a_gated_address_does_not_run() -> None:
    """R10: a script whose src goes must not run its body."""
    out = streamed(b"a<script src=//px.ads.example/a.js data-x='" + PAD + b"'>own()</script>b")
    assert b"own()" not in out
    assert out.endswith(b"</script>b")


def test_a_long_tag_is_told_to_the_context_as_any_other() -> None:
    img = b"<img src=//px.ads.example/a>"
    assert img in streamed(b"<textarea x='" + PAD + b"'>" + img + b"</textarea>")
    assert img not in streamed(b"<svg x='" + PAD + b"'><textarea>" + img + b"</textarea></svg>")
    assert img not in streamed(b"<svg><font color=red x='" + PAD + b"'></svg><svg><title>" + img + b"</title></svg>")
    assert img not in streamed(b"<textarea></textarea x='" + PAD + b"'>" + img)


def test_a_long_base_counts() -> None:
    out = streamed(b"<base href=//www.shared.example/ x='" + PAD + b"'><script src=captcha/a.js></script>")
    assert b"captcha" not in out


def test_what_is_withheld_of_a_long_tag_is_told() -> None:
    found: list[Finding] = []
    once(b"<img x='" + PAD + b"' src=//px.ads.example/a>", compiled=fresh(), found=found)
    assert [(one.kind, one.subject, one.service) for one in found] == [(FindingKind.ATTRIBUTE, "px.ads.example", "ads")]


@pytest.mark.parametrize("script", [b"<script src=//px.ads.example/a>", b"<script>go('//px.ads.example/a')"])
def test_a_long_end_tag_ends_what_is_left_out(script: bytes) -> None:
    """R3: else the end tag of the next script went in its place, and its text with what follows became one program."""
    rest = b'<script>/*</script><p title="*/ f() /*"></p><script>*/</script>'
    assert streamed(b"<p>" + script + b"</script x='" + PAD + b"'>" + rest) == b"<p>" + rest
    assert streamed(b"<p>" + script + b"</script " + PAD + b">" + rest) == b"<p>" + rest
    assert streamed(b"<p><script>own()</script x='" + PAD + b"'>" + rest).endswith(b"'>" + rest)


@pytest.mark.parametrize(
    "body",
    [
        b"<img src='/" + PAD + b"'>b",
        b"<p style='background:url(data:image/png," + PAD + b")'>b",
        b"<iframe srcdoc='<p>" + PAD + b"'></iframe>b",
        b"<noscript><img src=//px.ads.example/a>" + PAD + b"</noscript>b",
        b"<noscript><img src=//px.ads.example/a>" + PAD,
        b"<script type=importmap>{}" + PAD + b"</script>b",
    ],
    ids=lambda body: body[:24].decode(),
)
def test_with_everything_allowed_nothing_is_too_long(body: bytes) -> None:
    """R2."""
    found: list[Finding] = []
    assert streamed(body, allowed=SERVICES, found=found) == body
    assert found == []


@pytest.mark.parametrize("quote", [b"", b"'", b'"'])
@pytest.mark.parametrize(
    "tag", [b"<img alt=x src=%s>", b"<input type=image src=%s>", b"<video poster=%s>", b"<svg><image href=%s /></svg>"]
)
def test_an_image_that_stands_in_its_address_passes_however_long_it_is(tag: bytes, quote: bytes) -> None:
    """R2: it contacts nobody."""
    body = tag % (quote + b"data:image/png;base64," + PAD + quote)
    assert streamed(body) == body


@pytest.mark.parametrize(
    "tag", [b"<iframe src='%s'>", b"<object data='%s'>", b"<script src='%s'></script>", b"<link rel=stylesheet href='%s'>"]
)
def test_a_document_or_program_that_stands_in_an_address_too_long_to_be_read_goes_and_is_told(tag: bytes) -> None:
    """R5."""
    found: list[Finding] = []
    out = once(tag % (b"data:text/html,<img src=//px.ads.example/a>" + PAD), compiled=RULES, found=found)
    assert PAD not in out
    assert [(one.kind, one.subject) for one in found] == [(FindingKind.UNFILTERED, "")]


def test_in_xml_too_nothing_is_too_long_where_everything_is_allowed() -> None:
    """R2."""
    for address in (b"/", b"data:image/png,"):
        body = b"<svg xmlns='http://www.w3.org/2000/svg'><image href='" + address + PAD + b"'/></svg>"
        assert streamed(body, syntax="xml", allowed=SERVICES) == body
        assert (streamed(body, syntax="xml") == body) is address.startswith(b"data:")
