"""The forms in rendered markup, as a browser would send them: what each posts, where to, and how its buttons look.

May import the rewriter's tokens. ``fairness`` reads the templates of a site with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..rewrite.html.query import Tag, read_tokens

_CONTROLS: Final = frozenset({"input", "button", "select", "textarea"})
_VOID: Final = frozenset({"input", "br", "img", "hr", "wbr", "link", "meta", "source", "track", "area", "base", "col", "embed"})
_UNSEEN: Final = frozenset({"script", "style", "template", "iframe", "noembed", "noframes"})


@dataclass(slots=True)
class Control:
    """An element that a form sends, or is sent by."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    """What a button says."""
    inside: list[str] = field(default_factory=list)
    """The elements within a button, in order."""

    def get(self, name: str) -> str:
        """Return an attribute's value; empty where there is none."""
        return self.attributes.get(name, "")

    @property
    def usable(self) -> bool:
        """Whether somebody can press or tick it."""
        if self.attributes.keys() & {"disabled", "hidden", "inert"} or self.get("aria-hidden") == "true":
            return False
        return self.tag != "button" or self.get("type").lower() in ("", "submit")


@dataclass(slots=True)
class Form:
    """A form and its controls, those included that name it by its id."""

    attributes: dict[str, str]
    controls: list[Control] = field(default_factory=list)

    def button(self, name: str, value: str) -> Control | None:
        """Return the button that sends this, one that can be pressed before one that cannot; None where there is none."""
        found = [one for one in self.controls if one.tag == "button" and (one.get("name"), one.get("value")) == (name, value)]
        return next((one for one in found if one.usable), found[0] if found else None)

    def hidden(self, name: str) -> str | None:
        """Return what a hidden field of this name sends; None where there is none."""
        fields = [one for one in self.controls if one.tag == "input" and one.get("type").lower() == "hidden"]
        return next((one.get("value") for one in fields if one.get("name") == name), None)

    def boxes(self, name: str) -> Iterator[Control]:
        """Yield the checkboxes of this name."""
        for one in self.controls:
            if one.tag == "input" and one.get("type").lower() == "checkbox" and one.get("name") == name:
                yield one


@dataclass(slots=True)
class Markup:
    """What fairness asks of rendered markup."""

    forms: list[Form]
    stray: list[Control]
    """Controls that belong to no form."""
    links: list[str]
    """Where its links lead."""
    text: str
    """All that it says, blanks joined."""

    @property
    def controls(self) -> Iterator[Control]:
        """Yield every control."""
        for form in self.forms:
            yield from form.controls
        yield from self.stray

    def form_of(self, name: str, value: str) -> tuple[Form, Control] | None:
        """Return the form whose button sends this, and the button."""
        found = [(form, button) for form in self.forms if (button := form.button(name, value)) is not None]
        return next((one for one in found if one[1].usable), found[0] if found else None)


def read_markup(markup: bytes) -> Markup:
    """Return the forms, links and text of rendered markup in UTF-8. Never raises."""
    reader = _Reader()
    for token in read_tokens(markup, "utf-8"):
        if isinstance(token, str):
            reader.text(token)
        elif token.closing:
            reader.end(token)
        else:
            reader.start(token)
    named = {form.attributes["id"]: form for form in reversed(reader.forms) if "id" in form.attributes}
    stray: list[Control] = []
    for owner, control in reader.found:
        form = named.get(control.attributes["form"]) if "form" in control.attributes else owner
        (form.controls if form is not None else stray).append(control)
    return Markup(reader.forms, stray, reader.links, " ".join("".join(reader.said).split()))


class _Reader:
    def __init__(self) -> None:
        self.forms: list[Form] = []
        self.found: list[tuple[Form | None, Control]] = []
        self.links: list[str] = []
        self.said: list[str] = []
        self._form: Form | None = None
        self._button: Control | None = None
        self._unseen = ""

    def start(self, token: Tag) -> None:
        """Take a start tag."""
        tag, attributes = token.name, token.attributes
        if tag in _UNSEEN:
            self._unseen = tag
        elif tag == "form" and self._form is None:
            self._form = Form(attributes)
            self.forms.append(self._form)
        elif tag in _CONTROLS:
            control = Control(tag, attributes)
            self.found.append((self._form, control))
            self._button = control if tag == "button" else self._button
        elif self._button is not None:
            self._button.inside.append(tag)
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag not in _VOID:
            self.said.append("" if tag in ("a", "b", "i", "em", "strong", "span", "small", "code", "bdi") else " ")

    def end(self, token: Tag) -> None:
        """Take an end tag."""
        tag = token.name
        if tag == self._unseen:
            self._unseen = ""
        elif tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None

    def text(self, data: str) -> None:
        """Take the text between two tags."""
        if self._unseen:
            return
        self.said.append(data)
        if self._button is not None:
            self._button.text += data
