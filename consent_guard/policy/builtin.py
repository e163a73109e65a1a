"""The policy of a site that states none: everything but the necessary under consent, and the whole catalogue.

May import the catalogue. The loader reads it for ``None``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from .catalogue import catalogue


def builtin_document() -> Mapping[str, object]:
    """Return the built-in policy as a document of the policy file's shape."""
    document = tomllib.loads(files(__package__).joinpath("builtin.toml").read_text(encoding="utf-8"))
    return {**document, "services": [{"id": id} for id in catalogue()]}
