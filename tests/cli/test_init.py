"""``consent-guard init``: what a site uses is proposed, and the policy that it writes has no faults."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from consent_guard import Policy
from consent_guard.cli.app import cli
from consent_guard.policy.hosts import HostIndex

PAGE = b"""<!doctype html><html lang="en"><head><title>Shop</title>
<script src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script>
<link rel="preconnect" href="https://connect.facebook.net">
<style>body{background:url(https://pixels.unheard-of.example/p.gif)}</style></head>
<body><iframe src="https://www.youtube-nocookie.com/embed/x"></iframe>
<script src="https://static.hotjar.com/c/hotjar-1.js"></script>
<script src="/own.js"></script></body></html>"""


def init(*arguments: str | Path, answers: str = "") -> Result:
    return CliRunner().invoke(cli, ["init", *map(str, arguments)], input=answers)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "shop.html"
    file.write_bytes(PAGE)
    return file


def test_what_a_saved_page_refers_to_is_proposed_and_written_without_faults(page: Path, tmp_path: Path) -> None:
    policy = tmp_path / "new" / "consent.toml"
    options = ("--language", "fr", "--language", "en", "--regime", "de", "--first-party", "a.example")
    shown = init(page, "--yes", "-o", policy, *options)
    assert shown.exit_code == 0, shown.output
    loaded = Policy.load(policy)
    assert {service.id for service in loaded.services} >= {"google-tag-manager", "youtube", "hotjar"}
    assert loaded.languages == ("fr", "en")
    assert loaded.regime == "de"
    assert loaded.first_party == ("a.example",)
    assert loaded.category("necessary").basis == "necessary"
    assert "#   pixels.unheard-of.example" in policy.read_text("utf-8"), "named, and declared by nobody yet"
    assert "unknown  pixels.unheard-of.example" in shown.stderr
    checked = CliRunner().invoke(cli, ["check", str(policy)])
    assert checked.exit_code == 0, checked.output


def test_a_script_gets_the_proposal_as_json_and_no_file_is_written(page: Path, tmp_path: Path) -> None:
    told = json.loads(init(page, "--json", "-o", tmp_path / "x.toml").stdout)
    found = {service["id"]: service for service in told["services"]}
    assert found["youtube"]["category"] == "interactivity"
    assert found["youtube"]["seen"] == ["www.youtube-nocookie.com"]
    assert told["unknown_hosts"] == ["pixels.unheard-of.example"]
    assert not (tmp_path / "x.toml").exists()


def test_flags_add_and_leave_out_services(page: Path) -> None:
    shown = init(page, "--yes", "-o", "-", "--service", "xiti", "--without", "hotjar")
    assert 'id = "at-internet"' in shown.stdout
    assert 'id = "hotjar"' not in shown.stdout


def test_questions_are_asked_and_their_answers_taken(page: Path, tmp_path: Path) -> None:
    policy = tmp_path / "consent.toml"
    proposed = [service["id"] for service in json.loads(init(page, "--json").stdout)["services"]]
    answers = "".join("n\n" if id == "hotjar" else "y\n" for id in proposed) + "vimeo, matomo\nen, de\nfr\n"
    shown = init(page, "-o", policy, answers=answers)
    assert shown.exit_code == 0, shown.output
    loaded = Policy.load(policy)
    ids = {service.id for service in loaded.services}
    assert {"vimeo", "youtube"} <= ids
    assert "hotjar" not in ids
    assert loaded.languages == ("en", "de")
    assert loaded.regime == "fr"


def test_what_another_consent_tool_holds_back_is_proposed_too(tmp_path: Path) -> None:
    file = tmp_path / "held.html"
    file.write_bytes(
        b'<!doctype html><![odd[x]]><script type="text/plain" src="//static.hotjar.com/c/x.js"></script>'
        b'<iframe data-src="https://player.vimeo.com/video/1"></iframe><a href="https://www.youtube.com/">x</a><img src="https://[">'
    )
    ids = {service["id"] for service in json.loads(init(file, "--json").stdout)["services"]}
    assert ids == {"hotjar", "vimeo"}


def test_a_service_that_the_catalogue_calls_necessary_is_proposed_too(tmp_path: Path) -> None:
    file = tmp_path / "cmp.html"
    file.write_bytes(b'<!doctype html><script src="https://consent.cookiebot.com/uc.js"></script>')
    assert [service["id"] for service in json.loads(init(file, "--json").stdout)["services"]] == ["cookiebot"]


def test_without_a_target_the_services_are_those_that_are_named(tmp_path: Path) -> None:
    policy = tmp_path / "consent.toml"
    assert init("--yes", "--service", "youtube", "-o", policy).exit_code == 0
    assert [service.id for service in Policy.load(policy).services] == ["youtube"]


def test_a_file_that_is_there_is_not_written_over(page: Path, tmp_path: Path) -> None:
    policy = tmp_path / "consent.toml"
    policy.write_text("mine", encoding="utf-8")
    shown = init(page, "--yes", "-o", policy)
    assert shown.exit_code == 2
    assert policy.read_text("utf-8") == "mine"
    assert init(page, "--yes", "-o", policy, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["absent.html"], "no such file"),
        (["no_such_module:app"], "importing no_such_module failed"),
        (["www.site.example"], "write https://"),
        (["--service", "yuotube"], '"youtube"'),
        (["--language", "tlh"], "'tlh'"),
    ],
)
def test_what_cannot_be_done_is_told_with_code_2(arguments: list[str], reason: str, tmp_path: Path) -> None:
    shown = init(*arguments, "--yes", "-o", tmp_path / "x.toml")
    assert shown.exit_code == 2
    assert reason in shown.stderr
    assert not (tmp_path / "x.toml").exists()


class Site(BaseHTTPRequestHandler):
    """A site with a front page behind a redirect, a cookie, and a loop."""

    def do_GET(self) -> None:
        place = {"/": "/home", "/loop": "/loop"}.get(self.path)
        self.send_response(302 if place else 200 if self.path == "/home" else 404)
        if place:
            self.send_header("Location", place)
        else:
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Set-Cookie", "_ga=GA1.1; Max-Age=60")
            self.send_header("Set-Cookie", "basket_of_mine=1")
        self.end_headers()
        if not place:
            self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_sites_address_is_read_through_its_redirects_with_its_cookies(site: str) -> None:
    pytest.importorskip("httpx")
    told = json.loads(init(f"{site}/", "--json", "--max-pages", "1").stdout)
    ids = {service["id"] for service in told["services"]}
    assert {"youtube", "google-analytics"} <= ids
    assert told["unknown_cookies"] == ["basket_of_mine"]


def test_an_address_that_cannot_be_read_is_told_with_its_reason(site: str) -> None:
    pytest.importorskip("httpx")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        for address, reason in ((closed, "cannot be reached"), (f"{site}/loop", "redirect")):
            shown = init(address, "--yes", "-o", "-")
            assert shown.exit_code == 2
            assert reason in shown.stderr, shown.stderr


def test_an_apps_pages_are_read_in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("httpx")
    code = "def app(environ, start_response):\n    start_response('200 OK', [('Content-Type', 'text/html')])\n    return [%r]\n"
    (tmp_path / "shop_of_mine.py").write_text(code % PAGE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    ids = {service["id"] for service in json.loads(init("shop_of_mine:app", "--json").stdout)["services"]}
    assert {"youtube", "hotjar"} <= ids


UNREAD = re.compile(rb"<!--.*?-->|(?<=>)[^<]*(?=</script>)|<(noscript|template)\b.*?</\1>", re.S | re.I)
FETCHES = re.compile(rb"""<(?:script|iframe|img)\b[^>]*?\ssrc\s*=\s*["']((?:https?:)?//[^"'\s>]+)""", re.I)


def test_on_real_pages_the_services_that_are_there_are_proposed(shared: Callable[[str], Path]) -> None:
    """Held against a plain reading of the addresses of scripts, frames and pictures outside of comments and scripts."""
    index = HostIndex(Policy.load(None))
    pages = sorted(shared("pages").glob("*.html"))
    assert len(pages) >= 20
    for page in pages[::2]:
        body = UNREAD.sub(b"", page.read_bytes())
        there = set()
        for address in FETCHES.findall(body):
            parts = urlsplit("https:" + address.decode("latin-1").removeprefix("https:").removeprefix("http:"))
            match = index.match(parts.hostname or "", parts.path or "/", parts.query.replace("&amp;", "&"))
            if match is not None:
                there.add(match.service)
        shown = init(page, "--json")
        assert shown.exit_code == 0, shown.output
        proposed = {service["id"] for service in json.loads(shown.stdout)["services"]}
        assert there <= proposed, page.name


OWN_HOSTED = b"""<!doctype html><html lang="en"><head><title>Shop</title><link rel="canonical" href="https://www.shop.example/checkout">
<script>var _paq=window._paq=window._paq||[];(function(){var u="//stats.shop.example/";
_paq.push(['setTrackerUrl',u+'matomo.php']);
var d=document,g=d.createElement('script');g.src=u+'matomo.js';d.head.appendChild(g);})();</script>
<script src="/gtm/gtm.js?id=GTM-1"></script></head>
<body><form action="/checkout"><input autocomplete="cc-number"></form><script src="https://js.stripe.com/v3/"></script></body></html>"""


def test_tools_of_the_site_s_own_and_a_payment_in_a_checkout_are_proposed_with_their_lines(tmp_path: Path) -> None:
    file, policy = tmp_path / "shop.html", tmp_path / "consent.toml"
    file.write_bytes(OWN_HOSTED)
    told = {service["id"]: service for service in json.loads(init(file, "--json").stdout)["services"]}
    assert told["matomo"]["hosts"] == ["stats.shop.example"]
    assert told["google-tag-manager"]["hosts"] == ["/gtm/"]
    assert told["stripe"]["category"] == "necessary"
    assert "checkout" in told["stripe"]["reason"]
    shown = init(file, "--yes", "-o", policy)
    assert shown.exit_code == 0, shown.output
    assert "who grants audience measurement alone is not measured" in shown.stderr
    text = policy.read_text("utf-8")
    assert 'hosts = ["stats.shop.example", ' in text
    assert "# Proposed as necessary: the page holds a checkout" in text
    assert "a Google Analytics tag in it too" in text
    loaded = Policy.load(policy)
    assert loaded.service("stripe").category == "necessary"
    assert {mark.global_ for mark in loaded.service("matomo").inline if mark.host == "stats.shop.example"} == {"_paq", "_mtm"}
    index = HostIndex(loaded)
    assert index.match("stats.shop.example", "/matomo.js", "") is not None
    assert index.match_own("/gtm/gtm.js", "id=GTM-1") is not None
    checked = CliRunner().invoke(cli, ["check", str(policy)])
    assert "'stripe' is necessary here: is it loaded on the pages of a checkout alone" in checked.output.replace("\n", " ")
    assert "sites often host 'matomo'" not in checked.output


def test_an_input_that_ends_before_the_answers_is_code_2_with_a_sentence(page: Path, tmp_path: Path) -> None:
    for answers in ("", "y\n"):
        shown = init(page, "-o", tmp_path / "consent.toml", answers=answers)
        assert shown.exit_code == 2
        assert "--yes takes what is proposed" in shown.stderr
    assert not (tmp_path / "consent.toml").exists()
