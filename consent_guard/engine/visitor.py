"""Who is asking: the consent that a request's own headers show, and nothing else about the visitor.

May import the wire layer and the consent domain. ``Guard.open`` calls it once per request. On any doubt there is no choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..consent.choice import Choice, Consent, effective, imported
from ..consent.token import is_spelt_like_ours
from ..wire.cookies import CookiePair, request_cookies
from ..wire.messages import RequestFacts
from .addresses import own_path, page_key
from .destinations import is_prefetch, takes_banner
from .site import Site


@dataclass(frozen=True, slots=True)
class Visitor:
    """What one request says of its visitor's wishes."""

    secure: bool
    """The request came over https, as the browser sees it."""
    choice: Choice | None
    """The stored choice; None where there is none, or where another tool keeps it."""
    consent: Consent
    banner: bool
    """A full document in answer to this request shows the banner."""
    mark: str
    """What entity tags of pages carry under this consent (H23)."""
    once: str | None = None
    """The service that may load on this page only, by a permission that is used up with it."""
    granted: bool = False
    """The page is shown with something that a refusal may have to take back: what the visitor has allowed, and what runs until
    it is refused (the basis ``exempt``)."""


def read_visitor(site: Site, facts: RequestFacts) -> Visitor:
    """Return what this request says of its visitor's wishes (DESIGN §5)."""
    secure = is_secure(facts)
    cookies = request_cookies(facts.headers)
    once = _once(site, facts, cookies, secure)
    signal, alone = site.signalled(facts.headers), () if once is None else (once,)
    if site.importer:
        choice = None
        consent = _imported(site, cookies, signal, alone)
    else:
        names = site.consent_names[secure]
        choice = site.signer.read_all(_ours([cookie for cookie in cookies if cookie.name in names], site, secure), facts.now)
        consent = effective(site.policy, choice, facts.now, signal, alone)
    banner = consent.asks and site.policy.banner_on(facts.path) and takes_banner(facts.headers)
    granted = once is not None or any(consent.choices.values()) or not consent.allowed_services <= site.needed
    return Visitor(secure, choice, consent, banner, site.mark(consent, banner), once, granted)


def _imported(site: Site, cookies: list[CookiePair], signal: bool, once: tuple[str, ...]) -> Consent:
    """Return what holds by the other tools' cookies alone: two keepers of one choice could not both be right."""
    found = site.importer.read(cookies)
    if found is None:
        return imported(site.policy, {}, {}, decided=False, made_at=None, gpc=signal, once=once)
    return imported(
        site.policy,
        found.answers,
        found.overrides,
        decided=found.decided,
        made_at=found.made_at,
        gpc=signal,
        once=once,
    )


def _ours(cookies: list[CookiePair], site: Site, secure: bool) -> list[bytes]:
    """Return the values that may be our choice. Over http its name is a plain word, which a site may use as well: beside a
    value that is spelt like ours, one that is not is somebody else's."""
    plain = site.policy.cookie_name.encode("ascii")
    spelt = [cookie for cookie in cookies if secure or cookie.name != plain or is_spelt_like_ours(cookie.value)]
    return [cookie.value for cookie in spelt or cookies]


def is_secure(facts: RequestFacts) -> bool:
    """Tell whether the browser speaks https to us."""
    return facts.scheme in ("https", "wss")


def _once(site: Site, facts: RequestFacts, cookies: list[CookiePair], secure: bool) -> str | None:
    """Return the service that ``choice=once`` lets load on this very page. A prefetch is no view of it."""
    name = site.once_names[secure]
    values = {cookie.value for cookie in cookies if cookie.name == name}
    if len(values) != 1 or facts.method not in ("GET", "HEAD") or is_prefetch(facts.headers):
        return None
    return site.signer.read_once(values.pop(), page_key(own_path(facts)), facts.now)
