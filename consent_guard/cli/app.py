"""The group of all commands, and the table that registers them.

A command's module is imported when that command is called, so that ``--help`` and shell completion are quick. May import click
and nothing else of ours but the version; the commands import what they need.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Final

import click

from ..version import __version__


@dataclass(frozen=True, slots=True)
class Registered:
    """One command: the module of this package whose ``command`` it is, and what ``--help`` says of it in one line."""

    module: str
    summary: str


COMMANDS: Final[dict[str, Registered]] = {
    "init": Registered("init", "Write a first policy from what a site's pages are seen to use."),
    "check": Registered("check", "Tell every fault of a policy, and what is unwise in it."),
    "catalog": Registered("catalog", "List, search and show the services that are known already."),
    "cookie": Registered("cookie", "Show what a visitor's consent cookie holds, and why it counts or not."),
    "keys": Registered("keys", "Make a secret key."),
    "declare": Registered("declare", "Write what a policy declares, as HTML, Markdown, JSON or CSV."),
    "findings": Registered("findings", "Sum up a log of findings, and print the TOML for what is unknown."),
    "explain": Registered("explain", "Tell why an address or a part of a page is withheld, and how to allow it."),
    "ledger": Registered("ledger", "Set up and look after a ledger of receipts."),
    "receipts": Registered("receipts", "Count, show, export, verify and purge the receipts of choices."),
    "scan": Registered("scan", "Tell what pages make a browser contact and store without consent."),
}
"""By name, in the order of ``--help``."""

EXIT_CODES: Final = "Exit codes: 0 fine, 1 faults or leaks were found, 2 it could not be done."


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time, when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        registered = COMMANDS.get(cmd_name)
        if registered is None:
            return None
        found = import_module(f".{registered.module}", __package__).command
        if not isinstance(found, click.Command):
            raise TypeError(f"{registered.module}.command is no click command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, registered.summary) for name, registered in COMMANDS.items()])


@click.group(cls=LazyGroup, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="consent-guard-middleware", prog_name="consent-guard")
def cli() -> None:
    """Cookie consent that the server enforces: write the policy, check it, and find what it misses."""
