"""Where in a page a tag stands, as far as that decides what may be put there: in a text that is edited, nothing may; in a
link or a button, nothing that a visitor can press.

The fast path passes tags that fetch nothing unseen. Here stands where it has to stop all the same: at ``contenteditable``, and
within such an element at the tags of its name, so that its end is known; at the elements that a withheld script would fill; at
forms, where a captcha is off of which no element is known; and, while something waits for it, at the end of a link or a button.
``next`` is the nearest such place; one search for each over each stretch of a document finds it. May import the policy's values
and the grammar; ``stream`` and ``fast_path`` ask it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ..limits import LOOK_BACK_BYTES
from ..policy.model import Container
from .emit.patch_buffer import Buffer
from .html import grammar as p
from .html.charrefs import decode_attribute
from .html.tree_builder_simulator import VOID

_EDITABLE: Final = (b"contenteditable", b"contentEditable")
"""As pages write it. Other mixes of case are not looked for: two searches cost what they cost on every page."""
_EDITS: Final = frozenset({"", "true", "plaintext-only"})
WHOLE_PAGE: Final = frozenset({b"html", b"body"})
"""Elements that do not end: what follows their end tag is put into the body all the same."""
_CLOSED_BY_NEXT: Final = {
    name.encode(): within.encode().split()
    for names, within in (("p option", ""), ("li", "ul ol menu"), ("dt dd", "dl"), ("td th tr", "table"))
    for name in names.split()
}
"""Elements without an end tag, often: the next of their name ends them, unless it stands in one of these within it."""
_NOT_HTML: Final = frozenset({b"svg", b"math"})
"""Nobody edits these: contenteditable is an attribute of HTML elements."""
_PRESSED: Final = (b"a", b"button")
_TAGS_OF_PRESSED: Final = re.compile(rb"</?(?:a|button)(?=[" + p.SPACE + rb"/>])", re.I)
_FORMS: Final = re.compile(rb"</?form(?=[" + p.SPACE + rb"/>])", re.I)
_SEARCH: Final = re.compile(rb"search|method[\t\n\f\r ]*=[\t\n\f\r ]*[\"']?get", re.I)
"""A form that no captcha guards."""
_HOLDS: Final = frozenset(b"td th li dd dt".split())
"""Before these nothing may stand but their like."""
_NO_CONTAINERS: Final = frozenset(b"html head body link meta img tr tbody thead tfoot table".split())
_NO_MARKUP: Final = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style|textarea|title|xmp)(?=[" + p.SPACE + rb"/>]).*?(?:</\1|\Z)", re.S
)
_STOPS: Final = frozenset(b"\t\n\f\r />")
_OVERLAP: Final = 64
"""More than what is looked for is long: it may be cut at a buffer's end."""
_LONGEST: Final = 48
"""Elements with longer names are not taken for edited ones."""


@lru_cache(maxsize=64)
def _tags_of(name: bytes) -> re.Pattern[bytes]:
    names = b"|".join([re.escape(name), *_CLOSED_BY_NEXT.get(name, ())])
    return re.compile(rb"</?(?:" + names + rb")(?=[" + p.SPACE + rb"/>])", re.I)


def _sought(containers: Sequence[tuple[bytes, str, str]]) -> list[bytes]:
    """Return what is looked for to find these. Each search costs: a long common beginning stands for all that a service has."""
    names: dict[str, list[bytes]] = {}
    for mark, _, service in containers:
        names.setdefault(service, []).append(mark)
    sought = []
    for marks in names.values():
        first, last = min(marks), max(marks)
        common = next((first[:size] for size in range(len(first), 7, -1) if last.startswith(first[:size])), b"")
        sought += [common] if common else marks
    return sought


def pressed_around(before: bytes) -> frozenset[bytes]:
    """Return which of a link and a button are open at the end of some markup. Neither can hold its like: the last tag tells."""
    text = before.lower()
    if b"<!--" in text or b"</s" in text or b"</t" in text or b"</x" in text:
        text = _NO_MARKUP.sub(b"", text)
    opened = {name: _last(text, b"<" + name) for name in _PRESSED}
    if b"href" not in text[opened[b"a"] : text.find(b">", opened[b"a"])]:
        opened[b"a"] = -1  # a mere name, which many pages never close
    return frozenset(name for name, at in opened.items() if at > _last(text, b"</" + name))


def _form_around(before: bytes) -> bool:
    """Tell whether a form that a captcha may guard is open at the end of some markup. Where all that is looked back to tells
    nothing, one may be: forms are long."""
    text = _NO_MARKUP.sub(b"", before.lower())
    opened = _last(text, b"<form")
    if opened > _last(text, b"</form"):
        return _SEARCH.search(text, opened, text.find(b">", opened)) is None
    return len(before) >= LOOK_BACK_BYTES and b"</form" not in text


def _last(text: bytes, mark: bytes) -> int:
    """Return where the last tag begins that begins with ``mark``, -1 where there is none."""
    at = text.rfind(mark)
    while at >= 0 and (at + len(mark) == len(text) or text[at + len(mark)] not in _STOPS):
        at = text.rfind(mark, 0, at + len(mark) - 1)
    return at


class Surroundings:
    """What is open around the place that a document is read up to. Offsets are those of the current buffer."""

    __slots__ = (
        "_captcha",
        "_containers",
        "_depth",
        "_editor",
        "_guarded",
        "_known",
        "_sought",
        "_told",
        "_watches",
        "next",
        "pressed",
    )

    def __init__(self, *, watches: bool, containers: Sequence[tuple[Container, str]] = ()) -> None:
        """``watches``: False where nothing will be put into the document, nor taken out of it. ``containers``: what tells the
        elements in whose place a placeholder is to stand, each with its service."""
        self._watches = watches
        self._containers = [(one.name.encode("ascii"), one.kind, service) for one, service in containers]
        self._sought = _sought(self._containers) if containers else []
        self._captcha = ""
        """A withheld service that guards forms, and for which no container was seen."""
        self._known: dict[bytes | re.Pattern[bytes], tuple[int, bool]] = {}
        """Where what is looked for stands next; or how far it was looked for in vain."""
        self._told: set[str] = set()
        """Services of which a container was seen."""
        self._guarded = False
        """Whether a form is open that may be one that it guards."""
        self._editor = b""
        self._depth = 0
        self.pressed: frozenset[bytes] = frozenset()
        """Of links and buttons, those that something waits for the end of."""
        self.next = 0
        """The nearest place at which the fast path has to stop; past what was looked through where there is none."""

    @property
    def edited(self) -> bool:
        """True within an element that visitors edit."""
        return self._depth > 0

    def within(self) -> Surroundings:
        """Return the same for a content that is read as a document of its own."""
        inner = Surroundings(watches=self._watches)
        inner._containers, inner._sought = self._containers, self._sought
        inner._editor, inner._depth, inner.pressed = self._editor, self._depth, self.pressed
        return inner

    def look(self, buffer: Buffer, at: int) -> None:
        """Look through what has come."""
        self.find(buffer, max(at, self.next - _OVERLAP))

    def shift(self, gone: int) -> None:
        """Note that the first ``gone`` bytes of the buffer have left."""
        self.next = max(0, self.next - gone)
        self._known = {sought: (place - gone, there) for sought, (place, there) in self._known.items()}

    def find(self, buffer: Buffer, at: int) -> int:
        """Return the nearest place from ``at`` on at which the fast path has to stop: the buffer's end where there is none."""
        self.next = len(buffer)
        if self._watches:
            sought: list[bytes | re.Pattern[bytes]] = [_tags_of(self._editor)] if self._depth else [*_EDITABLE, *self._sought]
            if self.pressed:
                sought.append(_TAGS_OF_PRESSED)
            if self._captcha:
                sought.append(_FORMS)
            for one in sought:
                self.next = min(self.next, self._nearest(one, buffer, at))
        return self.next

    def _nearest(self, sought: bytes | re.Pattern[bytes], buffer: Buffer, at: int) -> int:
        """Return where this stands next, the buffer's end where it does nowhere. That is remembered until it is passed: what
        stands nowhere is looked for once."""
        place, there = self._known.get(sought, (0, False))
        size = len(buffer)
        if place >= at and (there or place >= size):
            return place if there else size
        if not there:
            at = max(at, place - _OVERLAP)
        if isinstance(sought, bytes):
            place = buffer.find(sought, at)
        else:
            found = sought.search(buffer, at)
            place = -1 if found is None else found.start()
        self._known[sought] = (place, True) if place >= 0 else (size, False)
        return place if place >= 0 else size

    def concerns(self, buffer: Buffer, start: int, end: int) -> bool:
        """Tell whether a tag is one at which the fast path has to stop."""
        return (self.next if self.next >= start else self.find(buffer, start)) < end

    def start(self, buffer: Buffer, name: bytes, tag: re.Match[bytes]) -> tuple[str, int] | None:
        """Take such a start tag in HTML content; return the service whose script would fill its element, if one would, and
        where in the buffer its placeholder goes."""
        place = None
        if name == b"form":
            self._guarded = _SEARCH.search(tag[0]) is None
        elif not self._depth and (service := self._filled(name, tag)):
            place = service, tag.end() if name in _HOLDS else tag.start()
            self._told.add(service)
            if service == self._captcha:
                self._captcha = ""
        if self._depth and self._deepens(name):
            self._depth += 1
        elif self._depth == 1 and name == self._editor:
            self._depth = 0
        taken = name not in VOID and name not in p.RAW_TEXT and name not in _NOT_HTML and len(name) <= _LONGEST
        if not self._depth and taken and _editable(tag):
            self._editor, self._depth = name, 1
        self.find(buffer, tag.end())
        return place

    def _deepens(self, name: bytes) -> bool:
        """Tell whether an element of this name, in the edited one, has to end before that can."""
        within = _CLOSED_BY_NEXT.get(self._editor)
        return name == self._editor if within is None else name in within

    def _filled(self, name: bytes, tag: re.Match[bytes]) -> str:
        """Return the service whose script fills the element of a tag, empty where none does."""
        if name in _NO_CONTAINERS or name in p.RAW_TEXT or not self._containers:
            return ""
        told: dict[str, list[bytes]] = {"class": [], "id": [], "attribute": []}
        for found in iter(p.ATTRIBUTE.scanner(tag[0], 1 + len(tag[2])).match, None):  # type: ignore[attr-defined]
            attribute, group = found[1].lower(), found.lastindex or 1
            value = found[group] if group > 1 else b""
            told["attribute"].append(attribute)
            if attribute == b"class" and not told["class"]:
                told["class"] = value.split()
            elif attribute == b"id" and not told["id"]:
                told["id"] = [value]
        return next((service for mark, kind, service in self._containers if mark in told[kind]), "")

    def guard(self, buffer: Buffer, captcha: str, before: bytes, after: int) -> None:
        """Look out for forms from ``after`` on, which this service guards and which would not be sent without it. ``before``:
        the markup up to its script."""
        if not self._depth and captcha not in self._told and captcha != self._captcha:
            if not self._captcha:
                self._guarded = _form_around(before)
            self._captcha = captcha
            self.find(buffer, after)

    @property
    def counts(self) -> bool:
        """Whether end tags tell something."""
        return bool(self._depth or self._captcha)

    def end(self, buffer: Buffer, name: bytes, start: int, after: int) -> tuple[str, int] | None:
        """Take an end tag from ``start`` to ``after``; return the same as ``start`` does."""
        place = None
        guarded = self._guarded
        if name == b"form":
            self._guarded = False
        if self._depth and name not in WHOLE_PAGE and (self._deepens(name) or (self._depth == 1 and name == self._editor)):
            self._depth -= 1
            if not self._depth:
                self._known.pop(_tags_of(self._editor), None)
            self.find(buffer, after)
        elif self._captcha and name == b"form" and not self._depth and guarded:
            place = self._captcha, start
        return place

    def wait(self, buffer: Buffer, pressed: frozenset[bytes], after: int) -> None:
        """Look out for the end of these from ``after`` on."""
        if not pressed <= self.pressed:
            self.pressed |= pressed
            self.find(buffer, after)

    def left(self, name: bytes) -> bool:
        """Take a tag that ends the link or button of its name; tell whether that was all that was waited for."""
        if name not in self.pressed:
            return False
        self.pressed -= {name}
        return not self.pressed


def _editable(tag: re.Match[bytes]) -> bool:
    """Tell whether a tag makes its element one that is edited."""
    for found in iter(p.ATTRIBUTE.scanner(tag[0], 1 + len(tag[2])).match, None):  # type: ignore[attr-defined]
        if found[1].lower() == b"contenteditable":
            group = found.lastindex or 1
            value = found[group].decode("latin-1") if group > 1 else ""
            return decode_attribute(value).strip().lower() in _EDITS
    return False
