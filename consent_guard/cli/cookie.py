"""``consent-guard cookie``: what a consent cookie holds.

May import the consent domain, ``policies`` and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

import click

from ..audit.printable import printable
from ..consent.choice import Consent, effective, expiry, imported
from ..consent.imports.importer import Importer
from ..consent.keys import usable_keys
from ..consent.token import Explained, TokenSigner, names_to_read
from ..errors import PolicyError, SecretKeyError
from ..policy.model import Policy
from ..wire.cookies import parse_cookie_pairs
from .output import FAULTS, console, could_not, json_out, leave
from .policies import policy_of


@click.group()
def command() -> None:
    """Look into a visitor's consent cookie."""


@command.command()
@click.argument("value")
@click.option("--policy", metavar="FILE", help="The site's policy file; without it, the built-in policy.")
@click.option(
    "--key-env", metavar="NAME", multiple=True, help="The environment variable with the secret key; several for older ones."
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def show(value: str, policy: str | None, key_env: tuple[str, ...], as_json: bool) -> None:
    """Show what VALUE holds: the cookie's value, or name=value, or a whole Cookie header.

    Without --key-env the signature is not checked. Where the policy has import_from, VALUE is the other tools' cookies.

    Exit codes: 0 it counts, 1 it is no choice (the reason is told), 2 it could not be looked at.
    """
    site = policy_of(policy)
    if site.imports:
        _imported(site, value, as_json)
        return
    try:
        keys = usable_keys([_key(name) for name in key_env] or ["no key was given"])
        signer = TokenSigner(site, keys)
    except (SecretKeyError, PolicyError) as error:
        could_not(str(error))
    now = time.time()
    found = signer.explain(_own_value(site, value), now, verify=bool(key_env))
    counts = found.counts if key_env else found.choice is not None and not found.reason
    if as_json:
        json_out(_value(site, found, now, counts))
    else:
        _told(site, found, now)
    if not counts:
        leave(FAULTS)


def _key(name: str) -> str:
    key = os.environ.get(name)
    if key is None:
        could_not(f"the environment has no {name}")
    return key


def _own_value(site: Policy, value: str) -> bytes:
    """Return the value of our cookie in what was given."""
    names = {name.encode("ascii") for secure in (True, False) for name in names_to_read(site, secure)}
    text = value.encode("utf-8", "surrogateescape")
    return next((pair.value for pair in parse_cookie_pairs(text) if pair.name in names), text.strip())


def _value(site: Policy, found: Explained, now: float, counts: bool) -> dict[str, object]:
    choice = found.choice
    known: dict[str, object] = {"counts": counts, "signature": found.verified, "reason": found.reason}
    if choice is None:
        return known
    return {
        **known,
        "decided": choice.decided,
        "decided_at": _time(choice.made_at),
        "expires_at": _time(expiry(site, choice)),
        "revision": choice.revision,
        "receipt_id": choice.receipt_id,
        "answers": dict(choice.answers),
        "services": dict(choice.overrides),
        "allows": sorted(effective(site, choice, now).allowed_categories),
        "allows_services": sorted(effective(site, choice, now).allowed_services),
    }


def _told(site: Policy, found: Explained, now: float) -> None:
    choice = found.choice
    if choice is None:
        console.print(f"counts     no: {found.reason}")
        return
    console.print(f"signature  {'right' if found.verified else 'not checked'}")
    sound = "yes" if found.verified else "yes, if its signature is right"
    console.print(f"counts     {f'no: {found.reason}' if found.reason else sound}")
    console.print(f"made       {_time(choice.made_at)}")
    console.print(f"expires    {_time(expiry(site, choice))}")
    console.print(f"revision   {choice.revision}")
    console.print(f"receipt    {choice.receipt_id}")
    for title, answers in (("category", choice.answers), ("service", choice.overrides)):
        for id, answer in answers.items():
            console.print(f"{title:<10} {printable(id)}: {'granted' if answer else 'refused'}")


def _imported(site: Policy, value: str, as_json: bool) -> None:
    found = Importer(site).read(parse_cookie_pairs(value.encode("utf-8", "surrogateescape")))
    consent: Consent | None = None
    if found is not None:
        consent = imported(site, found.answers, found.overrides, decided=found.decided, made_at=found.made_at)
    if as_json:
        json_out(
            {
                "counts": found is not None,
                "decided": consent is not None and consent.decided,
                "answers": dict(found.answers) if found is not None else {},
                "services": dict(found.overrides) if found is not None else {},
                "allows": sorted(consent.allowed_categories) if consent is not None else [],
                "allows_services": sorted(consent.allowed_services) if consent is not None else [],
            }
        )
    elif found is None:
        console.print("counts     no: none of the tools of import_from holds a choice in it")
    else:
        console.print("counts     yes, unsigned: it is as good as that tool")
        for title, answers in (("category", found.answers), ("service", found.overrides)):
            for id, answer in answers.items():
                console.print(f"{title:<10} {printable(id)}: {'granted' if answer else 'refused'}")
    if found is None:
        leave(FAULTS)


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s"
