"""A report as JUnit XML, for CI: one test case per page and state, which fails with its leaks.

There is no standard; the members are those that Jenkins, GitLab and GitHub's actions read.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

from ...report import Report, Verdict, fingerprint
from ..comparison import Comparison
from .sentences import message

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report, comparison: Comparison | None = None) -> str:
    """Return the report as one JUnit document."""
    suites = ElementTree.Element("testsuites", name="consent-guard scan")
    totals = {"tests": 0, "failures": 0, "errors": 0}
    for state in report.states:
        visits = [visit for visit in report.visits if visit.state is state]
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=state.phrase,
            timestamp=datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        )
        failures = 0
        for visit in visits:
            case = _case(suite, visit.page, f"consent.{state.value}")
            leaks = [seen for seen in visit.leaks if fingerprint(seen) not in report.accepted]
            if leaks:
                failures += 1
                failure = ElementTree.SubElement(case, "failure", type="leak", message=_counted(len(leaks)))
                failure.text = _text("\n".join(message(seen, report) for seen in leaks))
            others = [seen for seen in visit.sightings if seen.verdict is Verdict.UNLISTED]
            if others:
                ElementTree.SubElement(case, "system-out").text = _text("\n".join(message(seen, report) for seen in others))
        suite.set("tests", str(len(visits)))
        suite.set("failures", str(failures))
        suite.set("errors", "0")
        totals["tests"] += len(visits)
        totals["failures"] += failures
    if report.problems:
        suite = ElementTree.SubElement(suites, "testsuite", name="could not be looked at")
        for problem in report.problems:
            case = _case(suite, problem.subject, "consent.problem")
            ElementTree.SubElement(case, "error", type="unreadable", message=_text(problem.message))
        count = len(report.problems)
        for name, value in (("tests", count), ("failures", 0), ("errors", count)):
            suite.set(name, str(value))
            totals[name] += value
    for name, value in totals.items():
        suites.set(name, str(value))
    suites.set("time", f"{report.seconds:.3f}")
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _counted(leaks: int) -> str:
    return f"{leaks} {'leak' if leaks == 1 else 'leaks'}: contacts, cookies or keys without consent"


def _case(suite: ElementTree.Element, name: str, kind: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", name=_text(name), classname=kind)


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
