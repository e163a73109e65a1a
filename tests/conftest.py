"""What every test may use. Fixtures of one module's tests live beside those tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is no fault, and the same code gets the same verdict. REWRITE_EXAMPLES=20000 searches for new examples.
settings.register_profile("steady", deadline=None, derandomize="REWRITE_EXAMPLES" not in os.environ)
settings.load_profile("steady")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
LINEAR_SECONDS = 60
"""For a test marked ``linear``: hostile input so long that a cost that grows with its square takes many minutes. A cost that
grows with its length takes about a second, so neither a slow nor a busy machine changes the answer (R6)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("linear"):
            item.add_marker(pytest.mark.timeout(LINEAR_SECONDS))


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Return the path of a file or folder of the material kept beside the repository (cases, pages, reference facts).

    That material is large and in part other people's, so it is not in the repository; a test that needs it is skipped where it
    is absent.
    """

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"needs shared/{name} beside the repository")
        return path

    return find
