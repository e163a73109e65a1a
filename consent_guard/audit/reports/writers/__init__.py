"""Reports in the forms that people and machines take: one module a form, each ``write(report, …) -> str``.

May import the report's values and what is computed of them (``advice``, ``comparison``). The command calls ``written``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from ...report import Report
from ..comparison import Comparison

FORMATS: Final = {"json": "as_json", "sarif": "sarif", "junit": "junit", "html": "html"}
"""What files can be written, and the module that does. The table is for terminals only."""
SUFFIXES: Final = {".json": "json", ".sarif": "sarif", ".xml": "junit", ".html": "html", ".htm": "html"}
"""The form that a file's name asks for."""


def written(form: str, report: Report, comparison: Comparison | None = None) -> str:
    """Return a report in one of FORMATS, with what another site was found to do differently."""
    text: str = import_module(f".{FORMATS[form]}", __package__).write(report, comparison)
    return text
