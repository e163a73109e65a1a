"""Fetch html5lib's tests of the tokenizer and of tree construction into build/html5lib-tests. check.py calls it.

    python3 scripts/html5lib_tests.py

They come with html5lib 1.1's source distribution (MIT, the licence is taken along), pinned by its hash. Only the data is taken
out and nothing is installed, but pip runs setup.py to learn the metadata: that needs a setuptools which still has
pkg_resources, and a Python which still has ast.Str. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from environment import ROOT, leave, require_python, say

FOLDER = ROOT / "build" / "html5lib-tests"
NAME = "html5lib-1.1"
SHA256 = "b2e5b40261e20f354d198eae92afc10d750afb487ed5e50f9c4eaf07c184146f"
BUILD_CONSTRAINT = "setuptools<69"
NEWEST = (3, 13)
"""The last Python with ast.Str."""
WANTED = ("tokenizer/", "tree-construction/", "LICENSE", "AUTHORS.rst")


def fetch(python: str | Path = sys.executable) -> None:
    """Fetch the tests where they are not there yet, with the pip of ``python`` or, where that Python is too new, of another."""
    stamp = FOLDER / "SHA256"
    if stamp.exists() and stamp.read_text() == SHA256:
        return
    able = next(pythons(str(python)), None)
    if able is None:
        say(f"no Python up to {NEWEST[0]}.{NEWEST[1]} with pip here: html5lib's tests are left out")
        return
    say("fetching html5lib's tests")
    with tempfile.TemporaryDirectory() as where:
        unpack(download(able, Path(where)))
    stamp.write_text(SHA256)


def pythons(first: str) -> Iterator[str]:
    """The Pythons here that can read the distribution's metadata."""
    probe = f"import pip, sys; sys.exit(sys.version_info[:2] > {NEWEST})"
    others = [shutil.which(f"python3.{minor}") for minor in range(NEWEST[1], 8, -1)]
    for python in [first, *others, "/usr/bin/python3"]:
        if python and Path(python).exists() and subprocess.run([python, "-c", probe], capture_output=True).returncode == 0:
            yield python


def download(python: str, where: Path) -> Path:
    constraint, requirement = where / "constraint.txt", where / "requirement.txt"
    constraint.write_text(BUILD_CONSTRAINT + "\n")
    requirement.write_text(f"{NAME.replace('-', '==')} --hash=sha256:{SHA256}\n")
    # pip before 25.3 reads the first of these for what a build needs, later ones the second.
    environment = {**os.environ, "PIP_CONSTRAINT": str(constraint), "PIP_BUILD_CONSTRAINT": str(constraint)}
    command = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "-qq", "--no-deps"]
    command += ["--no-binary=html5lib", "--require-hashes", f"--requirement={requirement}", f"--dest={where}"]
    if subprocess.run(command, check=False, env=environment).returncode:
        leave(f"could not fetch {NAME} from the package index; without it html5lib's tests cannot run")
    return where / f"{NAME}.tar.gz"


def unpack(archive: Path) -> None:
    """Take the data, and nothing else, out of the archive."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    prefix = f"{NAME}/html5lib/tests/testdata/"
    with tarfile.open(archive) as inside:
        for member in inside:
            name = member.name.removeprefix(prefix)
            if member.isfile() and member.name.startswith(prefix) and name.startswith(WANTED) and ".." not in name:
                target = FOLDER / name
                target.parent.mkdir(parents=True, exist_ok=True)
                data = inside.extractfile(member)
                assert data is not None
                target.write_bytes(data.read())


def main() -> None:
    require_python()
    fetch()


if __name__ == "__main__":
    main()
