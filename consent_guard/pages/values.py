"""What the templates show: the policy in one language, and how one visitor's consent stands to it.

Plain values, made once per language; only ``state_of`` looks at a visitor. Nothing here is escaped: the templates do that. May
import policy, consent and languages. Called by the surface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..consent.choice import Consent
from ..consent.token import consent_cookie_name, once_cookie_name
from ..limits import ONCE_SECONDS
from ..policy.model import Basis, Category, Controller, CookieRule, Lifetime, Policy, Service
from .languages import Locale
from .negotiation import direction, same_language


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text of the policy. ``lang`` and ``dir`` are set where it is in another language than the page around it (A07)."""

    text: str
    lang: str = ""
    dir: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class ServiceValue:
    """One service as shown."""

    id: str
    title: Phrase
    purpose: Phrase
    controller: str
    policy_url: str
    """http or https, or empty: nothing else becomes a link."""
    reason: str
    """Why an exempt service is exempt, in words (L02)."""
    hosts: tuple[str, ...]
    embed: str = ""
    """What of it a page shows, as the policy says it."""
    words: Phrase = Phrase("")
    """What its placeholders say besides."""
    picture: str = ""
    """What they show: a path on the site."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the declaration: one cookie name, or one service whose names are not declared (S17)."""

    name: str
    """Empty: not declared."""
    service: Phrase
    purpose: Phrase
    lifetime: str
    controller: str
    policy_url: str
    note: str = ""
    """What else is to be said of the name."""
    service_id: str = ""
    """Empty for cookies of the site itself."""
    span: Lifetime | None = None
    """What ``lifetime`` says in words; None: not declared."""


@dataclass(frozen=True, slots=True)
class PurposeValue:
    """One category as shown."""

    id: str
    basis: str
    gpc: bool
    title: Phrase
    description: Phrase
    services: tuple[ServiceValue, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """The whole policy in one language."""

    purposes: tuple[PurposeValue, ...]
    declared: tuple[PurposeValue, ...]
    """The purposes and, where none of them is necessary, one more for the cookies that we set ourselves."""
    partners: int
    """How many controllers take part beside the site itself; a service that names none counts by itself (L41)."""
    exempt: bool
    """Some purpose is active until refused."""
    kept: str
    """How long a choice is kept, in words."""


@dataclass(frozen=True, slots=True)
class PurposeState:
    """How one visitor's consent stands to one category."""

    word: str
    """``always``, ``on``, ``part`` or ``off``."""
    whole: bool
    """The category and every service in it are allowed."""


def policy_value(policy: Policy, language: str, words: Locale) -> PolicyValue:
    """Return the policy in this language as the pages show it, with our own sentences from ``words`` around it."""
    return _Reading(policy, language, words).value()


def page_language(language: str, words: Locale) -> str:
    """Return the ``lang`` of what we show: the language asked for, or that of our own sentences where they are in another."""
    return language.replace("_", "-") if same_language(language, words.tag) else words.tag


def state_of(purpose: PurposeValue, consent: Consent) -> PurposeState:
    """Return the stored state of one category (L23). Necessary ones are always on, whatever a choice says (S09)."""
    if purpose.basis == Basis.NECESSARY:
        return PurposeState("always", True)
    allowed = sum(service.id in consent.allowed_services for service in purpose.services)
    granted = purpose.id in consent.allowed_categories
    whole = granted and allowed == len(purpose.services)
    return PurposeState("on" if whole else "part" if granted or allowed else "off", whole)


def phrase(policy: Policy, texts: Mapping[str, str], language: str, around: str) -> Phrase:
    """Return what ``policy.text`` returns for a language, and the text's own language where ``around`` is another one."""
    text = policy.text(texts, language)
    candidates = (language, language.partition("-")[0], *policy.languages, *texts)
    tag = next((known for known in candidates if known in texts), around)
    if not text or same_language(tag, around):
        return Phrase(text)
    return Phrase(text, tag.replace("_", "-"), direction(tag))


def web_address(address: str) -> str:
    """Return an address that may stand in a link: http or https, without controls or blanks; else nothing (K17, K19)."""
    if address[:8].lower().startswith(("http://", "https://")) and not any(c <= " " or c == "\x7f" for c in address):
        return address
    return ""


class _Reading:
    """One reading of the policy in one language."""

    def __init__(self, policy: Policy, language: str, words: Locale) -> None:
        self._policy = policy
        self._language = language
        self._words = words
        self._around = page_language(language, words)

    def value(self) -> PolicyValue:
        policy = self._policy
        optional = {category.id for category in policy.categories if category.basis is not Basis.NECESSARY}
        partners = {
            (service.controller.name, "") if service.controller is not None else ("", service.id)
            for service in policy.services
            if service.category in optional and not (service.controller is not None and service.controller.site)
        }
        home = next((category.id for category in policy.categories if category.basis is Basis.NECESSARY), None)
        purposes = tuple(self._purpose(category, own=category.id == home) for category in policy.categories)
        return PolicyValue(
            purposes=purposes,
            declared=purposes if home is not None else (self._own_purpose(), *purposes),
            partners=len(partners),
            exempt=any(category.basis is Basis.EXEMPT for category in policy.categories),
            kept=self._words.lifetime(Lifetime(months=policy.choice_months)),
        )

    def _purpose(self, category: Category, own: bool) -> PurposeValue:
        services = self._policy.services_of(category.id)
        site = self._words.say("own.site")
        rows = [self._own_row()] if own else []
        rows += [
            self._row(cookie.rule, Phrase(site), Phrase(""), Controller(site))
            for cookie in self._policy.cookies
            if cookie.category == category.id
        ]
        for service in services:
            rows += self._service_rows(service)
        return PurposeValue(
            id=category.id,
            basis=category.basis.value,
            gpc=category.gpc,
            title=self._phrase(category.title) or Phrase(category.id),
            description=self._phrase(category.description),
            services=tuple(self._service(service) for service in services),
            rows=tuple(rows),
        )

    def _service(self, service: Service) -> ServiceValue:
        reason = f"reason.{service.exempt}"
        return ServiceValue(
            id=service.id,
            title=self._phrase(service.title) or Phrase(service.id),
            purpose=self._phrase(service.purpose),
            controller=service.controller.name if service.controller is not None else "",
            policy_url=web_address(service.controller.policy_url) if service.controller is not None else "",
            reason=self._words.messages.get(reason, service.exempt),
            hosts=tuple(rule.text for rule in service.hosts),
            embed=service.embed,
            words=self._phrase(service.words),
            picture=service.picture,
        )

    def _service_rows(self, service: Service) -> list[Row]:
        title = self._phrase(service.title) or Phrase(service.id)
        purpose = self._phrase(service.purpose)
        rules = tuple(rule for rule in service.cookies if not rule.dead) or (CookieRule(name=""),)
        return [self._row(rule, title, purpose, service.controller, service.id) for rule in rules]

    def _row(
        self, rule: CookieRule, service: Phrase, purpose: Phrase, controller: Controller | None, service_id: str = ""
    ) -> Row:
        return Row(
            name=rule.name,
            service=service,
            purpose=self._phrase(rule.purpose) or purpose,
            lifetime=self._words.lifetime(rule.lifetime),
            controller=controller.name if controller is not None else "",
            policy_url=web_address(controller.policy_url) if controller is not None else "",
            service_id=service_id,
            span=rule.lifetime,
        )

    def _own_purpose(self) -> PurposeValue:
        title, note = (Phrase(self._words.say(key)) for key in ("basis.necessary", "basis_note.necessary"))
        return PurposeValue("", Basis.NECESSARY.value, False, title, note, (), (self._own_row(),))

    def _own_row(self) -> Row:
        """Return what we set ourselves: the choice, under its name over https, and beside it the other names there may be."""
        policy, words = self._policy, self._words
        once = words.lifetime(Lifetime(seconds=ONCE_SECONDS))
        notes = (
            words.say("own.plain", name=consent_cookie_name(policy, False)),
            words.say("own.once", name=once_cookie_name(policy, True), duration=once),
        )
        return Row(
            name=consent_cookie_name(policy, True),
            service=Phrase(words.say("own.title")),
            purpose=Phrase(words.say("own.purpose")),
            lifetime=words.lifetime(Lifetime(months=policy.choice_months)),
            controller=words.say("own.site"),
            policy_url="",
            note="; ".join(notes),
            span=Lifetime(months=policy.choice_months),
        )

    def _phrase(self, texts: Mapping[str, str]) -> Phrase:
        return phrase(self._policy, texts, self._language, self._around)
