"""A finding: one thing that was withheld, cut, or met without a rule.

Findings name hosts and cookie names, never a query string, a path or a value: those can be personal data (R9). May import
nothing of the package. Made by the rewriter and the engine, handed to ``on_finding`` and the ``consent_guard`` logger.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What happened.

    ``COOKIE_SET``: a Set-Cookie line was removed.
    ``COOKIE_CUT``: a cookie's lifetime was cut down to its rule.
    ``COOKIE_HIDDEN``: a request cookie was hidden from the app.
    ``COOKIE_UNLISTED``: a Set-Cookie name that no rule names (removed with ``unlisted_cookies = "block"``).
    ``ELEMENT``: an element was withheld.
    ``ATTRIBUTE``: an attribute, or a part of one, was withheld.
    ``INLINE``: an inline script, handler or javascript: address was withheld.
    ``STYLE``: an address in CSS was made inert.
    ``HEADER``: a response header, or a member of one, was withheld.
    ``HOST_UNLISTED``: a third-party host that no rule names (withheld with ``unlisted_hosts = "block"``).
    ``INSECURE``: the choice travels over plain http, off localhost.
    ``BROKEN_FIELD``: a response header with CR, LF or NUL in it, or a name that is none: dropped before the head is read.
    ``CSP_WIDENED``: our Content-Security-Policy lets more hosts through than are allowed, for want of room.
    ``CSP_REPORT``: a browser says that our Content-Security-Policy stopped a host. Anybody can send such a report.
    ``UNFILTERED``: a body that could not be filtered (a part of an HTML document, an unknown coding).
    """

    COOKIE_SET = "cookie-set"
    COOKIE_CUT = "cookie-cut"
    COOKIE_HIDDEN = "cookie-hidden"
    COOKIE_UNLISTED = "cookie-unlisted"
    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    INLINE = "inline"
    STYLE = "style"
    HEADER = "header"
    HOST_UNLISTED = "host-unlisted"
    INSECURE = "insecure"
    BROKEN_FIELD = "broken-field"
    UNFILTERED = "unfiltered"
    CSP_WIDENED = "csp-widened"
    CSP_REPORT = "csp-report"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing withheld, cut or unknown.

    ``kind``: what happened.
    ``subject``: the host or the cookie name.
    ``where``: the place: ``script src``, ``Link``, ``style url()``, ``websocket.accept``.
    ``service``: the service's id; None for a cookie of the app itself, or where no rule decided.
    ``category``: its category's id; None where no rule decided.
    ``rule``: the rule that decided, as the policy writes it.
    ``enforced``: false where the policy only reports.
    ``route``: the route that served it, as the framework's template (``/items/{id}``); else the first segment of the path.
    """

    kind: FindingKind
    subject: str
    where: str = ""
    service: str | None = None
    category: str | None = None
    rule: str | None = None
    enforced: bool = True
    route: str = ""
