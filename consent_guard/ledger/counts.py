"""What happened to receipts in one process, counted. May import nothing. The process counts, the metrics read."""

from __future__ import annotations

import threading


class Counts:
    """Counters since the process began. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.receipts_stored = 0
        self.attempts_failed = 0
        self.grants_refused = 0
        """Grants that were answered with 503."""

    def stored(self, count: int) -> None:
        with self._lock:
            self.receipts_stored += count

    def failed(self) -> None:
        with self._lock:
            self.attempts_failed += 1

    def refused(self) -> None:
        with self._lock:
            self.grants_refused += 1
