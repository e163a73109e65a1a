"""Clients of one small site, by the name of their kind."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from consent_guard.testing import configure

NAME = "consent_guard_test_sites"  # under a name of its own, so that Django finds its addresses there
if NAME not in sys.modules:
    spec = importlib.util.spec_from_file_location(NAME, Path(__file__).with_name("sites.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


@pytest.fixture
def sites() -> Any:
    """The module of the small site."""
    return sys.modules[NAME]


@pytest.fixture
def make(sites: Any) -> Iterator[Any]:
    """Return a function that makes a client of one kind: ``make("flask", guarded=False, extra="<img …>")``."""
    with ExitStack() as stack:

        def made(kind: str, *, guarded: bool = True, extra: str = "") -> Any:
            if kind.startswith("django"):
                stack.callback(sites.django_settings(guarded=guarded).disable)
                sites.DJANGO_EXTRA = extra
            factory = {**sites.SYNC, **sites.ASYNC}[kind]
            return factory(guarded=guarded, extra=extra)

        yield made
    sites.DJANGO_EXTRA = ""


@pytest.fixture(autouse=True)
def _told_nothing() -> Iterator[None]:
    """What one test tells the kit must not reach the next."""
    yield
    configure()
