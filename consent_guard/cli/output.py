"""What every command writes with: text to stdout, errors to stderr, JSON for scripts, and the exit codes.

May import click, rich and ``audit.printable``. Every command imports it. Colours leave out where the output is no terminal or
``NO_COLOR`` is set (rich's own rule). Text from files and networks is never read as markup.
"""

from __future__ import annotations

import json
from typing import Final, NoReturn

import click
from rich.console import Console

from ..audit.printable import printable

FINE: Final = 0
FAULTS: Final = 1
"""Faults or leaks were found."""
COULD_NOT: Final = 2
"""It could not be done: bad usage, an unreadable file or address."""

console: Final = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
"""Standard output."""
error_console: Final = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
"""Standard error: what is no result, such as progress and errors."""


def error(text: str) -> None:
    """Write one error to stderr."""
    error_console.print(f"consent-guard: {printable(text)}", style="red")


def json_out(value: object) -> None:
    """Write one JSON document to stdout: UTF-8, two spaces of indent, keys as given."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def counted(number: int, word: str) -> str:
    """Return a number with what it counts, in the singular or with an ``s``: ``1 receipt``, ``0 receipts``."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def leave(code: int) -> NoReturn:
    """End the command with this exit code."""
    raise click.exceptions.Exit(code)


def could_not(text: str) -> NoReturn:
    """Write one error, and end the command with code 2."""
    error(text)
    leave(COULD_NOT)
