"""The system's Chromium, found and started.

May import playwright (extra ``scan``), late. The browser scan starts one for all of its pages.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from ..problems import Unreadable

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

_NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
_PLACES: Final = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_FLAGS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    # One process for all frames: what another site's frame loads is told to the same listener.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,HttpsUpgrades,OptimizationHints",
)

_UNLIKE_VISITORS: Final = ("--disable-popup-blocking",)
"""What playwright hands to the browser and no visitor's browser has: a window that nobody clicked for is not opened there."""


def find_chromium(given: str = "") -> str:
    """Return the program to run: the one that was given, else the system's, else the one that playwright has installed.

    Raises Unreadable where there is none.
    """
    if given:
        found = shutil.which(given)
        if found is None:
            raise Unreadable(given, "is no program")
        return found
    for name in _NAMES:
        if (found := shutil.which(name)) is not None:
            return found
    for place in _PLACES:
        if Path(place).exists():
            return place
    return ""


class Chromium:
    """A running browser. Each ``Browser.new_context`` of it is a fresh profile."""

    def __init__(self, program: str = "", arguments: Sequence[str] = ()) -> None:
        """``program``: its path, empty to look for one. ``arguments`` are handed to it."""
        self._given = program
        self._arguments = tuple(arguments)
        self._stack = ExitStack()
        self._browser: Browser | None = None

    def __enter__(self) -> Chromium:
        """Start it. Raises Unreadable where playwright or Chromium is absent, or will not start."""
        try:
            from playwright.sync_api import sync_playwright
        except ImportError as error:
            message = 'running pages needs playwright: pip install "consent-guard-middleware[scan]"'
            raise Unreadable("--browser", message) from error
        program = find_chromium(self._given)
        with ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            self._browser = self._launched(playwright, program or playwright.chromium.executable_path)
            stack.callback(self._browser.close)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @property
    def browser(self) -> Browser:
        """The running browser."""
        if self._browser is None:
            raise RuntimeError("the browser is not running: use it in a with statement")
        return self._browser

    @property
    def name(self) -> str:
        """Which browser, and its version."""
        return f"Chromium {self.browser.version}"

    def _launched(self, playwright: Playwright, program: str) -> Browser:
        """Start it in its sandbox; without, where the machine does not let it (containers, root)."""
        from playwright.sync_api import Error

        if not Path(program).exists():
            raise Unreadable("--browser", "there is no Chromium on this machine; install one, or name it with --chromium FILE")
        reason = ""
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        for sandbox in (False,) if is_root else (True, False):
            try:
                return playwright.chromium.launch(
                    executable_path=program,
                    args=[*_FLAGS, *self._arguments],
                    ignore_default_args=_UNLIKE_VISITORS,
                    chromium_sandbox=sandbox,
                )
            except Error as error:
                reason = error.message.strip().splitlines()[0]
        raise Unreadable(program, f"does not start ({reason})")
