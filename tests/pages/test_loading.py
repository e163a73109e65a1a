"""A template of the site goes out unfiltered, so what it makes browsers load is judged when the guard is made (L01, H37)."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from consent_guard.errors import PolicyError
from consent_guard.pages.overriding import checked_surface
from consent_guard.pages.rendering import own_texts
from consent_guard.policy.model import Policy, Service

OURS = own_texts()
BANNER = "banner.html.j2"
START = "<h2 "
"""A place in the banner for more."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def with_markup(markup: str, name: str = BANNER, before: str = START) -> str:
    assert before in OURS[name]
    return OURS[name].replace(before, f"{markup}\n{before}", 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def faults(policy: Policy, folder: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyError) as error:
        checked_surface(policy, folder)
    return [(fault.path, fault.message, fault.mend) for fault in error.value.faults]


@pytest.mark.parametrize(
    ("markup", "where"),
    [
        ('<img src="https://v.example/pixel.gif" alt="" />', "img src"),
        ('<script src="//v.example/tag.js"></script>', "script src"),
        ('<link rel="preconnect" href="https://v.example" />', "link"),
        ('<link rel="stylesheet" href="https://V.example/a.css" />', "link"),
        ('<style>p { background: url("https://v.example/a.png") }</style>', "style"),
        ('<p style="background: url(https://v.example/a.png)">x</p>', "p style"),
        ('<iframe src="https://v.example/embed" title="t"></iframe>', "iframe src"),
        ('<img srcset="/own.png 1x, https://v.example/2.png 2x" alt="" />', "img srcset"),
    ],
)
def test_what_would_contact_a_gated_service_is_told_with_line_host_service_and_mend(
    policy: Policy, folder: Path, markup: str, where: str
) -> None:
    """L01, L05, H37: in the banner, where nobody has chosen yet."""
    text = with_markup(markup)
    (folder / BANNER).write_text(text, "utf-8")
    ((path, message, mend),) = faults(policy, folder)
    assert path == f"{BANNER}, line {line_of(text, markup)}"
    assert message.startswith(f"<{where}")
    assert "makes browsers contact v.example, which belongs to the service 'video' (interactivity)" in message
    assert markup[:60] in message
    assert "Leave it out" in mend


def test_an_inline_snippet_is_judged_by_its_signature(folder: Path) -> None:
    """L06."""
    policy = Policy.load(
        {
            "policy": {"languages": ["en"]},
            "categories": [
                {"id": "c", "basis": "consent", "title": {"en": "Counting"}, "description": {"en": "We count."}},
            ],
            "services": [
                {
                    "id": "counter",
                    "category": "c",
                    "title": {"en": "Counter"},
                    "hosts": ["count.example"],
                    "inline": [{"host": "count.example", "global": "_count"}],
                }
            ],
        }
    )
    (folder / BANNER).write_text(with_markup("<script>_count = load('https://count.example/x.js')</script>"), "utf-8")
    ((path, message, _),) = faults(policy, folder)
    assert path.startswith(f"{BANNER}, line ")
    assert message.startswith("<script> names count.example, which belongs to the service 'counter' (c)")
    (folder / BANNER).write_text(with_markup("<script>document.title</script>"), "utf-8")
    checked_surface(policy, folder)


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("page.html.j2", "<header"),
        ("choices.html.j2", "<form"),
        ("declared.html.j2", "{% if purposes"),
        ("error.html.j2", "<p"),
        ("assets.html.j2", "<link"),
        ("closing.html.j2", "<form"),
        ("placeholder.html.j2", "<strong"),
        ("placeholder_hidden.html.j2", "<span"),
        ("fragment.html.j2", "<link"),
        ("declaration_file.html.j2", "<main"),
        ("text.html.j2", "{% if text"),
    ],
)
def test_every_template_is_judged(policy: Policy, folder: Path, name: str, before: str) -> None:
    markup = '<img src="https://s.example/p" alt="" />'
    text = with_markup(markup, name, before)
    (folder / name).write_text(text, "utf-8")
    ((path, message, _),) = faults(policy, folder)
    assert path == f"{name}, line {line_of(text, markup)}"
    assert "s.example, which belongs to the service 'share'" in message


def test_the_line_is_that_of_the_template_that_is_included(policy: Policy, folder: Path) -> None:
    (folder / BANNER).write_text(with_markup('{# https://v.example/ was here #}{% include "logo.html.j2" %}'), "utf-8")
    (folder / "logo.html.j2").write_text('<span>x</span>\n\n<img src="https://v.example/l.png" alt="" />', "utf-8")
    assert [path for path, _, _ in faults(policy, folder)] == ["logo.html.j2, line 3"]


def test_an_address_that_a_template_puts_together_is_found_too(policy: Policy, folder: Path) -> None:
    (folder / BANNER).write_text(with_markup("""<img src="https://{{ 'v' ~ '.exam' ~ 'ple' }}/p" alt="" />"""), "utf-8")
    ((path, message, _),) = faults(policy, folder)
    assert path == BANNER
    assert "v.example" in message


def test_a_picture_from_the_embeds_own_address_is_found(policy: Policy, folder: Path) -> None:
    """H37: a thumbnail asks the very host that the placeholder keeps away."""
    name = "placeholder.html.j2"
    (folder / name).write_text(with_markup('<img src="{{ hole.address }}/thumbnail" alt="" />', name, "<strong"), "utf-8")
    assert any("contact xiti.example" in message for _, message, _ in faults(policy, folder))


def test_what_only_one_language_shows_is_found(policy: Policy, folder: Path) -> None:
    markup = """{% if lang == 'en' %}<img src="https://v.example/p" alt="" />{% endif %}"""
    (folder / BANNER).write_text(with_markup(markup), "utf-8")
    assert len(faults(policy, folder)) == 1


def test_an_address_of_our_own_that_is_gated_is_found(policy: Policy, folder: Path) -> None:
    """X04."""
    (folder / BANNER).write_text(with_markup('<img src="/own/p" alt="" />'), "utf-8")
    ((path, message, _),) = faults(policy, folder)
    assert path.startswith(f"{BANNER}, line ")
    assert "/own/, which belongs to the service 'share'" in message


def test_the_preferences_may_load_what_the_visitor_allows(policy: Policy, folder: Path) -> None:
    name = "choices.html.j2"
    shown = """{% if 'video' in consent.allowed_services %}<img src="https://v.example/p" alt="">{% endif %}"""
    (folder / name).write_text(with_markup(shown, name, "{% for purpose, state"), "utf-8")
    checked_surface(policy, folder)
    hung_on_another = shown.replace("video", "gtm")
    (folder / name).write_text(with_markup(hung_on_another, name, "{% for purpose, state"), "utf-8")
    assert len(faults(policy, folder)) == 1


def test_what_runs_until_it_is_refused_may_not_stand_there_unasked(policy: Policy, folder: Path) -> None:
    """L53: after a refusal the exempt service must be gone from our pages too; the banner is the same for everybody."""
    for name, before in (("choices.html.j2", "{% for purpose, state"), (BANNER, START)):
        (folder / name).write_text(with_markup('<img src="https://www.xiti.example/p" alt="" />', name, before), "utf-8")
        assert len(faults(policy, folder)) == 1
        (folder / name).unlink()


def test_an_unlisted_host_is_warned_of_or_refused_as_the_policy_says(
    policy: Policy, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = with_markup('<img src="https://cdn.other.example/logo.svg" alt="" />')
    (folder / BANNER).write_text(text, "utf-8")
    with caplog.at_level(logging.WARNING, "consent_guard"):
        checked_surface(policy, folder)
    (warning,) = [record.getMessage() for record in caplog.records]
    assert f"{BANNER}, line {line_of(text, '<img')}: <img src> makes browsers contact cdn.other.example" in warning
    ((_, message, mend),) = faults(replace(policy, unlisted_hosts="block"), folder)
    assert "which the policy does not name" in message
    assert "first_party" in mend
    checked_surface(replace(policy, unlisted_hosts="block", first_party=("other.example",)), folder)


def test_an_address_of_a_service_in_use_that_is_necessary_passes(policy: Policy, folder: Path) -> None:
    necessary = Service("video", "necessary", {"fr": "V"}, hosts=policy.services[2].hosts)
    needed = replace(policy, services=(*policy.services[:2], necessary, policy.services[3]))
    (folder / BANNER).write_text(with_markup('<img src="https://v.example/p" alt="" />'), "utf-8")
    checked_surface(needed, folder)
