"""The style sheet: named by its content, and written for both directions of writing."""

from __future__ import annotations

import hashlib
import re

from consent_guard.pages.surface import Surface
from consent_guard.policy.model import Policy


def test_the_stylesheet_is_found_under_the_digest_of_its_content_only(policy: Policy) -> None:
    surface = Surface(policy)
    folder, name = surface.asset_path().rsplit("/", 1)
    found = surface.asset(name)
    assert found is not None
    assert folder == "/assets"
    assert found[0] == "text/css; charset=utf-8"
    assert hashlib.sha256(found[1]).hexdigest()[:12] in name
    assert surface.asset("cg.css") is None
    assert surface.asset("../surface.py") is None


def test_the_stylesheet_states_no_physical_side(policy: Policy) -> None:
    """A07: right-to-left languages need no second sheet."""
    surface = Surface(policy)
    found = surface.asset(surface.asset_path().rsplit("/", 1)[1])
    assert found is not None
    css = re.sub(r"/\*.*?\*/", "", found[1].decode("utf-8"), flags=re.DOTALL)
    assert not re.findall(r"(?:^|[\s;{-])(?:left|right)\b", css)


def test_the_stylesheet_loads_nothing(policy: Policy) -> None:
    surface = Surface(policy)
    found = surface.asset(surface.asset_path().rsplit("/", 1)[1])
    assert found is not None
    assert b"url(" not in found[1]
    assert b"@import" not in found[1]
