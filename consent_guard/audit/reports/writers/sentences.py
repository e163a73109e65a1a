"""What was seen, in words: the same in every form of report. May import the report's values."""

from __future__ import annotations

from ...report import Report, Sighting, Sort, Verdict

_DOES = {
    Sort.REQUEST: "contacts {host}",
    Sort.HEADER: "makes the browser contact {host}",
    Sort.INLINE: "runs a program that names {host}",
    Sort.COOKIE: "sets the cookie {name}",
    Sort.STORAGE: "stores the key {name}",
}


def what(seen: Sighting) -> str:
    """Return what the page does, as the end of a sentence that begins with "the page"."""
    return _DOES[seen.sort].format(host=seen.host or "a host that cannot be told", name=seen.name)


def who(seen: Sighting, report: Report) -> str:
    """Return whose it is: the service and its category, else that nobody is known."""
    if seen.service:
        return f"{report.called(seen.service)} ({report.called(seen.category)})"
    return report.called(seen.category) or "no rule names it"


def message(seen: Sighting, report: Report) -> str:
    """Return one sentence on a leak."""
    if seen.verdict is Verdict.LEAK and (seen.service or seen.category):
        tail = f"without consent for {who(seen, report)}; rule {seen.rule}"
    elif seen.verdict is Verdict.LEAK:
        tail = "which the policy does not list, and therefore blocks"
    else:
        tail = who(seen, report)
    return f"{seen.state.phrase.capitalize()}, the page {what(seen)}: {tail} [{place(seen)}]"


def place(seen: Sighting) -> str:
    """Return where it was seen: the element, its line, and who started it."""
    parts = [seen.where or seen.sort.value]
    if seen.line is not None:
        parts.append(f"line {seen.line}, column {seen.column}")
    if seen.initiator:
        parts.append(f"started by {seen.initiator}")
    return ", ".join(parts)
