"""Our own pages are rendered once and kept, and stay right for each request (DESIGN §9)."""

from __future__ import annotations

import html
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from consent_guard.consent.choice import Consent, accept_all, effective, refuse_all, save, set_service
from consent_guard.limits import PAGES_BYTES
from consent_guard.pages import kept_pages
from consent_guard.pages.kept_pages import Hole, HoledView, Kept, NeedsRequest, Packed, packed_page
from consent_guard.pages.model import RequestView
from consent_guard.pages.overriding import checked_surface
from consent_guard.pages.prerendered import Prerendered
from consent_guard.pages.rendering import Templates, own_texts
from consent_guard.pages.surface import DECLARATION_ENDINGS, Surface
from consent_guard.policy.model import Policy

NOW = 1591358400
DAY = 86400


def consents(policy: Policy) -> list[Consent]:
    """Every kind of consent, at several times."""
    before = effective(policy, None, NOW), effective(policy, None, NOW, gpc=True)
    choices = [
        accept_all(policy, NOW),
        accept_all(policy, NOW + 2 * DAY),
        refuse_all(policy, NOW),
        save(policy, ["video"], NOW),
        save(policy, ["interactivity"], NOW, deny=["share"]),
        set_service(policy, None, "video", True, NOW),
    ]
    return [*before, *(effective(policy, choice, NOW + 3 * DAY, gpc=gpc) for choice in choices for gpc in (False, True))]


def views(policy: Policy) -> list[RequestView]:
    return [
        RequestView(base, next, accept_language, consent, lang)
        for base in (policy.path, "/mount/a%26b" + policy.path)
        for next in ("", "/a?x=1&y='2'", '/"><script>')
        for accept_language, lang in ((b"fr", None), (b"en", None), (b"fr", "en"))
        for consent in consents(policy)
    ]


def shown(surface: Surface, view: RequestView) -> list[bytes]:
    return [
        surface.preferences(view),
        surface.fragment(view).encode(),
        surface.declaration(view),
        surface.error(view, 400, "choice"),
        surface.error(view, 404),
    ]


@pytest.fixture
def renderings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the templates that are rendered from now on, as they come."""
    names: list[str] = []
    render = Templates.render

    def counted(self: Templates, name: str, **values: object) -> str:
        names.append(name)
        return render(self, name, **values)

    monkeypatch.setattr(Templates, "render", counted)
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "looks"
    path.mkdir()
    return path


def test_a_kept_page_is_to_the_byte_the_page_of_its_own_request(policy: Policy) -> None:
    """Whatever was shown to others before."""
    surface = Surface(policy)
    asked = views(policy)
    random.Random(7).shuffle(asked)
    for view in asked:
        assert shown(surface, view) == shown(Surface(policy), view)


def test_a_kept_page_says_what_a_page_that_is_rendered_for_its_request_says(policy: Policy) -> None:
    """But for how a quote is written."""
    kept, each = Surface(policy), Surface(policy)
    each._for_each |= {"preferences", "fragment", "declaration", "error"}
    for view in views(policy):
        assert list(map(unescaped, shown(kept, view))) == list(map(unescaped, shown(each, view)))


def unescaped(page: bytes) -> str:
    return html.unescape(page.decode("utf-8"))


def test_a_page_that_is_the_same_for_everybody_is_rendered_once_for_each_language(
    policy: Policy, renderings: list[str]
) -> None:
    surface = Surface(policy)
    for view in views(policy):
        surface.declaration(view)
    # With a way back and without one, in French and in English.
    assert renderings == ["declaration"] * 4


def test_preferences_are_rendered_once_for_all_who_see_the_same(policy: Policy, renderings: list[str]) -> None:
    surface = Surface(policy)
    for second in range(50):
        choice = accept_all(policy, NOW + second)
        surface.preferences(RequestView(policy.path, f"/page/{second}", b"en", effective(policy, choice, NOW + 100)))
    assert renderings == ["preferences"]


def test_the_declarations_files_are_made_once_for_each_language(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    surface = Surface(policy)
    first = [surface.declaration_file(ending, language) for ending in DECLARATION_ENDINGS for language in ("fr", "en")]
    monkeypatch.setattr("consent_guard.pages.surface.Declared", None)
    monkeypatch.setattr(Templates, "render", None)
    assert [surface.declaration_file(ending, lang) for ending in DECLARATION_ENDINGS for lang in ("fr", "en")] == first


def test_nothing_is_rendered_before_the_first_request(policy: Policy, renderings: list[str]) -> None:
    Surface(policy)
    assert renderings == []


def test_many_threads_get_the_pages_of_their_own_requests(policy: Policy) -> None:
    surface = Surface(policy)
    asked = views(policy)[::5] * 3
    expected = [shown(Surface(policy), view) for view in asked]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda view: shown(surface, view), asked)) == expected


def test_what_is_kept_stays_within_its_bound_and_what_is_asked_for_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pages, "PAGES_BYTES", 20_000)
    kept = Kept()
    noise = random.Random(1)
    for number in range(100):
        kept.keep(number, Packed(Prerendered((noise.randbytes(1500),), ())))
        assert kept.size <= 20_000
        assert kept.get(0) is not None
    assert kept.get(50) is None
    kept.keep("large", Packed(Prerendered((noise.randbytes(30_000),), ())))
    assert kept.get("large") is None
    assert kept.get(0) is not None


def test_made_up_ways_back_take_no_room(policy: Policy, view_of: Callable[..., RequestView]) -> None:
    surface = Surface(policy)
    for number in range(200):
        surface.preferences(replace(view_of(policy), next=f"/{number}"))
    assert 0 < surface._preferences.size < 20_000 < PAGES_BYTES


@pytest.mark.parametrize(
    ("shows", "expected"),
    [
        ("{{ view.next|urlencode }}", b"/article%3Fa%3D1%26b%3D2"),
        ("{{ view.next|length }}", b"16"),
        ("{{ view.next[:4] }}", b"/art"),
        ("{{ view.next + '#x' }}", b"/article?a=1&amp;b=2#x"),
        ("{{ 'back' if view.next == '/article?a=1&b=2' }}", b"back"),
        ("{{ 'back' if view.next.startswith('/article') }}", b"back"),
        ("{{ view.next|tojson }}", b'"/article?a=1\\u0026b=2"'),
        ("{{ home|upper }}", b"/ARTICLE?A=1&amp;B=2"),
        ("{{ view.accept_language|length }}", b"2"),
        ("{{ '%s' % view.lang }}", b"None"),
        ("{{ 'seen' if view.consent.decided }}", b"seen"),
        ("{{ view.base ~ '/state' }}", b"/privacy-choices/state"),
        ("{{ 'mounted' if view.base is ne '/privacy-choices' else 'bare' }}", b"bare"),
    ],
)
def test_a_template_of_the_site_may_do_with_the_request_what_it_likes(
    policy: Policy, folder: Path, shows: str, expected: bytes
) -> None:
    """Where what it makes of a value cannot be put in later, the page is rendered for each request."""
    text = own_texts()["page.html.j2"].replace("<header", f"<p>[{shows}]</p><header")
    (folder / "page.html.j2").write_text(text, "utf-8")
    surface = checked_surface(policy, folder)
    view = RequestView(policy.path, "/article?a=1&b=2", b"en", effective(policy, accept_all(policy, NOW), NOW))
    for page in (surface.preferences, surface.declaration, surface.declaration):
        assert b"<p>[" + expected + b"]</p>" in page(view)


def test_a_template_of_the_site_may_show_anything_of_the_choice(policy: Policy, folder: Path) -> None:
    text = own_texts()["choices.html.j2"].replace("<section", "<p>{{ consent.receipt_id }}</p><section", 1)
    (folder / "choices.html.j2").write_text(text, "utf-8")
    surface = checked_surface(policy, folder)
    for receipt in ("one", "two", "one"):
        consent = effective(policy, accept_all(policy, NOW, receipt), NOW)
        assert f"<p>{receipt}</p>".encode() in surface.preferences(RequestView(policy.path, "", b"en", consent))


def test_a_hole_is_there_and_can_be_printed_and_nothing_else() -> None:
    hole = Hole("mark")
    assert hole
    assert hole.__html__() == "mark"
    for use in (
        str,
        repr,
        len,
        iter,
        hash,
        int,
        lambda it: it == "x",
        lambda it: it[0],
        lambda it: it.strip,
        lambda it: it + "x",
    ):
        with pytest.raises(NeedsRequest):
            use(hole)
    with pytest.raises(NeedsRequest):
        str(HoledView(hole, ""))


def test_a_fault_of_a_template_is_told_and_not_kept() -> None:
    def render(**values: object) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        packed_page(render, back=False)
