"""What every command writes with: text to stdout, errors to stderr, JSON for scripts, and the exit codes.

May import click and rich. Every command imports it. Colours leave out where the output is no terminal or ``NO_COLOR`` is set
(rich's own rule). Text from files and networks is never read as markup.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

import click
from rich.console import Console

FINE: Final = 0
FAULTS: Final = 1
"""Faults or leaks were found."""
COULD_NOT: Final = 2
"""It could not be done: bad usage, an unreadable file or address."""

console: Final = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
"""Standard output."""
error_console: Final = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
"""Standard error: what is no result, such as progress and errors."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return text without what could steer a terminal: control characters and changes of direction."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def error(text: str) -> None:
    """Write one error to stderr."""
    error_console.print(f"consent-guard: {printable(text)}", style="red")


def json_out(value: object) -> None:
    """Write one JSON document to stdout: UTF-8, two spaces of indent, keys as given."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def leave(code: int) -> NoReturn:
    """End the command with this exit code."""
    raise click.exceptions.Exit(code)


def could_not(text: str) -> NoReturn:
    """Write one error, and end the command with code 2."""
    error(text)
    leave(COULD_NOT)
