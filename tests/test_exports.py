"""What the package promises at its top, and what importing it may load (DESIGN §2)."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
import tomllib
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import pytest

import consent_guard
from consent_guard.audit import leaks
from consent_guard.policy import model

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "flask",
    "django",
    "starlette",
    "fastapi",
    "jinja2",
    "werkzeug",
    "asyncio",
    "sqlite3",
    "sqlalchemy",
    "brotli",
    "zstandard",
    "click",
    "rich",
)


def test_every_name_at_the_top_is_there_and_listed_once_in_order() -> None:
    names = list(consent_guard.__all__)
    assert names == sorted(set(names))
    for name in names:
        assert getattr(consent_guard, name) is not None


def test_the_top_offers_what_an_adapter_needs() -> None:
    assert {
        "Consent",
        "ExchangeStateError",
        "Finding",
        "FindingKind",
        "Guard",
        "Policy",
        "PolicyError",
        "Reply",
        "RequestFacts",
        "ResponsePlan",
        "SecretKeyError",
        "UnknownPurpose",
        "__version__",
    } <= set(consent_guard.__all__)


def test_every_error_at_the_top_has_the_one_root() -> None:
    errors = [value for name in consent_guard.__all__ if isinstance(value := getattr(consent_guard, name), type)]
    raised = [error for error in errors if issubclass(error, Exception)]
    assert len(raised) >= 7
    assert all(issubclass(error, consent_guard.ConsentGuardError) for error in raised)


def public_classes() -> list[type]:
    """Return what the top offers, the values of a policy, and those of the leak finder."""
    top = [getattr(consent_guard, name) for name in consent_guard.__all__]
    values = [value for module in (model, leaks) for value in vars(module).values() if value_of(module, value)]
    return list(dict.fromkeys(value for value in [*top, *values] if isinstance(value, type)))


def value_of(module: ModuleType, value: object) -> bool:
    return isinstance(value, type) and value.__module__ == module.__name__


@pytest.mark.parametrize("public", public_classes(), ids=lambda public: public.__name__)
def test_help_tells_what_every_field_and_member_means(public: type) -> None:
    """``help()`` shows a class's docstring, and not the strings that stand below its fields."""
    names = [field.name for field in dataclasses.fields(public)] if dataclasses.is_dataclass(public) else []
    names += [member.name for member in public] if issubclass(public, Enum) else []
    told = inspect.getdoc(public) or ""
    assert told
    assert [name for name in names if not name.startswith("_") and f"``{name}``:" not in told] == []


def test_the_version_is_the_distributions_own() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert consent_guard.__version__ == project["version"]
    try:
        installed = version("consent-guard-middleware")
    except PackageNotFoundError:
        return
    assert consent_guard.__version__ == installed


def loaded_by(code: str) -> set[str]:
    """Return the heavy modules that a fresh interpreter holds after running the code."""
    script = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    # From the folder of the package under test, be it the source tree's or the installed one's.
    folder = Path(consent_guard.__file__).resolve().parents[1]
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=folder)
    return set(result.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import consent_guard") == set()


def test_a_page_without_a_banner_needs_neither_templates_nor_forms() -> None:
    """DESIGN §2: what only our own pages need is imported with the first such request."""
    code = """
from consent_guard import Guard, RequestFacts
exchange = Guard(None, secret_key="k" * 32).open(RequestFacts(method="GET", scheme="https", host="a.example", path="/a.js"))
assert exchange.respond(200, [(b"content-type", b"text/javascript")]).rewriter is None
exchange.finish()
"""
    assert loaded_by(code) == set()


@pytest.mark.parametrize("module", ["wsgi", "testing"])
def test_the_synchronous_modules_load_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import consent_guard.{module}") == set()
