"""The guard: one policy and its keys, compiled once, open to any number of requests at the same time.

    guard = Guard("consent.toml", secret_key=KEY, secret_key_fallbacks=[OLD])
    exchange = guard.open(RequestFacts(...))

May import the policy, the consent domain and the rest of the engine. The transports and the adapters make one per app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..consent.token import consent_cookie_name
from ..findings import Finding
from ..policy.model import Policy
from ..wire.messages import RequestFacts
from .exchange import Exchange
from .site import Site
from .visitor import read_visitor

if TYPE_CHECKING:
    from ..consent.choice import Choice
    from ..pages.overriding import TemplatesSource
    from ..policy.model import PolicySource


class Guard:
    """Decides for every request of one app. Immutable and thread-safe; it does no I/O after construction and reads no clock."""

    __slots__ = ("_site",)

    def __init__(
        self,
        policy: PolicySource = None,
        *,
        secret_key: str | bytes,
        secret_key_fallbacks: Sequence[str | bytes] | None = (),
        templates: TemplatesSource = None,
        on_finding: Callable[[Finding], None] | None = None,
        debug_panel: bool = False,
        receipts: bool = False,
    ) -> None:
        """``policy``: a Policy, a TOML file's path, a mapping of the same shape, or None for the built-in policy.
        ``secret_key`` signs the choice; ``secret_key_fallbacks`` still verify older ones. ``on_finding`` is called with each
        Finding, in the thread of its request; what it raises is logged. ``templates``: a directory whose templates stand in for
        those of the library; read and checked now. ``debug_panel``: pages on localhost end with a list of what was found in
        them. ``receipts``: the caller keeps each ``Reply.receipt``,
        so that the preferences offer visitors their own.

        Raises PolicyError with every fault, of the templates too; SecretKeyError for an empty key; OSError for a policy file
        that cannot be read. A key under 32 bytes is warned about in the log.
        """
        older = secret_key_fallbacks or ()
        keys = (secret_key, older) if isinstance(older, (str, bytes)) else (secret_key, *older)
        self._site = Site(Policy.load(policy), keys, on_finding, templates, debug_panel, receipts)

    @property
    def policy(self) -> Policy:
        """The policy that this guard enforces."""
        return self._site.policy

    def recognising(self, cookies: Iterable[str]) -> Guard:
        """Return the same guard, which lets these cookies pass always: a framework's own (of its session, its CSRF
        token and the like) under the names that the site's settings give them."""
        renamed = Guard.__new__(Guard)
        renamed._site = self._site.recognising(cookies)
        return renamed

    def consent_cookie(self, choice: Choice) -> tuple[str, str]:
        """Return the name and the value of the cookie that carries a choice: the name is the one that is read over http too."""
        return consent_cookie_name(self._site.policy, secure=True), self._site.signer.sign(choice)

    def open(self, facts: RequestFacts) -> Exchange:
        """Return the exchange for one request. Never raises on what a visitor sends: on any doubt there is no consent."""
        return Exchange(self._site, facts, read_visitor(self._site, facts))
