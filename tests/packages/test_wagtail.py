"""Wagtail's preview, with the real package: a guard within a guard."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).parent / "wagtail_site"


@pytest.fixture(scope="module")
def previews() -> dict[str, dict[str, Any]]:
    if importlib.util.find_spec("wagtail") is None:
        pytest.skip("wagtail is not installed")
    path = os.pathsep.join(part for part in (str(SITE), os.environ.get("PYTHONPATH", "")) if part)
    run = subprocess.run(
        [sys.executable, str(SITE / "preview.py")],
        env={**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    found: dict[str, dict[str, Any]] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(("place", "banners"), [("editor", 0), ("tab", 1)])
def test_a_preview_is_filtered_once(previews: dict[str, dict[str, Any]], place: str, banners: int) -> None:
    """One banner where one is due, one mark in the ETag, the length of what left."""
    preview = previews[place]
    assert preview["status"] == 200
    assert "<h1>Edited</h1>" in preview["body"]
    assert "tracker.example" not in preview["body"]
    assert preview["body"].count('data-cg="banner"') == banners
    assert preview["etag"].count("~cg-") == 1
    assert preview["length"] == str(len(preview["body"].encode()))
