"""``consent-guard check``: every fault of a policy at once; without faults, advice.

May import the policy package, the headers made of it, the pages' languages, the ledger and ``output``. The table in ``app``
registers it.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..audit.printable import printable
from ..consent.keys import LEAST_KEY_BYTES, SHORT_KEY_BYTES
from ..consent.terms import terms_of
from ..csp.header import ConsentHeaders, PolicyHeader
from ..csp.sources import names_countries
from ..errors import Fault, LedgerError, PolicyError
from ..limits import CSP_HEADER_BYTES
from ..pages.missing import missing_texts
from ..policy.guidance.advice import Advice, advise
from ..policy.model import Basis, Policy
from ..policy.regimes import REGIMES
from .output import FAULTS, console, could_not, counted, error_console, json_out, leave


@click.command()
@click.argument("policy", type=click.Path(dir_okay=False), default="consent.toml")
@click.option("--key-env", metavar="NAME", help="Look at the secret key in this environment variable, too.")
@click.option(
    "--app",
    metavar="MODULE:APP",
    help="Look at how this app uses the policy, too: its key, its scheme, its answer to a refusal.",
)
@click.option("--ledger", "ledger_url", metavar="URL", help="Look whether this ledger of receipts can be reached, too.")
@click.option("--diff", "old", metavar="OLD", help="Tell what has changed since this older POLICY file, in place of advice.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object: faults and advice.")
@click.option("--strict", is_flag=True, help="Leave with code 1 where there is advice, too.")
def command(
    policy: str, key_env: str | None, app: str | None, ledger_url: str | None, old: str | None, as_json: bool, strict: bool
) -> None:
    """Tell every fault of a POLICY file (consent.toml, unless you name one); where there is none, what is unwise in it, with
    the rule that says so.

    Advice names rules by their ids; docs/rules.md restates them. It is no legal advice, and its absence no proof of compliance.

    Exit codes: 0 no faults, 1 faults (with --strict: or advice; with --diff: or differences), 2 a file cannot be read.
    """
    if old is not None and (key_env or app or ledger_url or strict):
        raise click.UsageError("--diff stands with --json alone: it tells differences in place of advice")
    try:
        found = Policy.load(Path(policy))
    except PolicyError as error:
        _faults(error.faults, policy, as_json)
    except OSError as error:
        could_not(f"{Path(policy).absolute()}: {error.strerror or error}. consent-guard init writes a first policy")
    if old is not None:
        from .differences import compare

        compare(old, policy, found, as_json=as_json)
        return
    advice = [*advise(found), *(Advice("texts", sentence, ("L45",)) for sentence in missing_texts(found))]
    headers = _headers(found)
    advice += _widened(headers, found)
    if key_env is not None:
        if faults := _key_faults(key_env):
            _faults(faults, policy, as_json)
        advice += _key(key_env)
    if app is not None:
        from .deployment import deployed

        advice += deployed(app, found)
    if ledger_url is not None:
        advice += _ledger(ledger_url)
    if as_json:
        json_out(
            {
                "policy": policy,
                "regime": found.regime or None,
                "faults": [],
                "csp": {state: header.length for state, header in headers.items()} or None,
                "advice": [{"path": a.path, "message": a.message, "rules": list(a.sources)} for a in advice],
            }
        )
    else:
        _show(advice, policy, found)
        _show_lengths(headers, found)
    if strict and advice:
        leave(FAULTS)


def _faults(faults: tuple[Fault, ...], policy: str, as_json: bool) -> None:
    if as_json:
        told = [{"path": fault.path, "message": fault.message, "mend": fault.mend} for fault in faults]
        json_out({"policy": policy, "regime": None, "faults": told, "csp": None, "advice": []})
    else:
        for fault in faults:
            console.print(f"fault   {printable(str(fault))}", style="red")
        error_console.print(f"{printable(policy)}: {counted(len(faults), 'fault')}")
    leave(FAULTS)


def _show(advice: list[Advice], policy: str, found: Policy) -> None:
    for piece in advice:
        console.print(f"advice  {printable(str(piece))}")
    named = f", regime {REGIMES[found.regime].title}" if found.regime else ""
    error_console.print(f"{printable(policy)}: no faults, {counted(len(advice), 'piece')} of advice{named}")


def _headers(policy: Policy) -> dict[str, PolicyHeader]:
    """Return the Content-Security-Policy that pages carry before a choice, and once everything is granted."""
    headers = ConsentHeaders(policy)
    if not headers:
        return {}
    exempt = {service.id for service in policy.services if policy.category(service.category).basis is Basis.EXEMPT}
    states = {
        "before a choice": terms_of(policy).needed | exempt,
        "with everything granted": frozenset(service.id for service in policy.services),
    }
    return {state: headers.of(frozenset(allowed), "", policy.path) for state, allowed in states.items()}


def _widened(headers: dict[str, PolicyHeader], policy: Policy) -> list[Advice]:
    """What is to say of headers that let more through than is allowed."""
    every = frozenset(service.id for service in policy.services)
    mend = "; name the countries that count in csp_countries" if names_countries(policy, every) else ""
    told = "{state}, {where} lets {subject} through: the hosts allowed do not fit{mend}"
    return [
        Advice("policy.csp", told.format(state=state, where=finding.where, subject=finding.subject, mend=mend), ("L01",))
        for state, header in headers.items()
        for finding in header.widened
    ]


def _show_lengths(headers: dict[str, PolicyHeader], policy: Policy) -> None:
    own = "" if policy.first_party else "; your own domain comes to it, unless first_party names it"
    for state, header in headers.items():
        console.print(f"csp     {header.length} bytes {state}, of {CSP_HEADER_BYTES} at most{own}")


def _ledger(url: str) -> list[Advice]:
    """What is to say of a ledger: that it cannot be reached, is damaged, or has no tables of this version. A SQLite file that
    is not there yet is none of these where it can be made."""
    from .ledgers import the_ledger

    address = the_ledger(url).address
    from ..ledger.connecting import reading

    if address.file is not None and not os.path.exists(address.file):
        folder = address.file.parent
        if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
            message = (
                f"grants are answered with 503 and refusals wait: {folder} is no folder that {address.shown} can be made in"
            )
            return [Advice("ledger", message, ("L26",))]
        error_console.print(f"note    {printable(address.shown)} is not there yet: the app makes it with the first choice")
        return []
    try:
        with reading(address):
            return []
    except LedgerError as error:
        return [Advice("ledger", f"grants are answered with 503 and refusals wait: {error}", ("L26",))]


def _key_faults(name: str) -> tuple[Fault, ...]:
    """Return the fault of a key that no app starts with."""
    length = _key_length(name)
    if not 0 < length < LEAST_KEY_BYTES:
        return ()
    message = f"the secret key is {length} bytes long; the app refuses one under {LEAST_KEY_BYTES}"
    return (Fault(f"${name}", message, "consent-guard keys new makes one"),)


def _key(name: str) -> list[Advice]:
    """What is to say of a key that an environment variable holds. The key itself is never shown."""
    length = _key_length(name)
    if not length:
        return [Advice(f"${name}", "no secret key is there; consent-guard keys new makes one", ("K2",))]
    if length < SHORT_KEY_BYTES:
        message = f"the secret key is {length} bytes long; {SHORT_KEY_BYTES} random ones are hard to guess"
        return [Advice(f"${name}", message, ("K2",))]
    return []


def _key_length(name: str) -> int:
    """Return how many bytes the key has; 0 where there is none."""
    value = os.environ.get(name, "")
    return len(value.encode("utf-8", "surrogateescape")) if value.strip() else 0
