"""A script too long to be held: looked through for a mention as it streams.

May import inline's judge and finders; ``reading`` drives it.
"""

from __future__ import annotations

from typing import Final

from .inline import Hit
from .judge import Judge

_STEP_BYTES: Final = 4096
"""Bytes that are gathered before a look, so that one byte at a time does not look at the same window again and again."""


class ScriptStream:
    """Finds the first mention in text that comes in pieces; any split finds the same one."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._span = judge.rules.mentions.max_span
        self._window = bytearray()
        self._origin = 0
        self._looked = 0
        self.cleared = 0
        """Offset from the text's beginning before which no mention can begin any more."""

    def feed(self, data: bytes, final: bool) -> Hit | None:
        """Take the next piece; return the first mention once there is one, its start counted from the text's beginning."""
        self._window += data
        if not final and len(self._window) - self._looked < _STEP_BYTES:
            return None
        judge = self._judge
        mention = judge.rules.mentions.first(bytes(self._window), judge.withheld_service, final=final)
        if mention is not None:
            category = judge.rules.category_of(mention.service)
            return Hit(mention.host, mention.service, category, mention.rule, self._origin + mention.start)
        gone = len(self._window) - self._span
        if gone > 0:
            del self._window[:gone]
            self._origin += gone
        self._looked = len(self._window)
        self.cleared = self._origin
        return None
