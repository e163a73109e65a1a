"""``python -m consent_guard.cli``: the command line where its script is not on the path."""

from __future__ import annotations

from . import main

main()
