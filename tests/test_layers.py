"""Imports only go down and never in circles (DESIGN §2), files and folders stay small: read from the source of every module,
not from what happens to be loaded."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import consent_guard

PACKAGE = Path(consent_guard.__file__).resolve().parent

LAYERS = (
    {"errors", "limits", "findings", "version", "refusal", "wire"},
    {"policy", "consent"},
    {"rewrite", "pages", "operation", "csp"},
    {"engine"},
    {"wsgi", "asgi", "options", "environ", "manage", "nesting", "pacing", "session_cookies", "side_channels", "clock"}
    | {"ledger"},
    {"flask", "starlette", "django"},
    {"testing", "audit", "pytest_plugin"},
    {"cli"},
)
"""From the lowest to the highest. The tools stand on top; the command line calls the others."""
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

FRAMEWORKS = {
    "flask": {"flask", "werkzeug"},
    "starlette": {"starlette"},
    "django": {"django", "asgiref"},
    "cli": {"click", "rich"},
}
"""What each adapter or tool, and nothing else, may import."""
ALLOWED_OUTSIDE = {"itsdangerous", "ada_url", "publicsuffixlist"}
"""The libraries that any module below the adapters may import at its top."""
LATE_ONLY = {"jinja2", "markupsafe", "werkzeug", "brotli", "zstandard", "publicsuffixlist"}
"""Imported inside functions, where they are first needed."""
NOT_BELOW_TRANSPORT = {"asyncio", "threading", "socket", "sqlite3", "selectors", "concurrent.futures", "ssl", "http.client"}
"""Below the sans-IO line there is no network, no database, no thread and no async."""
CLOCKS = {
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "time_ns"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
}
"""Nor does anything there read a clock."""

MODULES = sorted(PACKAGE.rglob("*.py"))

FILE_LINES = 450
"""A longer file is two concepts."""
FOLDER_MODULES = 24
"""A folder of more modules is two packages."""


def unit(path: Path) -> str:
    """Return the layer unit that a file belongs to: its top-level module or package."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


class Imports(ast.NodeVisitor):
    """The imports of one module: absolute dotted names, whether inside a function, and not those for type checkers only."""

    def __init__(self, path: Path) -> None:
        self.package = ("consent_guard", *path.relative_to(PACKAGE).parts[:-1])
        self.found: list[tuple[str, bool, int]] = []
        self._depth = 0

    def visit_If(self, node: ast.If) -> None:
        test = node.test
        if (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
            isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
        ):
            for part in node.orelse:
                self.visit(part)
            return
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.found.append((alias.name, self._depth > 0, node.lineno))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            base = self.package[: len(self.package) - node.level + 1]
            names = [*base, node.module] if node.module else [*base]
            if node.module:
                self.found.append((".".join(names), self._depth > 0, node.lineno))
            else:
                for alias in node.names:
                    self.found.append((".".join([*names, alias.name]), self._depth > 0, node.lineno))
        else:
            self.found.append((node.module or "", self._depth > 0, node.lineno))


def imports(path: Path) -> Iterator[tuple[str, bool, int]]:
    visitor = Imports(path)
    visitor.visit(ast.parse(path.read_text("utf-8")))
    yield from visitor.found


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_its_own_layer_and_those_below(path: Path) -> None:
    own = unit(path)
    if own == "__init__":
        rank = RANK["engine"]
    else:
        assert own in RANK, f"{own} belongs to no layer: name it in LAYERS"
        rank = RANK[own]
    for name, _, line in imports(path):
        parts = name.split(".")
        if parts[0] != "consent_guard" or len(parts) == 1:
            continue
        assert RANK[parts[1]] <= rank, f"{name_of(path)}:{line} imports {name}, which is above it"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_within_the_surface_and_the_domain_nothing_goes_up(path: Path) -> None:
    """The rewriter knows nothing of our pages, the policy nothing of a choice, the adapters nothing of each other."""
    own = unit(path)
    barred = {"rewrite": {"pages"}, "policy": {"consent"}, "flask": {"django", "starlette"}, "starlette": {"flask", "django"}}
    barred["django"] = {"flask", "starlette"}
    for name, _, line in imports(path):
        parts = name.split(".")
        if parts[0] == "consent_guard" and len(parts) > 1:
            assert parts[1] not in barred.get(own, set()), f"{name_of(path)}:{line} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_framework_is_imported_by_its_adapter_alone(path: Path) -> None:
    own = unit(path)
    foreign = {library for adapter, libraries in FRAMEWORKS.items() if adapter != own for library in libraries}
    foreign -= FRAMEWORKS.get(own, set())
    for name, late, line in imports(path):
        top = name.partition(".")[0]
        if top == "werkzeug" and late:
            continue
        assert top not in foreign, f"{name_of(path)}:{line} imports {name}"


@pytest.mark.parametrize("path", [path for path in MODULES if RANK.get(unit(path), 0) < RANK["wsgi"]], ids=name_of)
def test_below_the_sans_io_line_there_is_no_clock_no_thread_and_no_async(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not [
        node for node in ast.walk(tree) if isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith))
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in CLOCKS, f"{name_of(path)}:{node.lineno} reads a clock"
    for name, late, line in imports(path):
        assert name not in NOT_BELOW_TRANSPORT, f"{name_of(path)}:{line} imports {name}"
        top = name.partition(".")[0]
        assert top not in LATE_ONLY or late, f"{name_of(path)}:{line} imports {name} before it is needed"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_file_holds_one_concept(path: Path) -> None:
    """STYLE: past about 450 lines a file is two concepts; and no file is called after having none."""
    assert len(path.read_text("utf-8").splitlines()) <= FILE_LINES
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "base", "misc"}


def test_a_folder_holds_one_package() -> None:
    crowded = {folder: count for folder, count in modules_by_folder().items() if count > FOLDER_MODULES}
    assert crowded == {}


def modules_by_folder() -> Mapping[str, int]:
    """Return how many modules lie directly in each folder of the package."""
    return Counter(path.parent.relative_to(PACKAGE).as_posix() for path in MODULES)


def import_graph(package: Path) -> dict[str, set[str]]:
    """Return which modules of a package each one imports, wherever the import stands: in a function and for type checkers too.

    A package that is named stands for its ``__init__``, a name in it that is a module for that module.
    """
    names = {path: ".".join(path.relative_to(package.parent).with_suffix("").parts) for path in package.rglob("*.py")}
    modules = {name.removesuffix(".__init__") for name in names.values()}
    graph: dict[str, set[str]] = {}
    for path, name in names.items():
        own = name.removesuffix(".__init__")
        found: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                above = name.split(".")[: -node.level] if node.level else []
                source = ".".join([*above, *([node.module] if node.module else [])])
                members = {f"{source}.{alias.name}" for alias in node.names}
                found |= {member if member in modules else source for member in members}
        graph[own] = (found & modules) - {own}
    return graph


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one import circle, each imported by the next; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_one_another_in_a_circle() -> None:
    """Lazy imports and those for type checkers count: two files that need each other are one, or want a third below both."""
    graph = import_graph(PACKAGE)
    assert len(graph) == len(MODULES)
    assert any(graph.values())
    assert circle(graph) == []


LAZY = "def late():\n    from .{0} import x\n"
FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .{0} import x\n"
PLAIN = "from .{0} import x\n"
WHOLE = "from . import {0}\n"
BY_FULL_NAME = "import made.{0}\n"


@pytest.mark.parametrize("back", [LAZY, FOR_TYPES, PLAIN, WHOLE, BY_FULL_NAME])
def test_every_kind_of_import_closes_a_circle(back: str, tmp_path: Path) -> None:
    package = tmp_path / "made"
    package.mkdir()
    (package / "__init__.py").write_text("from .first import x\n", "utf-8")
    (package / "first.py").write_text(PLAIN.format("second"), "utf-8")
    (package / "second.py").write_text("x = 1\n", "utf-8")
    assert circle(import_graph(package)) == []
    (package / "second.py").write_text(back.format("first"), "utf-8")
    assert set(circle(import_graph(package))) == {"made.first", "made.second"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "rewrite").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_modules_that_the_rewriters_docstrings_say_they_import_are_there(path: Path) -> None:
    names = {part.removesuffix(".py") for module in MODULES for part in module.relative_to(PACKAGE).parts}
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    named = re.findall(r"``([a-z_]+)``", " ".join(re.findall(r"May import[^.;]*", said)))
    assert set(named) <= names
