"""A site's own templates: read once, and checked before the first visitor can meet a fault in them.

Every fault is told at once, each with file, line and mend: syntax, unknown variables, templates that nothing uses; then all
of it is rendered with the site's own policy, and what goes into pages must be well-formed and still ask fairly. May import
policy, consent and this package; Jinja2 is imported with the first check. The surface calls it; adapters read early through it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from ..consent.choice import Consent, accept_all, effective, refuse_all
from ..errors import Fault, PolicyError
from ..policy.faults import guess, nearest
from ..rewrite.parts import Embed
from .rendering import ENDING, Overrides, Templates, own_texts

if TYPE_CHECKING:
    from jinja2 import Environment

    from .surface import RequestView, Surface

TemplatesSource = str | os.PathLike[str] | Overrides | None
"""What ``templates=`` takes: a directory, what ``read_overrides`` made of one, or None."""

_TRIAL_TIME: Final = 0.0
_ASK: Final = "A banner asks fairly: two buttons, accept and refuse, of one class (docs/appearance.md)"


def read_overrides(source: TemplatesSource) -> Overrides | None:
    """Return the templates of a directory. Raises PolicyError, which names the directory, for what cannot be used at all."""
    if source is None or isinstance(source, Overrides):
        return source
    folder = Path(source)
    if not folder.is_dir():
        raise PolicyError([Fault("templates", f"{str(folder)!r} is not a directory", "Name the directory that holds them")])
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    for path in sorted(folder.iterdir()):
        if path.name.endswith(".html") and path.name + ".j2" in own_texts():
            faults.append(Fault(path.name, "is not the name of a template", f'Name it "{path.name}.j2"'))
        if not path.name.endswith(ENDING):
            continue
        try:
            texts[path.name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            faults.append(Fault(path.name, "is not UTF-8", "Save the file in UTF-8"))
    overrides = Overrides(str(folder), texts)
    faults += _read_faults(overrides, Templates(overrides).environment())
    if faults:
        raise PolicyError(faults, str(folder))
    return overrides


def check_rendered(surface: Surface, overrides: Overrides) -> None:
    """Render everything once. Raises PolicyError for what fails, is not well-formed, or no longer asks fairly."""
    faults = list(_trial_faults(surface, overrides))
    if faults:
        raise PolicyError(faults, overrides.folder)


def _read_faults(overrides: Overrides, environment: Environment) -> Iterator[Fault]:
    """What can be seen without rendering."""
    from jinja2 import TemplateSyntaxError, meta, nodes

    known = set(environment.globals) | {"self"}
    for text in own_texts().values():
        known |= meta.find_undeclared_variables(environment.parse(text))
    used = set(own_texts())
    parsed: dict[str, nodes.Template] = {}
    for name, text in overrides.texts.items():
        try:
            environment.compile(text, name, overrides.path(name))
            parsed[name] = environment.parse(text)
        except TemplateSyntaxError as error:
            yield Fault(_place(name, error.lineno), error.message or "cannot be read", "Mend the template there")
            continue
        used |= {found for found in meta.find_referenced_templates(parsed[name]) if found is not None}
    for name in overrides.texts:
        if name not in used:
            yield Fault(name, "is used by nothing", guess(name, sorted(own_texts()), "Our templates"))
    for name, template in parsed.items():
        unknown = meta.find_undeclared_variables(template) - known
        for node in template.find_all(nodes.Name):
            if node.name in unknown:
                unknown.discard(node.name)
                mend = guess(node.name, sorted(known - set(environment.globals)), "Known variables")
                yield Fault(_place(name, node.lineno), f"no variable {node.name!r}", mend)
        for found in meta.find_referenced_templates(template):
            if found is not None and found not in own_texts() and found not in overrides.texts:
                yield Fault(name, f"there is no template {found!r}", guess(found, sorted(own_texts()), "Our templates"))


def _trial_faults(surface: Surface, overrides: Overrides) -> Iterator[Fault]:
    """What shows only when everything is rendered: for nobody's choice, a refusal and an acceptance."""
    policy = surface.policy
    stored = (None, refuse_all(policy, _TRIAL_TIME), accept_all(policy, _TRIAL_TIME))
    views = [_view(surface, effective(policy, choice, _TRIAL_TIME)) for choice in stored]
    parts = surface.parts(views[0])
    services = [service.id for service in policy.services[:1]] + [""]
    embeds = [Embed(id, "iframe", "https://a.example/x", "a.example", "", "", title) for id in services for title in ("", "t")]
    whole: dict[str, Callable[[], bytes]] = {
        "banner": lambda: parts.banner(None),
        "closing": lambda: parts.closing(None),
        "placeholder": lambda: b"".join(parts.placeholder(embed, None) for embed in embeds),
        "placeholder_hidden": lambda: parts.placeholder(Embed("", "iframe", "", "", "0", "0"), None),
    }
    pages: dict[str, Callable[[], bytes]] = {
        "preferences": lambda: b"".join(surface.preferences(view) for view in views),
        "fragment": lambda: "".join(surface.fragment(view) for view in views).encode("utf-8"),
        "declaration": lambda: surface.declaration(views[0]),
        "declaration_file": lambda: surface.declaration_file("html").body,
        "error": lambda: surface.error(views[0], 400, "choice"),
    }
    told: set[str] = set()
    out: dict[str, bytes] = {}
    for name, make in {**whole, **pages}.items():
        try:
            out[name] = make()
        except _rendering_errors() as error:
            fault = _rendering_fault(error, name, overrides)
            if str(fault) not in told:
                told.add(str(fault))
                yield fault
    trees = {}
    for name in whole.keys() & out.keys():
        try:
            trees[name] = ElementTree.fromstring(b"<x>" + out[name] + b"</x>")
        except ElementTree.ParseError as error:
            mend = "It stands in pages of every kind: close every element, quote every attribute, write &#160; for &nbsp;"
            yield Fault(name + ENDING, f"what it renders is not well-formed ({error.msg})", mend)
    yield from _unfair(trees, out)


def _unfair(trees: Mapping[str, ElementTree.Element], out: Mapping[str, bytes]) -> Iterator[Fault]:
    """What a page of ours must hold, whatever it looks like (L20, L23)."""
    if "banner" in trees:
        found = trees["banner"].find("section[@data-cg='banner']")
        if found is None:
            mend = "Scripts, style sheets and tests find it by that"
            yield Fault("banner" + ENDING, 'its element is not <section data-cg="banner">', mend)
        if trees["banner"].find("section/*[@class='cg-saved'][last()]") is None:
            mend = "End it as ours ends: the style sheet shows a banner once that element is there"
            yield Fault("banner" + ENDING, 'no element of the class "cg-saved" in its section', mend)
        buttons = {button.get("value"): button for button in trees["banner"].iter("button") if button.get("name") == "choice"}
        accept, refuse = buttons.get("accept"), buttons.get("refuse")
        if accept is None or refuse is None or accept.get("class") != refuse.get("class"):
            yield Fault("banner" + ENDING, "accepting and refusing are not equal", _ASK)
    if "preferences" in out:
        for value in (b"accept", b"refuse", b"save"):
            if b'value="' + value + b'"' not in out["preferences"]:
                mend = "The preferences let everything be accepted, refused and saved"
                yield Fault("preferences" + ENDING, f"no button with the value {value.decode()!r}", mend)
    if "placeholder" in trees and "closing" in trees:
        forms = {form.get("id") for form in trees["closing"].iter("form")}
        for name in sorted({button.get("form") or "" for button in trees["placeholder"].iter("button")} - forms, key=str):
            mend = "Its buttons belong to the forms of closing.html.j2"
            yield Fault("placeholder" + ENDING, f"a button names the form {name!r}, which there is not", mend)


def _view(surface: Surface, consent: Consent) -> RequestView:
    from .surface import RequestView

    return RequestView(surface.policy.path, "/", b"", consent)


def _rendering_errors() -> tuple[type[Exception], ...]:
    from jinja2 import TemplateError

    return TemplateError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError


def _rendering_fault(error: Exception, page: str, overrides: Overrides) -> Fault:
    """Tell where in which template it failed: Jinja2 gives each of its frames the template's file and line."""
    place = page + ENDING
    trace = error.__traceback__
    paths = {overrides.path(name): name for name in overrides.texts}
    while trace is not None:
        name = paths.get(trace.tb_frame.f_code.co_filename)
        if name is not None:
            place = _place(name, trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, KeyError) and error.args:
        from .languages import FALLBACK, locale

        key = str(error.args[0])
        near = nearest(key, locale(FALLBACK).messages)
        return Fault(place, f"no text {key!r}", f"Did you mean {near[0]!r}?" if near else "The texts are in locales/en.toml")
    return Fault(place, f"{error}", "Compare it with our template of that name")


def _place(name: str, line: int | None) -> str:
    return f"{name}, line {line}" if line else name
