"""Who is asking: the consent that a request's own headers show, and nothing else about the visitor.

May import the wire layer and the consent domain. ``Guard.open`` calls it once per request. On any doubt there is no choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..consent.choice import Choice, Consent, effective
from ..consent.signals import gpc
from ..consent.token import once_cookie_name
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
    consent: Consent
    banner: bool
    """A full document in answer to this request shows the banner."""
    mark: str
    """What entity tags of pages carry under this consent (H23)."""
    once: str | None = None
    """The service that may load on this page only, by a permission that is used up with it."""


def read_visitor(site: Site, facts: RequestFacts) -> Visitor:
    """Return what this request says of its visitor's wishes (DESIGN §5)."""
    secure = is_secure(facts)
    cookies = request_cookies(facts.headers)
    names = site.consent_names[secure]
    choice = site.signer.read_all([cookie.value for cookie in cookies if cookie.name in names], facts.now)
    once = _once(site, facts, cookies, secure)
    consent = effective(site.policy, choice, facts.now, gpc(facts.headers), () if once is None else (once,))
    banner = consent.asks and site.policy.banner_on(facts.path) and takes_banner(facts.headers)
    return Visitor(secure, choice, consent, banner, site.mark(consent, banner), once)


def is_secure(facts: RequestFacts) -> bool:
    """Tell whether the browser speaks https to us."""
    return facts.scheme in ("https", "wss")


def _once(site: Site, facts: RequestFacts, cookies: list[CookiePair], secure: bool) -> str | None:
    """Return the service that ``choice=once`` lets load on this very page. A prefetch is no view of it."""
    name = once_cookie_name(site.policy, secure).encode("ascii")
    values = {cookie.value for cookie in cookies if cookie.name == name}
    if len(values) != 1 or facts.method not in ("GET", "HEAD") or is_prefetch(facts.headers):
        return None
    return site.signer.read_once(values.pop(), page_key(own_path(facts)), facts.now)
