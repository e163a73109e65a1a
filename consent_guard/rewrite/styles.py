"""CSS under a judge: which of a style sheet's addresses are made inert.

``css`` knows where addresses stand, this module whose they are. Called for ``style`` elements and attributes and for data:
style
sheets. May import css, judge and nested.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..findings import Finding, FindingKind
from .css import urls as css
from .judge import Judge

_INERT: Final = css.INERT.decode("ascii")


def gate(judge: Judge, report: Callable[[Finding], None], where: str, *, depth: int = 0) -> Callable[[str], bool]:
    """Return the question whether an address in CSS is to be made inert, which reports what it finds."""
    from .nested import data_style  # a style sheet may import a data: style sheet

    def gated(url: str) -> bool:
        verdict = judge.look(url)
        if verdict is not None:
            report(verdict.finding(FindingKind.STYLE, where))
            return verdict.enforced
        found = data_style(judge, url, depth)
        for finding in found:
            report(finding)
        return bool(found)

    return gated


def without(
    judge: Judge, text: str, report: Callable[[Finding], None], where: str, *, attribute: bool = False, depth: int = 0
) -> str | None:
    """Return CSS text with its gated addresses made inert, None where nothing changes."""
    gated = gate(judge, report, where, depth=depth)
    pieces: list[str] = []
    done = 0
    for found in css.find_urls(text, attribute=attribute):
        if gated(found.url):
            pieces += (text[done : found.start], _INERT)
            done = found.end
    if not pieces:
        return None
    return "".join(pieces) + text[done:]
