"""The command ``consent-guard``: getting a site guarded, and keeping it so, from a terminal.

Needs the extra ``cli`` (click, rich). This module alone must work without it, to say so. The distribution's entry point and
``python -m consent_guard.cli`` call ``main``. ``app`` holds the table of the commands; one module holds one command.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Final

_EXTRA: Final = ("click", "rich")
_COULD_NOT: Final = 2


def main() -> None:
    """Run the command line, and leave with its exit code. Without the extra: one line on stderr, and code 2."""
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        print(
            f'consent-guard: the commands need {" and ".join(missing)}: pip install "consent-guard-middleware[cli]"',
            file=sys.stderr,
        )
        raise SystemExit(_COULD_NOT)
    from .app import cli

    cli(prog_name="consent-guard")
