"""``consent-guard init``: a first policy from what a site's pages are seen to use.

May import ``audit``, the policy's starter and ``output``. The table in ``app`` registers it.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import click

from ..audit.printable import printable
from ..audit.problems import Unreadable
from ..audit.reading.crawling import CrawlLimits
from ..audit.reading.fetching import PAGE_BYTES, PAGE_SECONDS
from ..audit.reading.page_notes import Noting, PageNotes
from ..audit.reading.targets import Limits, open_target
from ..audit.reports.proposals import Proposal, propose
from ..audit.scan.collecting import Gathered
from ..audit.scan.static_scan import StaticScan
from ..policy.catalogue import catalogue, find, names
from ..policy.faults import guess
from ..policy.guidance.starter import Starter, known_categories, known_languages, starter_policy
from ..policy.hosts import HostIndex
from ..policy.model import Basis, Policy
from ..policy.regimes import REGIMES
from .output import console, could_not, error, error_console, json_out
from .past_guard import PastGuard
from .progress import page_progress
from .spoken import Spoken, offered

_FALLBACK = ("en",)
"""The languages of a site whose pages do not say theirs."""


@click.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("-o", "--output", default="consent.toml", show_default=True, metavar="FILE", help="The file; - is stdout.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing: take what is proposed.")
@click.option("--service", "wanted", multiple=True, metavar="ID", help="Add this service of the catalogue; several.")
@click.option("--without", multiple=True, metavar="ID", help="Leave this proposed service out; several.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="TAG",
    help="A language of the site; several. Default: what the pages say.",
)
@click.option("--regime", type=click.Choice(list(REGIMES)), help="The law whose defaults and advice to take.")
@click.option("--first-party", multiple=True, metavar="DOMAIN", help="A domain of your own; several.")
@click.option("--site", metavar="URL", default="", help="The address that saved pages are from, or that an app is reached at.")
@click.option("--max-pages", type=click.IntRange(1), default=5, show_default=True, help="At most so many pages of a site.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=PAGE_SECONDS, help="Seconds for one page.")
@click.option("--json", "as_json", is_flag=True, help="Write what was found as JSON, and no file.")
def command(
    targets: tuple[str, ...],
    output: str,
    force: bool,
    yes: bool,
    wanted: tuple[str, ...],
    without: tuple[str, ...],
    languages: tuple[str, ...],
    regime: str | None,
    first_party: tuple[str, ...],
    site: str,
    max_pages: int,
    timeout: float,
    as_json: bool,
) -> None:
    """Write a first policy file.

    TARGET is a saved page or a folder of them, a site's address (https://…), or an app as module:app. Its pages are read as a
    browser without scripts would read them, and the services that they refer to are proposed; what scripts load later cannot be
    seen this way. An app or a site that is guarded already is read as after accepting everything. Without TARGET, name
    services with --service, or when asked.

    Exit codes: 0 written, 2 a target could not be read, or nothing could be written.
    """
    if output != "-" and Path(output).exists() and not force and not as_json:
        could_not(f"{output} is there already; --force writes over it")
    heard: Counter[str] = Counter()
    proposal = _look(targets, Limits(timeout, PAGE_BYTES), site, max_pages, heard)
    spoken, strange = offered(heard, known_languages())
    if as_json:
        json_out({**proposal.plain(), "languages": list(spoken)})
        return
    _tell(proposal, targets)
    _tell_languages(languages, spoken, strange)
    services = {id: found.category for id, found in proposal.services.items()}
    services |= {id: catalogue()[id].service.category for id in map(_known, wanted)}
    for id in map(_known, without):
        services.pop(id, None)
    if not yes:
        try:
            services, languages, regime = _ask(services, languages, spoken, regime)
        except click.Abort as abort:
            if isinstance(abort.__context__, EOFError):
                could_not("the input ended before every question was answered; --yes takes what is proposed")
            raise
    text = starter_policy(
        Starter(
            services={id: home for id, home in services.items() if home in known_categories()},
            languages=_languages(languages or spoken or _FALLBACK),
            regime=regime or "",
            first_party=first_party,
            hosts=tuple(proposal.hosts),
            cookies=tuple(proposal.cookies),
            own_hosts={id: found.hosts for id, found in proposal.services.items() if found.hosts},
            reasons={id: found.reason for id, found in proposal.services.items() if found.reason},
        )
    )
    _write(text, output)


def _look(targets: tuple[str, ...], limits: Limits, site: str, max_pages: int, heard: Counter[str]) -> Proposal:
    """Read the targets' pages against the whole catalogue, and hear their languages. Ends the command with code 2 where one
    cannot be read."""
    policy = _asking_for_all()
    index = HostIndex(policy)
    held: dict[str, dict[str, None]] = {}
    notes = PageNotes(policy, index)
    gathered = Gathered()
    for target in targets:
        visited = len(gathered.visits)
        try:
            past = PastGuard(open_target(target, limits, site))
            source = Spoken(Noting(past, index, held, notes), heard)
            with source, page_progress() as progress:
                StaticScan(policy, gathered, limits=CrawlLimits(pages=max_pages), progress=progress).run(source)
        except Unreadable as reason:
            could_not(str(reason))
        if len(gathered.visits) == visited:
            could_not("; ".join(map(str, gathered.problems)) or f"{target}: no page was found")
        for sentence in past.told:
            error(f"{target}: {sentence}")
    for problem in gathered.problems:
        error(str(problem))
    return propose(gathered.report(", ".join(targets), policy, "the whole catalogue"), held, notes.own, notes.asked_for)


def _asking_for_all() -> Policy:
    """The whole catalogue with every service under consent, the necessary ones too: what needs no consent is not seen. A host
    in a script is enough: a proposal is read by people, and a service that is not proposed is not gated."""
    policy = replace(Policy.load(None), inline_scripts="mention")
    return replace(policy, categories=tuple(replace(category, basis=Basis.CONSENT) for category in policy.categories))


def _tell(proposal: Proposal, targets: tuple[str, ...]) -> None:
    if not targets:
        return
    known = catalogue()
    for id, found in proposal.services.items():
        title = known[id].service.title.get("en", id)
        error_console.print(f"found    {id:<28} {printable(title)}: {printable(', '.join(found.seen[:3]))}")
        if found.reason:
            error_console.print(f"         proposed as necessary: {found.reason}")
    if "google-tag-manager" in proposal.services:
        error_console.print(
            "note     what the tag manager's container loads waits for campaigns, Google Analytics in it too:"
            " who grants audience measurement alone is not measured by it"
        )
    for host in proposal.hosts:
        error_console.print(f"unknown  {printable(host)}")
    for name in proposal.cookies:
        error_console.print(f"unknown  cookie {printable(name)}")
    if not proposal.services:
        error_console.print("no service of the catalogue was found in these pages")


def _tell_languages(wanted: tuple[str, ...], spoken: tuple[str, ...], strange: tuple[str, ...]) -> None:
    if strange:
        tags = ", ".join(f'"{printable(tag)}"' for tag in strange)
        error_console.print(f"no purposes are written in {tags} yet, the language of some pages")
    if spoken and not wanted:
        error_console.print(f"language {printable(', '.join(spoken))}: what the pages say")


def _ask(
    services: dict[str, str], languages: tuple[str, ...], spoken: tuple[str, ...], regime: str | None
) -> tuple[dict[str, str], tuple[str, ...], str | None]:
    """Ask for what the flags left open."""
    kept = {id: home for id, home in services.items() if click.confirm(f"Add {id} ({home})?", default=True, err=True)}
    more = click.prompt("Further services of the catalogue, by id, with commas", default="", show_default=False, err=True)
    for id in (_known(word.strip()) for word in more.split(",") if word.strip()):
        kept[id] = catalogue()[id].service.category
    if not languages:
        answer = click.prompt("Languages of the site, with commas", default=", ".join(spoken or _FALLBACK), err=True)
        languages = tuple(word.strip() for word in answer.split(",") if word.strip())
    if regime is None:
        answer = click.prompt("Law to take advice from", type=click.Choice(["none", *REGIMES]), default="none", err=True)
        regime = None if answer == "none" else answer
    return kept, languages, regime


def _known(id: str) -> str:
    entry = find(id)
    if entry is None:
        could_not(f"the catalogue has no service {id!r}. {guess(id, names(), 'It has')}")
    return entry.id


def _languages(languages: tuple[str, ...]) -> tuple[str, ...]:
    known = known_languages()
    tags = tuple(dict.fromkeys(tag.lower() for tag in languages))
    for tag in tags:
        if tag not in known:
            could_not(f"no purposes are written in {tag!r} yet. {guess(tag, known, 'There are')} Write another one in later")
    return tags


def _write(text: str, output: str) -> None:
    if output == "-":
        click.echo(text, nl=False)
        return
    try:
        with contextlib.suppress(FileExistsError):
            Path(output).parent.mkdir(parents=True)
        Path(output).write_text(text, encoding="utf-8")
    except OSError as fault:
        could_not(f"{output}: cannot be written ({fault.strerror or fault})")
    console.print(f"{output} is written. Next: consent-guard check {output}")
