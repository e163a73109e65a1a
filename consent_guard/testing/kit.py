"""The pytest fixture ``consent``: the kit with one policy and one visitor, so that a test need not repeat them.

May import the rest of the kit. The pytest plugin makes one per test that asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import assertions, crawling, visitors
from .crawling import Crawl

if TYPE_CHECKING:
    from ..audit.leaks import Leak
    from ..policy.model import PolicySource


class ConsentKit:
    """The functions of ``consent_guard.testing`` under the policy of the fixture ``consent_guard_policy``."""

    def __init__(self, policy: PolicySource, allow: frozenset[str] = frozenset(), deny: frozenset[str] = frozenset()) -> None:
        self.policy = policy
        self.allow = allow
        """What the marker of this test says that its visitor has granted."""
        self.deny = deny

    def grant(self, client: Any, *allow: str, **options: Any) -> None:
        """Let the client's visitor have granted these purposes. The options are those of ``consent_guard.testing.grant``."""
        visitors.grant(client, *allow, **options)

    def refuse(self, client: Any, **options: Any) -> None:
        """Let the client's visitor have refused everything that can be refused."""
        visitors.refuse(client, **options)

    def forget(self, client: Any, **options: Any) -> None:
        """Let the client's visitor have made no choice."""
        visitors.forget(client, **options)

    def expire(self, client: Any, **options: Any) -> None:
        """Let the client's visitor have granted everything, too long ago."""
        visitors.expire(client, **options)

    def at(self, time: float | datetime) -> AbstractContextManager[None]:
        """Let it be this time within a ``with`` block."""
        return visitors.at(time)

    def leaks(self, response: Any, allow: str | Iterable[str] = (), deny: str | Iterable[str] = ()) -> tuple[Leak, ...]:
        """Return what this response leaks; without ``allow`` and ``deny``, for the visitor of the test's marker."""
        return assertions.leaks(response, self.policy, allow, deny)

    def assert_no_leak(
        self, response: Any, allow: str | Iterable[str] = (), deny: str | Iterable[str] = (), *, fail_on: str = "leak"
    ) -> None:
        """Fail with every leak of this response; without ``allow`` and ``deny``, for the visitor of the test's marker."""
        __tracebackhide__ = True
        assertions.assert_no_leak(response, self.policy, allow, deny, fail_on=fail_on)

    def assert_banner(self, response: Any) -> None:
        """Fail unless our banner stands in this page."""
        __tracebackhide__ = True
        assertions.assert_banner(response)

    def assert_no_banner(self, response: Any) -> None:
        """Fail if our banner stands in this page."""
        __tracebackhide__ = True
        assertions.assert_no_banner(response)

    def assert_cookie_blocked(self, response: Any, name: str) -> None:
        """Fail if this response sets the cookie."""
        __tracebackhide__ = True
        assertions.assert_cookie_blocked(response, name)

    def crawl(self, client: Any, start: str = "/", **options: Any) -> Crawl:
        """Walk the app's own pages in every state, and fail with every leak. The options are those of
        ``consent_guard.testing.crawl``."""
        __tracebackhide__ = True
        return crawling.crawl(client, start, **{"policy": self.policy, **options})

    async def crawl_async(self, client: Any, start: str = "/", **options: Any) -> Crawl:
        """Do as ``crawl``, with an async client."""
        __tracebackhide__ = True
        return await crawling.crawl_async(client, start, **{"policy": self.policy, **options})
