"""After the tests of the real servers: one table, a line for each server and a column for each test."""

from __future__ import annotations

import re
from typing import Any

_CELL = re.compile(r"tests/servers/test_real_servers\.py::(test_\w+)\[(.+)\]$")
_MARKS = {"passed": "+", "failed": "FAIL", "error": "FAIL", "skipped": "-", "xfailed": "x"}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    cells: dict[str, dict[str, str]] = {}
    for outcome, mark in _MARKS.items():
        for report in terminalreporter.stats.get(outcome, ()):
            found = _CELL.search(getattr(report, "nodeid", ""))
            if found is not None:
                server = found[2].partition("-")[0]
                row = cells.setdefault(server, {})
                test = found[1]
                row[test] = "FAIL" if "FAIL" in (row.get(test), mark) else mark
    if not cells:
        return
    tests = sorted({test for row in cells.values() for test in row})
    terminalreporter.section("real servers")
    for number, test in enumerate(tests, 1):
        terminalreporter.write_line(f"{number:>2} {test.removeprefix('test_').replace('_', ' ')}")
    width = max(map(len, cells))
    terminalreporter.write_line(" " * width + "".join(f"{number:>5}" for number in range(1, len(tests) + 1)))
    for server, row in cells.items():
        terminalreporter.write_line(f"{server:<{width}}" + "".join(f"{row.get(test, ''):>5}" for test in tests))
