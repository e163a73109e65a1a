"""``consent-guard keys new``."""

from __future__ import annotations

import base64
import json

from click.testing import CliRunner

from consent_guard.cli.app import cli
from consent_guard.consent.keys import SHORT_KEY_BYTES, usable_keys


def test_each_new_key_is_another_of_32_random_bytes() -> None:
    keys = {CliRunner().invoke(cli, ["keys", "new"]).output.strip() for _ in range(5)}
    assert len(keys) == 5
    for key in keys:
        assert len(base64.urlsafe_b64decode(key + "=")) == SHORT_KEY_BYTES
        assert usable_keys(key) == (key.encode(),)


def test_a_script_gets_the_key_as_json() -> None:
    shown = CliRunner().invoke(cli, ["keys", "new", "--json"])
    assert len(json.loads(shown.output)["key"]) >= SHORT_KEY_BYTES
