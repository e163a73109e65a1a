"""A lazy loader of the site's own in a browser: it finds nothing to load until its service is allowed, and then all of it."""

from __future__ import annotations

from typing import Any

from consent_guard.policy.model import Policy
from consent_guard.testing import consent_cookie
from consent_guard.wsgi import ConsentMiddleware

from .test_pages import Pages

SECRET = "a secret of at least thirty-two bytes, for tests"
POLICY = Policy.load(
    {
        "categories": [{"id": "media", "basis": "consent", "title": {"en": "Media"}}],
        "services": [{"id": "video", "category": "media", "title": {"en": "Video"}, "hosts": ["*.video.example"]}],
    }
)
NAMES = {"frame", "image", "candidate", "lazy", "poster", "background", "css", "sheet", "script"}
PAGE = """<!doctype html><html lang=en><head><title>T</title><link rel=stylesheet data-href="https://cdn.video.example/sheet"></head>
<body><iframe data-src="https://cdn.video.example/frame" width=300></iframe>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="https://cdn.video.example/image" alt=a>
<img data-srcset="/own.gif 1x, https://cdn.video.example/candidate 1x" alt=b><img data-lazy-src="https://cdn.video.example/lazy">
<img data-src="/own.gif" alt=c><video data-poster="https://cdn.video.example/poster"></video>
<section data-bg="https://cdn.video.example/background">a</section>
<div data-background="url('https://cdn.video.example/css')">b</div>
<script data-src="https://cdn.video.example/script"></script>
<script>
for (const one of document.querySelectorAll("*")) {
  const said = one.dataset, source = said.src || said.lazySrc;
  if (one.localName === "script" && source) {
    const made = document.createElement("script");
    made.src = source;
    one.replaceWith(made);
  } else if (source) one.src = source;
  if (said.srcset) one.srcset = said.srcset.split(", ").pop();
  if (said.poster) one.poster = said.poster;
  if (said.href) one.href = said.href;
  const image = said.bg || said.background;
  if (image) one.style.backgroundImage = image.startsWith("url(") ? image : "url(" + image + ")";
}
</script></body></html>"""


class Granting:
    """The guarded app for a visitor who allowed all."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        environ["HTTP_COOKIE"] = "=".join(consent_cookie(POLICY, SECRET, allow=["*"]))
        return self._app(environ, start_response)


def loaded(chromium: Any, loopback: Any, app: Any) -> set[str]:
    """Return what a visit loads, by the last segment of its address; the page itself left out."""
    loopback.app, loopback.own = app, {"site.example"}
    with chromium.tab() as session:
        chromium.visit(session, "https://site.example/page", seconds=3)
        urls = [request["request"]["url"] for request in chromium.requests(session)]
    return {url.rpartition("/")[2] for url in urls if "video.example" in url or url.endswith("/own.gif")}


def test_a_lazy_loader_finds_nothing_to_load_until_its_service_is_allowed(chromium: Any, loopback: Any) -> None:
    """L01"""
    app = Pages()
    app.body = PAGE.encode()
    guarded = ConsentMiddleware(app, POLICY, secret_key=SECRET)
    assert loaded(chromium, loopback, app) == NAMES | {"own.gif"}
    assert loaded(chromium, loopback, guarded) == {"own.gif"}
    assert loaded(chromium, loopback, Granting(guarded)) == NAMES | {"own.gif"}
