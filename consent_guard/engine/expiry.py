"""Deleting the gated cookies that a browser still holds (L24, L24b, H07).

A request shows a cookie's name, never its Domain and Path, and a deletion must repeat both. Where the rule states them they are
known; else the host alone and each domain above it are tried, with ``/`` and with the paths above the request's, for a script
that names none writes to its page's directory (RFC 6265 §5.1.4). Nor does it show whether the cookie was set with
``Partitioned``, which makes another cookie of it: over https both are deleted (H08). All that repeats a name within one
response, which RFC 6265bis §4.1.1 asks servers not to do and every browser processes. May import the wire layer and the
engine's rulings. The response side and ``choosing`` call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from ..consent.choice import Consent
from ..consent.token import once_cookie_name
from ..limits import EXPIRY_BYTES
from ..policy.model import CookieRule, Policy
from ..wire.headers import first, is_unshared
from ..wire.messages import Header, Headers, RequestFacts
from ..wire.origins import covers, registrable_domain, split_host
from ..wire.set_cookie import deletion_line
from .addresses import own_path
from .cookie_rulings import CookieRulings
from .site import Site
from .visitor import Visitor

_LEVELS: Final = 8
"""The most directories above a request whose cookies are looked for; what lies higher up turns up at a shorter path too."""
_DOMAINS: Final = 8
"""The most domains whose rarer places are looked at: the host's own, and those next to the registrable domain."""
_PATH_CHARACTERS: Final = 256
"""A longer path would leave no room for others."""
_PLACES_A_TURN: Final = 5
"""How many deletions of a usual length half a head has room for."""


def expiry_lines(
    names: Sequence[bytes], rulings: CookieRulings, host: str, secure: bool, now: float, path: str = "/"
) -> list[Header]:
    """Return the Set-Cookie lines that delete these cookies, wherever they may have been set from this host.

    ``host`` is the request's Host field, ``now`` in Unix seconds, ``path`` as the browser wrote it. At most
    ``limits.EXPIRY_BYTES`` of names and values: a cookie that remains turns up again. Where they do not hold all, each second
    another name comes first, so that one which cannot be deleted starves no other, and every other second half of them goes to
    the places where few cookies are, each time from another one on.
    """

    def usual(names: Sequence[bytes]) -> Iterator[bytes]:
        return _usual(names, rulings, host, secure)

    def rare(names: Sequence[bytes], first: int = 0) -> Iterator[bytes]:
        return _rare(names, rulings, host, secure, path, first)

    lines, whole = _within(EXPIRY_BYTES, chain(usual(names), rare(names)))
    if not whole:
        turn, late = divmod(int(now), 2)
        shift = (turn if late else int(now) + int(now) // len(names)) % len(names)
        turned = (*names[shift:], *names[:shift])
        half, _ = _within(EXPIRY_BYTES // 2, rare(turned, turn // len(names) * _PLACES_A_TURN) if late else ())
        lines, _ = _within(EXPIRY_BYTES, chain(half, usual(turned), rare(turned)))
    return [(b"set-cookie", line) for line in lines]


def _within(room: int, lines: Iterable[bytes]) -> tuple[list[bytes], bool]:
    """Return those that there is room for, each once, and whether that was all of them."""
    kept: dict[bytes, None] = {}
    for line in lines:
        if line not in kept:
            room -= len(b"set-cookie: ") + len(line) + len(b"\r\n")
            if room < 0:
                return list(kept), False
            kept[line] = None
    return list(kept), True


def _usual(names: Sequence[bytes], rulings: CookieRulings, host: str, secure: bool) -> Iterator[bytes]:
    """Yield deletions where most cookies are: with the rule's path (``/`` where it states none), and not partitioned."""
    for name in names:
        yield from _deletions(name, ((*place, False) for place in _places(_rule(name, rulings), host)), secure)


def _rare(
    names: Sequence[bytes], rulings: CookieRulings, host: str, secure: bool, path: str, first: int = 0
) -> Iterator[bytes]:
    """Yield deletions everywhere else: below the paths of this request, and partitioned, which a browser takes over https only.
    ``first``: the place that each name begins with."""
    paths = _paths(path)
    for name in names:
        if deletion_line(name, "", "/", secure) is None:
            continue
        rule = _rule(name, rulings)
        usual = tuple(_places(rule, host))
        usual = usual if len(usual) <= _DOMAINS else (*usual[:2], *usual[2 - _DOMAINS :])
        below = () if rule is not None and (rule.path != "/" or rule.domain) else paths
        deep = [(domain, path) for path in below for domain, _ in usual]
        places = [(*place, False) for place in deep]
        if secure:
            places += [(*place, True) for place in (*usual, *deep)]
        start = first % len(places) if places else 0
        yield from _deletions(name, (*places[start:], *places[:start]), secure)


def _deletions(name: bytes, places: Iterable[tuple[str, str, bool]], secure: bool) -> Iterator[bytes]:
    for domain, path, partitioned in places:
        line = deletion_line(name, domain, path, secure, partitioned)
        if line is None:  # no browser holds such a name, wherever
            return
        yield line


def _paths(path: str) -> list[str]:
    """Return the paths but ``/`` whose cookies come with a request for ``path``, the likeliest first: the directories from its
    own up, as browsers write them, then with a slash, then itself."""
    levels: list[str] = []
    above = path.rpartition("/")[0]
    while above and len(levels) < _LEVELS:
        levels.append(above)
        above = above.rpartition("/")[0]
    found = dict.fromkeys((*levels, *(f"{level}/" for level in levels), path))
    return [one for one in found if one != "/" and ";" not in one and len(one) <= _PATH_CHARACTERS]


def expire_seen(site: Site, facts: RequestFacts, visitor: Visitor, names: Sequence[bytes], *, used: bool) -> list[Header]:
    """Return the lines that delete the gated cookies which came with a request; ``used``: and the permission for one load,
    which this page uses up."""
    lines = expiry_lines(names, site.rulings, facts.host, visitor.secure, facts.now, own_path(facts)) if names else []
    if used and visitor.once is not None and facts.method == "GET":  # HEAD shows nobody anything
        lines += expire_once(site.policy, visitor.secure)
    return lines


def may_expire(method: str, headers: Headers) -> bool:
    """Tell whether what is no page may carry deletions: where no cache gives it to somebody else (H21). For scripts that never
    load another page, what they fetch is the next response."""
    if method in ("GET", "HEAD"):
        return is_unshared(headers)
    return first(headers, b"cache-control") is None or is_unshared(headers)


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


def _rule(name: bytes, rulings: CookieRulings) -> CookieRule | None:
    match = rulings.of(name).match
    return match.rule if match is not None else None


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
