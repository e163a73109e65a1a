"""What stands in for a withheld script's globals (DESIGN §6)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from consent_guard.rewrite.emit.withheld import stub_element
from consent_guard.rewrite.script.stubs import stub_script

NAMES = ("_paq", "a.b.c", "a.d", "dataLayer", "fbq")


def test_a_stub_is_one_ascii_expression_that_lists_the_names() -> None:
    text = stub_script(NAMES).decode("ascii")
    listed = re.search(r"\(window,(\[.*\])\)$", text)
    assert listed is not None
    assert json.loads(listed[1]) == list(NAMES)
    assert "\n" not in text
    assert "<" not in text.replace("<=", "")
    assert text.count("(") == text.count(")")
    assert text.count("{") == text.count("}")


def test_names_beyond_ascii_are_escaped() -> None:
    assert stub_script(["été"]).isascii()


def test_the_element_carries_the_nonce_escaped() -> None:
    assert stub_element(b"", "n") == b""
    assert stub_element(b"x()", "") == b"<script>x()</script>"
    assert stub_element(b"x()", 'a"b<é') == b'<script nonce="a&quot;b&lt;&#233;">x()</script>'


CHECK = """
const vm = require('vm'), window = {old: 1};
window.window = window;
vm.runInNewContext(%s, window);
const ok = [
  window._paq.push(['a']) === 0, window.a.b.c() === undefined, window.a.b.c.push(1) === 0, typeof window.a.d === 'function',
  Array.isArray(window.dataLayer), window.fbq('track') === undefined];
const kept = window.fbq;
vm.runInNewContext(%s, window);
console.log(JSON.stringify([...ok, window.fbq === kept]));
"""


def test_first_party_code_that_calls_the_stubs_does_not_throw() -> None:
    """Run where a JavaScript engine is installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node to run JavaScript with")
    script = json.dumps(stub_script(NAMES).decode())
    out = subprocess.run([node, "-e", CHECK % (script, script)], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(out.stdout) == [True] * 7
