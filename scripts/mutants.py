"""Change the code in small ways and see whether the tests notice: mutation testing, on a sample drawn with a fixed seed.

    python scripts/mutants.py [--count 600] [--seed 1] [--out build/mutants.jsonl] PACKAGE...

A PACKAGE is a folder of consent_guard that TESTS names. Each mutant is one change of one expression or statement. The tests of
its own package that run the changed line are run on it, the quickest first, until one fails; it is caught if one does, or if
they do not end in time. mutant_runner.py says how. What stands in the output file already is not run again, so a run can be
stopped and taken up. The order of the packages belongs to the draw. Wording is not mutated: docstrings, what a log line or an
error says; nor are annotations, decorators, ``__all__`` and ``__slots__``.

Run it with a Python that has the test dependencies and coverage.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TESTS: Final = {
    "consent": "tests/consent",
    "wire": "tests/wire",
    "engine": "tests/engine",
    "rewrite/decide": "tests/rewrite",
}
"""The folders that can be mutated, below consent_guard, and the tests of each."""
COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}


@dataclass(frozen=True)
class Mutant:
    file: str
    line: int
    column: int
    """In bytes, from 0."""
    end_line: int
    end_column: int
    kind: str
    before: str
    after: str


# -- which changes there are ------------------------------------------------------------------------------------------------


class Finder(ast.NodeVisitor):
    """Collect the mutants of one module."""

    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self.found: list[Mutant] = []
        self._depth = 0
        """Of functions and classes: at the top of a module ``|`` joins types."""

    def add(self, node: ast.expr | ast.stmt, kind: str, after: str) -> None:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        before = ast.get_source_segment(self.source, node) or ""
        where = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        self.found.append(Mutant(self.file, *where, kind, before, after))

    def swap(self, node: ast.expr, kind: str, after: ast.expr) -> None:
        self.add(node, kind, f"({ast.unparse(ast.fix_missing_locations(after))})")

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._depth += 1
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default)
        self.body(node.body)
        self._depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._depth += 1
        self.body(node.body)
        self._depth -= 1

    def visit_Module(self, node: ast.Module) -> None:
        self.body(node.body)

    def body(self, statements: list[ast.stmt]) -> None:
        for one in statements:
            if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)):
                self.visit(one)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and not self.untouched(node.target):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if not any(map(self.untouched, node.targets)):
            self.visit(node.value)

    @staticmethod
    def untouched(target: ast.expr) -> bool:
        return isinstance(target, ast.Name) and (target.id in ("__all__", "__slots__") or target.id.endswith("logger"))

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self.condition(node)
        self.visit(node.test)
        self.body(node.body)
        self.body(node.orelse)

    def visit_While(self, node: ast.While) -> None:
        self.condition(node)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.condition(node)
        self.generic_visit(node)

    def condition(self, node: ast.If | ast.While | ast.IfExp) -> None:
        if not isinstance(node.test, ast.Constant | ast.Compare | ast.UnaryOp):
            self.swap(node.test, "condition", ast.UnaryOp(ast.Not(), node.test))

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            if _callee(node.value).startswith("logger"):
                return
            self.add(node, "call", "pass")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self.add(node, "raise", "pass")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not isinstance(node.value, ast.Constant):
            self.add(node, "return", "return None")
        self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        self.add(node, "loop", "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self.add(node, "loop", "break")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        other = ARITHMETIC.get(type(node.op))
        if other is not None:
            self.add(node, "arithmetic", ast.unparse(ast.AugAssign(node.target, other(), node.value)))
        self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, operator in enumerate(node.ops):
            other = COMPARISONS[type(operator)]()
            operators = [*node.ops[:place], other, *node.ops[place + 1 :]]
            self.swap(node, "comparison", ast.Compare(node.left, operators, node.comparators))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self.swap(node, "boolean", ast.BoolOp(other, node.values))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not | ast.USub):
            self.swap(node, "sign", node.operand)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        other = ARITHMETIC.get(type(node.op))
        if other is not None and not (isinstance(node.op, ast.BitOr | ast.BitAnd) and not self._depth):
            self.swap(node, "arithmetic", ast.BinOp(node.left, other(), node.right))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.swap(node, "constant", ast.Constant(not value))
        elif isinstance(value, int | float):
            self.swap(node, "constant", ast.Constant(value + 1))
        elif isinstance(value, str):
            self.swap(node, "text", ast.Constant("XX" + value))
        elif isinstance(value, bytes):
            self.swap(node, "text", ast.Constant(b"XX" + value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Before Python 3.12 what stands in an f-string has no place of its own."""

    def visit_Call(self, node: ast.Call) -> None:
        if _callee(node) not in ("cast", "TypeVar", "getLogger", "logging.getLogger"):
            self.generic_visit(node)


def _callee(node: ast.Call) -> str:
    return ast.unparse(node.func)


def mutants_of(package: str) -> list[Mutant]:
    found: list[Mutant] = []
    for path in sorted((ROOT / "consent_guard" / package).rglob("*.py")):
        source = path.read_text("utf-8")
        finder = Finder(str(path.relative_to(ROOT)), source)
        finder.visit(ast.parse(source))
        found += finder.found
    return found


def mutated(source: bytes, mutant: Mutant) -> bytes:
    """The module with that change; every line keeps its number."""
    lines = source.splitlines(keepends=True)
    start = sum(map(len, lines[: mutant.line - 1])) + mutant.column
    end = sum(map(len, lines[: mutant.end_line - 1])) + mutant.end_column
    after = mutant.after.encode()
    lost = b"\n" * (mutant.end_line - mutant.line - after.count(b"\n"))
    after = after[:-1] + lost + b")" if after.startswith(b"(") else after + lost
    return source[:start] + after + source[end:]


# -- the run ----------------------------------------------------------------------------------------------------------------


def drawn(packages: list[str], count: int, seed: int) -> list[tuple[str, Mutant]]:
    every = [(package, mutant) for package in packages for mutant in mutants_of(package)]
    return sorted(random.Random(seed).sample(every, min(count, len(every))), key=lambda one: astuple(one[1]))


def run(packages: list[str], count: int, seed: int, out: Path) -> None:
    done = {json.dumps(row["mutant"]) for row in results(out)}
    sample = drawn(packages, count, seed)
    for package in packages:
        left = [asdict(mutant) for where, mutant in sample if where == package]
        left = [mutant for mutant in left if json.dumps(mutant) not in done]
        if left:
            environment = os.environ | {
                "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "scripts"))),
                "MUTANTS": json.dumps({"package": package, "mutants": left, "out": str(out.resolve())}),
            }
            plain = ["-q", "-s", "-p", "mutant_runner", "-p", "no:cacheprovider", "-p", "no:xdist"]
            subprocess.run([sys.executable, "-m", "pytest", *plain, TESTS[package]], cwd=ROOT, env=environment, check=True)


def results(out: Path) -> Iterator[dict[str, object]]:
    if out.exists():
        yield from map(json.loads, out.read_text("utf-8").splitlines())


def report(out: Path) -> None:
    rows = list(results(out))
    missed = [row for row in rows if row["outcome"] in ("survived", "not run")]
    for row in missed:
        one = row["mutant"]
        assert isinstance(one, dict)
        print(f"{one['file']}:{one['line']}  {row['outcome']}, {one['kind']}: {one['before']!r} -> {one['after']!r}")
    for package, total in Counter(row["package"] for row in rows).items():
        left = sum(row["package"] == package for row in missed)
        print(f"{package}: {total - left} of {total} caught, {(total - left) / total:.1%}")
    for file, number in Counter(row["mutant"]["file"] for row in missed).most_common():  # type: ignore[index]
        print(f"  {number:3} left in {file}")
    print(f"all: {len(rows) - len(missed)} of {len(rows)} caught, {(len(rows) - len(missed)) / max(1, len(rows)):.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutants.jsonl")
    parser.add_argument("packages", nargs="+", choices=[*TESTS], metavar="PACKAGE")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    run(options.packages, options.count, options.seed, options.out)
    report(options.out)


if __name__ == "__main__":
    main()
