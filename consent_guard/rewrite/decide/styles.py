"""What style sheets and style attributes name. ``css`` knows where addresses stand, this module whose they are.

May import css, data_url and this package's urls. ``tags`` asks for attributes, ``stream`` for elements.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final, NamedTuple

from ...limits import NESTING_DEPTH
from ..css import urls as css
from ..css.blocks import StyleBlock
from ..data_url import data_url
from ..model import Verdict
from .urls import Address, HostBook, UrlPolicy

PIECE_BYTES: Final = 512
"""What of a sheet is read between two pauses."""
PIECE_ADDRESSES: Final = 8
"""So many are parsed between two pauses; each may cost a tenth of a millisecond."""
INERT: Final = css.INERT.decode("ascii")
Targets = tuple[tuple[Address, str], ...]
"""Addresses with their spellings."""


class StyleAddress(NamedTuple):
    """One address in CSS."""

    start: int
    end: int
    targets: Targets
    """What it names: itself, or all that the style sheet names that it holds."""


StyleFacts = tuple[StyleAddress, ...]


class TooDeep(Address):
    """Stands for what is nested deeper than is read: withheld from everybody (R7)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("", Verdict("", None, None, "a document nested too deep"))

    def judged(self, view: UrlPolicy, text: str) -> Verdict | None:
        return self.verdict


TOO_DEEP: Final = TooDeep()


def read_style(book: HostBook, text: str, *, relative: bool) -> StyleFacts:
    """Return the addresses of a style attribute that may be withheld, in their order, by characters."""
    found = []
    for one in css.find_urls(text, attribute=True):
        if targets := url_targets(book, one.url, relative=relative):
            found.append(StyleAddress(one.start, one.end, targets))
    return tuple(found)


def read_style_element(
    book: HostBook, raw: bytes, shape: bytes, decode: Callable[[bytes], str], *, relative: bool
) -> StyleFacts:
    """The same of a whole style element's content, by bytes. ``shape``: the same with trail bytes masked."""
    found = []

    def note(url: str, start: int, end: int) -> bool:
        if targets := url_targets(book, url, relative=relative):
            found.append(StyleAddress(start, end, targets))
        return False

    block = StyleBlock(note, decode)
    block.feed(shape, True, None if shape is raw else raw)
    return _with_edits(found, block)


def read_sheet(
    book: HostBook, raw: bytes, shape: bytes, decode: Callable[[bytes], str], *, relative: bool
) -> Generator[None, None, StyleFacts]:
    """Return the same as ``read_style_element``, with a pause after each piece of work."""
    found: list[StyleAddress] = []
    waiting: list[tuple[str, int, int]] = []
    known: dict[str, Targets] = {}

    def note(url: str, start: int, end: int) -> bool:
        waiting.append((url, start, end))
        return False

    block = StyleBlock(note, decode)
    for at in range(0, len(shape), PIECE_BYTES) or (0,):
        end = at + PIECE_BYTES
        block.feed(shape[at:end], end >= len(shape), None if shape is raw else raw[at:end])
        for url, start, stop in waiting:
            if url not in known:
                known[url] = yield from _targets_in_steps(book, url, relative=relative, depth=0)
                if len(known) % PIECE_ADDRESSES == 0:  # one comment may hold any number
                    yield
            if targets := known[url]:
                found.append(StyleAddress(start, stop, targets))
        waiting.clear()
        yield
    return _with_edits(found, block)


def _with_edits(found: list[StyleAddress], block: StyleBlock) -> StyleFacts:
    for edit in block.edits:  # an address too long to be read: it is withheld from everybody
        if found and found[-1].end == edit.start:
            found[-1] = found[-1]._replace(end=edit.end)
        else:
            found.append(StyleAddress(edit.start, edit.end, ((TOO_DEEP, ""),)))
    return tuple(found)


def url_targets(book: HostBook, url: str, *, relative: bool, depth: int = 0) -> Targets:
    """Return what an address in CSS names: itself, or all that the style sheet names that it holds as ``data:``."""
    return _at_once(_targets_in_steps(book, url, relative=relative, depth=depth))


def sheet_targets(book: HostBook, sheet: str, *, relative: bool, depth: int) -> Targets:
    """Return all that a style sheet names."""
    return _at_once(_sheet_in_steps(book, sheet, relative=relative, depth=depth))


def _at_once(steps: Generator[None, None, Targets]) -> Targets:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def _targets_in_steps(book: HostBook, url: str, *, relative: bool, depth: int) -> Generator[None, None, Targets]:
    address = book.address(url, relative)
    if address is not None and address.host:
        return ((address, url),)
    sheet = data_url(url)
    if sheet is not None:
        return (yield from _sheet_in_steps(book, sheet.text(), relative=relative, depth=depth + 1))
    return ((address, url),) if address is not None else ()


def _sheet_in_steps(book: HostBook, sheet: str, *, relative: bool, depth: int) -> Generator[None, None, Targets]:
    if depth > NESTING_DEPTH:
        return ((TOO_DEEP, ""),)
    found: list[tuple[Address, str]] = []
    for one in css.urls_in(sheet, attribute=False, piece=PIECE_BYTES):
        if one is not None:
            found += yield from _targets_in_steps(book, one.url, relative=relative, depth=depth)
        yield
    return tuple(found)


def gated(view: UrlPolicy, targets: Targets) -> list[Verdict]:
    """Return what is to be said of an address in CSS."""
    return [verdict for address, text in targets if (verdict := address.judged(view, text)) is not None]
