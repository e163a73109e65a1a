"""What the policy says of a request, a cookie or a key that a browser was seen to make, in one state of a visitor.

The judge and the rulings that enforce decide here too. May import the rewriter's judge and the engine's rulings. The browser
scan asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..consent.choice import Consent
from ..engine.cookie_rulings import CookieRulings
from ..policy.model import Policy
from ..rewrite.document import DocumentFacts
from ..rewrite.judge import Judge
from ..rewrite.rules import Rules
from .report import Verdict, host_of


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and the rule behind it."""

    verdict: Verdict
    host: str
    service: str | None = None
    category: str | None = None
    rule: str | None = None


class Contacts:
    """The rules of one policy, asked about what was seen."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rules = Rules(policy)
        self._rulings = CookieRulings(policy)

    def request(self, url: str, page: str, consent: Consent) -> Judged | None:
        """Return what is to be said of a request, None where it stays with the site's own hosts."""
        found = self._judge(page).look(url)
        if found is None:
            return None
        if found.service is None:
            verdict = Verdict.LEAK if found.enforced else Verdict.UNLISTED
        else:
            verdict = Verdict.ALLOWED if found.service in consent.allowed_services else Verdict.LEAK
        return Judged(verdict, found.host, found.service, found.category, found.rule)

    def cookie(self, name: str, domain: str, page: str, consent: Consent) -> Judged | None:
        """Return what is to be said of a stored cookie, None where the site cannot work without it.

        A third party's own cookie is judged as its host is: rules for names hold on the site's own domain (DESIGN §4).
        """
        host = domain.lstrip(".")
        other = self.request(f"https://{host}/", page, consent)
        if other is not None and not _covers(domain, host_of(page)):
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

    def _judge(self, page: str) -> Judge:
        address = urlsplit(page)
        facts = DocumentFacts(
            scheme=address.scheme or "https", host=address.netloc.rpartition("@")[2], path=address.path or "/"
        )
        return self._rules.judge(frozenset(), facts)


def _covers(domain: str, host: str) -> bool:
    """Tell whether a cookie's domain takes in a host (RFC 6265bis §5.1.3)."""
    bare = domain.lstrip(".")
    return host == bare or host.endswith("." + bare)
