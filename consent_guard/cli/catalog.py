"""``consent-guard catalog``: what the catalogue knows.

May import the policy's catalogue and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import asdict

import click
from rich.table import Table

from ..policy.catalogue import CatalogueEntry, catalogue, find, names
from ..policy.faults import guess, near
from ..policy.lifetimes import lifetime_text
from ..policy.model import Container
from .output import FAULTS, console, could_not, error, json_out, leave

as_json = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


@click.group()
def command() -> None:
    """Look up the trackers and embeds that are known already.

    An id that the catalogue knows is enough in a policy: [[services]] id = "youtube".
    """


@command.command("list")
@click.option("--group", metavar="GROUP", help="Only services of this kind, as advertising or video.")
@click.option("--category", metavar="CATEGORY", help="Only services that the catalogue puts into this category.")
@as_json
def list_(group: str | None, category: str | None, as_json: bool) -> None:
    """List the known services."""
    entries = list(catalogue().values())
    groups = sorted({entry.group for entry in entries})
    categories = sorted({str(entry.facts.get("category", "")) for entry in entries})
    for asked, known, what in ((group, groups, "group"), (category, categories, "category")):
        if asked is not None and asked not in known:
            could_not(f"no {what} {asked!r}. {guess(asked, known, 'There are')}")
    _listed(
        [entry for entry in entries if group in (None, entry.group) and category in (None, entry.facts.get("category"))],
        as_json,
    )


@command.command()
@click.argument("words", nargs=-1, required=True)
@as_json
def search(words: tuple[str, ...], as_json: bool) -> None:
    """Search the services for WORDS: in ids, other names, titles, controllers, hosts and cookie names.

    Exit codes: 0 found, 1 nothing found.
    """
    wanted = [_plain(word) for word in words]
    found = [entry for entry in catalogue().values() if all(word in _searched(entry) for word in wanted)]
    _listed(found, as_json)
    if not found:
        known = {word for entry in catalogue().values() for word in _words(entry)}
        hints = [near(word, known) for word in wanted if not any(word in other for other in known)]
        error(
            "nothing known has all of these words. " + (" ".join(filter(None, hints)) or "Try fewer, or a host or cookie name")
        )
        leave(FAULTS)


def _words(entry: CatalogueEntry) -> list[str]:
    """Return the single words by which a service can be found."""
    return _searched(entry).replace("-", " ").replace("_", " ").split()


@command.command()
@click.argument("id")
@as_json
def show(id: str, as_json: bool) -> None:
    """Show all that is known of one service, by its id or another name of it."""
    entry = find(id)
    if entry is None:
        error(f"the catalogue has no service {id!r}. {near(id, names()) or 'Look it up: consent-guard catalog search'}")
        leave(FAULTS)
    value = _value(entry)
    if as_json:
        json_out(value)
        return
    table = Table.grid(padding=(0, 2))
    for key, part in _lines(entry):
        table.add_row(key, "\n".join(part))
    console.print(table)


def _listed(entries: list[CatalogueEntry], as_json: bool) -> None:
    if as_json:
        json_out([_value(entry) for entry in entries])
        return
    table = Table("id", "group", "category", "title", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(entry.id, entry.group, entry.service.category, _text(entry))
    console.print(table)
    click.echo(f"{len(entries)} {'service' if len(entries) == 1 else 'services'}", err=True)


def _value(entry: CatalogueEntry) -> dict[str, object]:
    service = entry.service
    return {
        "id": entry.id,
        "aliases": list(entry.aliases),
        "group": entry.group,
        "category": service.category,
        "title": dict(service.title),
        "purpose": dict(service.purpose),
        "controller": asdict(service.controller) if service.controller is not None else None,
        "hosts": [rule.text for rule in service.hosts],
        "cookies": [
            {"name": rule.name, "lifetime": lifetime_text(rule.lifetime), "purpose": dict(rule.purpose)}
            for rule in service.cookies
        ],
        "inline": [{"host": signature.host, "global": signature.global_} for signature in service.inline],
        "stubs": list(service.stubs),
        "embed": service.embed,
        "containers": [_container(one) for one in service.containers],
        "consent_types": list(service.consent_types),
        "sources": list(entry.sources),
    }


def _lines(entry: CatalogueEntry) -> Iterable[tuple[str, list[str]]]:
    service = entry.service
    yield "id", [entry.id]
    if entry.aliases:
        yield "also called", [", ".join(entry.aliases)]
    yield "title", [_text(entry)]
    yield "group", [entry.group]
    yield "category", [service.category]
    if service.purpose:
        yield "purpose", [service.purpose.get("en") or next(iter(service.purpose.values()))]
    if service.controller is not None:
        yield "controller", [part for part in (service.controller.name, service.controller.policy_url) if part]
    yield "hosts", [rule.text for rule in service.hosts]
    yield (
        "cookies",
        [f"{rule.name}  {lifetime_text(rule.lifetime) or 'lifetime not known'}" for rule in service.cookies]
        or ["none known on your domain"],
    )
    if service.inline:
        yield "inline", [f"{signature.host} with {signature.global_}" for signature in service.inline]
    if service.stubs:
        yield "stubs", [", ".join(service.stubs)]
    if service.embed:
        yield "embed", [service.embed]
    if service.containers:
        yield "containers", [", ".join(map(_container, service.containers))]
    if service.consent_types:
        yield "consent types", [", ".join(service.consent_types)]
    yield "sources", list(entry.sources)


def _text(entry: CatalogueEntry) -> str:
    title = entry.service.title
    return title.get("en") or next(iter(title.values()), entry.id)


def _container(container: Container) -> str:
    """Return a container as policies write it."""
    return {"class": ".{}", "id": "#{}", "attribute": "[{}]"}[container.kind].format(container.name)


def _searched(entry: CatalogueEntry) -> str:
    service = entry.service
    parts = [entry.id, *entry.aliases, entry.group, *service.title.values(), *(rule.text for rule in service.hosts)]
    parts += [rule.name for rule in service.cookies]
    if service.controller is not None:
        parts.append(service.controller.name)
    return _plain("\n".join(parts))


def _plain(text: str) -> str:
    """Return text without case and accents, for comparing."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
