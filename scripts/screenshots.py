"""Make the README's pictures of the banner and the preferences again: ``make pictures``, or, where its libraries are there,
``PYTHONPATH=. python scripts/screenshots.py [FOLDER]``.

Serves a small guarded page on loopback and looks at it in headless Chromium, in the light scheme, at 1280 and 375 CSS pixels.
Needs Playwright, Pillow (for fewer colours, and so fewer bytes) and a Chromium on the path. Run it after a change of templates,
styles or English texts; then look at the pictures.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, make_server

from consent_guard.wsgi import ConsentMiddleware, manage_link

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "images"
WIDTHS: Final = {1280: 800, 375: 812}
"""Widths of the window with their heights, in CSS pixels."""
TALLEST: Final = 1250
"""More of a page's height is not in the picture."""
BYTES: Final = 150_000

POLICY: Final = {
    "policy": {"languages": ["en"], "first_party": ["gazette.example"]},
    "categories": [
        {
            "id": "necessary",
            "basis": "necessary",
            "title": {"en": "Running the site"},
            "description": {"en": "Your session, your settings and the choice that you make here."},
        },
        {
            "id": "campaigns",
            "basis": "consent",
            "gpc": True,
            "title": {"en": "Advertising"},
            "description": {"en": "Partners choose advertisements by what you read, here and on other sites."},
        },
        {
            "id": "interactivity",
            "basis": "consent",
            "title": {"en": "Videos and maps"},
            "description": {"en": "Other companies show you videos and maps within our articles."},
        },
    ],
    "services": [
        {"id": "google-ads", "category": "campaigns"},
        {"id": "criteo", "category": "campaigns"},
        {"id": "youtube", "category": "interactivity"},
        {"id": "google-maps", "category": "interactivity"},
    ],
    "cookies": [{"name": "font_size", "category": "necessary", "lifetime": "13 months", "purpose": {"en": "Letter size"}}],
}

PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>The Gazette</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/site.css"></head>
<body><header><strong>The Gazette</strong></header>
<main><h1>A bridge opens after nine years</h1>
<p>On Sunday morning the first trams crossed the river. Hundreds of people had come to see them, some with folding chairs.</p>
<p>The old bridge had carried the city's traffic since 1894. Its iron was tired, said the engineers; its admirers disagreed.</p>
<p>For now cyclists have the northern side to themselves. The footpath follows in spring, when the railings are painted.</p>
</main><footer>LINK</footer></body></html>"""
STYLE: Final = """body { margin: 0; font: 1.125rem/1.6 Georgia, serif; color: #222; background: #fff }
header, footer { padding: 1rem 1.5rem; background: #f2efe9 } header { font-size: 1.5rem }
main { max-width: 42rem; margin: 0 auto; padding: 1rem 1.5rem }"""


class Quiet(WSGIRequestHandler):
    """Logs no requests."""

    def log_message(self, format: str, *args: object) -> None:
        pass


def site(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The page, and its style sheet."""
    styled = environ["PATH_INFO"] == "/site.css"
    start_response("200 OK", [("Content-Type", "text/css" if styled else "text/html; charset=utf-8")])
    return [(STYLE if styled else PAGE.replace("LINK", manage_link(environ))).encode()]


def main(folder: Path) -> int:
    """Write the pictures; return 1 where one is too large."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        print("no Chromium on the path", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    guarded = ConsentMiddleware(site, POLICY, secret_key="a key for pictures, which signs no real choice")
    server = make_server("127.0.0.1", 0, guarded, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    faults = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for width, height in WIDTHS.items():
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light", locale="en")
            page = context.new_page()
            for name, path in (("banner", "/"), ("preferences", "/privacy-choices?next=/")):
                page.goto(address + path, wait_until="networkidle")
                if name == "preferences":
                    page.locator("summary").first.click()
                whole = page.evaluate("document.documentElement.scrollHeight")
                tall = height if name == "banner" else min(whole, TALLEST)
                page.set_viewport_size({"width": width, "height": tall})
                picture = folder / f"{name}-{width}.png"
                page.evaluate("scrollTo(0, 0)")
                page.screenshot(path=picture, animations="disabled")
                with Image.open(picture) as full:
                    few = full.convert("RGB").quantize(128)
                few.save(picture, optimize=True)
                size = picture.stat().st_size
                print(f"{picture}: {width} x {tall}, {size:,} bytes")
                faults += size > BYTES
                page.set_viewport_size({"width": width, "height": height})
            context.close()
        browser.close()
    server.shutdown()
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER))
