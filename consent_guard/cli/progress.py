"""The bar of commands that look at many pages.

May import rich, late, and ``output``. ``scan`` and ``init`` show it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..audit.printable import printable
from ..audit.scan.collecting import Progress as Told
from .output import error_console


@contextlib.contextmanager
def page_progress() -> Iterator[Told]:
    """A bar on stderr where that is a terminal, else nothing."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=error_console, transient=True, disable=not error_console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def tell(address: str, done: int, known: int) -> None:
            bar.update(task, description=printable(address), completed=done, total=known)

        yield tell
