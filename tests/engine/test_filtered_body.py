"""Bodies as they stream: codings, sniffing, faults (DESIGN §6 "Coding", "Failure"; N5, N11, H34, R1, R9)."""

from __future__ import annotations

import gzip
import zlib

import pytest

from consent_guard import CodingError, ExchangeStateError, RewriteError
from consent_guard.wire import codings

TRACKED = (
    b"<!doctype html><html lang=en><head><title>t</title></head>"
    b'<body><p>before</p><script src="https://x.ads.example/a.js"></script><p>after</p></body></html>'
)
XHTML = b'<html xmlns="http://www.w3.org/1999/xhtml"><body><script src="https://x.ads.example/a.js"/><p>after</p></body></html>'


def plan_of(site, *headers, **options):
    options.setdefault("cookie", site.cookie())
    return site.request(**options).respond(200, list(headers))


def test_a_page_without_anything_to_withhold_keeps_every_byte(site) -> None:
    """R2"""
    assert site.send(plan_of(site, *site.HTML)) == site.PAGE


def test_a_gated_script_is_withheld_and_found(site) -> None:
    exchange = site.request(cookie=site.cookie())
    out = site.send(exchange.respond(200, site.HTML), TRACKED)
    assert b"x.ads.example" not in out
    assert b"<p>after</p>" in out
    assert ("element", "x.ads.example", "ads") in {(f.kind.value, f.subject, f.service) for f in exchange.finish()}


def test_the_same_page_under_a_grant_is_not_touched(site) -> None:
    assert site.send(plan_of(site, *site.HTML, cookie=site.cookie(allow=["ads"])), TRACKED) == TRACKED


def test_the_banner_shows_until_a_choice_exists_and_links_back_to_this_page(site) -> None:
    """S01, S05, S06"""
    out = site.send(site.request("/a page", query=b"x=1&y=<").respond(200, site.HTML))
    assert b'data-cg="banner"' in out
    assert b'name="next" value="/a%20page?x=1&amp;y=%3C"' in out
    assert b'action="/privacy-choices"' in out
    for cookie in (site.cookie(allow="*"), site.cookie(deny="*")):
        assert b"data-cg" not in site.send(site.request(cookie=cookie).respond(200, site.HTML))


def test_the_banner_knows_where_the_app_is_mounted(site) -> None:
    out = site.send(site.request("/p", root_path="/shöp").respond(200, site.HTML))
    assert b'action="/sh%C3%B6p/privacy-choices"' in out
    assert b'value="/sh%C3%B6p/p"' in out


@pytest.mark.parametrize("status", [404, 500, 403])
def test_the_banner_shows_on_full_documents_of_any_status(site, status: int) -> None:
    assert b'data-cg="banner"' in site.send(site.request().respond(status, site.HTML))


@pytest.mark.parametrize("destination", [b"iframe", b"frame", b"embed", b"object"])
def test_no_banner_goes_into_a_document_inside_another(site, destination: bytes) -> None:
    assert b"banner" not in site.send(site.request("/p", (b"Sec-Fetch-Dest", destination)).respond(200, site.HTML))


def test_a_whole_document_that_a_script_fetched_is_a_page_and_a_part_of_one_is_not(site) -> None:
    """S03: libraries that load pages without a navigation, and service workers, send no other destination."""
    fetched = (b"Sec-Fetch-Dest", b"empty")
    assert b'data-cg="banner"' in site.send(site.request("/p", fetched).respond(200, site.HTML))
    assert site.send(site.request("/p", fetched).respond(200, site.HTML), b"<p>x</p>") == b"<p>x</p>"
    frame = site.request("/p", fetched, (b"Turbo-Frame", b"messages"))
    assert b"banner" not in site.send(frame.respond(200, site.HTML))


def test_a_policy_may_go_without_a_banner(make) -> None:
    site = make(banner=False)
    assert site.send(site.request().respond(200, site.HTML)) == site.PAGE


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/checkout", False), ("/checkout/2", False), ("/checkout/", False), ("/checkouts", True), ("/x/checkout", True)],
)
def test_chosen_paths_show_no_banner_and_grant_nothing(make, path: str, shown: bool) -> None:
    """L10: no banner is no consent."""
    site = make(banner_except=["/checkout"])
    exchange = site.request(path)
    assert (b'data-cg="banner"' in site.send(exchange.respond(200, site.HTML))) == shown
    assert exchange.consent.allowed_services == site.request("/").consent.allowed_services


CODINGS = {
    b"gzip": (gzip.compress, gzip.decompress),
    b"x-gzip": (gzip.compress, gzip.decompress),
    b"deflate": (zlib.compress, zlib.decompress),
    b"gzip, deflate": (lambda data: zlib.compress(gzip.compress(data)), lambda data: gzip.decompress(zlib.decompress(data))),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_coded_page_is_decoded_rewritten_and_coded_again(site, coding: bytes, size: int) -> None:
    """H34, N5, R1"""
    code, decode = CODINGS[coding]
    plain = site.send(plan_of(site, *site.HTML), TRACKED)
    plan = plan_of(site, *site.HTML, (b"Content-Encoding", coding))
    assert site.values(plan, b"content-encoding") == [coding]
    assert decode(site.send(plan, code(TRACKED), size)) == plain


def test_codings_on_several_lines_are_one_list(site) -> None:
    plan = plan_of(site, *site.HTML, (b"Content-Encoding", b"gzip"), (b"Content-Encoding", b"deflate"))
    assert gzip.decompress(zlib.decompress(site.send(plan, zlib.compress(gzip.compress(site.PAGE))))) == site.PAGE


def test_a_coded_stream_keeps_its_first_byte(site) -> None:
    """Streaming is not held back: what was fed can be decoded at once."""
    plan = plan_of(site, *site.HTML, (b"Content-Encoding", b"gzip"))
    coder = zlib.compressobj(wbits=31)
    first = coder.compress(site.PAGE) + coder.flush(zlib.Z_SYNC_FLUSH)
    assert plan.rewriter is not None
    assert zlib.decompressobj(31).decompress(plan.rewriter.feed(first)) == site.PAGE


def test_an_empty_coded_body_stays_empty(site) -> None:
    plan = plan_of(site, *site.HTML, (b"Content-Encoding", b"gzip"))
    assert plan.rewriter is not None
    assert plan.rewriter.close() == b""


@pytest.mark.parametrize("broken", [b"this is no gzip", gzip.compress(b"<p>" * 999, mtime=0)[:-20]])
def test_a_broken_coding_breaks_the_response_off(site, broken: bytes) -> None:
    plan = plan_of(site, *site.HTML, (b"Content-Encoding", b"gzip"))
    with pytest.raises(CodingError):
        site.send(plan, broken)


def test_a_body_that_unfolds_past_its_limit_breaks_off(site, monkeypatch) -> None:
    """N5: with bounded memory, so that what unfolds is never held whole."""
    monkeypatch.setattr(codings, "CODING_FREE_BYTES", 1024 * 1024)
    plan = plan_of(site, *site.HTML, (b"Content-Encoding", b"gzip, gzip"))
    with pytest.raises(CodingError):
        site.send(plan, gzip.compress(gzip.compress(b"\0" * 50_000_000)))


def test_a_long_table_of_like_rows_passes_whole(site) -> None:
    """N5: it folds 341 to one."""
    page = site.PAGE.replace(b"<p>x</p>", b"<tr><td class=number>0</td><td>none</td><td></td></tr>\n" * 130_000)
    plan = plan_of(site, *site.HTML, (b"Content-Encoding", b"gzip"), cookie=site.cookie(allow="*"))
    assert gzip.decompress(site.send(plan, gzip.compress(page))) == page


class Broken:
    """A rewriter that fails after its first bytes."""

    def feed(self, data: bytes) -> bytes:
        if b"poison" in data:
            raise ZeroDivisionError("a fault")
        return data

    def close(self) -> bytes:
        return b"tail"


def test_after_a_fault_nothing_more_comes_out(site, monkeypatch) -> None:
    """R9, L24c: the cause is kept, raw bytes never go out instead."""
    from consent_guard.engine import response_side

    monkeypatch.setattr(response_side, "page_rewriter", lambda *_, **__: Broken())
    plan = plan_of(site, *site.HTML)
    assert plan.rewriter is not None
    assert plan.rewriter.feed(b"fine") == b"fine"
    with pytest.raises(RewriteError) as caught:
        plan.rewriter.feed(b"poison")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    for step in (lambda: plan.rewriter.feed(b"more"), plan.rewriter.close):
        with pytest.raises(RewriteError):
            step()


def test_in_report_mode_a_fault_ends_the_report_and_not_the_response(make, monkeypatch, caplog) -> None:
    from consent_guard.engine import response_side

    site = make(enforcement="report")
    monkeypatch.setattr(response_side, "page_rewriter", lambda *_, **__: Broken())
    plan = site.request().respond(200, site.HTML)
    assert site.send(plan, b"fine poison after", 11) == b"fine poison after"
    assert "ZeroDivisionError: a fault" in caplog.text


@pytest.mark.parametrize("coding", [b"", b"gzip"])
def test_in_report_mode_every_byte_leaves_and_everything_is_found(make, coding: bytes) -> None:
    site = make(enforcement="report")
    headers = [*site.HTML, (b"Content-Encoding", coding)] if coding else site.HTML
    data = gzip.compress(TRACKED) if coding else TRACKED
    exchange = site.request()
    assert site.send(exchange.respond(200, headers), data, 10) == data
    assert {(f.subject, f.enforced) for f in exchange.finish()} == {("x.ads.example", False)}


def test_a_body_is_closed_once(site) -> None:
    plan = plan_of(site, *site.HTML)
    assert plan.rewriter is not None
    plan.rewriter.close()
    with pytest.raises(ExchangeStateError):
        plan.rewriter.close()


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_a_body_without_a_type_is_filtered_where_a_browser_reads_html(site, size: int) -> None:
    """N11"""
    out = site.send(plan_of(site), b"\n " + TRACKED, size)
    assert b"x.ads.example" not in out
    assert out.startswith(b"\n <!doctype html>")


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_a_body_without_a_type_that_is_no_document_leaves_as_it_came(site, size: int) -> None:
    for data in (b'{"html": "<script src=https://x.ads.example/>"}', b"", b"   ", b"<!doct", b"<!doct x>" + TRACKED):
        assert site.send(plan_of(site), data, size) == data


def test_a_coded_body_without_a_type_is_sniffed_behind_its_coding(site) -> None:
    headers = [(b"Content-Encoding", b"gzip")]
    assert b"ads.example" not in gzip.decompress(site.send(plan_of(site, *headers), gzip.compress(TRACKED), 3))
    plain = gzip.compress(b"plain text, " + TRACKED)
    assert site.send(plan_of(site, *headers), plain, 3) == plain


def test_nosniff_leaves_an_untyped_body_alone(site) -> None:
    assert plan_of(site, (b"X-Content-Type-Options", b"nosniff")).rewriter is None


def test_xml_documents_are_read_under_their_own_syntax(site) -> None:
    """N11"""
    out = site.send(plan_of(site, (b"Content-Type", b"application/xhtml+xml")), XHTML)
    assert b"x.ads.example" not in out
    assert b"<p>after</p>" in out
    sniffed = site.send(plan_of(site), b"<?xml version='1.0'?>" + XHTML)
    assert b"x.ads.example" not in sniffed


def test_the_charset_of_the_head_is_heard(site) -> None:
    page = '<!doctype html><html><body><script src="https://x.ads.example/a.js"></script></body></html>'
    plan = plan_of(site, (b"Content-Type", b"text/html; charset=utf-16le"))
    assert "x.ads.example" not in site.send(plan, page.encode("utf-16-le")).decode("utf-16-le")


def test_what_was_found_to_be_no_document_stays_none(site) -> None:
    """One coded piece may unfold to several; the second of them looks like a page."""
    plain = b"x" * 65536 + TRACKED
    coded = gzip.compress(plain)
    assert site.send(plan_of(site, (b"Content-Encoding", b"gzip")), coded) == coded


@pytest.mark.parametrize("path", ["//evil.test/a", "///evil.test", "/\\evil.test"])
def test_the_way_back_from_the_banner_stays_on_this_site(site, path: str) -> None:
    """K16"""
    out = site.send(site.request(path).respond(200, site.HTML))
    next = out.partition(b'name="next" value="')[2].partition(b'"')[0]
    assert next.startswith(b"/")
    assert not next.startswith((b"//", b"/\\"))


def test_coded_bytes_that_unfold_to_nothing_are_not_held_without_end(site) -> None:
    """Empty blocks of deflate: a body without a type would be waited for for ever."""
    plan = site.request("/page").respond(200, [(b"Content-Encoding", b"gzip")])
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    assert plan.rewriter.feed(packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)) == b""
    empty = b"\x00\x00\x00\xff\xff" * 3000
    assert [plan.rewriter.feed(empty) for _ in range(4)] == [b""] * 4
    with pytest.raises(RewriteError, match="without a Content-Type"):
        plan.rewriter.feed(empty)
