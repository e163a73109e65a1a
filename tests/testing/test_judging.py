"""By which policy a response is judged: the one that is given, and what the catalogue knows beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from consent_guard.audit.beside import NOT_LISTED
from consent_guard.testing.judging import Judged, Visitor, expecting, judge, listen
from consent_guard.testing.responses import Seen

HOTJAR = '<script src="https://static.hotjar.com/c/hotjar-1.js"></script>'
YOUTUBE = '<iframe src="https://www.youtube.com/embed/1"></iframe>'


def document(**service: Any) -> dict[str, Any]:
    return {
        "categories": [
            {"id": "necessary", "basis": "necessary", "title": {"en": "Necessary"}},
            {"id": "media", "basis": "consent", "title": {"en": "Media"}},
        ],
        "services": [{"category": "media", **service}],
    }


def page(markup: str, *headers: tuple[bytes, bytes]) -> Seen:
    head = ((b"content-type", b"text/html"), *headers)
    return Seen(200, head, f"<!doctype html>{markup}".encode(), "https://site.example/")


def found(markup: str, policy: Any, **visitor: frozenset[str]) -> set[tuple[str | None, str | None]]:
    judged = judge(page(markup), policy, Visitor(**visitor))
    return {(leak.service, leak.category) for leak in judged.inspection.leaks}


def test_what_the_catalogue_knows_and_the_policy_does_not_list_has_nobodys_consent() -> None:
    policy = document(id="youtube")
    assert found(HOTJAR + YOUTUBE, policy) == {("hotjar", NOT_LISTED), ("youtube", "media")}
    assert found(HOTJAR + YOUTUBE, policy, allow=frozenset({"*"})) == {("hotjar", NOT_LISTED)}
    assert found(HOTJAR, policy, allow=frozenset({"hotjar"})) == set()


def test_what_the_policy_names_is_the_policys_to_decide_however_the_catalogue_spells_it() -> None:
    ours = document(id="films", title={"en": "Films"}, hosts=["*.youtube.com"], cookies=[{"name": "_hj*"}])
    assert found(YOUTUBE, ours) == {("films", "media")}
    assert found(YOUTUBE, ours, allow=frozenset({"media"})) == set()
    set_cookie = (b"set-cookie", b"_hjSessionUser_1=x")
    (leak,) = judge(page("", set_cookie), ours).inspection.leaks
    assert (leak.name, leak.service) == ("_hjSessionUser_1", "films")


def test_a_policy_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "consent.toml"
    category = '[policy]\nlanguages = ["en"]\n[[categories]]\nid = "{id}"\nbasis = "consent"\ntitle = {{ en = "A" }}\n'
    text = category + '[[services]]\nid = "youtube"\ncategory = "{id}"\n'
    path.write_text(text.format(id="films"), encoding="utf-8")
    assert found(YOUTUBE, path) == {("youtube", "films")}
    path.write_text(text.format(id="moving-pictures"), encoding="utf-8")
    assert found(YOUTUBE, path) == {("youtube", "moving-pictures")}


def test_what_a_test_expects_holds_where_the_assertion_says_nothing_itself() -> None:
    policy = document(id="youtube")
    with expecting(policy, Visitor(frozenset({"media"}))):
        assert judge(page(YOUTUBE)).inspection.leaks == ()
        assert judge(page(YOUTUBE), visitor=Visitor(deny=frozenset({"*"}))).inspection.leaks
    assert judge(page(YOUTUBE)).inspection.leaks[0].category == "interactivity", "the built-in policy holds again"


def test_everything_that_is_judged_is_told_to_who_listens_until_it_is_told_no_more() -> None:
    heard: list[Judged] = []
    end = listen(heard.append)
    judged = judge(page(YOUTUBE))
    end()
    judge(page(HOTJAR))
    assert heard == [judged]


@pytest.mark.parametrize(
    ("visitor", "words"),
    [
        (Visitor(), "before any choice"),
        (Visitor(frozenset({"b", "a"})), "allowing a, b"),
        (Visitor(deny=frozenset({"*"})), "refusing *"),
        (Visitor(frozenset({"a"}), frozenset({"b"})), "allowing a and refusing b"),
        (Visitor(frozenset({"a"}), frozenset({"b"}), "a alone accepted"), "a alone accepted"),
    ],
)
def test_a_visitor_is_told_in_words(visitor: Visitor, words: str) -> None:
    assert str(visitor) == words
