"""The picture of a report: in one state, who was contacted, by whom, and what was stored on the way.

Lays out boxes and lines in columns, from the site's own pages to the hosts that they contact and the hosts that those contact
in turn. The template draws them as SVG. May import the report's values only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ...report import Report, Sighting, Sort, State, Verdict

_WIDTH: Final = 290
_FIRST_WIDTH: Final = 190
_GAP: Final = 90
_LINE: Final = 18
_PAD: Final = 12
_BETWEEN: Final = 10
_LETTERS: Final = 38
"""Of a box's line; what is longer is shortened, its title says it whole."""
_COLUMNS: Final = 4
_NAMED: Final = 3
"""Cookies and keys that a box names; more are counted."""
_WORST: Final = {Verdict.LEAK: 0, Verdict.UNLISTED: 1, Verdict.ALLOWED: 2}
_WORDS: Final = {Verdict.LEAK: "without consent", Verdict.UNLISTED: "not in the policy", Verdict.ALLOWED: "allowed"}


@dataclass(slots=True)
class Box:
    """One host, or the site itself."""

    host: str
    verdict: str
    """A Verdict's value; ``own`` for the site."""
    title: str
    lines: list[str]
    x: int
    y: int = 0
    width: int = _WIDTH

    @property
    def height(self) -> int:
        return 2 * _PAD + _LINE * len(self.lines) - 4

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    def baseline(self, index: int) -> int:
        """Return where the line's letters stand."""
        return self.y + _PAD + 11 + index * _LINE


@dataclass(frozen=True, slots=True)
class Line:
    """One contact."""

    path: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything to draw for one state."""

    state: State
    width: int
    height: int
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    description: str = ""


def draw(report: Report, state: State) -> Picture:
    """Return the picture of one state."""
    seen = [one for one in report.sightings if one.state is state]
    contacts = [one for one in seen if one.sort not in (Sort.COOKIE, Sort.STORAGE) and one.host]
    stored = [one for one in seen if one.sort in (Sort.COOKIE, Sort.STORAGE)]
    column = _columns(contacts)
    boxes = {"": _own_box(report, [one for one in stored if _holder(one, column) == ""])}
    for host in sorted(
        column, key=lambda host: (column[host], min(_WORST[one.verdict] for one in contacts if one.host == host), host)
    ):
        about = [one for one in contacts if one.host == host]
        boxes[host] = _box(report, host, about, [one for one in stored if _holder(one, column) == host], column[host])
    width, height = _placed(list(boxes.values()))
    edges: dict[tuple[str, str], Verdict] = {}
    for one in contacts:
        start = one.initiator if one.initiator in column and column[one.initiator] < column[one.host] else ""
        known = edges.get((start, one.host), Verdict.ALLOWED)
        edges[start, one.host] = min(known, one.verdict, key=_WORST.__getitem__)
    lines = [Line(_curve(boxes[start], boxes[end]), verdict.value) for (start, end), verdict in edges.items()]
    return Picture(state, width, height, list(boxes.values()), lines, _described(contacts, stored, state))


def _columns(contacts: list[Sighting]) -> dict[str, int]:
    """Return how many steps each host is away from the site's pages."""
    hosts = {one.host for one in contacts}
    column = {one.host: 1 for one in contacts if one.initiator not in hosts or one.initiator == one.host}
    step = 1
    while True:
        step += 1
        further = {one.host for one in contacts if one.host not in column and one.initiator in column}
        if not further:
            break
        column |= dict.fromkeys(further, min(step, _COLUMNS - 1))
    return {host: column.get(host, 1) for host in hosts}


def _holder(one: Sighting, column: dict[str, int]) -> str:
    """Return the box at which a cookie or key is named: who wrote it, whose it is, else the site's."""
    return one.initiator if one.initiator in column else one.host if one.host in column else ""


def _own_box(report: Report, stored: list[Sighting]) -> Box:
    count = len(report.pages)
    lines = ["The site's own pages", f"{count} page{'' if count == 1 else 's'}", *_stores(stored, 24)]
    return Box("", "own", report.target, [_short(line, 24) for line in lines], 0, width=_FIRST_WIDTH)


def _box(report: Report, host: str, about: list[Sighting], stored: list[Sighting], column: int) -> Box:
    worst = min((one.verdict for one in about), key=_WORST.__getitem__)
    named = list(dict.fromkeys(report.called(one.service) for one in about if one.service))
    lines = [host, ", ".join(named) or _WORDS[worst], *_stores(stored, _LETTERS)]
    x = _FIRST_WIDTH + _GAP + (column - 1) * (_WIDTH + _GAP)
    return Box(host, worst.value, f"{host}: {_WORDS[worst]}", [_short(line, _LETTERS) for line in lines], x)


def _stores(stored: list[Sighting], letters: int) -> list[str]:
    names = list(dict.fromkeys(one.name for one in stored))
    if not names:
        return []
    more = len(names) - _NAMED
    text = f"stores {', '.join(names[:_NAMED])}" + (f" +{more}" if more > 0 else "")
    return [_short(text, letters)]


def _placed(boxes: list[Box]) -> tuple[int, int]:
    """Put the boxes of each column one below the other, and each column in the middle; return the picture's size."""
    columns: dict[int, list[Box]] = {}
    for box in boxes:
        columns.setdefault(box.x, []).append(box)
    heights = {x: sum(box.height + _BETWEEN for box in column) - _BETWEEN for x, column in columns.items()}
    height = max(heights.values())
    for x, column in columns.items():
        y = (height - heights[x]) // 2
        for box in column:
            box.y = y + 2
            y += box.height + _BETWEEN
    return max(box.x + box.width for box in boxes) + 4, height + 4


def _curve(start: Box, end: Box) -> str:
    x1, y1, x2, y2 = start.x + start.width, start.middle, end.x - 5, end.middle
    bend = (x2 - x1) // 2
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"


def _described(contacts: list[Sighting], stored: list[Sighting], state: State) -> str:
    parts = []
    for verdict, words in _WORDS.items():
        hosts = sorted({one.host for one in contacts if one.verdict is verdict})
        if hosts:
            parts.append(f"{words}: {', '.join(hosts)}")
    names = sorted({one.name for one in stored})
    if names:
        parts.append(f"stored: {', '.join(names)}")
    return f"{state.phrase.capitalize()}, the site's pages contact " + ("; ".join(parts) if parts else "no other host")


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"
