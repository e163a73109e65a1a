"""The forms of rendered markup, as a browser would send them."""

from __future__ import annotations

from consent_guard.pages.forms import read_markup


def test_a_control_belongs_to_the_form_around_it_or_to_the_one_that_it_names() -> None:
    """HTML 4.10.18.3."""
    markup = read_markup(
        b"<form id=a method=POST action='/x?a&amp;b'><input type=hidden name=next value=1>"
        b"<button name=choice value=save>Save</button>"
        b"<button form=b name=choice value=accept>All</button></form>"
        b"<form id=b></form><input name=lost><button form=no>x</button>"
    )
    first, second = markup.forms
    assert first.attributes == {"id": "a", "method": "POST", "action": "/x?a&b"}
    assert first.hidden("next") == "1"
    assert first.hidden("choice") is None
    assert [one.get("value") for one in first.controls] == ["1", "save"]
    assert second.button("choice", "accept") is not None
    assert [one.tag for one in markup.stray] == ["input", "button"]


def test_a_button_that_can_be_pressed_is_found_before_one_that_cannot() -> None:
    markup = read_markup(
        b"<form><button name=choice value=save hidden>1</button></form><form><button name=choice value=save>2</button></form>"
        b"<form><button name=c value=v type=button>3</button></form>"
    )
    found = markup.form_of("choice", "save")
    assert found is not None
    assert found[1].text == "2"
    dead = markup.form_of("c", "v")
    assert dead is not None
    assert not dead[1].usable
    assert markup.form_of("choice", "refuse") is None


def test_text_is_what_a_reader_sees() -> None:
    markup = read_markup("<p>Mesure d’<b>audience</b></p><script>no</script><p>a &amp; b</p><style>no</style>".encode())
    assert markup.text == "Mesure d’audience a & b"


def test_nothing_in_markup_makes_it_raise() -> None:
    for markup in (
        b"<![if x]>",
        b"\xff<form",
        b"<button><form></button></form>",
        b"<a href><input checked checked=1>",
        b"</p>",
    ):
        read_markup(markup)
