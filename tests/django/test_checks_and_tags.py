"""The Django app: system checks, template tags and the context processor."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.template import Context, RequestContext, Template
from django.test import RequestFactory, override_settings
from django.urls import set_script_prefix

from consent_guard.django.context_processors import consent

FIRST = "consent_guard.django.ConsentMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"


class Subclass:
    """Made into a subclass of the middleware below; a project may have one."""


def found() -> dict[str, list[str]]:
    """Return what our checks say, by id."""
    messages: dict[str, list[str]] = {}
    for message in run_checks():
        if message.id and message.id.startswith("consent_guard."):
            messages.setdefault(message.id.removeprefix("consent_guard."), []).append(f"{message.msg} {message.hint or ''}")
    return messages


def test_a_good_configuration_passes(project: Any) -> None:
    project()
    assert found() == {}
    call_command("check", stdout=io.StringIO())


def test_not_being_first_is_a_warning(project: Any) -> None:
    """F1, DESIGN §3"""
    project(MIDDLEWARE=[COMMON, FIRST])
    assert list(found()) == ["W001"]


def test_not_being_there_is_a_warning(project: Any) -> None:
    project(MIDDLEWARE=[COMMON, "no.such.middleware"])
    assert list(found()) == ["W002"]


def test_a_subclass_in_the_first_place_is_as_good(project: Any) -> None:
    from consent_guard.django import ConsentMiddleware

    global Subclass
    Subclass = type("Subclass", (ConsentMiddleware,), {})  # type: ignore[misc]
    project(MIDDLEWARE=[f"{__name__}.Subclass", COMMON])
    assert found() == {}


def test_the_built_in_policy_by_default_is_a_warning(project: Any) -> None:
    project(CONSENT_GUARD=None)
    assert list(found()) == ["W003"]


def test_every_fault_of_the_policy_is_an_error_with_its_mend(project: Any) -> None:
    category = {"id": "a", "basis": "consnt", "title": {"en": "A"}}
    policy = {"policy": {"choice_months": 99}, "categories": [category], "nonsense": 1}
    project(CONSENT_GUARD={"POLICY": policy})
    messages = found()
    assert list(messages) == ["E002"]
    text = "\n".join(messages["E002"])
    for part in ("policy.choice_months", "categories[0].basis", "nonsense"):
        assert part in text
    with pytest.raises(SystemCheckError, match="choice_months"):
        call_command("check", stdout=io.StringIO(), stderr=io.StringIO())


def test_a_policy_file_that_is_absent_is_an_error(project: Any, tmp_path: Any) -> None:
    project(CONSENT_GUARD={"POLICY": tmp_path / "absent.toml"})
    assert "absent.toml" in found()["E002"][0]


def test_unknown_settings_are_named_with_the_nearest_known(project: Any) -> None:
    project(CONSENT_GUARD={"POLICES": 1, "SECRET": 2, "zzz": 3})
    messages = found()
    assert list(messages) == ["E001"]
    polices, secret, other = messages["E001"]
    assert "'POLICES'" in polices
    assert "'POLICY'" in polices
    assert "'SECRET_KEY'" in secret
    assert "the keys are POLICY, SECRET_KEY" in other


@pytest.mark.parametrize(
    "values",
    [["POLICY"], {"ON_FINDING": 7}, {"ON_FINDING": "no.such.function"}, {"CLOCK": "zzz"}, {"DEBUG_PANEL": "no"}],
    ids=str,
)
def test_settings_of_the_wrong_kind_are_errors(project: Any, values: Any) -> None:
    project(CONSENT_GUARD=values)
    assert list(found()) == ["E001"]


def test_what_names_no_ledger_is_an_error(project: Any) -> None:
    project(CONSENT_GUARD={"LEDGER": "consent.db"})
    messages = found()
    assert list(messages) == ["E004"]
    assert "ledger" in messages["E004"][0]


def test_a_faulty_template_of_the_project_is_an_error_with_its_place(project: Any, tmp_path: Path) -> None:
    (tmp_path / "error.html.j2").write_text("\n{{ mesage }}", "utf-8")
    project(CONSENT_GUARD={"TEMPLATES": tmp_path})
    messages = found()
    assert list(messages) == ["E004"]
    assert "error.html.j2, line 2: no variable 'mesage'" in messages["E004"][0]


@pytest.mark.parametrize(
    ("key", "ids"),
    [
        ("", ["E003"]),
        ("short", ["E003"]),
        ("é" * 3, ["E003"]),
        ("x" * 8, ["W004"]),
        ("é" * 16, []),
        ("x" * 31, ["W004"]),
        ("x" * 32, []),
    ],
)
def test_the_key_must_be_there_and_long(project: Any, key: str, ids: list[str]) -> None:
    """K2"""
    project(SECRET_KEY=key)
    assert list(found()) == ids


def test_an_older_key_that_no_guard_takes_is_an_error(project: Any) -> None:
    """K2"""
    project(SECRET_KEY="k" * 32, SECRET_KEY_FALLBACKS=["short"])
    assert list(found()) == ["E003"]


# Templates.


def rendered(source: str, context: Context | None = None) -> str:
    return Template("{% load consent_guard %}" + source).render(context or Context())


def test_the_tag_gives_the_link(project: Any) -> None:
    """S08, L23"""
    project()
    assert rendered("{% consent_manage %}") == '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>'
    words = rendered('{% consent_manage "Kekse & <Co>" lang="de" %}')
    assert words == '<a href="/privacy-choices" data-cg="manage" lang="de">Kekse &amp; &lt;Co&gt;</a>'


def test_the_tag_works_without_a_request_below_a_script_name(project: Any) -> None:
    """Django's own server_error view renders 500.html without one."""
    project()
    set_script_prefix("/shop/")
    try:
        assert 'href="/shop/privacy-choices"' in rendered("{% consent_manage %}")
        request = RequestFactory().get("/")
        assert 'href="/shop/privacy-choices"' in rendered("{% consent_manage %}", RequestContext(request))
    finally:
        set_script_prefix("/")


def test_the_context_processor_gives_the_requests_consent_without_looking_at_it() -> None:
    class Request:
        @property
        def consent(self) -> Any:
            return marker

    marker = object()
    assert consent(Request()) == {"consent": marker}  # type: ignore[arg-type]
    assert consent(object()) == {"consent": None}  # type: ignore[arg-type]


def test_the_tag_gives_the_preferences_for_a_page_of_the_project(project: Any) -> None:
    """L23: unescaped in the page, its own texts escaped; without a request, of a visitor who has chosen nothing."""
    project()
    shown = rendered('{% consent_preferences lang="en" next="/account?a=1&b=2" %}')
    assert shown.startswith('<section data-cg="page-preferences"')
    assert '<input type="hidden" name="next" value="/account?a=1&amp;b=2">' in shown
    assert "You have not made a choice yet." in shown
    elsewhere = rendered('{% consent_preferences next="https://evil.example/" %}')
    assert "evil.example" not in elsewhere
    assert 'action="/privacy-choices"' in elsewhere


def test_the_development_server_watches_the_policy_file(tmp_path: Path) -> None:
    from django.utils.autoreload import StatReloader, autoreload_started

    reloader = StatReloader()
    with override_settings(CONSENT_GUARD={"POLICY": str(tmp_path / "consent.toml")}):
        autoreload_started.send(sender=reloader)
    assert tmp_path / "consent.toml" in reloader.extra_files
