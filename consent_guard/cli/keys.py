"""``consent-guard keys``: secret keys that are long enough, and random.

May import ``output`` and the key rules. The table in ``app`` registers it.
"""

from __future__ import annotations

import secrets

import click

from ..consent.keys import SHORT_KEY_BYTES
from .output import json_out


@click.group()
def command() -> None:
    """Make the secret key that signs the choice."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help='Write {"key": "…"}.')
def new(as_json: bool) -> None:
    """Write a new random key of 32 bytes, in URL-safe characters.

    Keep it where the app's other secrets are, not in the policy and not in the repository. To change keys, make the new one the
    secret key and the old one a fallback for as long as choices last: choices that the old key signed go on counting.
    """
    key = secrets.token_urlsafe(SHORT_KEY_BYTES)
    if as_json:
        json_out({"key": key})
    else:
        click.echo(key)
