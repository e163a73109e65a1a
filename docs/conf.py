"""Sphinx: the pages of this folder as a site. `make docs` builds it into build/docs; any warning fails."""

from typing import Any

from consent_guard.version import __version__

project = "consent_guard"
author = "the consent_guard maintainers"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "consent_guard"
exclude_patterns = ["images/*"]
myst_heading_anchors = 4
autodoc_member_order = "bysource"
nitpick_ignore_regex = [
    # Types of other packages, whose documentation is elsewhere.
    ("py:class", r"(collections|datetime|os|pathlib|re|django|flask|starlette)\..*"),
    ("py:class", r"(ASGIApp|Flask|HttpRequest|Request|Starlette|WSGIApplication|datetime)"),
    # Types of ours that stand in a signature and are no promise.
    ("py:class", r"consent_guard\.(audit|consent|engine|manage|policy|testing\.judging|wire)\..*"),
    ("py:class", r"(Choice|Header|Leak|LedgerWish|Options|PolicySource|StateWish|TemplatesSource|Visitor)"),
]

_BESIDE = {"../SECURITY.md": "security.md", "../ARCHITECTURE.md": "architecture.md", "../examples/one_file": "examples.md"}
"""In the repository these lie outside of this folder; on the site they are pages."""


def _link_pages(app: Any, name: str, source: list[str]) -> None:
    for target, page in _BESIDE.items():
        source[0] = source[0].replace(f"]({target}", f"]({page}")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _link_pages)
