"""One report with something of everything, for the tests of what reads reports."""

from __future__ import annotations

from consent_guard.audit.report import Problem, Report, Screenshot, Sighting, Sort, State, Verdict, Visit

PAGE = "https://site.example/a b"

GTM = Sighting(
    State.BEFORE,
    PAGE,
    Sort.REQUEST,
    "www.googletagmanager.com",
    Verdict.LEAK,
    service="google-tag-manager",
    category="campaigns",
    rule="www.googletagmanager.com",
    where="script src",
    line=3,
    column=7,
    excerpt='<script src="https://www.googletagmanager.com/gtm.js?id=…"',
)
COOKIE = Sighting(
    State.BEFORE,
    PAGE,
    Sort.COOKIE,
    "site.example",
    Verdict.LEAK,
    name="_ga",
    service="google-analytics",
    category="audience",
    rule="_ga",
    where="document.cookie",
    initiator="www.googletagmanager.com",
)
STRANGE = Sighting(State.BEFORE, PAGE, Sort.REQUEST, "cdn.strange.example", Verdict.UNLISTED, where="img src", line=9, column=1)
NAMELESS = Sighting(State.REFUSED, PAGE, Sort.COOKIE, "site.example", Verdict.UNLISTED, name='odd"<name>', where="Set-Cookie")
KNOWN = Sighting(State.REFUSED, PAGE, Sort.REQUEST, "static.hotjar.com", Verdict.UNLISTED, where="script src", line=1, column=1)
FINE = Sighting(
    State.ACCEPTED,
    PAGE,
    Sort.REQUEST,
    "www.googletagmanager.com",
    Verdict.ALLOWED,
    service="google-tag-manager",
    category="campaigns",
)


def report(*, accepted: frozenset[str] = frozenset(), png: bytes = b"\x89PNG\r\n\x1a\n") -> Report:
    return Report(
        target="https://site.example/",
        policy="consent.toml",
        browser="Chromium 1",
        started=1_700_000_000.0,
        seconds=1.5,
        visits=(
            Visit(PAGE, State.BEFORE, 200, (GTM, COOKIE, STRANGE), 1000, 12, 50_000, own_banner=True),
            Visit(PAGE, State.REFUSED, 200, (NAMELESS, KNOWN), 1000, 3, 5_000),
            Visit(PAGE, State.ACCEPTED, 200, (FINE,), 1000, 12, 50_000),
        ),
        problems=(Problem("https://site.example/gone", "cannot be reached (refused)\x00"),),
        notes=("stopped after 1 page",),
        screenshots=(Screenshot(PAGE, State.BEFORE, png),),
        accepted=accepted,
        titles={
            "google-tag-manager": "Google Tag Manager",
            "campaigns": "Campaigns & <more>",
            "google-analytics": "Google Analytics",
        },
    )
