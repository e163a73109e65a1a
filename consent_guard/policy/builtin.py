"""The policy of a site that states none: everything but the necessary under consent, and the whole catalogue.

May import the catalogue and, late, the loader. The loader calls it for ``None``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

from .catalogue import catalogue
from .model import Policy


def builtin_document() -> Mapping[str, object]:
    """Return the built-in policy as a document of the policy file's shape."""
    document = tomllib.loads(files(__package__).joinpath("builtin.toml").read_text(encoding="utf-8"))
    return {**document, "services": [{"id": id} for id in catalogue()]}


@lru_cache(maxsize=1)
def builtin_policy() -> Policy:
    """Return the built-in policy. It is read once."""
    from .loader import read_policy

    return read_policy(builtin_document(), "the built-in policy")
