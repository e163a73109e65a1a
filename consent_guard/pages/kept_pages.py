"""Our own pages, rendered once and kept: what a request alone knows is put in later (DESIGN §9).

A page is rendered with holes in place of what differs from request to request: where our pages live, and the way back. A site's
own template may do with a value what no hole can follow, such as encode it; such a page is rendered for each request. May
import limits and ``prerendered``. Called by the surface.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Hashable
from itertools import count
from typing import Final, NoReturn

from ..limits import PAGES_BYTES
from .prerendered import Holes, Prerendered

_ENTRY_BYTES: Final = 600
"""What a kept page takes beside its bytes, about: its key, its holes, its place."""


class NeedsRequest(Exception):
    """A template asks for more of the request than can be put in later."""


def _needs_request(*_: object) -> NoReturn:
    raise NeedsRequest


class Hole:
    """Stands for a value that is not empty while a page is rendered. A template may print it, and ask whether it is there."""

    __slots__ = ("_mark",)

    def __init__(self, mark: str) -> None:
        self._mark = mark

    def __html__(self) -> str:
        return self._mark

    def __bool__(self) -> bool:
        return True

    __getattr__ = __getitem__ = __iter__ = __len__ = __contains__ = __call__ = _needs_request
    __str__ = __repr__ = __format__ = __int__ = __float__ = __index__ = __hash__ = _needs_request
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _needs_request
    __add__ = __radd__ = __mul__ = __rmul__ = __mod__ = __rmod__ = _needs_request


class HoledView:
    """Stands for the request's view: where our pages live, and the path to go back to. What else it holds no template of ours
    asks for."""

    __slots__ = ("base", "next")

    def __init__(self, base: Hole, next: Hole | str) -> None:
        """``next`` is the empty string where the request names no path."""
        self.base = base
        self.next = next

    __getattr__ = __getitem__ = __iter__ = __call__ = __str__ = __repr__ = __format__ = __eq__ = __ne__ = _needs_request
    __hash__ = _needs_request


class Packed:
    """A prerendered page as it is kept: compressed, for nine tenths of a large policy's page repeat the rest."""

    __slots__ = ("_data", "_holes", "_lengths", "asked")

    def __init__(self, page: Prerendered) -> None:
        self.asked = 0
        """When it was last asked for, counted by ``Kept``."""
        self._data = zlib.compress(b"".join(page.pieces))
        self._lengths = tuple(map(len, page.pieces))
        self._holes = page.holes

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return len(self._data) + _ENTRY_BYTES

    def fill(self, **values: str) -> bytes:
        """Return the page with its holes filled, as ``Prerendered.fill`` does it."""
        text = zlib.decompress(self._data)
        pieces: list[bytes] = []
        at = 0
        for length in self._lengths:
            pieces.append(text[at : at + length])
            at += length
        return Prerendered(tuple(pieces), self._holes).fill(**values)


def packed_page(render: Callable[..., str], *, back: bool, receipt: bool = False) -> Packed | None:
    """Return a page with holes for ``base``, ``next``, ``home`` and ``receipt``; None where it needs the very request.

    ``render`` takes ``view``, ``home`` and ``receipt``. ``back`` is whether the request names a path to go back to, ``receipt``
    whether the visitor has one.
    """
    cut = Holes(("base", "next", "home", "receipt"))
    base, next, home, receipt_id = map(Hole, cut.marks.values())
    try:
        rendered = render(view=HoledView(base, next if back else ""), home=home, receipt=receipt_id if receipt else "")
    except (NeedsRequest, TypeError):  # the second from what takes texts only, such as JSON
        return None
    return Packed(cut.prerendered(rendered, str.encode))


class Kept:
    """Pages by what they depend on, within ``limits.PAGES_BYTES``: past it those go that were not asked for the longest.

    Threads may race on it: the worst is a page that is rendered twice.
    """

    __slots__ = ("_asked", "_pages")

    def __init__(self) -> None:
        self._pages: dict[Hashable, Packed] = {}
        self._asked = count()

    @property
    def size(self) -> int:
        """About how many bytes of memory all of it takes."""
        return sum(page.size for page in list(self._pages.values()))

    def get(self, key: Hashable) -> Packed | None:
        """Return a page, None where it is not kept."""
        page = self._pages.get(key)
        if page is not None:
            page.asked = next(self._asked)
        return page

    def keep(self, key: Hashable, page: Packed) -> None:
        """Keep a page, unless it alone is more than all that may be kept."""
        if page.size > PAGES_BYTES:
            return
        page.asked = next(self._asked)
        self._pages[key] = page
        excess = self.size - PAGES_BYTES
        if excess <= 0:
            return
        for stale, other in sorted(self._pages.items(), key=lambda item: item[1].asked):
            self._pages.pop(stale, None)
            excess -= other.size
            if excess <= 0:
                return
