"""The state folder: where the ledger's key and the spools live.

CONSENT_GUARD_STATE names it; else it lies beside the SQLite file, as ``consent.db.state``; else it is the user's own
(XDG_STATE_HOME, ``~/.local/state``). May import nothing of the package but the address. Nothing is made by asking where it is.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from .address import Address

VARIABLE: Final = "CONSENT_GUARD_STATE"


def state_folder(address: Address | None) -> Path:
    """Return where the state of a ledger lives; the folder may not exist yet."""
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return Path(named).absolute()
    if address is not None and address.file is not None:
        return address.file.with_name(address.file.name + ".state")
    own = os.environ.get("XDG_STATE_HOME", "").strip()
    try:
        return (Path(own) if own else Path.home() / ".local" / "state") / "consent_guard"
    except RuntimeError:  # an account without a home
        return Path("/nonexistent/consent_guard")


def make_folder(folder: Path) -> None:
    """Make the folder, for its owner alone. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that did not exist, whole or not at all, readable by its owner alone, flushed to disk. Raises OSError,
    FileExistsError where it is there already."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # containers that share a folder share process ids, too
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename, it replaces nothing
        flush_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Flush a folder's own entries, so that a new file's name survives a crash of the machine."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
