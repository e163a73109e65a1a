"""Which script elements and which addresses are programs (WHATWG HTML 4.12.1.1, URL)."""

from __future__ import annotations

import pytest

from consent_guard.rewrite.script.kinds import javascript_url, script_kind


@pytest.mark.parametrize(
    ("type_", "language", "kind"),
    [
        (None, None, "script"),
        ("", None, "script"),
        (None, "", "script"),
        ("", "vbscript", "script"),
        ("text/javascript", None, "script"),
        (" TEXT/JavaScript\n", None, "script"),
        ("application/x-ecmascript", None, "script"),
        ("text/javascript1.5", None, "script"),
        ("text/jscript", None, "script"),
        ("text/livescript", None, "script"),
        ("module", None, "script"),
        ("Module ", None, "script"),
        (None, "JavaScript", "script"),
        (None, "javascript1.2", "script"),
        ("importmap", None, "importmap"),
        (" SpeculationRules", None, "speculationrules"),
        (" ", None, None),
        ("text/javascript;charset=utf-8", None, None),
        ("text/javascript1.6", None, None),
        ("text/x-template", "javascript", None),
        ("application/json", None, None),
        ("text/vbscript", None, None),
        (None, "vbscript", None),
        (None, " javascript", None),
        ("text/javascript\x0b", None, "script"),  # not by the standard, but in Chromium
    ],
)
def test_a_script_element_is_what_its_type_says(type_: str | None, language: str | None, kind: str | None) -> None:
    """WHATWG 4.12.1.1, prepare the script element."""
    assert script_kind(type_, language) == kind


@pytest.mark.parametrize("text", ["javascript:", "JAVASCRIPT:x", " \x01javascript:x", "java\tscr\nipt\r:x"])
def test_a_javascript_address_is_one_however_it_is_spelled(text: str) -> None:
    """WHATWG URL: leading controls, inner tabs and line ends go."""
    assert javascript_url(text) is not None


@pytest.mark.parametrize("text", ["", "javascript", "java script:x", "x:javascript:", "jav\x01ascript:", "/javascript:x"])
def test_another_address_is_none(text: str) -> None:
    assert javascript_url(text) is None


def test_the_program_of_an_address_is_what_stands_there_percent_decoded() -> None:
    assert javascript_url("javascript:go('%41\n%2f')") == b"go('A/')"
    assert javascript_url("java\tscript:\u00e9\ud800") == b"\xc3\xa9\xed\xa0\x80"
