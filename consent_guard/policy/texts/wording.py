"""Reading ``[texts.LANGUAGE]``: a site's own wording of our sentences.

Which keys there are the pages know (``pages/own_texts.py``); here only the shape is read. May import the table reader. The
loader calls it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..tables import Table, kind_of
from .language_tags import language_tag, mend_of


def read_own_texts(root: Table) -> dict[str, dict[str, str]]:
    """Return the texts by language and dotted key: ``[texts.fr.banner]`` with ``accept`` is ``banner.accept``."""
    table = root.value.get("texts", {})
    if not isinstance(table, Mapping):
        root.fault("texts", f"is {kind_of(table)}, not a table", 'Write [texts.en] and below it accept = "…"')
        return {}
    found: dict[str, dict[str, str]] = {}
    for name, texts in table.items():
        tag = language_tag(str(name))
        if tag is None:
            root.faults.add(f"texts.{name}", "is not a language tag", mend_of(str(name)))
        elif not isinstance(texts, Mapping):
            root.faults.add(f"texts.{name}", f"is {kind_of(texts)}, not a table", f"Write [texts.{name}]")
        else:
            found[tag] = dict(_flat(root, f"texts.{name}", texts, ""))
    return found


def _flat(root: Table, at: str, table: Mapping[object, object], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(root, f"{at}.{key}", value, f"{prefix}{key}.")
        elif isinstance(value, str) and value.strip() and value.isprintable():
            yield f"{prefix}{key}", value
        else:
            said = "is empty, or holds a control character" if isinstance(value, str) else f"is {kind_of(value)}, not a string"
            root.faults.add(f"{at}.{key}", said, "Write one line of plain text in quotes")
