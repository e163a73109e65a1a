"""Which pages come next, and when to stop: the same for pages that are read and pages that are run.

    crawl = Crawl(source, CrawlLimits(pages=50), note)
    for address in crawl:
        ... crawl.found(links)

May import this package's links and fetching. The scanners iterate over it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin
from urllib.robotparser import RobotFileParser

from ..problems import Unreadable
from .fetching import USER_AGENT
from .links import Links, in_order, path_key, robots_address
from .targets import Source

_ROBOTS_BYTES: Final = 500 * 1024
"""What a robot must read of robots.txt (RFC 9309 §2.5)."""


@dataclass(frozen=True, slots=True)
class CrawlLimits:
    """How far a crawl goes."""

    pages: int = 20
    delay: float = 0.5
    """Seconds between two requests for pages, where somebody else's server is asked."""
    seconds: float = 600.0
    """For the whole scan."""
    obey_robots: bool = True


class Crawl:
    """The addresses of one source, one after another, breadth first."""

    def __init__(self, source: Source, limits: CrawlLimits, note: Callable[[str], None], paths: Sequence[str] = ()) -> None:
        """``note`` is told in words of what was left out. ``paths``: these pages, and no other, whatever is linked."""
        self._source = source
        self._limits = limits
        self._note = note
        starts = [urljoin(source.starts[0], path) for path in paths] if paths and source.crawls else source.starts
        self._follows = source.crawls and not paths
        self._queue = deque(starts)
        self._met = {path_key(address) for address in starts}
        self._robots: RobotFileParser | None = None
        self._barred = 0

    @property
    def known(self) -> int:
        """How many pages there are to look at, as far as is known, within the limit."""
        return min(len(self._met), self._limits.pages) if self._follows else len(self._met)

    def __iter__(self) -> Iterator[str]:
        end = time.monotonic() + self._limits.seconds
        looked_at = 0
        while self._queue:
            if self._follows and looked_at >= self._limits.pages:
                count = f"{looked_at} page{'' if looked_at == 1 else 's'}"
                self._note(f"{self._source.name}: stopped after {count}; more are linked (--max-pages)")
                break
            if time.monotonic() > end:
                remain = "1 known page remains" if len(self._queue) == 1 else f"{len(self._queue)} known pages remain"
                remain += " (--max-time)"
                self._note(f"{self._source.name}: stopped after {self._limits.seconds:g} s, {remain}")
                break
            if looked_at and self._source.polite and self._limits.delay:
                time.sleep(self._limits.delay)
            yield self._queue.popleft()
            looked_at += 1
        if self._barred:
            what = "1 linked page was" if self._barred == 1 else f"{self._barred} linked pages were"
            self._note(f"{self._source.name}: {what} left out, as robots.txt asks (--ignore-robots)")

    def found(self, links: Links) -> None:
        """Take a page's links into the queue."""
        if not self._follows:
            return
        for address in in_order(links.pages):
            key = path_key(address)
            if key in self._met:
                continue
            self._met.add(key)
            if self._allowed(address):
                self._queue.append(address)
            else:
                self._barred += 1

    def _allowed(self, address: str) -> bool:
        """Tell whether robots.txt lets a robot read it. The address that was named is read in any case: it was asked for."""
        if not (self._source.polite and self._limits.obey_robots):
            return True
        if self._robots is None:
            self._robots = RobotFileParser()
            try:
                answer = self._source.read(robots_address(address))[-1]
                text = answer.body[:_ROBOTS_BYTES].decode("utf-8", "replace") if answer.status == 200 else ""
            except Unreadable:
                text = ""
            self._robots.parse(text.splitlines())
        return self._robots.can_fetch(USER_AGENT.partition("/")[0], address)
