"""The Jinja2 templates of our pages: loaded from the package, always escaping, imported with the first page that needs them.

The folder ``templates/`` beside this file holds them. May import splice. Called by the surface.
"""

from __future__ import annotations

import functools
import importlib.resources
from typing import TYPE_CHECKING

from .splice import clean

if TYPE_CHECKING:
    from jinja2 import Environment


def render(name: str, **values: object) -> str:
    """Return a template of the package filled with these values."""
    return _environment().get_template(f"{name}.html.j2").render(values)


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    folder = importlib.resources.files(__package__) / "templates"
    return Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: clean(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,
    )
