"""Make a virtual environment ready, quickly when it already is, and optionally run a command in it.

    python3 scripts/environment.py [--venv .venv] GROUP... [-- COMMAND...]

A GROUP is one of pyproject.toml's dependency groups. The library's own dependencies always come along. Standard library only:
this file runs before anything is installed, and on a Python that may be too old for the project, so that it can say so.
Called by the Makefile and by check.py.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)


def say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def leave(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
    raise SystemExit(1)


def require_python() -> None:
    """Start again under a newer Python where this one is too old; say what to install where there is none."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer:
            os.execv(newer, [newer, *sys.argv])
    leave(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed; this is {sys.version.split()[0]} ({sys.executable}).")


def can_make_venv(python: str) -> bool:
    """Debian ships Python without the parts that make a virtual environment."""
    probe = subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True, check=False)
    return probe.returncode == 0


def requirements(groups: list[str]) -> list[str]:
    """The library's dependencies and those of these groups (PEP 735), as pip takes them."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    known = project["dependency-groups"]

    def expand(group: str) -> list[str]:
        if group not in known:
            leave(f"No dependency group is named {group!r}; there are {', '.join(known)}.")
        found: list[str] = []
        for entry in known[group]:
            found += [entry] if isinstance(entry, str) else expand(entry["include-group"])
        return found

    wanted = list(project["project"]["dependencies"])
    for group in groups:
        wanted += expand(group)
    return list(dict.fromkeys(wanted))


def lowest(requirement: str) -> str:
    """The lowest version that a requirement as ``name>=1.2`` takes, as a constraint."""
    name, bound, version = requirement.partition(">=")
    if not bound or not version.strip().replace(".", "").isdigit():
        leave(f"{requirement!r} states no lower bound, as name>=1.2")
    return f"{name.partition('[')[0].strip()}=={version.strip()}"  # a constraint names no extras


def lowest_versions() -> list[str]:
    """A constraint for each library that the wheel or its extras bring along, and each framework: the lowest version named."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = f"{project['name']}["
    extras = [wanted for group in project["optional-dependencies"].values() for wanted in group if not wanted.startswith(own)]
    return list(dict.fromkeys(lowest(wanted) for wanted in [*requirements(["frameworks"]), *extras]))


def venv_python(venv: Path) -> Path:
    return venv / ("Scripts" if os.name == "nt" else "bin") / "python"


def runs(python: Path) -> bool:
    if not python.exists():
        return False
    return subprocess.run([str(python), "-c", "import pip"], capture_output=True, check=False).returncode == 0


def prepare(venv: Path, groups: list[str], base_python: str = sys.executable, constraints: Sequence[str] = ()) -> Path:
    """Return the Python of ``venv``, made if need be, with these groups installed, within these constraints.

    A stamp inside the environment remembers what was asked for, so that a repeat costs nothing.
    """
    wanted = requirements(groups)
    stamp = venv / ("ready-" + "-".join(sorted(groups)))
    print_of = hashlib.sha256("\n".join([base_python, *wanted, *constraints]).encode()).hexdigest()
    python = venv_python(venv)
    if stamp.exists() and stamp.read_text() == print_of and runs(python):
        return python
    if not runs(python):
        if not can_make_venv(base_python):
            leave(
                f"{base_python} cannot make virtual environments: its venv and ensurepip modules are missing.\n"
                "On Debian and Ubuntu: apt-get install python3-venv"
            )
        say(f"making {venv.name} with {base_python}")
        subprocess.run([base_python, "-m", "venv", "--clear", str(venv)], check=True)
    say(f"installing {len(wanted)} requirements into {venv.name} (a minute or two, once)")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    limits = venv / "constraints.txt"
    limits.write_text("\n".join([*constraints, ""]))
    subprocess.run([*pip, "install", "-qq", "-c", str(limits), *wanted], check=True, cwd=str(ROOT))
    stamp.write_text(print_of)
    return python


def main() -> None:
    require_python()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", default=".venv")
    parser.add_argument("groups", nargs="+", metavar="GROUP")
    ours, command = sys.argv[1:], []
    if "--" in ours:
        at = ours.index("--")
        ours, command = ours[:at], ours[at + 1 :]
    options = parser.parse_args(ours)
    python = prepare(ROOT / options.venv, options.groups)
    if command:
        os.chdir(str(ROOT))
        os.execve(str(python), [str(python), *command], {**os.environ, "PYTHONPATH": str(ROOT)})


if __name__ == "__main__":
    main()
