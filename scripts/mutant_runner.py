"""The pytest plugin that runs the tests on mutants; mutants.py starts it.

The package and its tests are imported and collected once. Each mutant then is a forked process: the functions of the mutated
module get their new code, the module's constants their new values, and the tests run, the quickest first. Nothing is written,
and a mutant costs what its tests cost. Where that is not the same as a start from the mutated file (a class's own constants,
code that ran before the fork), the tests are run by a pytest of its own in a copy of the tree.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import BuiltinMethodType, CodeType, FunctionType, ModuleType
from typing import Any, Final, TextIO

import coverage
import pytest
from _pytest.runner import runtestprotocol
from hypothesis.internal.conjecture.engine import ConjectureRunner

from mutants import ROOT, Mutant, mutated

COPIED: Final = ("consent_guard", "tests", "docs", "examples", "scripts", "pyproject.toml", "README.md", "CHANGELOG.md")
SLOW: Final = 1.5
"""A test that takes more seconds of processor time is left out; what it alone would catch counts as missed."""
TIMES_SLOWER: Final = 4
SECONDS_AT_LEAST: Final = 8
"""Processor time that a mutant's tests may take: so many times as long as without it, and so long in any case."""
PATIENCE: Final = 600
"""Seconds on the clock: for a mutant that waits for ever."""
MEMORY: Final = 4 << 30
"""Bytes of address space that a mutant's tests may take."""
CO_NEWLOCALS: Final = 2
"""The flag of a function's code, which that of a class does not have."""
CAUGHT, AGAIN = 1, 3
"""Exit codes of a mutant's process; 0: all tests passed. AGAIN: start from the mutated file."""

before = coverage.Coverage(data_file=None, source=[str(ROOT / "consent_guard")])
before.start()


def pytest_runtestloop(session: pytest.Session) -> bool:
    before.stop()
    for name in ("shrink_interesting_test_cases", "shrink_interesting_examples"):
        setattr(ConjectureRunner, name, lambda self: None)  # that a test fails is all that we ask
    task = json.loads(os.environ["MUTANTS"])
    with tempfile.TemporaryDirectory(prefix="mutants-") as place, open(task["out"], "a", encoding="utf-8") as output:
        quick = [item for item in session.items if not item.get_closest_marker("linear")]  # those ask how long, not what
        run = Run(quick, task["package"], Path(place))
        later = []
        for row in task["mutants"]:
            outcome = run.outcome(Mutant(**row))
            if outcome is None:
                later.append(row)
            else:
                tell(output, task["package"], outcome, row)
        for row in later:
            tell(output, task["package"], run.outcome(Mutant(**row), afresh=True), row)
    return True


def tell(output: TextIO, package: str, outcome: str | None, row: dict[str, Any]) -> None:
    output.write(json.dumps({"package": package, "outcome": outcome, "mutant": row}) + "\n")
    output.flush()


class Run:
    """The collected tests of a package, with the lines that each of them runs."""

    def __init__(self, items: list[pytest.Item], package: str, place: Path) -> None:
        self.items = items
        self.package = package
        self.place = place
        self.functions = functions()
        gc.freeze()  # so that a forked process copies none of it
        data = before.get_data()
        self.early = {path: set(data.lines(path) or ()) for path in data.measured_files()}
        """Lines that ran before any test did."""
        measured = place / "measured"
        if self._forked(lambda: self._measure(measured), PATIENCE * 4) != 0:
            raise SystemExit(f"the tests of {package} do not pass without a mutant")
        self.seconds, self.lines = pickle.loads(measured.read_bytes())

    def _measure(self, to: Path) -> int:
        measure = coverage.Coverage(data_file=None, source=[str(ROOT / "consent_guard")])
        measure.start()
        seconds = []
        for place, item in enumerate(self.items):
            measure.switch_context(str(place))
            start = time.process_time()
            if not self._passes(item, self.items[place + 1] if place + 1 < len(self.items) else None):
                print(f"fails without a mutant: {item.nodeid}", file=sys.__stderr__)
                return CAUGHT
            seconds.append(time.process_time() - start)
        measure.stop()
        data = measure.get_data()
        lines = {
            path: {line: {int(one) for one in found if one} for line, found in data.contexts_by_lineno(path).items()}
            for path in data.measured_files()
        }
        to.write_bytes(pickle.dumps((seconds, lines)))
        return 0

    def outcome(self, mutant: Mutant, afresh: bool = False) -> str | None:
        """``caught``, ``survived``, ``late`` or ``not run``; None: it has to be started ``afresh``."""
        path = str(ROOT / mutant.file)
        source = Path(path).read_bytes()
        changed = mutated(source, mutant)
        module = next((one for one in list(sys.modules.values()) if getattr(one, "__file__", None) == path), None)
        if module is None:
            return "not run"
        lines = range(mutant.line, mutant.end_line + 1)
        of_file = self.lines.get(path, {})
        inside = changed_code(source, changed, path)
        covering: set[int] = set()
        for line in lines if inside else of_file:
            covering |= of_file.get(line, set())
        if not inside:
            for user in users(module, names_at(source, mutant)):
                covering |= {place for found in self.lines.get(user, {}).values() for place in found}
                covering |= {place for place, item in enumerate(self.items) if str(item.path) == user}
        tests = sorted((place for place in covering if self.seconds[place] < SLOW), key=lambda place: self.seconds[place])
        if not tests:
            return "not run"
        allowed = max(SECONDS_AT_LEAST, TIMES_SLOWER * sum(self.seconds[place] for place in tests))
        if afresh:
            code = self._afresh(mutant, changed, tests, allowed)
        else:
            code = self._forked(lambda: self._try(module, source, changed, path, tests), allowed)
            if code == AGAIN or (code == 0 and inside and self.early.get(path, set()) & set(lines)):
                return None
        return "survived" if code == 0 else "late" if code is None else "caught"

    def _try(self, module: ModuleType, source: bytes, changed: bytes, path: str, tests: list[int]) -> int:
        if not (swap_code(self.functions, changed_code(source, changed, path)) or swap_values(module, changed, path)):
            return AGAIN
        for here, after in zip(tests, [*tests[1:], None], strict=True):
            if not self._passes(self.items[here], None if after is None else self.items[after]):
                return CAUGHT
        return 0

    @staticmethod
    def _passes(item: pytest.Item, after: pytest.Item | None) -> bool:
        return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))

    def _forked(self, job: Any, seconds: float) -> int | None:
        """Run ``job`` in a process of its own and return its code; None: not ended in time."""
        process = os.fork()
        if process == 0:
            code = CAUGHT
            try:
                resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, 1)
                code = job()
            except BaseException:  # noqa: BLE001  a mutant may raise anything at all
                code = CAUGHT
            finally:
                os._exit(code)
        end = time.monotonic() + max(PATIENCE, seconds)
        while time.monotonic() < end:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
                return None if late else CAUGHT if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            time.sleep(0.02)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return None

    def _afresh(self, mutant: Mutant, changed: bytes, tests: list[int], seconds: float) -> int | None:
        tree = self.place / "tree"
        if not tree.exists():
            for name in COPIED:
                if (ROOT / name).is_dir():
                    shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / name, tree / name)
        path = tree / mutant.file
        source = path.read_bytes()
        names = list(dict.fromkeys(self.items[place].nodeid.partition("[")[0] for place in tests))
        plain = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist"]
        environment = {name: value for name, value in os.environ.items() if name != "MUTANTS" and not name.startswith("PYTEST")}
        environment["PYTHONPATH"] = str(tree)
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        path.write_bytes(changed)
        try:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *plain, *names],
                cwd=tree,
                env=environment,
                capture_output=True,
                timeout=max(PATIENCE, seconds),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        finally:
            path.write_bytes(source)
            for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
                compiled.unlink()  # a change within one second that keeps the size would be taken for none
        return done.returncode


# -- how a running program becomes the mutant ---------------------------------------------------------------------------------


def codes(code: CodeType) -> Iterator[tuple[tuple[str, int, int], CodeType]]:
    """The code of every function in a module, by name, line and place among those of that name and line."""
    seen: dict[tuple[str, int], int] = defaultdict(int)
    pending = [code]
    while pending:
        for one in pending.pop().co_consts:
            if isinstance(one, CodeType):
                key = (one.co_qualname, one.co_firstlineno)
                yield (*key, seen[key]), one
                seen[key] += 1
                pending.append(one)


def changed_code(source: bytes, changed: bytes, path: str) -> dict[CodeType, CodeType]:
    """What the change makes of the code of functions: old to new. A class's own statements are no function."""
    new = dict(codes(compile(changed, path, "exec", dont_inherit=True)))
    old = dict(codes(compile(source, path, "exec", dont_inherit=True)))
    return {code: new[key] for key, code in old.items() if key in new and code != new[key] and code.co_flags & CO_NEWLOCALS}


def functions() -> dict[CodeType, list[FunctionType]]:
    """The package's functions by their code."""
    found: dict[CodeType, list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(ROOT / "consent_guard")):
            found[one.__code__].append(one)
    return found


def swap_code(having: dict[CodeType, list[FunctionType]], pairs: dict[CodeType, CodeType]) -> bool:
    """Give functions that have an old code the new one; False: none has it."""
    pairs = {old: new for old, new in pairs.items() if old in having}
    for old, new in pairs.items():
        for one in having[old]:
            one.__code__ = new
    return bool(pairs)


def swap_values(module: ModuleType, changed: bytes, path: str) -> bool:
    """Give the constants of a module, wherever they were imported to, the values of the changed source; False: it has none."""
    fresh = {key: vars(module)[key] for key in ("__name__", "__package__", "__file__", "__spec__", "__loader__")}
    exec(compile(changed, path, "exec", dont_inherit=True), fresh)
    found = False
    for name, new in fresh.items():
        old = vars(module).get(name)
        if not name.startswith("__") and plain(new) and plain(old) and value(new) != value(old):
            found = True
            for other in list(sys.modules.values()):
                if getattr(other, "__dict__", {}).get(name) is old:
                    setattr(other, name, new)
    return found


def plain(one: object) -> bool:
    if isinstance(one, tuple | frozenset | list | set) and type(one) in (tuple, frozenset, list, set):
        return all(map(plain, one))
    if type(one) is dict:
        return all(plain(key) and plain(item) for key, item in one.items())
    if isinstance(one, BuiltinMethodType):
        return isinstance(one.__self__, re.Pattern)
    return one is None or type(one) in (int, float, str, bytes, bool, re.Pattern)


def value(one: object) -> object:
    return (one.__self__, one.__name__) if isinstance(one, BuiltinMethodType) else one


def names_at(source: bytes, mutant: Mutant) -> set[str]:
    """The names that the statement of the mutant's line gives values to, as far as a look at its beginning tells."""
    lines = source.decode().splitlines()
    for line in range(mutant.line - 1, -1, -1):
        found = re.match(r"([A-Za-z_]\w*)\s*(?::|=)", lines[line])
        if found:
            return {found[1]}
    return set()


def users(module: ModuleType, names: set[str]) -> set[str]:
    """The files, of modules and tests, that imported one of these names from the module."""
    return {
        str(other.__file__)
        for name in names
        for other in list(sys.modules.values())
        if other is not module
        and name in vars(module)
        and getattr(other, "__dict__", {}).get(name) is vars(module)[name]
        and getattr(other, "__file__", None)
    }
