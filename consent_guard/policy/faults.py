"""Collecting every fault of a policy, each with its key path and the mend.

May import errors. The policy's readers call it: none of them stops at the first fault, so that one start of the app shows them
all.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..errors import Fault
from .host_rules import RuleFault

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_STEP: Final = re.compile(r"\.?(?:[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\")|\[[0-9]+\]")


def join(path: str, key: str) -> str:
    """Return the path of a key below ``path``; a key that TOML would quote is quoted."""
    step = key if _BARE_KEY.match(key) else json.dumps(key)
    return f"{path}.{step}" if path else step


def nearest(word: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the known words that look like this one, the nearest first."""
    return difflib.get_close_matches(word, list(known), n=most)


def listing(words: Iterable[str]) -> str:
    """Return the words quoted and joined with commas."""
    return ", ".join(f'"{word}"' for word in words)


def near(word: str, known: Iterable[str]) -> str:
    """Return the question whether a known word was meant, or an empty string where none is like it."""
    candidates = nearest(word, known)
    if not candidates:
        return ""
    return f"Did you mean {' or '.join(json.dumps(candidate, ensure_ascii=False) for candidate in candidates)}?"


def guess(word: str, known: Sequence[str], what: str) -> str:
    """Return the mend for a word that is not known: the nearest ones, or else all."""
    return near(word, known) or (f"{what}: {listing(known)}" if known else "")


def document_order(document: Mapping[str, object]) -> dict[str, int]:
    """Return where each key path stands in the document, counted from its beginning."""
    order: dict[str, int] = {}

    def visit(value: object, path: str) -> None:
        order[path] = len(order)
        if isinstance(value, Mapping):
            for key, member in value.items():
                visit(member, join(path, str(key)))
        elif isinstance(value, (list, tuple)):
            for place, member in enumerate(value):
                visit(member, f"{path}[{place}]")

    visit(document, "")
    return order


class FaultList:
    """The faults found so far."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, path: str, message: str, mend: str = "") -> None:
        """Note one fault. ``message`` and ``mend`` come without a final full stop."""
        fault = Fault(path, message, mend)
        if fault not in self._faults:
            self._faults.append(fault)

    def add_rule(self, path: str, fault: RuleFault) -> None:
        """Note what was wrong with one rule."""
        self.add(path, fault.message, fault.mend)

    def __len__(self) -> int:
        return len(self._faults)

    def in_order_of(self, document: Mapping[str, object]) -> tuple[Fault, ...]:
        """Return the faults in the order of the document; those of one key in the order in which they were found."""
        order = document_order(document)

        def place(fault: Fault) -> int:
            path = fault.path
            while path and path not in order:
                steps = _STEP.findall(path)
                path = path[: -len(steps[-1])] if steps and path.endswith(steps[-1]) else ""
            return order.get(path, 0)

        return tuple(sorted(self._faults, key=place))
