"""The pages that are rewritten: a folder of real ones, or a few that are made here.

Standard library only. The scripts beside this file call `load`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
VARIABLE = "CONSENT_GUARD_PAGES"

_TEXT_LIKE = re.compile(rb"<!--.*?-->|<(script|style)\b[^>]*>.*?</\1", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(rb"</?[a-zA-Z]")


@dataclass(frozen=True)
class Pages:
    """Whole documents in memory, and where they come from."""

    names: list[str]
    bodies: list[bytes]
    origin: str

    @property
    def size(self) -> int:
        """Bytes of all pages together."""
        return sum(map(len, self.bodies))

    def tags(self) -> int:
        """Start and end tags outside comments, scripts and style sheets; a count for orders of magnitude."""
        return sum(len(_TAG.findall(_TEXT_LIKE.sub(rb"<\1></\1", body))) for body in self.bodies)


def load(folder: str | None) -> Pages:
    """Return the HTML pages of a folder: the one given, else of $CONSENT_GUARD_PAGES, else of the folder of real pages beside
    the repository; where there is none, pages made here."""
    chosen = folder or os.environ.get(VARIABLE)
    path = Path(chosen) if chosen else SHARED / "pages"
    files = sorted([*path.glob("*.html"), *path.glob("*.htm")]) if path.is_dir() else []
    if files:
        return Pages([file.name for file in files], [file.read_bytes() for file in files], f"the HTML files in {_shown(path)}")
    if chosen:
        raise SystemExit(f"no .html or .htm file in {chosen}")
    names = [f"made-{number}" for number in range(6)]
    bodies = [made_page(number, rows=150 * (number + 1)) for number in range(6)]
    return Pages(names, bodies, f"MADE HERE, NOT REAL: give a folder of saved pages, or set {VARIABLE}")


def made_page(number: int, rows: int) -> bytes:
    """Return a page of the usual ingredients; the same for the same arguments."""
    head = (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Page {number}</title>'
        '<link rel="stylesheet" href="/static/site.css"><link rel="preconnect" href="https://www.googletagmanager.com">'
        "<style>.a{color:#123}.b{background:url(/static/b.png)}</style>"
        "<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime()});"
        "var j=d.createElement(s);j.src='https://www.googletagmanager.com/gtm.js?id='+i;d.head.appendChild(j)})"
        "(window,document,'script','dataLayer','GTM-XXXX')</script>"
        '<script async src="https://www.google-analytics.com/analytics.js"></script></head><body class="home">'
        '<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-XXXX"></iframe></noscript>'
    )
    return (head + "".join(_row(number, row) for row in range(rows)) + "</body></html>\n").encode()


def _row(number: int, row: int) -> str:
    embed = '<iframe width="560" height="315" src="https://www.youtube.com/embed/aaaaaaaaaaa" title="v"></iframe>'
    return (
        f'<article id="p{number}-{row}" class="card card--{row % 7}" data-position="{row}">\n'
        f'  <h2 class="card__title"><a href="/articles/{number}/{row}" title="Article {row}">Un titre, {row}</a></h2>\n'
        f'  <img class="card__image" src="https://static.site.example/images/{number}/{row}.jpg" alt="" width="320"'
        f' srcset="https://static.site.example/images/{row}-2x.jpg 2x" loading="lazy">\n'
        f'  <p class="card__text">Le texte de la carte, avec un <a href="https://www.example.org/{row}">lien</a>, du gras'
        " <strong>ici</strong> et quelques phrases de plus pour que le texte domine comme dans une vraie page.</p>\n"
        '  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="M0 0L16 16M16 0L0 16"/></svg>\n'
        f"  {embed if row % 50 == 7 else ''}<!-- fin de la carte {row} --></article>\n"
    )


def _shown(path: Path) -> str:
    return os.path.relpath(path)
