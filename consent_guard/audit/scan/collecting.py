"""What a scan gathers while it runs, and makes a report of at its end.

May import the report's values and the policy. Both scanners add to it; the command asks it for the report.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ...policy.model import Basis, Policy
from ..beside import with_catalogue
from ..problems import Unreadable
from ..report import Problem, Report, Screenshot, Visit

Progress = Callable[[str, int, int], None]
"""Told the address that is looked at now, how many came before it, and how many are known."""


def no_progress(address: str, done: int, known: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Gathered:
    """The visits, problems and notes so far."""

    visits: list[Visit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    screenshots: list[Screenshot] = field(default_factory=list)
    browser: str = ""
    started: float = field(default_factory=time.time)

    def note(self, text: str) -> None:
        """Remember what a reader must know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def problem(self, error: Unreadable) -> None:
        """Remember what could not be looked at, once."""
        if error.problem not in self.problems:
            self.problems.append(error.problem)

    def report(
        self,
        target: str,
        policy: Policy,
        policy_name: str,
        accepted: frozenset[str] = frozenset(),
        *,
        fails_on_unlisted: bool = False,
    ) -> Report:
        """Return the report of what was gathered."""
        absent = [visit.page for visit in self.visits if visit.own_banner and not visit.manage_link]
        if absent:
            pages = "1 page has" if len(set(absent)) == 1 else f"{len(set(absent))} pages have"
            self.note(
                f'{pages} no link to the choices (data-cg="manage"): withdrawing must be as easy as granting ({absent[0]})'
            )
        return Report(
            target=target,
            policy=policy_name,
            browser=self.browser,
            started=self.started,
            seconds=time.time() - self.started,
            visits=tuple(self.visits),
            problems=tuple(self.problems),
            notes=tuple(self.notes),
            screenshots=tuple(self.screenshots),
            accepted=accepted,
            titles=_titles(with_catalogue(policy)),
            own_path=policy.path,
            fails_on_unlisted=fails_on_unlisted,
            languages=policy.languages,
            categories=tuple(one.id for one in sorted(policy.categories, key=lambda one: one.basis is not Basis.CONSENT)),
            homes={one.id: one.category for one in policy.services},
        )


_LANGUAGE: Final = "en"
"""Reports are in English, as the tools are."""


def _titles(policy: Policy) -> dict[str, str]:
    titled = [(one.id, one.title) for one in policy.categories] + [(one.id, one.title) for one in policy.services]
    return {id: policy.text(title, _LANGUAGE) or id for id, title in titled}
