"""What the site's own scripts know of the choice (docs/appearance.md, "The choice, for your scripts")."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import consent_guard

P = "/privacy-choices"
ACCEPT = "[data-cg=banner] button[value=accept]"
REFUSE = "[data-cg=banner] button[value=refuse]"
STATIC = Path(consent_guard.__file__).parent / "pages" / "static"
PLAIN = "<!doctype html><html lang=en><head><title>t</title>{head}</head><body><p>x</p></body></html>"
HEAR = """
window.heard = (window.heard ?? []);
const hear = (state) => heard.push([state.decided, allows("ads"), allows("clips"), allows("maps")]);
"""
IMPORTED = (
    f'<script type=module>import {{ allows, onChange, open, ready }} from "{P}/api.js";{HEAR}'
    "window.mark = 1; await ready; onChange(hear, { loads: window.loads ?? [] }); window.known = true</script>"
)


def serve(site: Any, head: str, path: str = "/plain") -> str:
    site.pages[path] = PLAIN.format(head=head)
    return path


def heard(page: Any, count: int) -> list[list[bool]]:
    page.wait_for_function(f"window.heard?.length >= {count}")
    found: list[list[bool]] = page.evaluate("window.heard")
    return found


def choose(visitor: Any, **choice: Any) -> None:
    """Choose as another page of the site would."""
    page = visitor.context.new_page()
    page.goto(visitor.site.base + "/quiet")
    done = page.evaluate(
        "body => fetch('"
        + P
        + "', { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' },"
        " body: JSON.stringify(body) }).then(answer => answer.status)",
        choice,
    )
    assert done == 200
    page.close()


def test_a_script_imports_what_may_load_on_a_page_without_anything_of_ours(arrive: Any, site: Any) -> None:
    """Nothing is allowed before it is known; then the same as on the server."""
    visitor = arrive()
    visitor.visit("/quiet")
    choose(visitor, choice="save", allow=["ads"])
    path = serve(
        site,
        f'<script type=module>import * as api from "{P}/api.js";window.early = api.allows("ads");window.api = api</script>',
    )
    page = visitor.visit(path)
    assert page.locator("[data-cg]").count() == 0
    page.evaluate("api.ready")
    assert page.evaluate("[early, ...['ads', 'clips', 'campaigns', 'necessary'].map(api.allows)]") == [
        False,
        *(True, False, False, True),
    ]
    assert page.evaluate("api.ready.then(state => Object.keys(state))") == [
        *("decided", "decided_at", "expires_at", "categories", "services")
    ]
    assert page.evaluate("consentGuard.state === undefined || Object.isFrozen(consentGuard.state.services)")


def test_an_id_that_the_policy_does_not_hold_is_not_allowed_and_said(arrive: Any, site: Any) -> None:
    page = arrive().visit(serve(site, f'<script type=module src="{P}/api.js"></script>'))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate("consentGuard.ready")
    assert page.evaluate("['constructor', '__proto__', 'addz'].map(consentGuard.allows)") == [False, False, False]
    assert len(said) == 3
    assert all("no category or service" in line for line in said)


@pytest.mark.parametrize("queue", [True, False])
def test_functions_in_an_array_get_it_on_every_page_under_module_always(arrive: Any, site: Any, queue: bool) -> None:
    """For classic scripts, which run before any module. Without one nothing more is loaded."""
    site.configure(module="always")
    waiting = "(window.consentGuard ||= []).push((guard) => guard.onChange((state) => (window.heard = [state.services.ads])))"
    visitor = arrive()
    visitor.visit("/en/")
    visitor.click(REFUSE)
    page = visitor.visit(serve(site, f"<script>{waiting if queue else 'window.heard = [0]'}</script>"))
    assert heard(page, 1) == [False if queue else 0]
    loaded = [path for _, path in site.asked if "cg-api" in path]
    assert len(loaded) == (1 if queue else 0)
    page.evaluate(waiting.replace("window.heard =", "window.later ="))
    if queue:
        page.wait_for_function("window.later")


def test_what_a_script_loads_itself_loads_without_a_new_page(arrive: Any, site: Any) -> None:
    """And a withdrawal loads it anew: what runs cannot be taken back."""
    site.configure(all_ask=True)
    head = "<script>window.loads = ['ads', 'clips', 'maps', 'stats']</script>" + IMPORTED
    path = serve(site, head)
    visitor = arrive()
    page = visitor.visit(path)
    assert heard(page, 1) == [[False, False, False, False]]
    page.locator(ACCEPT).click()
    page.locator(".cg-saved").wait_for()
    assert heard(page, 2) == [[False] * 3 + [False], [True] * 4]
    assert page.evaluate("window.mark") == 1
    page.evaluate("window.mark = 2")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<form data-cg-form method=post action="
        f"{P}><button name=choice value=refuse>No</button></form>')"
    )
    with page.expect_event("load"):
        page.get_by_text("No", exact=True).click()
    assert page.evaluate("window.mark") == 1
    assert heard(page, 1) == [[True, False, False, False]]


def test_what_no_script_loads_itself_loads_the_page_anew_and_nothing_starts_twice(arrive: Any, site: Any) -> None:
    site.configure(all_ask=True)
    told = "addEventListener('pagehide', () => (sessionStorage.last = JSON.stringify(heard)))"
    head = f"<script>window.loads = ['ads']; {told}</script>{IMPORTED}"
    visitor = arrive()
    page = visitor.visit(serve(site, head))
    heard(page, 1)
    visitor.click(ACCEPT)
    assert page.evaluate("sessionStorage.last") == "[[false,false,false,false]]"
    assert heard(page, 1) == [[True, True, True, True]]


def test_under_a_policy_of_the_choice_the_page_is_loaded_anew_whatever_loads_itself(arrive: Any, site: Any) -> None:
    """The page keeps the Content-Security-Policy that it came with (docs/csp.md)."""
    site.configure(all_ask=True, csp="enforce", csp_allow=["cdn.example"])
    head = "<script>window.loads = ['ads', 'clips', 'maps', 'stats']</script>" + IMPORTED
    visitor = arrive()
    page = visitor.visit(serve(site, head))
    heard(page, 1)
    page.evaluate("window.mark = 2")
    visitor.click(ACCEPT)
    assert heard(page, 1) == [[True, True, True, True]]
    assert page.evaluate("window.mark") == 1


def test_a_page_that_answered_a_form_hears_of_the_choice_and_stays(arrive: Any, site: Any) -> None:
    """Loaded anew it would post once more."""
    site.configure(all_ask=True)
    visitor = arrive()
    page = visitor.visit(serve(site, IMPORTED))
    with page.expect_event("load"):
        page.evaluate("const f = document.createElement('form'); f.method = 'post'; document.body.append(f); f.submit()")
    assert heard(page, 1) == [[False, False, False, False]]
    page.locator(ACCEPT).click()
    assert heard(page, 2)[1] == [True, True, True, True]
    assert page.evaluate("window.mark") == 1


def test_a_choice_in_another_tab_is_heard(arrive: Any, site: Any) -> None:
    site.configure(all_ask=True)
    visitor = arrive()
    page = visitor.visit(serve(site, IMPORTED))
    heard(page, 1)
    other = visitor.context.new_page()
    other.goto(site.base + "/en/")
    with other.expect_event("load"):
        other.locator(ACCEPT).click()
    assert heard(page, 2)[1] == [True, True, True, True]


def test_what_listens_may_stop_and_a_fault_of_one_is_not_anothers(arrive: Any, site: Any) -> None:
    site.configure(all_ask=True)
    visitor = arrive()
    page = visitor.visit(serve(site, f'<script type=module src="{P}/api.js"></script>'))
    page.evaluate(
        """consentGuard.ready.then(() => new Promise((done) => {
          window.count = 0;
          const off = consentGuard.onChange(() => count++);
          consentGuard.onChange(() => { throw new Error("mine") });
          consentGuard.onChange((state) => { off(); done(state.decided) });
        }))"""
    )
    choose(visitor, choice="accept")
    page.evaluate("new Promise(done => setTimeout(done, 300))")
    assert page.evaluate("count") == 1
    assert visitor.wrong == ["mine"] or visitor.wrong == ["Error: mine"]
    visitor.wrong.clear()


def test_open_leads_to_the_preferences_and_back(arrive: Any, site: Any) -> None:
    page = arrive().visit(serve(site, f'<script type=module src="{P}/api.js"></script>') + "?x=1")
    page.evaluate("consentGuard.ready")
    with page.expect_event("load"):
        page.evaluate("consentGuard.open()")
    assert page.url.startswith(site.base + P)
    assert page.locator("input[name=next]").first.get_attribute("value") == "/plain?x=1"


def test_where_the_state_cannot_be_asked_for_nothing_is_allowed(arrive: Any, site: Any) -> None:
    visitor = arrive()
    visitor.context.route("**/state", lambda route: route.abort())
    page = visitor.visit(serve(site, f'<script type=module src="{P}/api.js"></script>'))
    assert page.evaluate("consentGuard.ready") is None
    assert page.evaluate("consentGuard.allows('stats')") is False
    visitor.wrong.clear()


def test_the_types_name_what_there_is() -> None:
    names = r"export (?:async )?(?:function|const) (\w+)"
    code, types = ((STATIC / name).read_text() for name in ("cg-api.js", "consent-guard.d.ts"))
    assert set(re.findall(names, code)) == set(re.findall(names, types)) == {"allows", "onChange", "open", "ready"}
