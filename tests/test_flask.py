"""The Flask adapter, with Flask's own test client."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, render_template_string, request, send_file, session, stream_with_context
from werkzeug.middleware.proxy_fix import ProxyFix

from consent_guard.errors import ConsentGuardError, PolicyError, SecretKeyError
from consent_guard.flask import ConsentGuard, consent_from, manage_link, preferences_form
from consent_guard.policy.model import Policy
from consent_guard.testing import consent_cookie

from .tracker_site import KEY, PAGE, POLICY, SCRIPT

TEMPLATE = PAGE.replace(
    "<p>", "<p>{{ consent.allows('tracker') }} {{ manage_link() }} {{ manage_link('Your cookies', lang='en') }}"
)


def make_app(**options: Any) -> Flask:
    app = Flask(__name__)
    app.secret_key = KEY

    @app.get("/page")
    def page() -> Response:
        session["visits"] = 1
        response = Response(PAGE)
        response.set_cookie("_trk", "1")
        return response

    @app.get("/template")
    def template() -> str:
        return render_template_string(TEMPLATE)

    @app.get("/allowed")
    def allowed() -> dict[str, Any]:
        return {
            "tracker": consent_from().allows("tracker"),
            "given": consent_from(request).allows("tracker"),
            "cookies": sorted(request.cookies),
            "link": manage_link(),
        }

    @app.get("/stream")
    def stream() -> Response:
        def parts() -> Iterator[str]:
            yield PAGE[:70]
            yield PAGE[70:]
            yield f"<p>{request.args['name']}</p>"

        return Response(stream_with_context(parts()))

    @app.get("/download")
    def download() -> Response:
        return send_file(io.BytesIO(PAGE.encode()), mimetype="text/html", as_attachment=True, download_name="page.html")

    @app.get("/file")
    def file() -> Response:
        return send_file(io.BytesIO(PAGE.encode()), mimetype="text/html")

    @app.get("/error")
    def error() -> Response:
        raise KeyError("the app's own error")

    @app.errorhandler(500)
    def broken(error: Exception) -> tuple[str, int]:
        return PAGE, 500

    ConsentGuard(app, POLICY, **options)
    return app


def client_of(app: Flask) -> Any:
    """A client without a cookie jar, which would overwrite the Cookie header that a test gives."""
    return app.test_client(use_cookies=False)


def granted(app: Flask) -> dict[str, str]:
    return {"Cookie": "{}={}".format(*consent_cookie(Policy.load(POLICY), KEY, allow="*"))}


def test_a_page_and_all_its_cookies_are_filtered_the_session_among_those_that_pass() -> None:
    """F6: Flask saves its session after its hooks; a hook would not have seen every cookie."""
    response = make_app().test_client().get("/page")
    assert SCRIPT not in response.text
    assert 'data-cg="banner"' in response.text
    cookies = response.headers.getlist("Set-Cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["session"]


def test_with_consent_the_page_is_the_apps_own() -> None:
    app = make_app()
    response = client_of(app).get("/page", headers=granted(app))
    assert response.text == PAGE
    assert [cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie")] == ["_trk", "session"]


def test_templates_get_consent_and_the_link() -> None:
    app = make_app()
    text = app.test_client().get("/template").text
    assert "<p>" in text
    assert "False <a " in text
    assert '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>' in text
    assert '<a href="/privacy-choices" data-cg="manage" lang="en">Your cookies</a>' in text
    assert "True <a " in client_of(app).get("/template", headers=granted(app)).text


def test_views_read_the_consent_and_see_no_gated_cookie() -> None:
    """L04"""
    app = make_app()
    client = client_of(app)
    assert client.get("/allowed", headers={"Cookie": "_trk=1; a=2"}).json == {
        "tracker": False,
        "given": False,
        "cookies": ["a"],
        "link": '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>',
    }
    answer = client.get("/allowed", headers={"Cookie": f"{granted(app)['Cookie']}; _trk=1"}).json
    assert answer["tracker"] is True
    assert "_trk" in answer["cookies"]


def test_the_whole_loop_works_with_flasks_test_client() -> None:
    client = make_app().test_client()
    response = client.post("/privacy-choices", data={"choice": "accept", "next": "/page"}, base_url="https://localhost")
    assert response.status_code == 303
    assert response.headers["Location"] == "/page"
    assert SCRIPT in client.get("/page", base_url="https://localhost").text
    client.post("/privacy-choices", data={"choice": "refuse"}, base_url="https://localhost")
    page = client.get("/page", base_url="https://localhost").text
    assert SCRIPT not in page
    assert 'data-cg="banner"' not in page


def test_a_stream_keeps_its_request_context_to_the_end() -> None:
    """F7, W7: the context lives until close()."""
    response = make_app().test_client().get("/stream?name=Ann")
    assert SCRIPT not in response.text
    assert "<p>Ann</p>" in response.text


def test_a_download_keeps_every_byte_and_a_file_shown_is_filtered() -> None:
    """F6, N11: send_file's direct passthrough is no obstacle."""
    client = make_app().test_client()
    with client.get("/download") as response:
        assert response.data == PAGE.encode()
        assert response.headers["Content-Length"] == str(len(PAGE))
    with client.get("/file") as response:
        assert SCRIPT not in response.text
        assert "Content-Length" not in response.headers


def test_error_pages_are_filtered() -> None:
    """F7"""
    app = make_app()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    response = app.test_client().get("/error")
    assert response.status_code == 500
    assert SCRIPT not in response.text
    assert "<p>Text.</p>" in response.text


def test_proxy_fix_outside_settles_scheme_and_host() -> None:
    """K21: we read no forwarded header ourselves."""
    app = make_app()
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.example.org"}
    plain = app.test_client().post("/privacy-choices", data={"choice": "accept"}, headers=headers)
    assert plain.headers["Set-Cookie"].startswith("consent=")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
    fixed = app.test_client().post("/privacy-choices", data={"choice": "accept"}, headers=headers)
    assert fixed.headers["Set-Cookie"].startswith("__Host-consent=")


def test_init_app_guards_later_and_several_apps() -> None:
    guard = ConsentGuard(policy=POLICY)
    for _ in range(2):
        app = Flask(__name__)
        app.secret_key = KEY
        app.add_url_rule("/page", view_func=lambda: PAGE, endpoint="page")
        guard.init_app(app)
        assert SCRIPT not in app.test_client().get("/page").text


def test_the_policy_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "consent.toml"
    file.write_text(
        '[[categories]]\nid = "ads"\nbasis = "consent"\ntitle = { en = "Ads" }\n'
        '[[services]]\nid = "tracker"\ncategory = "ads"\ntitle = { en = "Tracker" }\nhosts = ["cdn.tracker.example"]\n'
    )
    app = Flask(__name__)
    app.secret_key = KEY
    app.add_url_rule("/page", view_func=lambda: PAGE)
    ConsentGuard(app, policy=file)
    assert SCRIPT not in app.test_client().get("/page").text


def test_a_second_guard_is_refused() -> None:
    with pytest.raises(RuntimeError, match="already"):
        ConsentGuard(make_app(), POLICY)


def test_a_bad_policy_stops_the_start() -> None:
    with pytest.raises(PolicyError):
        ConsentGuard(Flask(__name__), {"nonsense": 1})


def test_what_names_no_ledger_stops_the_start() -> None:
    with pytest.raises(ConsentGuardError, match="ledger"):
        ConsentGuard(Flask(__name__), POLICY, ledger="consent.db")


def test_the_key_may_be_set_after_the_extension() -> None:
    app = Flask(__name__)
    app.add_url_rule("/page", view_func=lambda: PAGE)
    ConsentGuard(app, POLICY)
    app.config["SECRET_KEY"] = KEY
    assert SCRIPT in client_of(app).get("/page", headers=granted(app)).text


def test_without_a_key_nothing_is_served() -> None:
    """K2: there is no default key."""
    app = Flask(__name__)
    app.add_url_rule("/page", view_func=lambda: PAGE)
    ConsentGuard(app, POLICY)
    for _ in range(2):
        with pytest.raises(SecretKeyError):
            app.test_client().get("/page")


def test_flasks_own_fallback_keys_still_verify() -> None:
    """K2"""
    app = make_app()
    old = granted(app)
    app.secret_key = "another key of the tests, longer than 32"
    app.config["SECRET_KEY_FALLBACKS"] = [KEY]
    assert SCRIPT in client_of(app).get("/page", headers=old).text


def test_a_retired_key_fails_and_an_own_key_stands_in_for_the_apps() -> None:
    """K2"""
    app = make_app(secret_key="another key of the tests, longer than 32", secret_key_fallbacks=[])
    assert SCRIPT not in client_of(app).get("/page", headers=granted(app)).text


def test_one_older_key_as_plain_text_is_one_key_and_not_its_letters() -> None:
    """K2: a key of one letter would let anybody sign."""
    older = "an older key of the tests, also longer than 32"
    forged = {"Cookie": "{}={}".format(*consent_cookie(Policy.load(POLICY), "o", allow="*"))}
    for app in (make_app(secret_key_fallbacks=older), make_app()):
        app.config["SECRET_KEY_FALLBACKS"] = older
        assert SCRIPT not in client_of(app).get("/page", headers=forged).text


def test_findings_and_clock_are_handed_on() -> None:
    findings: list[Any] = []
    app = make_app(on_finding=findings.append, clock=lambda: 4_000_000_000.0)
    assert SCRIPT not in client_of(app).get("/page", headers=granted(app)).text
    assert "cdn.tracker.example" in {finding.subject for finding in findings}


def test_a_template_outside_a_guarded_request_sees_the_request_at_hand_or_nobodys_choice() -> None:
    app = make_app()
    with app.app_context():
        assert "False <a " in render_template_string(TEMPLATE)
    with app.test_request_context("/page"):
        assert "False <a " in render_template_string(TEMPLATE)
    with app.test_request_context("/page", headers=granted(app)):
        assert "True <a " in render_template_string(TEMPLATE)


def test_asking_outside_of_a_guarded_app_is_a_clear_error() -> None:
    app = Flask(__name__)
    with app.test_request_context("/page"):
        for ask in (consent_from, manage_link, preferences_form):
            with pytest.raises(LookupError, match="middleware is not around the app"):
                ask()


def test_the_link_leads_below_the_mount() -> None:
    assert 'href="/shop/privacy-choices"' in make_app().test_client().get("/template", base_url="http://localhost/shop").text


def test_the_preferences_stand_in_a_page_of_the_apps_own_and_lead_back_to_it() -> None:
    """L23, S08: the stored state, in the page's language, with a form that comes back."""
    app = make_app()
    page = '<!doctype html><html lang="en"><title>You</title><body>{{ preferences_form(lang="en") }}</body></html>'
    app.add_url_rule("/account", view_func=lambda: render_template_string(page))
    client = client_of(app)
    shown = client.get("/account?tab=2").text
    assert shown.count('data-cg="page-preferences"') == 1
    assert "&lt;section" not in shown
    assert '<input type="hidden" name="next" value="/account?tab=2">' in shown
    assert "You have not made a choice yet." in shown
    own = {"sec-fetch-site": "same-origin"}
    answer = client.post("/privacy-choices", data={"choice": "save", "allow": "tracker", "next": "/account?tab=2"}, headers=own)
    assert (answer.status_code, answer.location) == (303, "/account?tab=2")
    after = client.get("/account?tab=2", headers=granted(app)).text
    assert "You have not made a choice yet." not in after
    assert 'name="allow" value="ads" checked' in after


def test_the_preferences_outside_of_a_guarded_request_are_those_of_nobody() -> None:
    app = make_app()
    with app.app_context():
        assert "You have not made a choice yet." in render_template_string("{{ preferences_form() }}")
