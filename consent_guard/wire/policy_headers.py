"""Response fields, other than Link, that make a browser contact a host: the same fields without their gated members (H41, H42).

Each function takes one field value and ``gated``, which says of a URL text whether its host is gated, and returns the value
without the gated members: the same object where nothing is withheld, None where nothing is left. ``gated`` is asked about every
address, so that a caller can note each; it may be asked twice about one. Where a value is not well-formed the widest reading
counts. Every function takes time linear in the value, and none fails on any input. May import ``wire.headers`` and
``wire.link_header``, and limits. Called by the engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..limits import REPORT_TO_BYTES
from .headers import end_of_quotes, split_outside_quotes, unquote
from .link_header import text_readings

Gated = Callable[[str], bool]

_BLANKS: Final = b" \t"
_SPACES: Final = b" \t\n\x0c\r"
_REFRESH_TIME = re.compile(rb"[ \t\n\x0c\r]*[0-9.]*[ \t\n\x0c\r]*[;,]?[ \t\n\x0c\r]*")
_REFRESH_URL = re.compile(rb"[uU][rR][lL][ \t\n\x0c\r]*=[ \t\n\x0c\r]*")
_REPORT_URI: Final = b"report-uri"
_ESCAPE = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_CONTROLS: Final = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_BRACKETS = re.compile(rb'["{}\[\],]')


def filter_speculation_rules(value: bytes, gated: Gated) -> bytes | None:
    """``Speculation-Rules``: a list of strings, each the address of a rule set that is fetched (HTML §7.6.3)."""
    return _filter_list(value, lambda member: _any_gated(unquote(split_outside_quotes(member, b";")[0].strip(_BLANKS)), gated))


def filter_reporting_endpoints(value: bytes, gated: Gated) -> bytes | None:
    """``Reporting-Endpoints``: a dictionary of endpoint names and addresses (Reporting API §3.2)."""

    def withheld(member: bytes) -> bool:
        _, _, address = member.partition(b"=")
        address = address.strip(_BLANKS)
        return _any_gated(unquote(address) if address.startswith(b'"') else address.partition(b";")[0], gated)

    return _filter_list(value, withheld)


def filter_source_map(value: bytes, gated: Gated) -> bytes | None:
    """``SourceMap`` and ``X-SourceMap``: one address."""
    return None if _any_gated(value.strip(_BLANKS), gated) else value


def filter_refresh(value: bytes, gated: Gated) -> bytes | None:
    """``Refresh``: seconds and an address, quoted or not (HTML, "shared declarative refresh steps")."""
    head = _REFRESH_TIME.match(value)
    rest = value[head.end() :] if head else value
    label = _REFRESH_URL.match(rest)
    texts = [rest]
    if label:
        rest = rest[label.end() :]
        texts.append(rest)
    if rest[:1] in (b'"', b"'"):
        # The standard ends the address at the next quote, Chromium at the last one.
        texts += [rest[1:].partition(rest[:1])[0], rest[1:].rpartition(rest[:1])[0]]
    verdicts = [_any_gated(text.strip(_SPACES), gated) for text in texts]
    return None if any(verdicts) else value


def filter_csp(value: bytes, gated: Gated) -> bytes | None:
    """``Content-Security-Policy`` and its Report-Only: the addresses of ``report-uri``; every other directive stays (H42)."""
    if _REPORT_URI not in value.lower():
        return value
    policies = value.split(b",")
    kept = [policy for policy in (_filter_csp_policy(policy, gated) for policy in policies) if policy is not None]
    if kept == policies:
        return value
    rest = b",".join(kept).lstrip(_SPACES)
    return rest if rest.strip(_SPACES + b",;") else None


def filter_report_to(value: bytes, gated: Gated) -> tuple[bytes | None, frozenset[str]]:
    """``Report-To``: endpoint groups, JSON objects parted by commas (Reporting API of 2018, which Chromium keeps for NEL).

    A gated endpoint leaves its group; a group of which none is left is replaced by an order to forget it, since a browser that
    once stored it would go on reporting. Returns the value and the names of these groups.
    """
    members = _split_json(value)
    kept: list[bytes] = []
    emptied: set[str] = set()
    for member in members:
        if b'"' not in member:
            kept.append(member)
            continue
        group = _json_object(member)
        if group is None:
            if len(member) > REPORT_TO_BYTES:
                continue
            verdicts = [_any_gated(text, gated) for text in _texts(member)]
            if not any(verdicts):
                kept.append(member)
            continue
        endpoints = group.get("endpoints")
        if not isinstance(endpoints, list):
            kept.append(member)
            continue
        allowed = [endpoint for endpoint in endpoints if not _endpoint_gated(endpoint, gated)]
        if len(allowed) == len(endpoints):
            kept.append(member)
        elif allowed:
            kept.append(_json({**group, "endpoints": allowed}))
        else:
            name = group.get("group", "default")
            emptied.add(str(name))
            kept.append(_json({"group": name, "max_age": 0, "endpoints": []}))
    if kept == members:
        return value, frozenset()
    return b",".join(kept).lstrip(_SPACES) or None, frozenset(emptied)


def filter_nel(value: bytes, groups: frozenset[str]) -> bytes:
    """``NEL``: an order to forget what was stored where it reports to one of ``groups``, which are gated (H41)."""
    policy = _json_object(value)
    name = policy.get("report_to") if policy is not None else None
    return _json({"report_to": name, "max_age": 0}) if isinstance(name, str) and name in groups else value


def _filter_list(value: bytes, withheld: Callable[[bytes], bool]) -> bytes | None:
    members = split_outside_quotes(value, b",")
    kept = [member for member in members if not (member and withheld(member.strip(_BLANKS)))]
    if len(kept) == len(members):
        return value
    rest = b",".join(kept).lstrip(_BLANKS)
    return rest if rest.strip(b", \t") else None


def _filter_csp_policy(policy: bytes, gated: Gated) -> bytes | None:
    """One policy without gated report-uri addresses; None where it held nothing else."""
    directives = policy.split(b";")
    kept: list[bytes] = []
    changed = False
    for directive in directives:
        name, *addresses = directive.split(None) if _REPORT_URI in directive.lower() else [b""]
        if name.lower() != _REPORT_URI:
            kept.append(directive)
            continue
        allowed = [address for address in addresses if not _any_gated(address, gated)]
        if len(allowed) == len(addresses):
            kept.append(directive)
            continue
        changed = True
        if allowed:
            blank = directive[: len(directive) - len(directive.lstrip(_SPACES))]
            kept.append(blank + b" ".join((name, *allowed)))
    if not changed:
        return policy
    rest = b";".join(kept)
    return rest if rest.strip(_SPACES + b";") else None


def _any_gated(address: bytes, gated: Gated) -> bool:
    verdicts = [gated(reading) for reading in text_readings(address.decode("latin-1"))] if address else []
    return any(verdicts)


def _split_json(value: bytes) -> list[bytes]:
    """Split at the commas outside strings and brackets; joining the parts gives the value back."""
    parts: list[bytes] = []
    start = at = depth = 0
    while match := _BRACKETS.search(value, at):
        at = match.end()
        sign = match[0]
        if sign == b'"':
            at = end_of_quotes(value, at)
        elif sign in b"{[":
            depth += 1
        elif sign in b"}]":
            depth -= 1
        elif depth <= 0:
            parts.append(value[start : match.start()])
            start = at
    parts.append(value[start:])
    return parts


def _texts(member: bytes) -> Iterator[bytes]:
    """All that stands before, between and after quotation marks, escapes undone: where a reader sees the strings begin is not
    certain (Chromium's JSON may hold comments), and an address ends where it must all the same."""
    for piece in member.split(b'"'):
        yield _ESCAPE.sub(_unescaped, piece)


def _unescaped(escape: re.Match[bytes]) -> bytes:
    if digits := escape[1] or escape[2]:
        return chr(int(digits, 16)).encode("utf-8", "replace")
    return _CONTROLS.get(escape[3], escape[3])


def _json_object(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Parsers differ on which of two equal keys counts."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("a key stands twice")
    return value


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _endpoint_gated(endpoint: object, gated: Gated) -> bool:
    url = endpoint.get("url") if isinstance(endpoint, dict) else None
    return isinstance(url, str) and bool(url) and gated(url)
