"""The Jinja2 templates of our pages, and a site's own before them: always escaping, imported when first needed.

The folder ``templates/`` beside this file holds ours; ``overriding`` reads and checks a site's. May import ``prerendered``.
Called by the surface.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .prerendered import clean

if TYPE_CHECKING:
    from jinja2 import Environment

ENDING = ".html.j2"


@dataclass(frozen=True, slots=True)
class Overrides:
    """The templates of a site that stand in for ours, read once."""

    folder: str
    texts: Mapping[str, str] = field(default_factory=dict)
    """File name to source, as ``banner.html.j2``."""

    def path(self, name: str) -> str:
        """Return where a template stands."""
        return f"{self.folder}/{name}"


class Templates:
    """Ours, with a site's before them. Thread-safe; Jinja2 is imported with the first rendering."""

    __slots__ = ("__weakref__", "_environment", "_overrides")

    def __init__(self, overrides: Overrides | None = None) -> None:
        self._overrides = overrides
        self._environment: Environment | None = None

    @property
    def overridden(self) -> bool:
        """Whether any is the site's."""
        return self._overrides is not None and bool(self._overrides.texts)

    def render(self, name: str, **values: object) -> str:
        """Return a template filled with these values. ``name`` is its file name without the ending."""
        return self.environment().get_template(name + ENDING).render(values)

    def environment(self) -> Environment:
        """Return the Jinja2 environment that renders them."""
        if self._environment is None:
            self._environment = _environment(self._overrides) if self._overrides is not None else _ours()
        return self._environment


@functools.cache
def own_texts() -> Mapping[str, str]:
    """Return our own templates, by file name."""
    folder = importlib.resources.files(__package__) / "templates"
    return {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(ENDING)}


@functools.cache
def _ours() -> Environment:
    return _environment(Overrides(""))


def _environment(overrides: Overrides) -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def load(name: str) -> tuple[str, str | None, None] | None:
        if name in overrides.texts:
            return overrides.texts[name], overrides.path(name), None
        text = own_texts().get(name)
        return None if text is None else (text, None, None)

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: clean(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
    )
