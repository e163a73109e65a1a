"""What a whole run of tests has judged, as JSON and as one HTML page (``pytest --consent-report=FILE``).

May import the rest of the kit. The pytest plugin records into it and writes it at the end of the run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any, Final

from ..version import __version__
from .judging import Judged
from .messages import mend, without_query

FORMAT: Final = 1
"""Raised when what the JSON means changes."""
_CURRENT_TEST: Final = "PYTEST_CURRENT_TEST"

Record = Mapping[str, Any]


class Recorder:
    """Everything that one run has judged, as plain values that travel between processes."""

    def __init__(self) -> None:
        self.responses = 0
        self.records: list[Record] = []
        """One for each response that leaks or could not be read."""

    def hear(self, judged: Judged) -> None:
        """Take note of one response."""
        self.responses += 1
        inspection = judged.inspection
        if inspection.leaks or inspection.doubts:
            self.records.append(
                {
                    "test": os.environ.get(_CURRENT_TEST, "").rpartition(" (")[0],
                    "url": without_query(judged.seen.url),
                    "status": judged.seen.status,
                    "state": str(judged.visitor),
                    "leaks": [{**asdict(leak), "mend": mend(leak)} for leak in inspection.leaks],
                    "doubts": list(inspection.doubts),
                }
            )

    def travel(self) -> dict[str, Any]:
        """Return all of it as values that another process can take."""
        return {"responses": self.responses, "records": self.records}

    def join(self, other: Mapping[str, Any]) -> None:
        """Take what another process has recorded."""
        self.responses += other["responses"]
        self.records += other["records"]

    @property
    def leaks(self) -> int:
        """How many leaks were seen, one that two tests saw counted twice."""
        return sum(len(record["leaks"]) for record in self.records)

    def write(self, target: Path) -> list[Path]:
        """Write the report: HTML or JSON by the name's ending, both where it says neither. Return what was written. Raises
        OSError."""
        if target.suffix.lower() in (".html", ".htm"):
            target.write_text(self.html(), encoding="utf-8")
            return [target]
        if target.suffix.lower() == ".json":
            target.write_text(self.json(), encoding="utf-8")
            return [target]
        both = [target.with_name(target.name + ".html"), target.with_name(target.name + ".json")]
        return [path for one in both for path in self.write(one)]

    def json(self) -> str:
        """Return the report as JSON."""
        document = {"format": FORMAT, "consent_guard": __version__, **self.travel()}
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"

    def html(self) -> str:
        """Return the report as one page that needs nothing else."""
        faulty, clean = len(self.records), self.responses - len(self.records)
        summary = (
            f"{self.leaks} leak{_s(self.leaks)} in {faulty} of {self.responses} response{_s(self.responses)} judged"
            if faulty
            else f"No leak in {self.responses} response{_s(self.responses)} judged"
            if clean
            else "No response was judged: no test asked for leaks"
        )
        parts = [_BY_SERVICE.format(rows="".join(self._by_service()))] if self.leaks else []
        parts += [self._section(record) for record in self.records]
        return _PAGE.format(
            summary=escape(summary), state="bad" if faulty else "good", parts="\n".join(parts), version=escape(__version__)
        )

    def _by_service(self) -> Iterable[str]:
        counts: dict[tuple[str, str, str], int] = {}
        for record in self.records:
            for leak in record["leaks"]:
                what = leak["service"] or "not listed", leak["category"] or "", leak["name"] or leak["host"]
                counts[what] = counts.get(what, 0) + 1
        for (service, category, subject), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            who = f"<th scope=row>{escape(service)}<td>{escape(category)}"
            yield f"<tr>{who}<td><code>{escape(subject)}</code><td class=n>{count}"

    def _section(self, record: Record) -> str:
        rows = "".join(_row(leak) for leak in record["leaks"])
        rows += "".join(f"<tr><td>cannot be read<td colspan=3>{escape(doubt)}" for doubt in record["doubts"])
        return _SECTION.format(
            url=escape(record["url"]),
            state=escape(record["state"]),
            status=record["status"],
            test=f"<p>Seen by <code>{escape(record['test'])}</code>" if record["test"] else "",
            rows=rows,
        )


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _row(leak: Mapping[str, Any]) -> str:
    place = escape(leak["where"])
    if leak["line"] is not None:
        place = f"line&nbsp;{leak['line']}, column&nbsp;{leak['column']}<br>{place}"
    subject = escape(leak["name"] or leak["host"])
    shown = f"<br><code class=source>{escape(leak['excerpt'])}</code>" if leak["excerpt"] and leak["kind"] != "cookie" else ""
    whose = escape(leak["service"] or "not listed") + (f" ({escape(leak['category'])})" if leak["category"] else "")
    rule = f"<br>rule <code>{escape(leak['rule'])}</code>" if leak["rule"] else ""
    return (
        f"<tr><td>{place}<td>{escape(leak['kind'])}: <strong>{subject}</strong>{shown}"
        f"<td>{whose}{rule}<td>{escape(leak['mend'])}"
    )


_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #b3261e; --soft: #8881 }
@media (prefers-color-scheme: dark) { :root { --good: #57c979; --bad: #ff8a80 } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin-bottom: .25rem } h2 { font-size: 1.1rem; overflow-wrap: anywhere; margin: 2.5rem 0 .25rem }
.verdict { font-size: 1.15rem; font-weight: 600; padding: .75rem 1rem; border-left: .3rem solid; background: var(--soft) }
.bad { color: var(--bad) } .good { color: var(--good) }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-bottom: 1px solid var(--line) }
thead th { font-size: .85rem } section th:first-child { width: 13% } section th:nth-child(2) { width: 34% }
section th:nth-child(3) { width: 22% } .n { text-align: right; font-variant-numeric: tabular-nums }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere } .source { opacity: .8 }
p { margin: .25rem 0 } footer { margin: 3rem 0 1rem; font-size: .85rem; opacity: .8 }
"""
_PAGE: Final = (
    '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
    "<title>Leaks before consent</title>\n<style>" + _STYLE.replace("{", "{{").replace("}", "}}") + "</style>\n"
    "<h1>Leaks before consent</h1>\n<p>What the app's responses make a browser contact, store or run without consent, as its "
    'tests saw them.\n<p class="verdict {state}">{summary}\n{parts}\n<footer>consent_guard {version}. Addresses are shown '
    "without their queries, cookies without their values.</footer>\n</html>\n"
)
_BY_SERVICE: Final = (
    "<h2>By service</h2>\n<table><thead><tr><th scope=col>Service<th scope=col>Category<th scope=col>Host or cookie"
    "<th scope=col class=n>Times seen<tbody>{rows}</table>"
)
_SECTION: Final = (
    "<section>\n<h2>{url}</h2>\n<p>{state}, status {status}{test}\n<table><thead><tr><th scope=col>Where<th scope=col>What"
    "<th scope=col>Whose<th scope=col>Mend<tbody>{rows}</table>\n</section>"
)
