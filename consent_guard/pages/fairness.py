"""What a site's own templates must still hold, whatever they look like: that the choice is asked fairly, can be made, is shown
as it is stored, and is declared in full.

May import policy and this package. ``overriding`` asks it of everything that it rendered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..policy.model import Basis, Policy
from .forms import Control, Form, Markup, read_markup
from .sample_renders import NEXT, SampleRender
from .surface import Surface

Unfair = tuple[str, str]
"""What is wrong, and the mend."""

_LOOKS: Final = ("class", "style", "type")
_ASK: Final = "A banner asks fairly: two buttons, accept and refuse, of one class (docs/appearance.md)"
_BOTH_ALIKE: Final = "Give both buttons the same attributes and the same elements inside (L20)"
_UNTICKED: Final = "what a visitor did not tick is no consent (L09)"
_HIDDEN: Final = '<input type="hidden" name="next" value="{{ %s.next }}" />'


def unfair(sample: SampleRender, rendered: bytes) -> Iterator[Unfair]:
    """Yield what one rendered template lacks."""
    surface, policy = sample.surface, sample.surface.policy
    markup = read_markup(rendered)
    if sample.name == "banner":
        yield from _banner(policy, markup)
        for purpose in surface.texts(sample.language)[0].purposes:
            if purpose.basis != Basis.NECESSARY and _joined(purpose.title.text) not in markup.text:
                mend = "Name every purpose before the buttons: policy.purposes holds them (L11, L40)"
                yield f"the purpose {purpose.title.text!r} is not named", mend
    elif sample.name in ("preferences", "fragment") and not policy.imports:
        yield from _preferences(policy, markup, sample)
    elif sample.name == "closing":
        for id, value in (("cg-allow", "allow"), ("cg-once", "once")):
            form = next((form for form in markup.forms if form.attributes.get("id") == id), None)
            if form is not None:
                yield from _posting(form, f"the form {id!r}", policy, "hole")
                if form.hidden("choice") != value:
                    field = f'<input type="hidden" name="choice" value="{value}" />'
                    yield f"the form {id!r} does not send choice={value}", f"Put {field} in it"
    elif sample.name in ("declaration", "declaration_file"):
        yield from _declaration(surface, sample.language, markup)


def _banner(policy: Policy, markup: Markup) -> Iterator[Unfair]:
    accept, refuse = markup.form_of("choice", "accept"), markup.form_of("choice", "refuse")
    if accept is None or refuse is None:
        absent = " and ".join(value for value, found in (("accept", accept), ("refuse", refuse)) if found is None)
        mend = f'{_ASK}, in a form: <button type="submit" name="choice" value="refuse">'
        yield f"accepting and refusing are not equal: no form has a button for {absent}", mend
        return
    if not _alike(accept[1], refuse[1]):
        yield "accepting and refusing are not equal", f"{_ASK}. {_BOTH_ALIKE}"
    for value, (form, button) in (("accept", accept), ("refuse", refuse)):
        if not button.usable:
            mend = "Leave out hidden, disabled, inert, aria-hidden, and types other than submit"
            yield f"nobody can press the button {value!r}", mend
        if not button.text.strip():
            yield f"the button {value!r} says nothing", f"Write words.say('banner.{value}') in it"
        if form is accept[0] and value == "refuse":
            continue
        yield from _posting(form, f"the form of the button {value!r}", policy, "hole")
    ticked = [one for one in markup.controls if "checked" in one.attributes and "disabled" not in one.attributes]
    if ticked:
        name = ticked[0].get("value") or ticked[0].get("name") or ticked[0].get("id")
        yield f"the box {name!r} is ticked beforehand", f"Leave checked out: {_UNTICKED}"
    chooses = markup.form_of("choice", "save") is not None
    if policy.path not in {link.partition("?")[0].rstrip("/") for link in markup.links} and not chooses:
        mend = 'Link to the preferences, as ours does: <a href="{{ hole.base }}"> (L11)'
        yield "no way leads to a choice purpose by purpose", mend


def _alike(one: Control, other: Control) -> bool:
    return all(one.get(name) == other.get(name) for name in _LOOKS) and one.inside == other.inside


def _posting(form: Form, name: str, policy: Policy, source: str) -> Iterator[Unfair]:
    """Yield why a form would not carry a choice to us and its visitor back."""
    base = "{{ hole.base }}" if source == "hole" else "{{ view.base }}"
    if form.attributes.get("method", "").lower() != "post":
        yield f"{name} does not post", f'Write <form method="post" action="{base}">: only a post makes a choice'
    if form.attributes.get("action", "").rstrip("/") != policy.path:
        yield f"{name} posts to {form.attributes.get('action', '')!r}", f'Write action="{base}"'
    if form.hidden("next") != NEXT:
        yield f"{name} has no hidden next, so nobody is led back to the page", f"Put {_HIDDEN % source} in it"


def _preferences(policy: Policy, markup: Markup, sample: SampleRender) -> Iterator[Unfair]:
    saved = markup.form_of("choice", "save")
    forms: list[Form] = []
    for value in ("save", "refuse", "accept"):
        together = saved is not None and saved[0].button("choice", value)
        found = (saved[0], together) if saved is not None and together else markup.form_of("choice", value)
        if found is None or not found[1].usable:
            yield f"no button with the value {value!r}", "The preferences let everything be accepted, refused and saved"
        elif all(found[0] is not form for form in forms):
            forms.append(found[0])
            yield from _posting(found[0], f"the form of the button {value!r}", policy, "view")
    if saved is None:
        return
    boxes = {box.get("value"): box for box in saved[0].boxes("allow")}
    asked = [category.id for category in policy.categories if category.basis is not Basis.NECESSARY]
    for id in asked:
        if id not in boxes:
            box = f'<input type="checkbox" name="allow" value="{id}">'
            yield f"the purpose {id!r} has no box", f"Put {box} in the form that saves, as choices.html.j2 does (L11)"
    allowed = sample.consent.allowed_categories | sample.consent.allowed_services
    known = {*asked, *(service.id for service in policy.services if service.category in asked)}
    for id, one in boxes.items():
        ticked = "checked" in one.attributes
        if id in known and ticked and id not in allowed:
            yield f"the box {id!r} is ticked beforehand", f"Tick only what is allowed: {_UNTICKED}"
        if id in asked and not ticked and allowed.issuperset(asked):
            mend = "Show the stored choice: checked where state.whole (L23)"
            yield f"the box {id!r} is not ticked after everything was accepted", mend


def _declaration(surface: Surface, language: str, markup: Markup) -> Iterator[Unfair]:
    rows = [row for purpose in surface.texts(language)[0].declared for row in purpose.rows]
    named = {_joined(row.name) or _joined(row.service.text) for row in rows}
    absent = sorted(name for name in named if name not in markup.text)
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        mend = "A declaration names everything that the policy does: purposes, each with its rows (S17, L41)"
        yield f"it does not name {absent[0]!r}{more}", mend


def _joined(text: str) -> str:
    return " ".join(text.split())
