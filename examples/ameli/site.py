"""The site without a framework: which template each path shows, with which words, and which cookies its forms set.

The three apps beside this file only translate: request in, template and cookies out. Nothing here knows of consent; the
templates ask `consent.allows(...)` where they must (the satisfaction form), and the middleware does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
POLICY = HERE / "consent.toml"
PAGES = HERE / "pages"
STATIC = HERE / "static"

CHOICES = "/privacy-choices"
"""Where a choice is posted: `path` in the policy, which consent.toml leaves at its default."""
COOKIE_SECONDS = 393 * 24 * 3600
"""393 days: never longer than 13 calendar months, whichever day they start on."""
SPACES = {
    "fr": {"assures": "Assurés", "professionnels": "Professionnels de santé", "entreprises": "Entreprises"},
    "en": {"assures": "Insured persons", "professionnels": "Health professionals", "entreprises": "Employers"},
}
WORDS = {
    "fr": {
        "brand": "ameli, le site d'exemple",
        "home": "Accueil",
        "article": "Bien préparer l'hiver",
        "preferences": "Mes réglages",
        "thanks": "Merci",
        "missing": "Page introuvable",
        "manage": "Gestion des cookies",
        "other_language": "English",
        "skip": "Aller au contenu",
        "spaces": "Vos espaces",
        "fund": "Votre caisse : département {}",
        "share_on": "Partager sur",
    },
    "en": {
        "brand": "ameli, the example site",
        "home": "Home",
        "article": "Getting ready for winter",
        "preferences": "My settings",
        "thanks": "Thank you",
        "missing": "Page not found",
        "manage": "Manage cookies",
        "other_language": "Français",
        "skip": "Skip to content",
        "spaces": "Your areas",
        "fund": "Your health fund: department {}",
        "share_on": "Share on",
    },
}
_TEMPLATES = {"": "home", "article": "article", "preferences": "preferences", "thanks": "thanks"}


@dataclass(frozen=True)
class Page:
    """One answer: a template below `pages/`, its variables, and the cookies that it sets."""

    template: str
    words: Mapping[str, object]
    status: int = 200
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Redirect:
    """The answer to a form: where to go next, and the cookies that it sets."""

    location: str
    cookies: Mapping[str, str] = field(default_factory=dict)


class Unguarded:
    """What the templates see as `consent` when the site runs without the middleware, to show the difference."""

    def allows(self, purpose: str) -> bool:
        return True


def page(path: str, cookies: Mapping[str, str]) -> Page:
    """The page at this path, for a browser that sent these cookies; a page of status 404 where there is none."""
    language, name = _split(path)
    words: dict[str, object] = {
        **WORDS[language],
        "language": language,
        "root": "/" if language == "fr" else "/en/",
        "name": name,
        "path": path,
        "choices": CHOICES,
        "other_path": "/en/" + name if language == "fr" else "/" + name,
        "all_spaces": SPACES[language],
        "postcode": cookies.get("Localisation", ""),
        "space": cookies.get("Espace", ""),
        "contrast": cookies.get("Contraste") == "1",
    }
    if name.startswith("espace/") and name.removeprefix("espace/") in SPACES[language]:
        space = name.removeprefix("espace/")
        words |= {"title": SPACES[language][space], "space": space}
        return Page(f"{language}/space.html", words, cookies={"Espace": space})
    template = _TEMPLATES.get(name)
    if template is None:
        return Page(f"{language}/missing.html", words | {"title": WORDS[language]["missing"]}, status=404)
    return Page(f"{language}/{template}.html", words | {"title": WORDS[language][template]})


def submit(path: str, form: Mapping[str, str]) -> Redirect | None:
    """What the form posted to this path does; None where no form is taken."""
    language, name = _split(path)
    root = "/" if language == "fr" else "/en/"
    if name == "preferences":
        cookies = {"Contraste": "1" if form.get("contrast") else "0"}
        if re.fullmatch(r"[0-9]{5}", form.get("postcode", "")):
            cookies["Localisation"] = form["postcode"]
        return Redirect(f"{root}preferences", cookies)
    if name == "satisfaction":
        return Redirect(f"{root}thanks")
    return None


def _split(path: str) -> tuple[str, str]:
    name = path.strip("/")
    if name == "en" or name.startswith("en/"):
        return "en", name.removeprefix("en").lstrip("/")
    return "fr", name
