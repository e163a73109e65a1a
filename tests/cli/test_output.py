"""What the commands write with."""

from __future__ import annotations

import pytest

from consent_guard.audit.printable import printable
from consent_guard.cli.output import error


def test_text_from_elsewhere_cannot_steer_the_terminal() -> None:
    assert printable("\ud800 \N{GRINNING FACE}") == "\ufffd \N{GRINNING FACE}"
    assert printable("a\x1b[31mb\x9b2J\u202ec\td\n") == "a\ufffd[31mb\ufffd2J\ufffdc\td\n"


def test_an_error_goes_to_stderr_and_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    error("[bold]x[/bold]")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "consent-guard: [bold]x[/bold]\n"
