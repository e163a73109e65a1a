"""The words of a failed assertion: what leaks, where, whose it is, by which rule, and what mends it.

May import the leak finder's values. ``assertions`` and ``crawling`` call it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..audit.beside import NOT_LISTED
from ..audit.leaks import Leak
from .judging import Judged

_TOLD = 20
"""Leaks of one response that are told whole; of more, how many they are."""


def failure(judged: Judged, *, unlisted: bool = False) -> str:
    """Return the whole message for one response; with ``unlisted``, what nobody names is told as well."""
    inspection, seen = judged.inspection, judged.seen
    count, doubts = len(inspection.leaks), inspection.doubts
    strange = inspection.unlisted if unlisted else ()
    told = [f"{count} leak{'' if count == 1 else 's'}"] if count else []
    told += [f"{len(strange)} not named by any rule"] if strange else []
    told += [f"{len(doubts)} part{'' if len(doubts) == 1 else 's'} that cannot be read"] if doubts else []
    lines = [f"{' and '.join(told)} in {without_query(seen.url)} (status {seen.status}), {judged.visitor}:"]
    lines += numbered((*inspection.leaks, *strange), guarded=judged.guarded)
    lines += [f"  ?  {doubt}" for doubt in doubts]
    return "\n".join(lines)


def numbered(leaks: Sequence[Leak], *, guarded: bool = False) -> list[str]:
    """Return the lines that tell leaks one by one. ``guarded``: the guard that would withhold them stands around the app."""
    lines: list[str] = []
    for number, leak in enumerate(leaks[:_TOLD], 1):
        first, *rest = _lines(leak, guarded)
        lines += [f"  {number}. {first}", *(f"     {line}" for line in rest)]
    if len(leaks) > _TOLD:
        lines.append(f"  and {len(leaks) - _TOLD} more")
    return lines


def without_query(url: str) -> str:
    """Return an address without its query: that can be personal data (R9)."""
    return url.partition("?")[0]


def _lines(leak: Leak, guarded: bool) -> list[str]:
    place = leak.where if leak.line is None else f"line {leak.line}, column {leak.column}, {leak.where}"
    what = {
        "cookie": f"the cookie {leak.name}",
        "inline": f"a script that contacts {leak.host}" if leak.host else "a script that may contact any host",
        "header": f"a header that contacts {leak.host}",
    }.get(leak.kind, f"a request to {leak.host}")
    if leak.where == "Set-Cookie lifetime":
        what += " lives too long"
    lines = [f"{place}: {what}"]
    if leak.excerpt and leak.kind != "cookie":
        lines.append(leak.excerpt)
    if leak.service:
        lines.append(f"service {leak.service}, category {leak.category}, by the rule {leak.rule!r}")
    elif leak.category:
        lines.append(f"category {leak.category}, by the rule {leak.rule!r}")
    return [*lines, f"mend: {mend(leak, guarded=guarded)}"]


def mend(leak: Leak, *, guarded: bool = False) -> str:
    """Return what makes this leak go away, in one sentence."""
    if leak.where == "Set-Cookie lifetime":
        return "give the cookie a shorter Max-Age, the one that its rule states and 13 months at most"
    if leak.where.startswith("style sheet"):
        return (
            f"serve the file from your own host, or link this style sheet only after consent for {leak.service or leak.host!r}"
        )
    if leak.category == NOT_LISTED:
        return f'the catalogue knows it and the policy does not list it: add [[services]] id = "{leak.service}" to the policy'
    if guarded and (leak.service or leak.category):
        return (
            'the guard around the app lets this response pass: a [[paths]] rule, enforcement = "report" or the view\'s own call'
            " leaves it as it is; end that, or load it only after consent"
        )
    if leak.service or leak.category:
        whom = leak.service or leak.category
        done = "set it" if leak.kind == "cookie" else "load it"
        return (
            f"{done} only after consent, as consent_guard around the app does; if this visitor has granted it: allow=[{whom!r}]"
        )
    if leak.kind == "cookie":
        return f'name it in the policy: [[cookies]] name = "{leak.name}"'
    return f'name the host in the policy: hosts = ["{leak.host}"] of a service, or first_party if it is yours'
