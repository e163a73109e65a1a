"""Looks past our own guard: what an app that is guarded already would send to somebody who had accepted everything.

The guard withholds what ``init`` is to find. Where a page shows our banner, its form is answered, at a site as in an app;
where an app shows none, the guard behind it signs the answer. May import ``audit``, the testing package's search for the guard
and the consent domain. ``init`` reads through it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from ..audit.reading.fetching import Answer
from ..audit.reading.links import read_links
from ..audit.reading.targets import AppSource, Source, Through
from ..consent.choice import accept_all
from ..policy.import_tools import TOOLS
from ..policy.model import Policy
from ..testing.guards import find_guard
from ..wire.set_cookie import parse_set_cookie

_NAME_IT: Final = "name the app without its guard"


class PastGuard(Through):
    """A source, read by a visitor who accepts everything that our guard asks."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._carried: dict[str, str] = {}
        self._asked = False
        self._app = source.app if isinstance(source, AppSource) else None
        self._policy: Policy | None = None
        """The policy of the app's guard, where one was found."""

    @property
    def told(self) -> tuple[str, ...]:
        """What is to be said of the guard, one sentence each; empty where none was met."""
        if not self._asked:
            return ()
        if not self._carried:
            return ("shows our banner, which took no acceptance: what its guard withholds cannot be seen",)
        hidden = blind_spots(self._policy) if self._policy is not None else ()
        if self._policy is not None and self._policy.import_from:
            return hidden
        return ("is guarded already: its pages were read as after accepting everything", *hidden)

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        answers = super().read(address, {**self._carried, **(cookies or {})})
        if not self._asked and self.crawls:
            self._carried = self._choice(answers[-1])
            if self._carried:
                answers = super().read(address, {**self._carried, **(cookies or {})})
        return answers

    def _choice(self, page: Answer) -> dict[str, str]:
        """Return the cookie of an acceptance; empty where no guard is met on this page."""
        guard = find_guard(self._app) if self._app is not None else None
        if guard is not None:
            self._asked = True
            self._policy = guard.policy
            return dict([guard.consent_cookie(accept_all(guard.policy, time.time()))])
        asks = read_links(page.body, page.url, None).choice if b'data-cg="banner"' in page.body else None
        if asks is None:
            return {}
        self._asked = True
        answer = self.post(asks.action, {**dict(asks.fields), "choice": "accept"})
        carried = {}
        for name, line in answer.headers:
            if name == b"set-cookie" and (cookie := parse_set_cookie(line, time.time())) is not None:
                key, _, value = line.partition(b";")[0].partition(b"=")
                if not cookie.deletes_somewhere:
                    carried[key.strip().decode("latin-1")] = value.strip().decode("latin-1")
        return carried


def blind_spots(policy: Policy) -> tuple[str, ...]:
    """Return what a guard with this policy hides from whoever accepted everything, one sentence each, with the mend."""
    if policy.enforcement == "report":
        return ()
    hidden = []
    if policy.import_from:
        tools = " and ".join(TOOLS[tool].title for tool in policy.import_from)
        hidden.append(
            f"its guard reads the choice from the cookie of {tools}, which cannot be made here, so what it withholds cannot be"
            f" seen: {_NAME_IT}"
        )
    for key, what in (("unlisted_hosts", "hosts"), ("unlisted_cookies", "cookies")):
        if getattr(policy, key) == "block":
            hidden.append(
                f"its guard withholds {what} that its policy does not name, so these cannot be seen:"
                f' set {key} = "report" for the time of this run, or {_NAME_IT}'
            )
    return tuple(hidden)
