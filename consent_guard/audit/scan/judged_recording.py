"""What a recording saw, judged by the policy in one state: each thing once, as a sighting.

May import ``contacts``, ``recording`` and the report's values. The browser scan asks it, for each page and for each choice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...policy.model import Policy
from ...wire.origins import covers
from ..report import Sighting, Sort, State, Verdict, host_of, without_query
from .contacts import Contacts, Judged
from .recording import Asked, Kept
from .states import consent_in

Stored = tuple[bool, str, str, str]
"""``Kept.identity``."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One page in one state."""

    page: str
    """What reports call it."""
    url: str
    """Where the browser is: whose cookies and hosts are its own."""
    state: State
    held: Mapping[Stored, str]
    """What the profile held when the recording began, and its content."""
    record: Collection[Stored] = ()
    """Of that, what keeps the visitor's choice for another banner."""


class RecordingJudge:
    """Judges recordings by one policy."""

    def __init__(self, policy: Policy) -> None:
        self._contacts = Contacts(policy)
        self._consents = {state: consent_in(policy, state) for state in State}

    def sightings(
        self, scene: Scene, asked: Sequence[Asked], kept: Sequence[Kept], headers: Sequence[tuple[bytes, bytes]] = ()
    ) -> tuple[Sighting, ...]:
        """Return what was asked for and stored, and what the document's header fields make the browser contact later."""
        return tuple(dict.fromkeys(self._sightings(scene, asked, kept, headers)))

    def _sightings(
        self, scene: Scene, asked: Sequence[Asked], kept: Sequence[Kept], headers: Sequence[tuple[bytes, bytes]]
    ) -> Iterator[Sighting]:
        consent = self._consents[scene.state]
        met: set[str] = set()
        for one in asked:
            if one.kind in _HINTS:
                judged = self._contacts.hint(one.url, scene.url, consent)
            else:
                judged = self._contacts.request(one.url, scene.url, consent)
            # A hint for a host that is contacted in any case says nothing more.
            if judged is None or (one.kind in _HINTS and judged.host in met):
                continue
            met.add(judged.host)
            yield _sighting(scene, Sort.REQUEST, judged, one.kind, one.initiator, excerpt=without_query(one.url))
        for judged, where in self._contacts.headers(headers, scene.url, consent):
            if where != "Link" or judged.host not in met:
                yield _sighting(scene, Sort.HEADER, judged, where, "")
        for thing in kept:
            if scene.held.get(thing.identity) == thing.content and not thing.written:
                continue
            judged = self.of_kept(thing, scene.url, scene.state)
            if judged is None:
                continue
            if thing.identity in scene.record and judged.verdict is Verdict.LEAK and not judged.listed:
                judged = judged.reported()
            sort = Sort.COOKIE if thing.is_cookie else Sort.STORAGE
            yield _sighting(scene, sort, judged, thing.how, thing.initiator, name=thing.name)

    def of_kept(self, thing: Kept, url: str, state: State) -> Judged | None:
        """Return what is to be said of a cookie or key."""
        consent = self._consents[state]
        if thing.is_cookie:
            return self._contacts.cookie(thing.name, thing.place, url, consent)
        return self._contacts.key(thing.name, thing.place, url, consent)

    def choice(self, url: str, state: State, before: Sequence[Kept], after: Sequence[Kept]) -> Remembered:
        """Return which of the cookies and keys that a choice left behind are the choice itself.

        Our own cookie where there is one, else whatever is new or has changed and waits for no consent. What does wait was not
        needed to remember the choice; if pages store it after the choice, they are to be seen doing so.
        """
        held = {one.identity: one.content for one in before}
        lasting = [one for one in after if one.how != "sessionStorage"]
        fresh = [one for one in lasting if one.written or held.get(one.identity) != one.content]
        ours = frozenset(one.identity for one in fresh if one.is_cookie and self._contacts.is_ours(one.name))
        if ours:
            return Remembered(ours, frozenset())
        carried = [one for one in fresh if not self._contacts.waits(self.of_kept(one, url, state))]
        new = [one for one in carried if one.identity not in held and (not one.is_cookie or covers(one.place, host_of(url)))]
        return Remembered(frozenset(one.identity for one in carried), frozenset(one.identity for one in new))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What of a profile keeps a choice."""

    carried: frozenset[Stored]
    """Everything that a visitor who has chosen brings to the next page."""
    record: frozenset[Stored]
    """Of that, what was not there before: another banner's own record, which no policy can want to block."""


_HINTS = ("preconnect", "dns-prefetch")


def _sighting(
    scene: Scene, sort: Sort, judged: Judged, where: str, initiator: str, *, name: str = "", excerpt: str = ""
) -> Sighting:
    started_by = host_of(initiator)
    return Sighting(
        state=scene.state,
        page=scene.page,
        sort=sort,
        host=judged.host,
        verdict=judged.verdict,
        name=name,
        service=judged.service,
        category=judged.category,
        rule=judged.rule,
        where=where,
        initiator="" if started_by == host_of(scene.url) else started_by,
        excerpt=excerpt,
    )
