"""Where a page leads, and whether it offers the choice."""

from __future__ import annotations

import pytest

from consent_guard.audit.links import Choice, path_key, read_links

PAGE = "https://www.site.example/a/page?x=1"


def links(html: str) -> list[str]:
    return read_links(html.encode(), PAGE, None).pages


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="b">', ["https://www.site.example/a/b"]),
        ('<a href="/b#c"><a href="/b">', ["https://www.site.example/b"]),
        ('<base href="/d/"><a href="b">', ["https://www.site.example/d/b"]),
        ('<area href="//WWW.site.example/b">', ["https://WWW.site.example/b"]),
        ('<iframe src="/framed"></iframe>', ["https://www.site.example/framed"]),
        ('<a href="https://site.example/">', []),
        ('<a href="mailto:a@b.example"><a href="javascript:x()"><a href="http://[">', []),
        ('<a href="/a.pdf"><a href="/b.JPG"><a href="/c" download>', []),
        ('<!-- <a href="/b"> --><script>"<a href=/c>"</script>', []),
        ("<base href='http://['><a href='b'>", ["https://www.site.example/a/b"]),
    ],
)
def test_links_are_those_of_the_same_host_that_may_be_pages(html: str, found: list[str]) -> None:
    assert links(html) == found


def test_what_our_banner_leads_to_comes_last() -> None:
    html = '<section data-cg="banner"><a href="/privacy-choices">c</a></section><a href="/first">f</a>'
    assert links(html) == ["https://www.site.example/first", "https://www.site.example/privacy-choices"]


def test_the_banners_form_is_the_choice() -> None:
    html = """<section data-cg="banner"><form method="post" action="/privacy-choices">
    <input type="hidden" name="next" value="/a">
    <button name="choice" value="refuse">r</button></form></section>
    <form action="/search"><input type="hidden" name="q"></form>"""
    found = read_links(html.encode(), PAGE, None)
    assert found.banner
    assert found.choice == Choice("https://www.site.example/privacy-choices", (("next", "/a"),))


@pytest.mark.parametrize("action", ["https://elsewhere.example/pay", "http://[", "javascript:x()"])
def test_a_page_cannot_make_the_scanner_post_elsewhere(action: str) -> None:
    html = f'<section data-cg="banner"><form method="post" action="{action}"></form></section>'
    choice = read_links(html.encode(), PAGE, None).choice
    assert choice is None or choice.action == PAGE


def test_a_page_is_visited_once_whatever_its_query() -> None:
    assert path_key("https://A.example/x?page=2") == path_key("https://a.example/x")
    assert path_key("https://a.example") == path_key("https://a.example/")


@pytest.mark.parametrize("odd", ["<![foo]>", "<![ endif]>", "<![>", "<![CDATA[x]]>", "<![if !IE]>"])
def test_a_marked_section_that_no_browser_knows_is_a_comment(odd: str) -> None:
    assert links(f'{odd}<a href="b">') == ["https://www.site.example/a/b"]
