"""``GET {path}/metrics``: the counters in the Prometheus text format, version 0.0.4.

May import the counters and the wire messages. The endpoints ask for the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from ..wire.messages import LedgerState
from .counters import Counters

CONTENT_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
_Labels = tuple[tuple[str, str], ...]
_Samples = Iterable[tuple[_Labels, int]]


def exposition(counters: Counters, ledger: LedgerState | None = None) -> bytes:
    """Return every series of one guard. ``ledger``: None where no receipts are kept."""
    lines = [line for family in _families(counters, ledger) for line in family]
    return "".join(f"{line}\n" for line in lines).encode("ascii")


def _families(counters: Counters, ledger: LedgerState | None) -> Iterator[Iterator[str]]:
    yield _family("policy_revision", "gauge", "Revision of the policy.", [((), counters.revision)])
    yield _family(
        "pages_total",
        "counter",
        "Pages and other documents by what became of them.",
        (((("result", result),), value) for result, value in counters.pages()),
    )
    yield _family(
        "findings_total",
        "counter",
        "Things withheld, cut or unknown, by kind.",
        (((("kind", kind.value),), value) for kind, value in counters.findings()),
    )
    yield _family(
        "choices_total",
        "counter",
        "Choices that took effect, by what they changed, by the button, and by the revision of the policy.",
        (
            ((("kind", kind), ("act", act), ("revision", str(revision))), value)
            for (revision, act, kind), value in counters.choices()
        ),
    )
    yield _family(
        "choices_unstored_total",
        "counter",
        "Choices answered with 503 because their receipt was not kept; a grant then took no effect.",
        (((("kind", kind),), value) for kind, value in counters.unstored_choices()),
    )
    if ledger is None:
        return
    yield _family("ledger_reachable", "gauge", "Whether the ledger answers.", [((), int(ledger.reachable))])
    yield _family("ledger_storing", "gauge", "Whether no receipt has failed lately.", [((), int(ledger.storing))])
    yield _family("ledger_receipts_total", "counter", "Receipts stored in the ledger.", [((), ledger.stored)])
    yield _family("ledger_failures_total", "counter", "Attempts to store that failed.", [((), ledger.failures)])
    yield _family("ledger_spooled_receipts", "gauge", "Receipts that wait for the ledger.", [((), ledger.spooled)])


def _family(name: str, kind: Literal["counter", "gauge"], help: str, samples: _Samples) -> Iterator[str]:
    """Yield the lines of one metric. No label of ours holds what the format would have escaped."""
    yield f"# HELP consent_guard_{name} {help}"
    yield f"# TYPE consent_guard_{name} {kind}"
    for labels, value in samples:
        told = ",".join(f'{label}="{text}"' for label, text in labels)
        yield f"consent_guard_{name}{{{told}}} {value}" if told else f"consent_guard_{name} {value}"
