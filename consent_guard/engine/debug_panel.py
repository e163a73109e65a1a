"""What was withheld from a page, shown at its end to its developer: for localhost alone, and only where the option asks for it.

May import findings. The response side wraps a page's rewriter with it. What the panel shows is what findings hold, escaped:
hosts, cookie names and rules, no query and no value.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from ..findings import Finding
from ..wire.messages import BodyRewriter

_HEAD_BYTES: Final = 1024
_MARKS: Final = (b"<!doctype html", b"<html")
_COLUMNS: Final = ("kind", "subject", "where", "service", "category", "rule", "route")


class WithPanel:
    """A page's rewriter, and the panel after the page. A part of a page, and one in no ASCII-compatible encoding, get none."""

    __slots__ = ("_findings", "_head", "_rewriter", "_state")

    def __init__(self, rewriter: BodyRewriter, findings: Callable[[], tuple[Finding, ...]], state: str) -> None:
        """``state`` is what the visitor permits, in words."""
        self._rewriter = rewriter
        self._findings = findings
        self._state = state
        self._head = b""

    def feed(self, data: bytes) -> bytes:
        if len(self._head) < _HEAD_BYTES:
            self._head += data[: _HEAD_BYTES - len(self._head)]
        return self._rewriter.feed(data)

    def close(self) -> bytes:
        out = self._rewriter.close()
        if not any(mark in self._head.lower() for mark in _MARKS):
            return out
        return out + panel(self._findings(), self._state)


def panel(findings: tuple[Finding, ...], state: str) -> bytes:
    """Return the panel as ASCII, so that it means the same in every encoding of a page."""
    head = "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS)
    rows = "".join(
        "<tr>" + "".join(f"<td>{_cell(getattr(finding, column))}</td>" for column in _COLUMNS) + "</tr>" for finding in findings
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if findings else "<p>Nothing was found.</p>"
    count = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
    text = f'\n<details data-cg="debug"><summary>consent_guard: {count}</summary><p>{escape(state)}</p>{table}</details>\n'
    return text.encode("ascii", "xmlcharrefreplace")


def _cell(value: object) -> str:
    return "" if value is None else escape(str(value))
