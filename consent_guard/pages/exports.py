"""The declaration in other formats than a page: Markdown, JSON and CSV, with the same rows in the same order (S17, L41, L42).

May import this package's values and languages. The surface calls it, for the downloads and for ``consent-guard declare``. Needs
no Jinja2: these formats have escapes of their own.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ..policy.model import Lifetime
from .languages import Locale
from .prerendered import clean
from .values import PurposeValue, Row

COLUMNS: Final = ("name", "service", "purpose", "lifetime", "category", "controller", "policy")
"""The columns of the table, by the keys of their headings below ``declaration.`` in a locale."""

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What makes a spreadsheet compute a cell, in quotes or not (OWASP, CSV injection)."""
_MARKS: Final = re.compile(r"[\\`*_\[\]<>|~&#$]")
_STARTS_A_BLOCK: Final = re.compile(r"(?:[-+=]|[0-9]{1,9}[.)])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared, in one language."""

    purposes: tuple[PurposeValue, ...]
    words: Locale
    revision: int
    language: str
    """The ``lang`` of what is written."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format of the declaration."""

    content_type: str
    write: Callable[[Declared], str]
    byte_order_mark: bool = False

    def encode(self, declared: Declared) -> bytes:
        """Return the file, in UTF-8."""
        return self.write(declared).encode("utf-8-sig" if self.byte_order_mark else "utf-8")


def cells(row: Row, purpose: PurposeValue, words: Locale) -> tuple[str, ...]:
    """Return one row as plain text, a cell per column of ``COLUMNS``. What is not declared is said to be so."""
    undeclared = words.say("declaration.undeclared")
    name = f"{row.name} ({row.note})" if row.note else row.name
    return tuple(
        clean(cell)
        for cell in (
            name or words.say("declaration.unnamed"),
            row.service.text,
            row.purpose.text or undeclared,
            row.lifetime,
            purpose.title.text,
            row.controller or undeclared,
            row.policy_url,
        )
    )


def csv_text(declared: Declared) -> str:
    """Return the rows as RFC 4180 has it: a heading line, every cell quoted, CRLF.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([_inert(declared.words.say(f"declaration.{column}")) for column in COLUMNS])
    for purpose in declared.purposes:
        writer.writerows([_inert(cell) for cell in cells(row, purpose, declared.words)] for row in purpose.rows)
    return file.getvalue()


def json_text(declared: Declared) -> str:
    """Return the declaration as one JSON object: purposes with their cookies and the addresses of their services.

    ``lifetime`` is in words; ``expires_after`` says the same in calendar months and seconds, as ``"session"``, or as null where
    nothing is declared.
    """
    value = {
        "language": declared.language,
        "revision": declared.revision,
        "categories": [
            {
                "id": purpose.id,
                "basis": purpose.basis,
                "title": purpose.title.text,
                "description": purpose.description.text,
                "cookies": [_cookie(row) for row in purpose.rows],
                "services": [
                    {
                        "id": service.id,
                        "title": service.title.text,
                        "purpose": service.purpose.text,
                        "controller": service.controller,
                        "policy_url": service.policy_url,
                        "addresses": list(service.hosts),
                        "exempt_because": service.reason,
                    }
                    for service in purpose.services
                ],
            }
            for purpose in declared.purposes
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def markdown_text(declared: Declared) -> str:
    """Return the declaration as Markdown with tables (GFM). No text of the policy can become markup in it."""
    return "\n".join(_markdown(declared)) + "\n"


FORMATS: Final[Mapping[str, Format]] = {
    "csv": Format("text/csv; charset=utf-8; header=present", csv_text, byte_order_mark=True),
    "json": Format("application/json", json_text),
    "md": Format("text/markdown; charset=utf-8; variant=GFM", markdown_text),
}
"""By the ending of a file's name. The CSV begins with a byte order mark: spreadsheets read it as UTF-8 then."""


def _markdown(declared: Declared) -> Iterator[str]:
    words = declared.words
    yield f"# {_escaped(words.say('declaration.title'))}"
    yield f"\n{_escaped(words.say('declaration.intro'))}"
    for purpose in declared.purposes:
        yield f"\n## {_escaped(purpose.title.text)}"
        note = words.say(f"basis_note.{purpose.basis}")
        yield f"\n{_escaped(' '.join(filter(None, (purpose.description.text, note))))}\n"
        if purpose.rows:
            yield _line(_escaped(words.say(f"declaration.{column}")) for column in COLUMNS)
            yield _line("---" for _ in COLUMNS)
            for row in purpose.rows:
                *texts, address = cells(row, purpose, words)
                yield _line([*map(_escaped, texts), _link(address)])
        else:
            yield _escaped(words.say("declaration.nothing"))
        if purpose.services:
            yield f"\n{_escaped(words.say('declaration.hosts'))}\n"
            for service in purpose.services:
                addresses = ", ".join(map(_escaped, service.hosts)) or _escaped(words.say("declaration.undeclared"))
                ground = f" – {_escaped(words.say('declaration.ground', reason=service.reason))}" if service.reason else ""
                yield f"- {_escaped(service.title.text)} – {addresses}{ground}"
    yield f"\n{_escaped(words.say('declaration.revision', revision=declared.revision))}"


def _line(texts: Iterator[str] | list[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _escaped(text: str) -> str:
    """Return a text on one line with nothing in it that Markdown would read as markup."""
    line = " ".join(clean(text).split())
    line = _MARKS.sub(lambda mark: f"\\{mark[0]}", line)
    block = _STARTS_A_BLOCK.match(line)
    return f"{line[: block.end() - 1]}\\{line[block.end() - 1 :]}" if block is not None else line


def _link(address: str) -> str:
    """Return an http or https address as a link to itself (``values.web_address`` let nothing else through), or a dash."""
    return f"<{address.translate(_IN_ANGLES)}>" if address else "–"


_IN_ANGLES: Final = {ord(character): f"%{ord(character):02X}" for character in '<>|\\"'}


def _cookie(row: Row) -> dict[str, object]:
    return {
        "name": row.name,
        "note": row.note,
        "service": row.service.text,
        "service_id": row.service_id,
        "purpose": row.purpose.text,
        "lifetime": row.lifetime,
        "expires_after": _span(row.span),
        "controller": row.controller,
        "policy_url": row.policy_url,
    }


def _span(lifetime: Lifetime | None) -> object:
    if lifetime is None:
        return None
    return "session" if lifetime.session else {"months": lifetime.months, "seconds": lifetime.seconds}


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) else cell
