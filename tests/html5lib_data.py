"""html5lib's tests of the tokenizer and of tree construction: where they are and how they are read.

They are not in this repository: `make test` fetches them (scripts/html5lib_tests.py). HTML5LIB_TESTS names another copy, such
as a checkout of html5lib-tests, or of web-platform-tests for its html/syntax/parsing/resources.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
FETCHED = ROOT / "build" / "html5lib-tests"
NAMED = os.environ.get("HTML5LIB_TESTS", "")
PLACE = Path(NAMED) if NAMED else FETCHED
TREE_FOLDERS = ("tree-construction", "html/syntax/parsing/resources")


class Tree(NamedTuple):
    """One test of tree construction."""

    data: str
    scripting: str
    """``on``, ``off``, or ``""`` for both."""
    expected: str
    """The document, in the tests' own notation."""


OUTDATED = {
    "a select holds most elements now (customizable select)": (
        "<!DOCTYPE html><select><menuitem></select>",
        "<select><b><option><select><option></b></select>X",
        "<select><b><option><select><option></b></select>",
        "<select><keygen>",
        "<!doctype html><select><plaintext></plaintext>X",
        "<!doctype html><table><select><plaintext>a<caption>b",
        "<!DOCTYPE html><body><select><math></math></select>",
        "<!DOCTYPE html><body><select><option><math></math></option></select>",
        "<!DOCTYPE html><body><table><tr><td><select><math><mi>foo</mi><mi>bar</mi><p>baz</table><p>quux",
        "<!DOCTYPE html><body><table><select><math><mi>foo</mi><mi>bar</mi><p>baz</table><p>quux",
        "<!DOCTYPE html><body><select><svg></svg></select>",
        "<!DOCTYPE html><body><select><option><svg></svg></option></select>",
        "<!DOCTYPE html><body><table><tr><td><select><svg><g>foo</g><g>bar</g><p>baz</table><p>quux",
        "<!DOCTYPE html><body><table><select><svg><g>foo</g><g>bar</g><p>baz</table><p>quux",
    ),
    "<? and a name make a processing instruction, and <? alone makes nothing": (
        '<?import namespace="foo" implementation="#bar">',
        "<?",
        "<?COMMENT?>",
        "<?COM--MENT?>",
    ),
    "without scripts, Chromium leaves a noscript of the head at <head>": (
        '<head><noscript><head class="foo"><!--foo--></noscript>',
    ),
}
"""The documents of which a browser of today builds another tree than html5lib's tests expect, 1.1's and later ones, and why.
tests/browser holds that nothing else differs."""

TAG = re.compile(r"(<[a-zA-Z][^\t\n\f\r />]*)")
MARK = re.compile(r"url\(//t\.example/(\d+)/\)")


def marked(data: str) -> str:
    """A document with an address of its own in the ``style`` of each tag."""
    number = iter(range(1, 10_000))
    return TAG.sub(lambda tag: f'{tag[1]} style="background:url(//t.example/{next(number)}/)"', data)


def marks(text: str) -> set[str]:
    return set(MARK.findall(text))


def tokenizer_folder() -> Path:
    return _present(PLACE / "tokenizer")


def tokenizer_files() -> list[str]:
    """The names of the tokenizer's tests. xmlViolation.test expects a tokenizer that coerces its output for XML."""
    found = {path.name for path in (PLACE / "tokenizer").glob("*.test")} - {"xmlViolation.test"}
    return sorted(found) or ["test1.test"]


def tokenizer_tests(name: str) -> tuple[dict[str, Any], ...]:
    tests = json.loads((tokenizer_folder() / name).read_text("utf-8")).get("tests", [])
    for test in tests:
        if test.get("doubleEscaped"):
            test["input"], test["output"] = _unescaped(test["input"]), _unescaped(test["output"])
    return tuple(tests)


def tree_folder() -> Path:
    found = next((path for path in map(PLACE.joinpath, TREE_FOLDERS) if any(path.glob("*.dat"))), None)
    return found or _present(PLACE / TREE_FOLDERS[0])


def tree_files() -> list[str]:
    return sorted({path.name for name in TREE_FOLDERS for path in (PLACE / name).glob("*.dat")}) or ["tests1.dat"]


@cache
def tree_tests(name: str) -> tuple[Tree, ...]:
    """The tests of whole documents in one file; a fragment's parser begins in a state that no response has."""
    return tuple(_trees(tree_folder() / name))


def _trees(path: Path) -> Iterator[Tree]:
    blocks = re.split(r"(?:\A|\n\n?)#data\n", path.read_bytes().decode("utf-8", "replace"))
    for block in blocks:
        data, _, rest = block.partition("\n#errors")
        if rest and "\n#document-fragment" not in rest:
            scripting = "on" if "\n#script-on" in rest else "off" if "\n#script-off" in rest else ""
            yield Tree(data, scripting, rest.partition("\n#document\n")[2].rstrip("\n"))


def _present(path: Path) -> Path:
    if not path.is_dir():
        pytest.skip(f"html5lib's tests are not in {path}: python scripts/html5lib_tests.py fetches them into build/")
    return path


def _unescaped(value: Any) -> Any:
    """Undo doubleEscaped: every text is written with \\uXXXX once more."""
    if isinstance(value, str):
        return re.sub(r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), value)
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    if isinstance(value, dict):
        return {_unescaped(key): _unescaped(item) for key, item in value.items()}
    return value
