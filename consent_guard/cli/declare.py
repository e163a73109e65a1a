"""``consent-guard declare``: the declaration of a policy as a file, in the words and rows that visitors see.

May import the pages and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

from pathlib import Path

import click

from ..pages.negotiation import best
from ..pages.surface import DECLARATION_ENDINGS, Surface
from .output import could_not
from .policies import policy_of


@click.command()
@click.argument("policy", type=click.Path(dir_okay=False), required=False)
@click.option(
    "--format",
    "ending",
    type=click.Choice(DECLARATION_ENDINGS),
    default="md",
    show_default=True,
    help="html is one page that loads nothing; csv opens in a spreadsheet.",
)
@click.option("--lang", help="One of the policy's languages; by default its first.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="The file to write; by default standard output.")
def command(policy: str | None, ending: str, lang: str | None, output: str | None) -> None:
    """Write what POLICY declares: every cookie and service with its purpose, lifetime, category and controller.

    Without POLICY: the built-in one.
    """
    surface = Surface(policy_of(policy))
    if lang is not None and best(lang, surface.languages) is None:
        could_not(f"--lang {lang}: the policy does not speak it; it speaks {', '.join(surface.languages)}")
    body = surface.declaration_file(ending, lang).body
    if output is None:
        click.echo(body, nl=False)
        return
    try:
        Path(output).write_bytes(body)
    except OSError as error:
        could_not(f"{output}: {error.strerror or error}")
