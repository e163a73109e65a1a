"""What the policy says of a request, a cookie or a key that a browser was seen to make, in one state of a visitor.

The judge and the rulings that enforce decide here too. May import the rewriter's judge and the engine's rulings. The browser
scan asks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ...consent.choice import Consent
from ...engine.acting_headers import ActingHeaders
from ...engine.cookie_rulings import CookieRulings
from ...findings import Finding
from ...policy.model import Basis, Policy
from ...rewrite.decide.compiled_policy import CompiledPolicy
from ...rewrite.decide.urls import UrlPolicy
from ...rewrite.model import DocumentFacts
from ...rewrite.model import Verdict as UrlVerdict
from ...wire.messages import Header
from ...wire.origins import covers
from ..beside import with_catalogue
from ..report import Verdict, host_of


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the rule behind it."""

    verdict: Verdict
    host: str
    service: str | None = None
    category: str | None = None
    rule: str | None = None

    @property
    def listed(self) -> bool:
        """Some rule names it."""
        return self.service is not None or self.category is not None

    def reported(self) -> Judged:
        """The same, of a policy that only reports what it does not list."""
        return replace(self, verdict=Verdict.UNLISTED)


class Contacts:
    """The rules of one policy, asked about what was seen."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy = with_catalogue(policy)
        self._rules = CompiledPolicy(policy)
        self._rulings = CookieRulings(policy)
        self._asking = frozenset(one.id for one in policy.categories if one.basis is not Basis.NECESSARY)

    def is_ours(self, name: str) -> bool:
        """Tell whether a cookie is our middleware's own."""
        return name in self._rulings.own_names

    def waits(self, judged: Judged | None) -> bool:
        """Tell whether it depends on the visitor's choice."""
        return judged is not None and judged.category in self._asking

    def request(self, url: str, page: str, consent: Consent) -> Judged | None:
        """Return what is to be said of a request, None where it stays with the site's own hosts."""
        found = self._judge(page).look(url)
        return None if found is None else _judged(found, found.host, allowed=found.service in consent.allowed_services)

    def hint(self, url: str, page: str, consent: Consent) -> Judged | None:
        """Return what is to be said of a preconnect or a dns-prefetch, which has no path: one allowed service on the host is
        enough (DESIGN §4)."""
        found = self._judge(page).hint(url)
        if found is None:
            return None
        return _judged(found, found.host, allowed=self._judge(page, consent.allowed_services).hint(url) is None)

    def headers(self, headers: Sequence[Header], page: str, consent: Consent) -> Iterator[tuple[Judged, str]]:
        """Return what is to be said of a response's header fields that make a browser contact hosts, each with its field.

        Reports are sent when there is something to report: no recording of one load shows them.
        """
        nobody: dict[Finding, None] = {}
        visitor: dict[Finding, None] = {}
        for allowed, found in ((frozenset(), nobody), (consent.allowed_services, visitor)):
            ActingHeaders(self._rules, allowed, frozenset(), lambda: _facts(page), found.setdefault).filter(headers)
        for one in {**nobody, **visitor}:
            yield _judged(one, one.subject, allowed=one not in visitor), one.where

    def cookie(self, name: str, domain: str, page: str, consent: Consent) -> Judged | None:
        """Return what is to be said of a stored cookie, None where the site cannot work without it.

        A third party's own cookie is judged as its host is: rules for names hold on the site's own domain (DESIGN §4).
        """
        host = domain.lstrip(".")
        other = self.request(f"https://{host}/", page, consent)
        if other is not None and not covers(domain, host_of(page)):
            return other
        return self._named(name, host, consent, blocks=self._policy.unlisted_cookies == "block")

    def key(self, name: str, origin: str, page: str, consent: Consent) -> Judged | None:
        """Return what is to be said of a key of localStorage or sessionStorage: as of a cookie, but for unlisted ones, which no
        server can block."""
        other = self.request(origin, page, consent)
        return other if other is not None else self._named(name, host_of(origin), consent, blocks=False)

    def _named(self, name: str, host: str, consent: Consent, *, blocks: bool) -> Judged | None:
        ruling = self._rulings.of(name.encode("utf-8", "replace"))
        if ruling.essential:
            return None
        if ruling.match is None:
            return Judged(Verdict.LEAK if blocks else Verdict.UNLISTED, host)
        verdict = Verdict.LEAK if ruling.gated(consent) else Verdict.ALLOWED
        return Judged(verdict, host, ruling.match.service, ruling.match.category, ruling.match.rule.name)

    def _judge(self, page: str, allowed: frozenset[str] = frozenset()) -> UrlPolicy:
        return self._rules.view(allowed, _facts(page))


def _judged(found: Finding | UrlVerdict, host: str, *, allowed: bool) -> Judged:
    """Return what is to be said of what the judge found. ``allowed``: the visitor allows its service."""
    if found.service is None:
        verdict = Verdict.LEAK if found.enforced else Verdict.UNLISTED
    else:
        verdict = Verdict.ALLOWED if allowed else Verdict.LEAK
    return Judged(verdict, host, found.service, found.category, found.rule)


def _facts(page: str) -> DocumentFacts:
    address = urlsplit(page)
    return DocumentFacts(scheme=address.scheme or "https", host=address.netloc.rpartition("@")[2], path=address.path or "/")
