"""Everything of one guard that does not change between requests, compiled once.

May import the domain, the surface and the engine's rulings. The guard makes it; exchanges and endpoints read it, from many
threads at once.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ..consent.choice import Consent
from ..consent.imports.importer import Importer
from ..consent.keys import check_keys
from ..consent.signals import dnt, gpc
from ..consent.terms import terms_of
from ..consent.token import TokenSigner, names_to_read, once_cookie_name
from ..csp.header import ConsentHeaders
from ..csp.reports import Reports
from ..findings import Finding
from ..limits import CLEAN_FEEDS, KNOWN_SHEETS, POST_BODY_BYTES
from ..operation.counters import Counters
from ..pages.overriding import TemplatesSource, checked_surface
from ..pages.shown import Texts
from ..pages.surface import Surface
from ..policy.model import Policy
from ..rewrite.decide.compiled_policy import CompiledPolicy
from ..version import __version__
from ..wire.headers import first
from ..wire.messages import Header, Headers, RequestFacts
from ..wire.origins import is_localhost, split_host
from .addresses import base_path
from .cookie_rulings import CookieRulings

logger: Final = logging.getLogger("consent_guard")

_FORM_BYTES: Final = 1024
"""What a form of ours holds besides: the choice, the way back."""
_UNFIT: Final = re.compile(r"[^0-9A-Za-z_.]")


class KnownVersions:
    """Versions of responses of which something was found out by reading them, as that they are the same for everybody; the
    latest of them. Threads may race on it: the worst is a version forgotten early."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[bytes, str] = {}
        self._before: dict[bytes, str] = {}

    def add(self, facts: RequestFacts, headers: Headers, reading: str = "") -> None:
        """Remember the version of this head, where it has a validator. ``reading``: in what way its bytes were read."""
        version = _version(facts, headers)
        if version is None:
            return
        self._known[version] = reading
        if len(self._known) > self._most // 2:
            self._before, self._known = self._known, {}

    def __bool__(self) -> bool:
        return bool(self._known or self._before)

    def has(self, facts: RequestFacts, headers: Headers, reading: str = "") -> bool:
        """Tell whether the version of this head is one of them, and was read in this way."""
        version = _version(facts, headers) if self else None
        return version is not None and self._known.get(version, self._before.get(version)) == reading

    def names(self, facts: RequestFacts, validator: bytes) -> bool:
        """Tell whether a validator of the app's own names one of them."""
        version = _named(facts, validator)
        return version in self._known or version in self._before


def _version(facts: RequestFacts, headers: Headers) -> bytes | None:
    validator = first(headers, b"etag") or first(headers, b"last-modified")
    return None if validator is None else _named(facts, validator)


def _named(facts: RequestFacts, validator: bytes) -> bytes:
    address = (facts.scheme, facts.host, facts.root_path, facts.path, facts.query, validator)
    return hashlib.sha256(repr(address).encode("utf-8", "surrogatepass")).digest()


class Site:
    """A policy with its keys, ready to serve. Immutable and thread-safe."""

    def __init__(
        self,
        policy: Policy,
        keys: Sequence[str | bytes],
        on_finding: Callable[[Finding], None] | None,
        templates: TemplatesSource = None,
        debug_panel: bool = False,
        receipts: bool = False,
    ) -> None:
        self.policy: Final = policy
        self.debug_panel: Final = debug_panel
        self._panel_refused = False
        self.signer: Final = TokenSigner(policy, check_keys(keys))
        self.importer: Final = Importer(policy)
        """Reads the choice from other tools' cookies; false where the policy names none."""
        self.rules: Final = CompiledPolicy(policy)
        self.rulings = CookieRulings(policy)
        self.clean_feeds: Final = KnownVersions(CLEAN_FEEDS)
        """Feeds that are the same for everybody. Their entity tags carry no mark of ours; by this it is known that a reader who
        names one did not store it unfiltered."""
        self.clean_sheets: Final = KnownVersions(KNOWN_SHEETS)
        """Style sheets that name nothing gated, and leave as they came."""
        named = (*(one.id for one in policy.categories), *(one.id for one in policy.services))
        self.post_limit: Final = max(POST_BODY_BYTES, _FORM_BYTES + sum(len(f"&allow={id}") for id in named))
        """How many bytes a posted choice may take: a form in which everything is ticked must pass."""
        self.needed: Final = terms_of(policy).needed
        """Services of necessary categories: allowed for every visitor."""
        self.reads_sheets: Final = policy.style_sheets == "filter"
        """Style sheets of the app are read."""
        self.on_finding: Final = on_finding
        self.counters: Final = Counters(policy.revision) if policy.metrics else None
        """What is counted for ``/metrics``; None where the policy does not ask for it."""
        self.reporting: Final = policy.enforcement == "report"
        heeding = any(category.gpc for category in policy.categories)
        self.vary: Final = (
            b"Cookie",
            *((b"Sec-GPC",) if heeding else ()),
            *((b"DNT",) if heeding and policy.dnt else ()),
        )
        """What a response that depends on the choice varies on (N7, G03)."""
        self.consent_names: Final = {
            secure: frozenset(name.encode("ascii") for name in names_to_read(policy, secure)) for secure in (False, True)
        }
        """The names under which the choice is read, by whether the request came over https."""
        self.once_names: Final = {secure: once_cookie_name(policy, secure).encode("ascii") for secure in (False, True)}
        """The name of the permission for a single load, by the same."""
        self.csp: Final = ConsentHeaders(policy)
        """The policy headers of pages; false where there are none."""
        self.reports: Final = Reports()
        """How many of browsers' reports are looked at."""
        self._version: Final = _UNFIT.sub("_", __version__) + (f".{self.csp.mark}" if self.csp else "")
        self.surface: Final[Surface] = checked_surface(policy, templates)
        """Our own pages and the parts that go into others; rendered when first needed."""
        self.texts: Final = Texts(self.surface)
        """What receipts name by digest."""
        self.receipts: Final = receipts
        """Receipts are kept, so that a visitor can have their own."""

    def shows_panel(self, field: str) -> bool:
        """Tell whether the debug panel is shown under this Host: on this machine alone. Elsewhere the log says so, once."""
        host, _ = split_host(field)
        if self.debug_panel and not is_localhost(host) and not self._panel_refused:
            self._panel_refused = True
            logger.warning(
                "debug_panel is on, but the host is %r, not localhost: the panel is not shown there. "
                "Turn the option off in production",
                host[:80],
            )
        return self.debug_panel and is_localhost(host)

    def recognising(self, cookies: Iterable[str]) -> Site:
        """Return this site with cookies that its framework's settings name; ``Guard.recognising`` says how."""
        site = copy.copy(self)
        site.rulings = CookieRulings(self.policy, cookies)
        return site

    def signalled(self, headers: Headers) -> bool:
        """Tell whether the browser asks for what the categories with ``gpc`` refuse (G03; G04 where the policy heeds it)."""
        return gpc(headers) or (self.policy.dnt and dnt(headers))

    def own_policy(self, facts: RequestFacts, consent: Consent, add: Callable[[Finding], None]) -> list[Header]:
        """Return one more Content-Security-Policy for a page, where the policy has one made of the choice."""
        if not self.csp:
            return []
        made = self.csp.of(consent.allowed_services, facts.host, base_path(facts.root_path, self.policy.path))
        for finding in made.widened:
            add(finding)
        return [made.line]

    def mark(self, consent: Consent, banner: bool) -> str:
        """Return what the entity tags of pages carry: the consent state, whether the banner may stand in them, the version of
        the library that filtered them, and the policy where one stands in their heads. Nothing of the visitor (L07)."""
        return f"{consent.state_key}{'b' if banner else ''}.{self._version}"
