"""What a site's own templates must still hold, whatever they look like: asked when the guard is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_guard.errors import PolicyError
from consent_guard.pages.overriding import checked_surface
from consent_guard.pages.rendering import own_texts
from consent_guard.policy.model import Policy

OURS = own_texts()
BANNER, CHOICES = "banner.html.j2", "choices.html.j2"
NEXT = '<input type="hidden" name="next" value="{{ hole.next }}" />'
REFUSE = '<button type="submit" class="cg-button" name="choice" value="refuse">'


def broken(name: str, *pairs: tuple[str, str]) -> tuple[str, str]:
    text = OURS[name]
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return name, text


def imported() -> Policy:
    return Policy.load(
        {
            "policy": {"languages": ["en"], "import_from": ["tarteaucitron"]},
            "categories": [{"id": "v", "basis": "consent", "title": {"en": "Videos"}}],
            "services": [{"id": "youtube", "category": "v"}],
        }
    )


def faults(policy: Policy, folder: Path, template: tuple[str, str]) -> list[tuple[str, str, str]]:
    name, text = template
    (folder / name).write_text(text, "utf-8")
    with pytest.raises(PolicyError) as error:
        checked_surface(policy, folder)
    return [(fault.path, fault.message, fault.mend) for fault in error.value.faults]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_copy_of_ours_passes(policy: Policy, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(OURS[name], "utf-8")
    checked_surface(policy, tmp_path)
    checked_surface(imported(), tmp_path)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (broken(BANNER, (NEXT, "")), "no hidden next"),
        (broken(BANNER, ('name="next" value="{{ hole.next }}"', 'name="next" value="/"')), "no hidden next"),
        (broken(BANNER, ('method="post"', "")), "does not post"),
        (broken(BANNER, ('action="{{ hole.base }}"', 'action="/choice"')), "posts to '/choice'"),
        (broken(BANNER, (REFUSE, '<button type="submit" class="cg-button" name="choice" value="save">')), "not equal"),
        (broken(BANNER, (REFUSE, REFUSE.replace(">", ' style="color: #999">'))), "not equal"),
        (broken(BANNER, (f"{REFUSE}{{{{ words.say('banner.refuse') }}}}", f"{REFUSE}<small>no</small>")), "not equal"),
        (broken(BANNER, (REFUSE, REFUSE.replace(">", ' hidden="hidden">'))), "nobody can press"),
        (broken(BANNER, (REFUSE, REFUSE.replace(">", ' disabled="disabled">'))), "nobody can press"),
        (broken(BANNER, ("{{ words.say('banner.refuse') }}", "")), "'refuse' says nothing"),
        (
            broken(BANNER, (NEXT, NEXT + '<input type="checkbox" name="allow" value="campaigns" checked="checked" />')),
            "the box 'campaigns' is ticked beforehand",
        ),
        (
            broken(
                BANNER, ('href="{{ hole.base }}"', 'href="/about"'), ('href="{{ hole.base }}{{ hole.back }}"', 'href="/about"')
            ),
            "no way leads to a choice purpose by purpose",
        ),
        (broken(BANNER, ("{{ phrase(purpose.title) }}", "a purpose")), "the purpose 'Campagnes' is not named"),
        (broken("closing.html.j2", ('name="choice" value="once"', 'name="choice" value="allow"')), "does not send choice=once"),
        (broken("closing.html.j2", ('name="next" value="{{ hole.next }}"', 'name="n" value=""')), "no hidden next"),
        (broken("closing.html.j2", ('method="post"', 'method="get"')), "does not post"),
    ],
)
def test_what_goes_into_pages_asks_fairly_and_carries_the_choice(
    policy: Policy, tmp_path: Path, template: tuple[str, str], said: str
) -> None:
    """L09, L11, L20, L40, A01: no choice is prepared, hidden or lost."""
    found = faults(policy, tmp_path, template)
    assert any(said in message for _, message, _ in found), found
    assert {path for path, _, _ in found} == {template[0]}
    assert all(mend for _, _, mend in found)


BOX = 'name="allow" value="{{ purpose.id }}"'


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (broken(CHOICES, ('<input type="hidden" name="next" value="{{ view.next }}">', "")), "no hidden next"),
        (broken(CHOICES, ('method="post"', 'method="get"')), "does not post"),
        (broken(CHOICES, ('action="{{ view.base }}"', 'action="{{ view.next }}"')), "posts to '/page?a=1&b=2'"),
        (broken(CHOICES, (BOX, 'name="allowed" value="{{ purpose.id }}"')), "the purpose 'campaigns' has no box"),
        (broken(CHOICES, ("{{ ' checked' if state.whole }}", " checked")), "the box 'campaigns' is ticked beforehand"),
        (broken(CHOICES, ("{{ ' checked' if state.whole }}", "")), "is not ticked after everything was accepted"),
        (broken(CHOICES, ('value="accept"', 'value="all"')), "no button with the value 'accept'"),
        (broken(CHOICES, ('name="choice" value="save"', 'name="choice" value="sav"')), "no button with the value 'save'"),
    ],
)
def test_the_preferences_show_the_stored_choice_and_let_all_of_it_be_changed(
    policy: Policy, tmp_path: Path, template: tuple[str, str], said: str
) -> None:
    """L09, L11, L23, A01."""
    found = faults(policy, tmp_path, template)
    assert {path for path, message, _ in found if said in message} == {"preferences.html.j2", "fragment.html.j2"}, found


def test_what_runs_until_it_is_refused_may_be_ticked(policy: Policy, tmp_path: Path) -> None:
    """The exempt basis: its state before a choice is on."""
    text = OURS[CHOICES].replace("' checked' if state.whole", "' checked' if state.whole or state.word == 'on'")
    (tmp_path / CHOICES).write_text(text, "utf-8")
    checked_surface(policy, tmp_path)


@pytest.mark.parametrize("name", ["declaration.html.j2", "declaration_file.html.j2"])
def test_a_declaration_names_all_that_the_policy_does(policy: Policy, tmp_path: Path, name: str) -> None:
    """S17, L41, L42."""
    found = faults(policy, tmp_path, (name, OURS[name].replace('{% include "declared.html.j2" %}', "<p>Ask us.</p>")))
    assert {path for path, _, _ in found} == {name}
    assert all(message.startswith("it does not name ") for _, message, _ in found)


def test_another_tools_choice_needs_no_form_of_ours(policy: Policy, tmp_path: Path) -> None:
    for name in ("preferences_imported.html.j2", "imported.html.j2", "fragment.html.j2"):
        (tmp_path / name).write_text(OURS[name], "utf-8")
    checked_surface(imported(), tmp_path)


def test_several_faults_are_told_at_once(policy: Policy, tmp_path: Path) -> None:
    (tmp_path / CHOICES).write_text(broken(CHOICES, ('method="post"', ""))[1], "utf-8")
    found = faults(policy, tmp_path, broken(BANNER, (NEXT, ""), ('method="post"', "")))
    said = [message for path, message, _ in found if path == BANNER]
    assert len(said) == len(set(said)) == 2
