"""A finding: one thing that was withheld, cut, or met without a rule.

Findings name hosts and cookie names, never a query string, a path or a value: those can be personal data (R9). May import
nothing of the package. Made by the rewriter and the engine, handed to ``on_finding`` and the ``consent_guard`` logger.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What happened."""

    COOKIE_SET = "cookie-set"
    """A Set-Cookie line was removed."""
    COOKIE_CUT = "cookie-cut"
    """A cookie's lifetime was cut down to its rule."""
    COOKIE_HIDDEN = "cookie-hidden"
    """A request cookie was hidden from the app."""
    COOKIE_UNLISTED = "cookie-unlisted"
    """A Set-Cookie name that no rule names (removed with ``unlisted_cookies = "block"``)."""
    ELEMENT = "element"
    """An element was withheld."""
    ATTRIBUTE = "attribute"
    """An attribute, or a part of one, was withheld."""
    INLINE = "inline"
    """An inline script, handler or javascript: address was withheld."""
    STYLE = "style"
    """An address in CSS was made inert."""
    HEADER = "header"
    """A response header, or a member of one, was withheld."""
    HOST_UNLISTED = "host-unlisted"
    """A third-party host that no rule names (withheld with ``unlisted_hosts = "block"``)."""
    INSECURE = "insecure"
    """The choice travels over plain http, off localhost."""
    BROKEN_FIELD = "broken-field"
    """A response header with CR, LF or NUL in it: dropped whole, before anything reads the head."""
    UNFILTERED = "unfiltered"
    """A body that could not be filtered (a part of an HTML document, an unknown coding)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing withheld, cut or unknown."""

    kind: FindingKind
    subject: str
    """The host or the cookie name."""
    where: str = ""
    """The place: ``script src``, ``Link``, ``style url()``, ``websocket.accept``."""
    service: str | None = None
    category: str | None = None
    rule: str | None = None
    """The rule that decided, as the policy writes it."""
    enforced: bool = True
    """False where the policy only reports."""
    route: str = ""
    """The route that served it, as the framework's template (``/items/{id}``); else the first segment of the path."""
