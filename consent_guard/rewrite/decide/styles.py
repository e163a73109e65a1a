"""What style sheets and style attributes name. ``css`` knows where addresses stand, this module whose they are.

May import css, data_url and this package's urls. ``tags`` asks for attributes, ``stream`` for elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from ...limits import NESTING_DEPTH
from ..css import urls as css
from ..css.blocks import StyleBlock
from ..data_url import data_url
from ..model import Verdict
from .urls import Address, HostBook, UrlPolicy

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
    for edit in block.edits:  # an address too long to be read: it is withheld from everybody
        if found and found[-1].end == edit.start:
            found[-1] = found[-1]._replace(end=edit.end)
        else:
            found.append(StyleAddress(edit.start, edit.end, ((TOO_DEEP, ""),)))
    return tuple(found)


def url_targets(book: HostBook, url: str, *, relative: bool, depth: int = 0) -> Targets:
    """Return what an address in CSS names: itself, or all that the style sheet names that it holds as ``data:``."""
    address = book.address(url, relative)
    if address is not None and address.host:
        return ((address, url),)
    sheet = data_url(url)
    if sheet is not None:
        return sheet_targets(book, sheet.text(), relative=relative, depth=depth + 1)
    return ((address, url),) if address is not None else ()


def sheet_targets(book: HostBook, sheet: str, *, relative: bool, depth: int) -> Targets:
    """Return all that a style sheet names."""
    if depth > NESTING_DEPTH:
        return ((TOO_DEEP, ""),)
    return tuple(
        target
        for one in css.find_urls(sheet, attribute=False)
        for target in url_targets(book, one.url, relative=relative, depth=depth)
    )


def gated(view: UrlPolicy, targets: Targets) -> list[Verdict]:
    """Return what is to be said of an address in CSS."""
    return [verdict for address, text in targets if (verdict := address.judged(view, text)) is not None]
