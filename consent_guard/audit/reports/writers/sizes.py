"""Sizes for people to read. May import nothing; the table and the HTML report use it."""

from __future__ import annotations


def size(count: int) -> str:
    """Return a count of bytes in words, in powers of 1000 as browsers' tools show it."""
    if count < 1000:
        return f"{count} B"
    if count < 999_500:
        return f"{count / 1000:.3g} kB"
    return f"{count / 1_000_000:.3g} MB"
