"""Reading ``[[paths]]``: parts of a site that are guarded otherwise, by globs of whole segments. The first that matches counts.

May import the policy's values, the table reader and the fault collector. The loader calls it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast, get_args

from .faults import FaultList, listing
from .model import PathBody, PathEnforcement, PathRule
from .tables import Table

PATH_KEYS: Final = ("glob", "enforcement", "banner", "bodies")
_EXAMPLE: Final = '[[paths]] with glob = "/admin/**"'
_MEND: Final = 'Write a path of this site, as in "/admin/**": "*" stands for one segment or a part of it, "**" for any number'


def read_paths(root: Table, own_path: str) -> tuple[PathRule, ...]:
    """Return the rules of a document. ``own_path`` is where our own pages live, which no rule reaches."""
    found: list[tuple[str, PathRule]] = []
    for table in root.tables("paths", PATH_KEYS, _EXAMPLE):
        glob = table.string("glob")
        if not table.has("glob"):
            table.missing("glob", _MEND)
            continue
        kinds = get_args(PathBody)
        bodies: list[PathBody] = []
        for where, value in table.strings("bodies"):
            if value in kinds:
                bodies.append(cast(PathBody, value))
            else:
                table.faults.add(where, f"{value!r} is no kind of body that is read for HTML", f"Write one of {listing(kinds)}")
        enforcement = table.option("enforcement", get_args(PathEnforcement), "enforce") if table.has("enforcement") else None
        banner = table.boolean("banner", True) if table.has("banner") else None
        found.append((table.path, PathRule(glob, enforcement, banner, tuple(dict.fromkeys(bodies)))))
    check_paths(found, own_path, root.faults)
    return tuple(rule for _, rule in found)


def check_paths(rules: Sequence[tuple[str, PathRule]], own_path: str, faults: FaultList) -> None:
    """Note globs that are none, that can match nothing, and rules that say nothing. Each rule comes with its key path."""
    earlier: list[tuple[str, PathRule]] = []
    for where, rule in rules:
        at = f"{where}.glob"
        wrong = next(_wrong(rule.glob, own_path), None)
        if wrong is not None:
            faults.add(at, f"{rule.glob!r} {wrong}", _MEND)
            continue
        twin = next(((place, other) for place, other in earlier if other.glob == rule.glob), None)
        wider = next(((place, other) for place, other in earlier if _holds(other.glob, rule.glob)), None)
        if twin is not None:
            faults.add(at, f"{rule.glob!r} stands already in {twin[0]}: only the first counts", "Leave one of the two out")
        elif wider is not None:
            message = f"{rule.glob!r} can match nothing: {wider[1].glob!r} ({wider[0]}) takes all of it first"
            faults.add(at, message, "Put the narrower rule first")
        if rule.enforcement is None and rule.banner is None and not rule.bodies:
            faults.add(where, "says nothing", "Give it enforcement, banner or bodies, or leave it out")
        earlier.append((where, rule))


def _wrong(glob: str, own_path: str) -> Iterator[str]:
    segments = glob.split("/")
    if not glob.startswith("/"):
        yield 'does not begin with "/", and can match nothing'
    if "?" in glob or "#" in glob:
        yield "holds a query or a fragment, and can match nothing"
    if {".", ".."} & set(segments) or "" in segments[1:-1]:
        yield "holds a segment that is resolved before, and can match nothing"
    if any("**" in segment and segment != "**" for segment in segments):
        yield 'has "**" within a segment'
    if segments.count("**") > 1:
        yield 'has "**" twice'
    if any(segment.count("*") > 1 and segment != "**" for segment in segments):
        yield 'has "*" twice in one segment'
    if glob == own_path or glob.startswith(f"{own_path}/"):
        yield "names our own pages, which no rule reaches"


def _holds(wide: str, narrow: str) -> bool:
    """Tell whether all that ``narrow`` can match, ``wide`` matches too. Only what is certain is told."""
    if not wide.endswith("/**") or "*" in wide[:-3]:
        return False
    stem = wide[:-3]
    return narrow == stem or narrow.startswith(f"{stem}/")
