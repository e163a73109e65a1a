"""Bodies of parts that replace one another, ``multipart/x-mixed-replace``: Firefox shows each as a document (N11, R1, Y20)."""

from __future__ import annotations

import gzip

import pytest

from consent_guard import RewriteError

PARTS = (b"Content-Type", b"multipart/x-mixed-replace; boundary=frame")
SCRIPT = b'<script src="https://x.ads.example/a.js"></script>'
PAGE = b"<!doctype html><title>t</title><p>before</p>" + SCRIPT + b"<p>after</p>"
CLEAN = PAGE.replace(SCRIPT, b"")
JPEG = b"\xff\xd8\xff\xe0<script src='https://x.ads.example/a.js'></script>\r\n--fram\xff\xd9"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script href="https://x.ads.example/a.js"/><g/></svg>'


def part(body: bytes, *fields: bytes) -> bytes:
    return b"--frame\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--frame--\r\n"


def sent(site, data: bytes, *headers: tuple[bytes, bytes], **options) -> bytes:
    """Return the body that leaves, whole, byte by byte and in threes alike."""
    options.setdefault("cookie", site.cookie())
    left = [site.send(site.request("/cam", **options).respond(200, [PARTS, *headers]), data, size) for size in (1 << 30, 1, 3)]
    assert left[1:] == left[:1] * 2
    return left[0]


def test_each_document_is_filtered_and_each_picture_is_not(site) -> None:
    first, picture = part(PAGE, b"Content-Type: text/html"), part(JPEG, b"Content-Type: image/jpeg", b"Content-Length: 61")
    assert sent(site, body(first, picture, first)) == body(first, picture, first).replace(PAGE, CLEAN)
    assert sent(site, body(first, picture), cookie=site.cookie(allow="*")) == body(first, picture)


def test_what_is_withheld_is_found(site) -> None:
    exchange = site.request(cookie=site.cookie())
    site.send(exchange.respond(200, [PARTS]), body(part(PAGE, b"Content-Type: text/html")))
    assert ("element", "x.ads.example", "ads") in {(f.kind.value, f.subject, f.service) for f in exchange.finish()}


def test_nothing_is_put_into_a_part(site) -> None:
    data = body(part(b"<!doctype html><html><head></head><body>x</body></html>", b"Content-Type: text/html"))
    plan = site.request().respond(200, [PARTS])
    assert site.send(plan, data) == data
    assert b"data-cg" in site.send(site.request().respond(200, site.HTML))


@pytest.mark.parametrize("fields", [(), (b"Content-Type:",), (b"Content-Type: */*",), (b"X-Content-Type-Options: nosniff",)])
def test_a_part_that_says_nothing_of_its_type_is_sniffed(site, fields: tuple[bytes, ...]) -> None:
    told = [field for field in fields if field.startswith(b"X-")]
    assert sent(site, body(part(PAGE, *fields))) == body(part(CLEAN, *told))
    assert sent(site, body(part(JPEG, *fields))) == body(part(JPEG, *told))


def test_the_last_of_several_types_counts_and_alone_stays(site) -> None:
    html, text = b"Content-Type: text/html", b"Content-Type: text/plain"
    assert sent(site, body(part(PAGE, text, html))) == body(part(CLEAN, html))
    assert sent(site, body(part(PAGE, html, text))) == body(part(PAGE, text))


def test_an_xml_part_is_read_as_xml(site) -> None:
    out = sent(site, body(part(SVG, b"Content-Type: image/svg+xml")))
    assert b"x.ads.example" not in out
    assert b"<g/></svg>\r\n--frame--" in out


@pytest.mark.parametrize("charset", ["utf-16le", "utf-16be", "shift_jis", "windows-1252", "nonsense"])
def test_a_part_has_a_charset_of_its_own(site, charset: str) -> None:
    data = PAGE.decode().encode("ascii" if charset == "nonsense" else charset)
    out = sent(site, body(part(data, b"Content-Type: text/html; charset=" + charset.encode())), (b"X-Charset", b"utf-8"))
    assert b"ads.example" not in out.replace(b"\0", b"")
    assert b"before" in out.replace(b"\0", b"")


def test_a_part_loses_what_speaks_of_its_bytes(site) -> None:
    fields = b"Content-Type: text/html", b"X: y", b"Content-Length: 9", b"Content-Range: bytes 0-9/10", b"Digest: sha-256=x"
    assert sent(site, body(part(PAGE, *fields))) == body(part(CLEAN, *fields[:2]))


def test_cookies_in_a_part_are_filtered(site) -> None:
    fields = b"Content-Type: image/png", b"Set-Cookie: _ga=1", b"Set-Cookie: contrast=1"
    assert sent(site, body(part(JPEG, *fields))) == body(part(JPEG, fields[0], fields[2]))


def test_parts_within_a_part_are_shown_by_no_browser(site) -> None:
    data = body(part(PAGE, b"Content-Type: multipart/x-mixed-replace; boundary=other"))
    assert sent(site, data) == data


def test_a_coded_document_in_a_part_is_filtered_for_those_who_unfold_it(site) -> None:
    fields = b"Content-Type: text/html", b"Content-Encoding: gzip"
    plan = site.request(cookie=site.cookie()).respond(200, [PARTS])
    out = site.send(plan, body(part(gzip.compress(PAGE), *fields)))
    head, _, rest = out.partition(b"\r\n\r\n")
    assert head == part(b"", *fields).partition(b"\r\n\r\n")[0]
    assert gzip.decompress(rest.removesuffix(b"\r\n--frame--\r\n")) == CLEAN
    picture = body(part(JPEG, b"Content-Type: image/jpeg", b"Content-Encoding: exi"))
    assert sent(site, picture) == picture
    for coding, data in ((b"gzip", PAGE), (b"exi", PAGE)):
        plan = site.request(cookie=site.cookie()).respond(200, [PARTS])
        with pytest.raises(RewriteError):
            site.send(plan, body(part(data, fields[0], b"Content-Encoding: " + coding)))
    assert sent(site, body(part(PAGE, fields[0], b"Content-Encoding: utf-8"))) == body(
        part(CLEAN, fields[0], b"Content-Encoding: utf-8")
    )


def test_a_coded_body_is_unfolded_and_coded_again(site) -> None:
    data = body(part(PAGE, b"Content-Type: text/html"), part(JPEG, b"Content-Type: image/jpeg"))
    for size in (1, 3, 1 << 30):
        plan = site.request(cookie=site.cookie()).respond(200, [PARTS, (b"Content-Encoding", b"gzip")])
        assert gzip.decompress(site.send(plan, gzip.compress(data), size)) == data.replace(PAGE, CLEAN)
    plan = site.request().respond(200, [PARTS, (b"Content-Encoding", b"exi")])
    assert plan.status == 500


def test_the_head_is_that_of_a_page(site) -> None:
    """H20, H30"""
    headers = [PARTS, (b"Content-Length", b"9"), (b"Cache-Control", b"public, max-age=9"), (b"Set-Cookie", b"_ga=1")]
    plan = site.request(cookie=site.cookie(deny="*")).respond(200, headers)
    assert site.values(plan, b"cache-control") == [b"private, no-cache"]
    assert b"Cookie" in site.values(plan, b"vary")[0]
    assert site.values(plan, b"content-length") == site.set_cookies(plan) == []
    assert site.values(plan, b"content-type") == [PARTS[1]]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_where_no_body_goes_none_is_filtered(site, method: str, status: int) -> None:
    plan = site.request(method=method).respond(status, [PARTS, (b"ETag", b'"1"'), (b"Cache-Control", b"public")])
    assert (plan.status, plan.rewriter) == (status, None)
    assert site.values(plan, b"cache-control") == [b"private, no-store"]
    assert site.values(plan, b"etag") != [b'"1"']


def test_a_range_of_a_body_of_parts_is_refused(site) -> None:
    """N4"""
    plan = site.request(cookie=site.cookie()).respond(206, [PARTS, (b"Content-Range", b"bytes 0-9/99")])
    assert plan.status == 416


@pytest.mark.parametrize("parameters", [b"", b"; boundary=", b"; boundary=a; boundary=b", b'; boundary="'])
def test_a_body_without_a_boundary_is_refused(site, parameters: bytes) -> None:
    headers = [(b"Content-Type", b"multipart/x-mixed-replace" + parameters)]
    for method in ("GET", "HEAD"):
        plan = site.request(method=method).respond(200, headers)
        assert plan.status == 500
        assert method == "HEAD" or PAGE not in site.send(plan, PAGE)


def test_a_picture_of_parts_is_handed_on_under_a_page_s_head(site) -> None:
    """Y20: at the same address a page may be asked for, which no stored picture may answer unfiltered (H20, N2)."""
    headers = [PARTS, (b"Content-Length", b"9"), (b"Cache-Control", b"public, max-age=9"), (b"ETag", b'"1"')]
    asked = {"cookie": site.cookie(deny="*")}
    for status in (200, 206):
        plan = site.request("/cam", (b"Sec-Fetch-Dest", b"image"), **asked).respond(status, headers)
        assert (plan.status, plan.rewriter) == (status, None)
        assert site.values(plan, b"content-length") == [b"9"]
        assert site.values(plan, b"cache-control") == [b"private, no-cache"]
    (tag,) = site.values(plan, b"etag")
    assert tag != headers[3][1]
    again = site.request("/cam", (b"Sec-Fetch-Dest", b"image"), (b"If-None-Match", tag), **asked)
    assert site.values(again.respond(304, headers[2:]), b"cache-control") == [b"private, no-cache"]


def test_a_picture_needs_no_boundary_that_can_be_read(site) -> None:
    headers = [(b"Content-Type", b"multipart/x-mixed-replace"), (b"Content-Encoding", b"exi")]
    assert site.request("/cam", (b"Sec-Fetch-Dest", b"image")).respond(200, headers).status == 200


def test_a_fault_in_a_part_ends_the_body(site) -> None:
    """R9"""
    plan = site.request(cookie=site.cookie()).respond(200, [PARTS])
    with pytest.raises(RewriteError):
        site.send(plan, body(part(b"<p>--fra" + SCRIPT + b"me\r\n</p>", b"Content-Type: text/html")))
    with pytest.raises(RewriteError):
        plan.rewriter.feed(b"x")


def test_a_part_whose_head_is_too_long_is_left_out_and_told(site) -> None:
    exchange = site.request(cookie=site.cookie())
    long = part(PAGE, b"Content-Type: text/html", b"X: " + b"x" * 20_000)
    out = site.send(exchange.respond(200, [PARTS]), body(long, part(PAGE, b"Content-Type: text/html")))
    assert out == body(part(b"", b"Content-Type: text/plain"), part(CLEAN, b"Content-Type: text/html"))
    assert ("unfiltered", "the head of a part") in {(f.kind.value, f.where) for f in exchange.finish()}


def test_a_policy_that_only_reports_changes_nothing_and_finds_all(make) -> None:
    site = make(enforcement="report")
    fields = b"Content-Type : text/html", b"Content-Length: 9", b"Set-Cookie: _ga=1"
    data = b"x\r\n" + body(part(PAGE, *fields), part(JPEG, b"Content-Type: image/jpeg")) + b"epilogue"
    for size in (1, 3, 1 << 30):
        exchange = site.request(cookie=site.cookie())
        plan = exchange.respond(200, [PARTS, (b"Content-Length", b"1")])
        assert plan.headers == [PARTS, (b"Content-Length", b"1")]
        assert site.send(plan, data, size) == data
        found = {(f.kind.value, f.subject, f.enforced) for f in exchange.finish()}
        assert {("element", "x.ads.example", False), ("cookie-set", "_ga", False)} <= found, found
    broken = b"xframe\r\n" + data
    assert site.send(site.request().respond(200, [PARTS]), broken) == broken
    plan = site.request().respond(200, [(b"Content-Type", b"multipart/x-mixed-replace")])
    assert (plan.status, plan.rewriter) == (200, None)


def test_frames_leave_as_they_come(site) -> None:
    plan = site.request("/cam", cookie=site.cookie()).respond(200, [PARTS])
    frame = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 61\r\n\r\n" + JPEG
    assert plan.rewriter.feed(frame) == frame
    for _ in range(3):
        assert plan.rewriter.feed(b"\r\n" + frame) == b"\r\n" + frame
