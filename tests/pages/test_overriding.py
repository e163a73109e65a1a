"""A site's own templates: what they may change, and what is told of them before anybody sees a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from consent_guard import Guard
from consent_guard.asgi import ConsentMiddleware as AsgiMiddleware
from consent_guard.errors import PolicyError
from consent_guard.pages.model import RequestView
from consent_guard.pages.overriding import checked_surface
from consent_guard.pages.parts import ResponseParts
from consent_guard.pages.rendering import own_texts
from consent_guard.pages.surface import Surface
from consent_guard.policy.model import Policy
from consent_guard.wsgi import ConsentMiddleware

View = Callable[..., RequestView]
KEY = "k" * 40
OURS = own_texts()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "looks"
    path.mkdir()
    return path


def faults(policy: Policy, folder: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyError) as error:
        checked_surface(policy, folder)
    assert str(folder) in str(error.value)
    return [(fault.path, fault.message, fault.mend) for fault in error.value.faults]


def test_a_template_of_the_site_stands_in_for_ours(policy: Policy, view_of: View, folder: Path) -> None:
    (folder / "page.html.j2").write_text(OURS["page.html.j2"].replace("<header", "<p>Ours {{ view.next }}</p><header"), "utf-8")
    surface = checked_surface(policy, folder)
    view = view_of(policy)
    for page in (surface.preferences(view), surface.declaration(view), surface.error(view, 404)):
        assert b"<p>Ours /article?a=1&amp;b=2</p>" in page
    assert b"Ours" not in Surface(policy).preferences(view_of(policy))


def test_a_banner_of_the_site_is_spliced_and_digested_as_what_it_is(policy: Policy, view_of: View, folder: Path) -> None:
    """L27: what was shown is what the digest names."""
    text = OURS["banner.html.j2"].replace("words.say('banner.title')", "'Chez <nous>'")
    (folder / "banner.html.j2").write_text(text, "utf-8")
    surface = checked_surface(policy, folder)
    banner = ResponseParts(surface, view_of(policy)).banner("fr")
    assert b"Chez &lt;nous&gt;" in banner
    assert b'value="/article?a=1&amp;b=2"' in banner
    assert surface.banner_digest("fr") != Surface(policy).banner_digest("fr")


def test_an_unknown_variable_is_named_with_file_line_and_mend(policy: Policy, folder: Path) -> None:
    (folder / "error.html.j2").write_text('{% extends "page.html.j2" %}\n\n{{ wrds.say("x") }}{% set y = mesage %}', "utf-8")
    found = faults(policy, folder)
    assert [(path, message) for path, message, _ in found] == [
        ("error.html.j2, line 3", """no variable 'wrds': {{ wrds.say("x") }}{% set y = mesage %}"""),
        ("error.html.j2, line 3", """no variable 'mesage': {{ wrds.say("x") }}{% set y = mesage %}"""),
    ]
    assert "words" in found[0][2]
    assert '"message"' in found[1][2]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("<p>\n{% if x %}", 2, "end of template"),
        ("a\nb\n{{ words.say( }}", 3, "unexpected"),
        ("{{ words|shout }}", 1, "shout"),
        ("{% endblock %}", 1, "endblock"),
    ],
)
def test_a_syntax_error_is_named_with_its_line(policy: Policy, folder: Path, text: str, line: int, said: str) -> None:
    (folder / "error.html.j2").write_text(text, "utf-8")
    ((path, message, mend),) = faults(policy, folder)
    assert path == f"error.html.j2, line {line}"
    assert said in message
    assert mend


def test_what_fails_when_it_is_rendered_is_named_with_its_line(policy: Policy, folder: Path) -> None:
    choices = OURS["choices.html.j2"].replace("consent.decided and", "consent.decidd and")
    (folder / "choices.html.j2").write_text(choices, "utf-8")
    (folder / "banner.html.j2").write_text(OURS["banner.html.j2"].replace("banner.intro", "banner.intrro"), "utf-8")
    (folder / "error.html.j2").write_text("{{ title }}\n{{ title + 1 }}", "utf-8")
    found = {path.partition(",")[0]: (path, message, mend) for path, message, mend in faults(policy, folder)}
    line = OURS["choices.html.j2"][: OURS["choices.html.j2"].index("consent.decided and")].count("\n") + 1
    assert found["choices.html.j2"][0] == f"choices.html.j2, line {line}"
    assert "decidd" in found["choices.html.j2"][1]
    said = """no text 'banner.intrro': <p class="cg-line">{{ words.say('banner.intrro') }}</p>"""
    assert found["banner.html.j2"][1:] == (said, "Did you mean 'banner.intro'?")
    assert found["error.html.j2"][0] == "error.html.j2, line 2"


def test_a_template_that_nothing_uses_is_told_with_the_nearest_name(policy: Policy, folder: Path) -> None:
    (folder / "baner.html.j2").write_text("x", "utf-8")
    (folder / "banner.html").write_text("x", "utf-8")
    (folder / "notes.txt").write_text("{{ not a template", "utf-8")
    (folder / "error.html.j2").write_text('{% include "part.html.j2" %}{% include "none.html.j2" %}', "utf-8")
    (folder / "part.html.j2").write_text("{{ title }}", "utf-8")
    assert [(path, message) for path, message, _ in faults(policy, folder)] == [
        ("banner.html", "is not the name of a template"),
        ("baner.html.j2", "is used by nothing"),
        ("error.html.j2", "there is no template 'none.html.j2'"),
    ]


def broken(old: str, new: str, name: str = "banner.html.j2") -> tuple[str, str]:
    assert old in OURS[name]
    return name, OURS[name].replace(old, new)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (broken("</h2>", ""), "not well-formed"),
        (broken("<h2", "<br><h2"), "not well-formed"),
        (broken('data-cg="banner"', 'id="b"'), 'not <cg-banner data-cg="banner">'),
        (broken('class="cg-saved"', 'class="saved"'), 'no element of the class "cg-saved"'),
        (broken('class="cg-button" name="choice" value="refuse"', 'name="choice" value="refuse"'), "not equal"),
        (broken('value="refuse"', 'value="no"'), "not equal"),
        (broken('value="refuse"', 'value="no"', "choices.html.j2"), "no button with the value 'refuse'"),
        (broken('form="cg-once"', 'form="cg-one"', "placeholder.html.j2"), "the form 'cg-one'"),
        (broken("</strong>", "", "placeholder.html.j2"), "not well-formed"),
    ],
)
def test_what_goes_into_pages_is_whole_and_asks_fairly(
    policy: Policy, folder: Path, template: tuple[str, str], said: str
) -> None:
    """L20, L23: whatever a banner looks like."""
    name, text = template
    (folder / name).write_text(text, "utf-8")
    assert any(said in message for _, message, _ in faults(policy, folder))


def test_texts_stay_escaped_in_templates_of_the_site(policy: Policy, view_of: View, folder: Path) -> None:
    """K19."""
    (folder / "error.html.j2").write_text("{{ view.next }}", "utf-8")
    assert checked_surface(policy, folder).error(view_of(policy, next="/<script>"), 404) == b"/&lt;script&gt;"


def test_what_cannot_be_read_is_told(policy: Policy, folder: Path) -> None:
    with pytest.raises(PolicyError, match="is not a directory"):
        checked_surface(policy, folder / "none")
    (folder / "error.html.j2").write_bytes(b"\xff")
    assert faults(policy, folder) == [("error.html.j2", "is not UTF-8", "Save the file in UTF-8")]


def adapters() -> Iterator[Any]:
    def flask(**options: Any) -> None:
        pytest.importorskip("flask")
        from consent_guard.flask import ConsentGuard

        ConsentGuard(policy=None, **options)

    def starlette(**options: Any) -> None:
        applications = pytest.importorskip("starlette.applications")
        from consent_guard.starlette import install

        install(applications.Starlette(), secret_key=KEY, **options)

    yield pytest.param(lambda **options: Guard(secret_key=KEY, **options), id="guard")
    yield pytest.param(lambda **options: ConsentMiddleware(lambda e, s: [], secret_key=KEY, **options), id="wsgi")
    yield pytest.param(lambda **options: AsgiMiddleware(None, secret_key=KEY, **options), id="asgi")  # type: ignore[arg-type]
    yield pytest.param(flask, id="flask")
    yield pytest.param(starlette, id="starlette")


@pytest.mark.parametrize("make", list(adapters()))
def test_every_adapter_checks_templates_when_it_is_made(make: Callable[..., object], folder: Path) -> None:
    (folder / "error.html.j2").write_text("{{ mesage }}", "utf-8")
    with pytest.raises(PolicyError, match=r"error\.html\.j2, line 1: no variable 'mesage'"):
        make(templates=folder)
    (folder / "error.html.j2").write_text("{{ message }}", "utf-8")
    make(templates=str(folder))
