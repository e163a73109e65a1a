"""Guard, test kit and scan name the same leaks: thirty small pages, ten of them clean."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask, make_response

from consent_guard.cli.scan import command
from consent_guard.findings import Finding, FindingKind
from consent_guard.flask import ConsentGuard
from consent_guard.testing import crawl, leaks

KEY = "a key of the tests, longer than 32 bytes"
TOML = """
[policy]
revision = 1
languages = ["en"]

[[categories]]
id = "necessary"
basis = "necessary"
title = { en = "Necessary" }

[[categories]]
id = "audience"
basis = "exempt"
title = { en = "Audience" }

[[categories]]
id = "media"
basis = "consent"
title = { en = "Media" }

[[services]]
id = "counter"
category = "audience"
exempt = "audience_fr"
title = { en = "Counter" }
hosts = ["*.counter.example"]

[[services]]
id = "video"
category = "media"
title = { en = "Video" }
hosts = ["*.video.example", "maps.example/tiles"]
cookies = [{ name = "_video" }]
inline = [{ global = "Video", host = "cdn.video.example" }]

[[services]]
id = "shop"
category = "necessary"
title = { en = "Shop" }
hosts = ["pay.example"]
"""
POLICY: dict[str, Any] = tomllib.loads(TOML)


@dataclass(frozen=True)
class Page:
    """A page, and which hosts and cookies leak from it before a choice."""

    name: str
    body: str = ""
    leaks: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


CLEAN = [
    Page("text", "<p>Nothing"),
    Page("own", "<img src=/a.png><script src=/a.js></script>"),
    Page("exempt", "<script src=https://www.counter.example/c.js></script>"),
    Page("necessary", "<script src=https://pay.example/pay.js></script>"),
    Page("comment", "<!-- <img src=https://www.video.example/x> -->"),
    Page("link", "<a href=https://www.video.example/watch>Watch</a>"),
    Page("data", "<script>window.settings = {player: 'https://www.video.example/x'}</script>"),
    Page("script-comment", "<script>// https://www.video.example/x\nf()</script>"),
    Page("other-part", "<img src=https://maps.example/legal.png>"),
    Page("own-cookie", "<p>", (), (("Set-Cookie", "session=1; Path=/"),)),
]
LEAKING = [
    Page("frame", "<iframe src=https://www.video.example/embed/1></iframe>", ("www.video.example",)),
    Page("script", "<script src=//www.video.example/v.js></script>", ("www.video.example",)),
    Page("picture", "<img src='https://i.video.example/1.jpg'>", ("i.video.example",)),
    Page("srcset", "<img src=/a srcset='https://i.video.example/2.jpg 2x'>", ("i.video.example",)),
    Page("part", "<img src=https://maps.example/tiles/1.png>", ("maps.example",)),
    Page("style", "<style>p{background:url(//i.video.example/b)}</style>", ("i.video.example",)),
    Page("attribute-style", "<p style='background:url(//i.video.example/c)'>", ("i.video.example",)),
    Page("import", "<style>@import '//www.video.example/s.css';</style>", ("www.video.example",)),
    Page("noscript", "<noscript><img src=//i.video.example/n></noscript>", ("i.video.example",)),
    Page("srcdoc", "<iframe srcdoc='<img src=//i.video.example/d>'></iframe>", ("i.video.example",)),
    Page("svg", "<svg><image href='//i.video.example/g'/></svg>", ("i.video.example",)),
    Page("preconnect", "<link rel=preconnect href=//cdn.video.example>", ("cdn.video.example",)),
    Page("refresh", "<meta http-equiv=refresh content='9;url=//www.video.example/'>", ("www.video.example",)),
    Page("loader", "<script>var i=new Image;i.src='https://i.video.example/p'</script>", ("i.video.example",)),
    Page("signature", "<script>Video.play('//cdn.video.example/1')</script>", ("cdn.video.example",)),
    Page("handler", "<p onclick=\"fetch('https://www.video.example/c')\">", ("www.video.example",)),
    Page("cookie", "<p>", ("_video",), (("Set-Cookie", "_video=1; Path=/"),)),
    Page("header", "<p>", ("www.video.example",), (("Link", "<https://www.video.example/p.js>; rel=preload; as=script"),)),
    Page("not-listed", "<script src=https://static.hotjar.com/c/hotjar-1.js></script>", ("static.hotjar.com",)),
    Page("not-listed-frame", "<iframe src=https://player.vimeo.com/video/1></iframe>", ("player.vimeo.com",)),
]
PAGES = CLEAN + LEAKING


def app(page: Page) -> Flask:
    site = Flask(page.name)
    site.secret_key = KEY

    @site.get("/")
    def home() -> Any:
        response = make_response(f'<!doctype html><html lang="en"><title>A</title>{page.body}')
        for name, value in page.headers:
            response.headers.add(name, value)
        return response

    return site


def guarded(page: Page, found: list[Finding] | None = None, **settings: str) -> Flask:
    site = app(page)
    policy = {**POLICY, "policy": {**POLICY["policy"], **settings}}
    ConsentGuard(site, policy=policy, on_finding=found.append if found is not None else None)
    return site


def of_guard(page: Page) -> set[str]:
    """What a guard withholds, or lets pass as unknown although the catalogue knows it: what no rule names is withheld under
    ``unlisted_hosts = "block"`` alone."""
    found: list[Finding] = []
    guarded(page, found, unlisted_hosts="block" if page.name.startswith("not-listed") else "report").test_client().get("/")
    return {one.subject for one in found if one.enforced and one.kind is not FindingKind.UNFILTERED}


def of_kit(page: Page) -> set[str]:
    return {leak.name or leak.host for leak in leaks(app(page).test_client().get("/"), POLICY)}


def of_crawl(page: Page) -> set[str]:
    try:
        crawl(app(page).test_client(), policy=POLICY)
    except AssertionError as error:
        return {name for name in page.leaks if name in str(error)} or {str(error)}
    return set()


def of_scan(page: Page, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    name = "page_" + page.name.replace("-", "_")
    (tmp_path / "policy.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / f"{name}.py").write_text(
        f"BODY, HEADERS = {page.body!r}, {page.headers!r}\n"
        "def app(environ, start_response):\n"
        "    start_response('200 OK', [('Content-Type', 'text/html; charset=utf-8'), *HEADERS])\n"
        "    return [('<!doctype html><html lang=\"en\"><title>A</title>' + BODY).encode()]\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(command, [f"{name}:app", "--policy", "policy.toml", "--format", "json"])
    assert result.exit_code == (1 if page.leaks else 0), result.output
    told = json.loads(result.stdout)
    return {
        one.get("name") or one["host"] for visit in told["visits"] for one in visit["sightings"] if one["verdict"] == "leak"
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_guard_kit_crawl_and_scan_name_the_same_leaks(page: Page, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = set(page.leaks)
    assert of_kit(page) == wanted
    assert of_crawl(page) == wanted
    assert of_scan(page, tmp_path, monkeypatch) == wanted
    assert of_guard(page) == wanted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_the_guard_sends_passes_every_tool(page: Page) -> None:
    """But for a service that the policy forgot: the guard lets it pass, and each tool says so, with the line to add."""
    client = guarded(page).test_client()
    if not page.name.startswith("not-listed"):
        crawl(client)
        return
    with pytest.raises(AssertionError, match=r'the policy does not list it: add \[\[services\]\] id = "'):
        crawl(client)


def test_there_are_ten_clean_pages_and_twenty_that_leak() -> None:
    assert (len(CLEAN), len(LEAKING)) == (10, 20)
    assert len({page.name for page in PAGES}) == 30
