"""A policy compiled for the rewriter: one per guard, shared by all its requests and threads.

May import the policy domain and this package's finders. The engine makes it; judges come from it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..policy.hosts import HostIndex
from ..policy.model import Policy
from .alike import Alike
from .judge import Judge, same_site
from .judges import Judges
from .model import DocumentFacts
from .script.hosts import MentionFinder, SignatureFinder
from .script.stubs import stub_script


class Rules:
    """All that does not change between requests. Immutable but for its table of judges, which only forgets."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.index = HostIndex(policy)
        self.by_mention = policy.inline_scripts == "mention"
        self.mentions = MentionFinder(self.index)
        self.signatures = SignatureFinder(policy.services)
        self.blocks_unlisted_hosts = policy.unlisted_hosts == "block"
        self._categories = {service.id: service.category for service in policy.services}
        self._stubs = {service.id: stub_script(service.stubs) for service in policy.services if service.stubs}
        self._partial = self.index.hosts_with_paths()
        self._first_party = tuple(policy.first_party)
        self._alike = Alike(self.index, policy.first_party)
        self._judges = Judges(self._new_judge)

    def judge(self, allowed: frozenset[str], document: DocumentFacts) -> Judge:
        """Return the judge for this consent and this document, remembered from an earlier request where it can be."""
        return self._judges.get(allowed, self._alike.stand_in(document))

    def _new_judge(self, allowed: frozenset[str], document: DocumentFacts, tell: Callable[[int], None]) -> Judge:
        return Judge(self, allowed, document, tell=tell)

    def partial(self, host: str) -> bool:
        """Tell whether some rule takes only a part of this host, so that the path must be looked at."""
        if not self._partial:
            return False
        if host in self._partial:
            return True
        while "." in host:
            host = host.partition(".")[2]
            if host in self._partial:
                return True
        return False

    def category_of(self, service: str | None) -> str | None:
        """Return a service's category id."""
        return self._categories.get(service) if service is not None else None

    def stub(self, service: str | None) -> bytes:
        """Return the script text of a service's stubs; empty where it has none."""
        return self._stubs.get(service, b"") if service is not None else b""

    def is_first_party(self, host: str, own_host: str) -> bool:
        """Tell whether a host is ours: below a declared domain, else of the request's own registrable domain."""
        if self._first_party:
            return any(host == domain or host.endswith("." + domain) for domain in self._first_party)
        return same_site(host, own_host)
