"""Deleting the gated cookies that a browser still holds (L24, L24b, H07).

A request shows a cookie's name, never its Domain and Path, and a deletion must repeat both. Where the rule states them they are
known; else the host alone and each domain above it are tried, with ``/``. Nor does it show whether the cookie was set with
``Partitioned``, which makes another cookie of it: over https both are deleted (H08). All that repeats a name within one
response, which RFC 6265bis §4.1.1 asks servers not to do and every browser processes. May import the wire layer and the
engine's rulings. The response side and ``choosing`` call it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..consent.choice import Consent
from ..consent.token import once_cookie_name
from ..limits import EXPIRY_BYTES
from ..policy.model import CookieRule, Policy
from ..wire.messages import Header
from ..wire.origins import covers, registrable_domain, split_host
from ..wire.set_cookie import deletion_line
from .cookie_rulings import CookieRulings


def expiry_lines(names: Sequence[bytes], rulings: CookieRulings, host: str, secure: bool, now: float) -> list[Header]:
    """Return the Set-Cookie lines that delete these cookies, wherever they may have been set from this host.

    ``host`` is the request's Host field, ``now`` in Unix seconds. At most ``limits.EXPIRY_BYTES`` of names and values: a cookie
    that remains turns up again. Each second another name comes first, so that one which cannot be deleted starves no other.
    Partitioned cookies, which few sites set for themselves, get the room that is left.
    """
    lines: dict[bytes, None] = {}
    room = EXPIRY_BYTES
    first = int(now) % len(names) if names else 0
    for line in _deletions((*names[first:], *names[:first]), rulings, host, secure):
        if line not in lines:
            room -= len(b"set-cookie: ") + len(line) + len(b"\r\n")
            if room < 0:
                break
            lines[line] = None
    return [(b"set-cookie", line) for line in lines]


def _deletions(names: Sequence[bytes], rulings: CookieRulings, host: str, secure: bool) -> Iterator[bytes]:
    for partitioned in (False, True) if secure else (False,):  # a browser takes Partitioned over https only
        for name in names:
            match = rulings.of(name).match
            for domain, path in _places(match.rule if match else None, host):
                line = deletion_line(name, domain, path, secure, partitioned)
                if line is None:  # no browser holds such a name, wherever
                    break
                yield line


def known_cookies(policy: Policy, rulings: CookieRulings, consent: Consent, host: str) -> list[bytes]:
    """Return the exact names of gated rules whose Domain this host may delete: expired at withdrawal, seen or not (L24)."""
    own, _ = split_host(host)
    rules = [rule for service in policy.services for rule in service.cookies] + [cookie.rule for cookie in policy.cookies]
    names = dict.fromkeys(
        rule.name.encode("ascii")
        for rule in rules
        if rule.domain and rule.name and not rule.wildcard and covers(rule.domain, own)
    )
    return [name for name in names if rulings.of(name).gated(consent)]


def expire_once(policy: Policy, secure: bool) -> list[Header]:
    """Return the line that uses up the permission for a single load."""
    line = deletion_line(once_cookie_name(policy, secure).encode("ascii"), "", "/", secure)
    return [] if line is None else [(b"set-cookie", line)]


def _places(rule: CookieRule | None, field: str) -> Iterator[tuple[str, str]]:
    """Yield the Domain (empty: the host alone) and Path that the cookie may have."""
    host, _ = split_host(field)
    path = rule.path if rule is not None else "/"
    if rule is not None and rule.domain and covers(rule.domain, host):
        yield rule.domain, path
        return
    yield "", path
    top = registrable_domain(host)
    while top is not None and covers(top, host):
        yield host, path
        host = host.partition(".")[2]
