"""A site's own templates: read once, and checked before the first visitor can meet a fault in them.

Every fault is told at once, each with file, line, excerpt and mend: syntax, unknown variables, templates that nothing uses;
then all of it is rendered with the site's own policy (``sample_renders``), and what comes out must still ask fairly
(``fairness``) and load nothing that nobody allowed (``loading``). May import policy, consent, the rewriter and this package;
Jinja2 is imported with the first check. The engine gets its surface here; adapters read early through it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

from ..errors import Fault, PolicyError
from ..findings import FindingKind
from ..policy.faults import guess, nearest
from ..policy.model import Policy
from .fairness import unfair
from .forms import read_markup
from .loading import Loading, told
from .loading import mend as mend_of
from .rendering import ENDING, Overrides, Templates, own_texts
from .sample_renders import sample_renders
from .sources import Sources, excerpt, placed
from .surface import Surface

if TYPE_CHECKING:
    from jinja2 import Environment

TemplatesSource = str | os.PathLike[str] | Overrides | None
"""What ``templates=`` takes: a directory, what ``read_overrides`` made of one, or None."""

_WHOLE: Final = "It stands in pages of every kind: close every element, quote every attribute, write &#160; for &nbsp;"
_FORMS: Final = "Its buttons belong to the forms of closing.html.j2"

logger: Final = logging.getLogger("consent_guard")


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


def checked_surface(policy: Policy, templates: TemplatesSource = None) -> Surface:
    """Return the surface of a policy, with the templates of a directory before ours.

    Raises PolicyError with every fault of theirs.
    """
    overrides = read_overrides(templates)
    made = Templates(overrides)
    if overrides is not None:
        # What is rendered for the check, visitors may never ask for.
        check_rendered(Surface(policy, made, keeps=False), overrides)
    return Surface(policy, made)


def check_rendered(surface: Surface, overrides: Overrides) -> None:
    """Render everything once. Raises PolicyError for what fails, is not well-formed, no longer asks fairly, or would make
    browsers contact a service that nobody allowed: our own markup is not filtered on its way out. A third-party host that no
    rule names is warned of in the log, unless the policy blocks such hosts."""
    faults = tuple(dict.fromkeys(_sample_faults(surface, overrides)))
    if faults:
        raise PolicyError(faults, overrides.folder)


def _read_faults(overrides: Overrides, environment: Environment) -> Iterator[Fault]:
    """What can be seen without rendering."""
    from jinja2 import TemplateSyntaxError, meta, nodes

    sources = Sources(overrides)
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
            said = error.message or "cannot be read"
            line = sources.line(name, error.lineno)
            yield Fault(placed(name, error.lineno), said + excerpt(line), "Mend the template there")
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
                line = sources.line(name, node.lineno)
                yield Fault(placed(name, node.lineno), f"no variable {node.name!r}{excerpt(line)}", mend)
        for found in meta.find_referenced_templates(template):
            if found is not None and found not in own_texts() and found not in overrides.texts:
                yield Fault(name, f"there is no template {found!r}", guess(found, sorted(own_texts()), "Our templates"))


def _sample_faults(surface: Surface, overrides: Overrides) -> Iterator[Fault]:
    """What shows only when all that is made of the site's templates is rendered, for every language and each kind of choice."""
    sources = Sources(overrides)
    loading = Loading(surface.policy)
    warned: set[str] = set()
    for sample in sample_renders(surface):
        if not sources.concern(sample.templates):
            continue
        name = sample.name + ENDING
        try:
            rendered = sample.render()
        except _rendering_errors() as error:
            yield _rendering_fault(error, sample.name, overrides, sources)
            continue
        if sample.part:
            try:
                tree = ElementTree.fromstring(b"<x>" + rendered + b"</x>")
            except ElementTree.ParseError as error:
                line = rendered.decode("ascii").splitlines()[error.position[0] - 1].strip()
                why = error.msg.partition(":")[0]
                yield Fault(sources.place_of(name, line), f"what it renders is not well-formed ({why}){excerpt(line)}", _WHOLE)
            else:
                yield from _unmarked(sample.name, tree, surface)
        for message, mend in unfair(sample, rendered):
            yield Fault(name, message, mend)
        for finding in loading.findings(sample, rendered):
            place, line = sources.mention(name, (finding.subject, finding.rule or ""))
            if finding.kind is not FindingKind.HOST_UNLISTED or surface.policy.unlisted_hosts == "block":
                yield Fault(place, told(finding) + excerpt(line), mend_of(finding))
            elif (warning := f"{place}: {told(finding)}{excerpt(line)}. {mend_of(finding)}") not in warned:
                warned.add(warning)
                logger.warning("%s: %s", overrides.folder, warning)


def _unmarked(name: str, tree: ElementTree.Element, surface: Surface) -> Iterator[Fault]:
    """By what the style sheet, the module and tests find what goes into pages of the site."""
    if name == "banner":
        if tree.find("*[@data-cg='banner']") is None:
            mend = "Scripts, style sheets and tests find it by that"
            yield Fault(name + ENDING, 'its element is not <cg-banner data-cg="banner">', mend)
        if tree.find("*[@data-cg='banner']/*[@class='cg-saved'][last()]") is None:
            mend = "End it as ours ends: the style sheet shows a banner once that element is there"
            yield Fault(name + ENDING, 'no element of the class "cg-saved" in its element', mend)
    elif name == "placeholder":
        closing = surface.prerendered("closing", surface.languages[0], ("base", "next")).fill(base="", next="")
        forms = {form.attributes.get("id", "") for form in read_markup(closing).forms}
        for form in sorted({button.get("form") or "" for button in tree.iter("button")} - forms):
            yield Fault(name + ENDING, f"a button names the form {form!r}, which there is not", _FORMS)


def _rendering_errors() -> tuple[type[Exception], ...]:
    from jinja2 import TemplateError

    return TemplateError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError


def _rendering_fault(error: Exception, page: str, overrides: Overrides, sources: Sources) -> Fault:
    """Tell where in which template it failed: Jinja2 gives each of its frames the template's file and line."""
    place, line = page + ENDING, ""
    trace = error.__traceback__
    paths = {overrides.path(name): name for name in overrides.texts}
    while trace is not None:
        name = paths.get(trace.tb_frame.f_code.co_filename)
        if name is not None:
            place, line = placed(name, trace.tb_lineno), sources.line(name, trace.tb_lineno)
        trace = trace.tb_next
    if isinstance(error, KeyError) and error.args:
        from .languages import FALLBACK, locale

        key = str(error.args[0])
        near = nearest(key, locale(FALLBACK).messages)
        mend = f"Did you mean {near[0]!r}?" if near else "The texts are in locales/en.toml"
        return Fault(place, f"no text {key!r}{excerpt(line)}", mend)
    return Fault(place, f"{error}{excerpt(line)}", "Compare it with our template of that name")
