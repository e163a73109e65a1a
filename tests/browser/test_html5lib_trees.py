"""html5lib's expected trees against Chromium's: where today's standard differs is listed, and nothing else differs."""

from __future__ import annotations

import json
from typing import Any

from ..html5lib_data import OUTDATED, Tree, marked, marks, tree_files, tree_tests
from ..rewrite.documents import once
from ..rewrite.test_html5lib_trees import compiled
from .test_trees import TREES, empty

DUMP = """
(tests => {
  const lines = (node, depth, out) => {
    const pad = '| ' + '  '.repeat(depth);
    if (node.nodeType === 10) {
      const ids = node.publicId || node.systemId ? ` "${node.publicId}" "${node.systemId}"` : '';
      out.push(`${pad}<!DOCTYPE ${node.name}${ids}>`);
    } else if (node.nodeType === 8) out.push(`${pad}<!-- ${node.data} -->`);
    else if (node.nodeType === 3) out.push(`${pad}"${node.data}"`);
    else if (node.nodeType === 1) {
      const space = node.namespaceURI.endsWith('/svg') ? 'svg ' : node.namespaceURI.endsWith('/MathML') ? 'math ' : '';
      out.push(`${pad}<${space}${node.localName}>`);
      const attributes = [...node.attributes].map(one =>
        [one.prefix ? `${one.prefix} ${one.localName}` : one.name.startsWith('xmlns') ? one.name : one.localName, one.value]);
      attributes.sort((a, b) => a[0] < b[0] ? -1 : 1);
      for (const [name, value] of attributes) out.push(`${pad}  ${name}="${value}"`);
      if (node.localName === 'template' && node.content) {
        out.push(`${pad}  content`);
        node.content.childNodes.forEach(child => lines(child, depth + 2, out));
      }
      node.childNodes.forEach(child => lines(child, depth + 1, out));
    }
    return out;
  };
  const whole = document => [...document.childNodes].flatMap(node => lines(node, 0, [])).join('\\n');
  const frame = document.body.appendChild(document.createElement('iframe'));
  const all = tests.map(test => {
    const inside = frame.contentDocument;
    inside.open(); inside.write(test); inside.close();
    return [whole(inside), whole(new DOMParser().parseFromString(test, 'text/html'))];
  });
  frame.remove();
  return all;
})
"""
"""The trees of some documents, with scripts and without, in the tests' own notation."""


def dumped(chromium: Any, session: str, tests: list[Tree]) -> list[list[str]]:
    found: list[list[str]] = []
    for start in range(0, len(tests), 200):
        found += chromium.evaluate(session, f"{DUMP}({json.dumps([test.data for test in tests[start : start + 200]])})")
    return found


def test_the_expected_trees_are_those_of_a_browser_of_today_but_for_those_listed(chromium: Any, loopback: Any) -> None:
    tests = [test for name in tree_files() for test in tree_tests(name)]
    loopback.app, loopback.own = empty, {"site.example"}
    with chromium.tab() as session:
        chromium.visit(session, "https://site.example/")
        built = dumped(chromium, session, tests)
    differing = set()
    for test, (with_scripts, without) in zip(tests, built, strict=True):
        ways = {"on": {with_scripts}, "off": {without}}.get(test.scripting, {with_scripts, without})
        if ways != {test.expected}:
            differing.add(test.data)
    assert len(tests) > 1000
    assert differing <= {data for listed in OUTDATED.values() for data in listed}


def test_no_element_of_todays_trees_keeps_a_gated_address(chromium: Any, loopback: Any) -> None:
    """DESIGN §8: the same tests with an address in each tag, rewritten, in the tree that Chromium builds of them."""
    documents = [marked(test.data) for name in tree_files() for test in tree_tests(name)]
    outputs = [once(document.encode(), compiled=compiled()).decode() for document in documents]
    live = 0
    loopback.app, loopback.own = empty, {"site.example"}
    with chromium.tab() as session:
        chromium.visit(session, "https://site.example/")
        for start in range(0, len(documents), 200):
            some = slice(start, start + 200)
            before = chromium.evaluate(session, f"{TREES}({json.dumps(documents[some])})")
            after = chromium.evaluate(session, f"{TREES}({json.dumps(outputs[some])})")
            for document, output, found, left in zip(documents[some], outputs[some], before, after, strict=True):
                assert not marks(output) & set(map(str, found)), (document, output)
                assert not left, (document, output)
                live += len(set(found))
    assert live > 2 * len(documents)
