"""Where a page leads, and whether it offers the choice."""

from __future__ import annotations

import time

import pytest

from consent_guard.audit.reading.links import Choice, path_key, read_links

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
    assert found.banner_bytes == html.index("</section>") + len("</section>")
    assert found.choice == Choice("https://www.site.example/privacy-choices", (("next", "/a"),))


@pytest.mark.parametrize("action", ["https://elsewhere.example/pay", "http://[", "javascript:x()"])
def test_a_page_cannot_make_the_scanner_post_elsewhere(action: str) -> None:
    html = f'<section data-cg="banner"><form method="post" action="{action}"></form></section>'
    choice = read_links(html.encode(), PAGE, None).choice
    assert choice is None or choice.action == PAGE


def test_a_page_is_visited_once_whatever_its_query() -> None:
    assert path_key("https://A.example/x?page=2") == path_key("https://a.example/x")
    assert path_key("https://a.example") == path_key("https://a.example/")


@pytest.mark.parametrize(
    "piece", [b"<a href=", b"<a href='", b"<", b"<a href=x>", b"<base href=", b"<![", b"<form><input type=hidden name="]
)
def test_the_links_of_a_hostile_page_are_read_in_linear_time(piece: bytes) -> None:
    """R6"""
    started = time.process_time()
    assert len(read_links(piece * (200_000 // len(piece)), PAGE, None).pages) <= 1
    assert time.process_time() - started < 4


def test_of_a_page_with_very_many_links_the_first_are_followed() -> None:
    found = links("".join(f"<a href=/{number}>" for number in range(12_000)))
    assert (len(found), found[-1]) == (10_000, "https://www.site.example/9999")


def test_links_are_read_in_the_encoding_of_the_page() -> None:
    page = '<a title="表" href="/ソ"><a href=/b>'.encode("shift_jis")
    assert read_links(page, PAGE, "shift_jis").pages == ["https://www.site.example/ソ", "https://www.site.example/b"]
    assert read_links('<a href="/b">'.encode("utf-16"), PAGE, None).pages == ["https://www.site.example/b"]


@pytest.mark.parametrize("odd", ["<![foo]>", "<![ endif]>", "<![>", "<![CDATA[x]]>", "<![if !IE]>"])
def test_a_marked_section_that_no_browser_knows_is_a_comment(odd: str) -> None:
    assert links(f'{odd}<a href="b">') == ["https://www.site.example/a/b"]
