"""The short way to what a tag names: it says the same as the full reading, and is taken where tags are written as most are."""

from __future__ import annotations

import pytest

from consent_guard.rewrite.decide.glance import FULL, Glance, glance
from consent_guard.rewrite.html import srcset

from ..documents import fresh, judge, rewritten


def hosts(name: bytes, tag: bytes) -> list[str]:
    """The hosts that a tag names at a glance."""
    seen = glance(fresh().book, name, tag)
    assert isinstance(seen, Glance)
    assert seen is not FULL, "it is read in full"
    return [one.address.host for one in seen.hosts]


@pytest.mark.parametrize(
    "value",
    [
        "https://px.ads.example/a.jpg",
        "https://px.ads.example/a.jpg 2x",
        "https://px.ads.example/a,b.jpg 300w, https://cdn.video.example/a.jpg 600w",
        "https://px.ads.example/a.jpg, https://cdn.video.example/b.jpg 2x",
        "https://px.ads.example/a.jpg,https://cdn.video.example/b.jpg",
        "https://px.ads.example/?a=1&amp;b=2 1x,\n\thttps://cdn.video.example/b.jpg 2x,",
        ", ,https://px.ads.example/a.jpg,, https://cdn.video.example/b.jpg",
        "/own.jpg 1x, https://cdn.video.example/b.jpg 2x",
    ],
)
def test_image_candidates_are_told_apart_at_a_glance_as_the_standard_does(value: str) -> None:
    urls = [one.url for one in srcset.split_candidates(value)]
    listed = [url.split("/")[2] for url in urls if url.startswith("https:")]
    assert hosts(b"img", b'<img srcset="%s">' % value.encode()) == listed


def test_the_host_of_a_hint_is_told_at_a_glance_whatever_its_services_paths() -> None:
    """DESIGN §4: a preconnect has no path, so it stays while some service on that host is allowed."""
    seen = glance(fresh().book, b"link", b'<link rel="dns-prefetch preconnect" href="//www.shared.example">')
    assert isinstance(seen, Glance)
    (named,) = seen.hosts
    assert named.address.judged(judge(), "") is not None
    assert named.address.judged(judge(["maps"]), "") is None
    assert glance(fresh().book, b"link", b'<link rel="stylesheet" href="//www.shared.example">') is FULL


def test_a_link_counts_by_its_relation_wherever_that_stands() -> None:
    assert hosts(b"link", b'<link href="//px.ads.example/a" rel="stylesheet">') == ["px.ads.example"]
    for tag in (b'<link href="//px.ads.example/a" rel="canonical">', b'<link href="//px.ads.example/a">'):
        assert glance(fresh().book, b"link", tag) is None


@pytest.mark.parametrize(
    "tag",
    [
        b'<link rel=stylesheet HREF="//px.ads.example/a" href="/own.css">',
        b'<link REL=preconnect rel=canonical href="//px.ads.example/a">',
        b'<link REL=stylesheet rel=canonical href="//px.ads.example/a">',
        b'<script TYPE="text/javascript" type=x src="//px.ads.example/a"></script>',
        b"<script TYPE='text/javascript' type=x>import('//px.ads.example/a')</script>",
        b'<img SRC="//px.ads.example/a" src=/own.gif>',
    ],
)
def test_of_two_attributes_of_one_name_the_first_counts_however_they_are_spelled(tag: bytes) -> None:
    assert "ads" not in rewritten(tag, compiled=fresh(inline_scripts="signature"))
