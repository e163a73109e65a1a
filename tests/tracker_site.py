"""The site that transports, adapters and servers are tried on: a tracker that needs consent, and a page that loads it."""

from __future__ import annotations

from typing import Any

KEY = "a key of the tests, longer than 32 bytes"
ADS: dict[str, Any] = {"id": "ads", "basis": "consent", "title": {"en": "Advertising"}}
TRACKER: dict[str, Any] = {
    "id": "tracker",
    "category": "ads",
    "title": {"en": "Tracker"},
    "hosts": ["*.tracker.example"],
    "cookies": [{"name": "_trk"}],
}
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"], "first_party": ["example.org"]},
    "categories": [{"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}}, ADS],
    "services": [TRACKER],
}
SCRIPT = '<script src="https://cdn.tracker.example/t.js"></script>'
PAGE = f'<!doctype html><html lang="en"><head><title>A page</title>{SCRIPT}</head><body><p>Text.</p></body></html>'
