"""Everything that must hold before a change lands: lint, types, and all tests against the built wheel. `make test` runs it.

    python3 scripts/check.py [pytest arguments]              everything
    python3 scripts/check.py --wheel DIRECTORY [...]         only the tests, against the one wheel in there, on this Python

The wheel is built once, installed, and tested with the source tree out of reach (PYTHONSAFEPATH, no PYTHONPATH, no current
directory on the path); tests/test_wheel.py proves it. Where a library or framework does a part of the work, the tests run with
the lowest versions that pyproject.toml allows, too. Where the operating system has a Python of its own beside the one in use,
all tests run on that one as well: Debian 12's 3.11.2 executes some patterns of `re` otherwise than later ones.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import html5lib_tests
from environment import OLDEST, ROOT, can_make_venv, leave, lowest_versions, prepare, require_python, say

WHEELS = ROOT / "build" / "wheel"
SYSTEM_PYTHON = "/usr/bin/python3"
TEST_SECONDS = 600
"""A test that hangs fails after so long; the slowest takes a fraction of it."""


ALONE = ("tests/browser", "tests/servers", "tests/ledger", "tests/consumer")
"""Tests that start browsers, servers and databases of their own: one after another. The others share the processors."""
LOWEST_TESTS = (
    *("tests/test_wsgi.py", "tests/test_asgi.py", "tests/test_flask.py", "tests/test_starlette.py", "tests/test_options.py"),
    *("tests/django", "tests/consent", "tests/engine", "tests/pages"),
    *("tests/wire/test_origins.py", "tests/wire/test_codings.py", "tests/audit/reading", "tests/audit/scan"),
)
"""Where a library or framework does a part of the work. The tests of the command line ask for click 8.2's own test runner."""


def run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], check=False, cwd=ROOT)
    if done.returncode:
        leave(f"failed: {' '.join(str(part) for part in command)}")


def build_wheel(python: Path) -> Path:
    """Build the wheel into an empty directory and return its path."""
    shutil.rmtree(WHEELS, ignore_errors=True)
    run(python, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation", "--wheel-dir", WHEELS, ".")
    (wheel,) = WHEELS.glob("*.whl")
    return wheel


def test_wheel(python: Path, wheel: Path, pytest_arguments: list[str]) -> int:
    """Install the wheel alone (its dependencies are there) and run all tests against it; pytest's exit code."""
    run(python, "-m", "pip", "install", "-qq", "--no-deps", "--force-reinstall", wheel)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"PYTHONSAFEPATH": "1", "PYTHONDONTWRITEBYTECODE": "1", "CONSENT_GUARD_WHEEL": "1"}
    command = [str(python), "-m", "pytest", "-p", "no:cacheprovider", "-rs", f"--timeout={TEST_SECONDS}"]
    if pytest_arguments:
        return subprocess.run([*command, *pytest_arguments], check=False, cwd=ROOT, env=environment).returncode
    apart = [argument for folder in ALONE for argument in ("--ignore", folder)]
    for part in ([*command, "-n", str(os.cpu_count() or 1), *apart], [*command, *ALONE]):
        failed = subprocess.run(part, check=False, cwd=ROOT, env=environment).returncode
        if failed:
            return failed
    return 0


def test_lowest(wheel: Path) -> int:
    """Run the tests that touch a dependency with the lowest version of each; pytest's exit code.

    Old libraries warn of themselves on a newer Python: that is no fault of ours.
    """
    python = prepare(ROOT / ".venv-lowest", ["core"], constraints=lowest_versions())
    say(f"tests against {wheel.name} with the lowest versions of its dependencies")
    return test_wheel(python, wheel, ["-W", "default", *LOWEST_TESTS])


def version_of(python: str | Path) -> str:
    show = "import sys; print(sys.version)"
    done = subprocess.run([str(python), "-c", show], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def system_python(ours: Path) -> str | None:
    """The operating system's own Python, where it is recent enough and not the very one already in use."""
    if not Path(SYSTEM_PYTHON).exists():
        say(f"no {SYSTEM_PYTHON} here: no lane on the operating system's own Python")
        return None
    version = version_of(SYSTEM_PYTHON)
    if not version or tuple(int(part) for part in version.split()[0].split(".")[:2]) < OLDEST:
        say(f"{SYSTEM_PYTHON} is too old ({version.split(' ')[0] or 'it does not start'}): no lane on it")
        return None
    if version == version_of(ours):
        say(f"{SYSTEM_PYTHON} is the Python already in use: one lane covers both")
        return None
    if not can_make_venv(SYSTEM_PYTHON):
        say(f"{SYSTEM_PYTHON} cannot make virtual environments (apt-get install python3-venv): no lane on it")
        return None
    return SYSTEM_PYTHON


def main() -> int:
    require_python()
    pytest_arguments = sys.argv[1:]
    if pytest_arguments[:1] == ["--wheel"]:
        (wheel,) = (ROOT / pytest_arguments[1]).glob("*.whl")
        python = prepare(ROOT / ".venv", ["test"])
        html5lib_tests.fetch(python)
        return test_wheel(python, wheel, pytest_arguments[2:])
    python = prepare(ROOT / ".venv", ["dev"])
    say("ruff")
    run(python, "-m", "ruff", "check", ".")
    say("mypy --strict")
    run(python, "-m", "mypy")
    html5lib_tests.fetch(python)
    say("building the wheel")
    wheel = build_wheel(python)
    if not pytest_arguments:
        failed = test_lowest(wheel)
        if failed:
            return failed
    other = system_python(python)
    if other:
        system = prepare(ROOT / ".venv-system", ["test"], other)
        say(f"all tests against {wheel.name} on {SYSTEM_PYTHON}, {version_of(system).split(' ')[0]}")
        failed = test_wheel(system, wheel, pytest_arguments)
        if failed:
            return failed
    say(f"all tests against {wheel.name} on Python {version_of(python).split(' ')[0]}")
    return test_wheel(python, wheel, pytest_arguments)


if __name__ == "__main__":
    raise SystemExit(main())
