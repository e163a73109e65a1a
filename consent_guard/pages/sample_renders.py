"""Everything of ours rendered once, before the first visitor: what the checks of a site's own templates look at.

May import policy, consent and this package. ``overriding`` asks for it when a surface with such templates is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ..consent.choice import Consent, accept_all, effective, refuse_all, save
from ..policy.model import Basis, HostRule, Policy
from ..rewrite.model import Embed
from .model import RequestView
from .parts import ResponseParts
from .rendering import ENDING
from .surface import Surface

NEXT: Final = "/page?a=1&b=2"
"""Where the sample's visitor goes back to."""
_SAMPLE_TIME: Final = 0.0
_FEW: Final = 2
"""Services of a purpose that show what a template makes of any."""
_ANYWHERE: Final = "a.example"


@dataclass(frozen=True, slots=True)
class SampleRender:
    """One thing to render, and for whom."""

    surface: Surface
    """Whose policy it shows."""
    name: str
    """The template, without the ending."""
    language: str
    consent: Consent
    """Whose page it is. What goes into pages of the site is the same for everybody; there it is a refusal."""
    part: bool
    """It goes into pages of the site; else it is a page of ours."""
    render: Callable[[], bytes]

    @property
    def templates(self) -> tuple[str, ...]:
        """The templates that it shows, by file name; those that they name besides."""
        names = ("placeholder", "assets", "closing") if self.name == "placeholder" else (self.name,)
        return tuple(name + ENDING for name in names)


def sample_renders(surface: Surface) -> Iterator[SampleRender]:
    """Yield everything that visitors can be shown, in each language: pages of ours for no choice, for a refusal and, where they
    show the choice, for an acceptance of all and of each purpose alone. Every service is shown to one visitor in the first
    language, else a few of each purpose: of a large policy that is enough to see what a template makes of them."""
    few = surface.showing(_with_few_services(surface.policy))
    for language in surface.languages:
        yield from _in_language(surface if language == surface.languages[0] else few, few, language)


def _in_language(surface: Surface, few: Surface, language: str) -> Iterator[SampleRender]:
    policy = surface.policy
    nobody = effective(policy, None, _SAMPLE_TIME)
    refused = effective(few.policy, refuse_all(few.policy, _SAMPLE_TIME), _SAMPLE_TIME)
    granted = effective(few.policy, accept_all(few.policy, _SAMPLE_TIME), _SAMPLE_TIME)
    embeds = tuple(_embeds(policy))
    hidden = (replace(embeds[0], unseen=True),)
    parts = ResponseParts(surface, _view(surface, nobody, language))
    part = partial(SampleRender, surface, language=language, consent=refused, part=True)
    yield part("banner", render=partial(parts.banner, None))
    yield part("closing", render=partial(parts.closing, None))
    styled = ResponseParts(surface, _view(surface, nobody, language))
    yield part("placeholder", render=partial(_placeholders, styled, embeds))
    yield part("placeholder_hidden", render=partial(_placeholders, parts, hidden))
    for consent in (nobody, refused, granted, *_one_by_one(few.policy)):
        shown = surface if consent is nobody else few
        view = _view(shown, consent, language)
        page = partial(SampleRender, shown, language=language, consent=consent, part=False)
        yield page("preferences_imported" if policy.imports else "preferences", render=partial(shown.preferences, view))
        yield page("fragment", render=partial(_fragment, shown, view))
        if consent in (nobody, refused):
            yield page("declaration", render=partial(shown.declaration, view))
            yield page("error", render=partial(shown.error, view, 400, "choice"))
    yield SampleRender(surface, "declaration_file", language, refused, False, partial(_file, surface, language))


def _one_by_one(policy: Policy) -> Iterator[Consent]:
    """Yield the consent of those who allow one purpose and no other: what they did not allow may not hang on what they did."""
    asked = [category.id for category in policy.categories if category.basis is not Basis.NECESSARY]
    for id in asked if len(asked) > 1 else ():
        yield effective(policy, save(policy, [id], _SAMPLE_TIME), _SAMPLE_TIME)


def _view(surface: Surface, consent: Consent, language: str) -> RequestView:
    return RequestView(surface.policy.path, NEXT, b"", consent, language)


def _with_few_services(policy: Policy) -> Policy:
    shown = {id for category in policy.categories for id in [one.id for one in policy.services_of(category.id)][:_FEW]}
    shown |= {embed.service for embed in _embeds(policy)}
    return replace(policy, services=tuple(service for service in policy.services if service.id in shown))


def _placeholders(parts: ResponseParts, embeds: tuple[Embed, ...]) -> bytes:
    return b"".join(parts.placeholder(embed, None) for embed in embeds)


def _fragment(surface: Surface, view: RequestView) -> bytes:
    return surface.fragment(view).encode("utf-8")


def _file(surface: Surface, language: str) -> bytes:
    return surface.declaration_file("html", language).body


def _embeds(policy: Policy) -> Iterator[Embed]:
    """Embeds of a service that asks for consent and of none, with a title and without, from an address of the service's own:
    what a template makes of the address is judged too."""
    asked = {category.id for category in policy.categories if category.basis is not Basis.NECESSARY}
    gated = [service for service in policy.services if service.category in asked] or list(policy.services)
    hosted = sorted(gated, key=lambda service: not any(rule.host for rule in service.hosts))
    for service in [*hosted[:1], None]:
        host, path = _address(service.hosts if service is not None else ())
        for title in ("", "A title"):
            yield Embed(service.id if service is not None else "", "iframe", f"https://{host}{path}", host, "", "", title)


def _address(rules: tuple[HostRule, ...]) -> tuple[str, str]:
    rule = next((rule for rule in rules if rule.host), None)
    return (rule.one_host, rule.path or "/x") if rule is not None else (_ANYWHERE, "/x")
