"""The Starlette and FastAPI adapter, with Starlette's own test client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from consent_guard.errors import PolicyError, SecretKeyError
from consent_guard.policy.model import Policy
from consent_guard.starlette import ConsentMiddleware, consent_from, install, manage_link, preferences_form, template_context
from consent_guard.testing import consent_cookie

from .tracker_site import KEY, PAGE, POLICY, SCRIPT

TEMPLATE = PAGE.replace(
    "<p>", "<p>{{ consent.allows('tracker') }} {{ manage_link() }} {{ manage_link('Your cookies', lang='en') }}"
)
BROWSER = {"accept": "text/html"}


async def page(request: Any) -> Response:
    response = HTMLResponse(PAGE)
    response.set_cookie("_trk", "1")
    response.set_cookie("session", "1")
    return response


async def allowed(request: Any) -> Response:
    return JSONResponse(
        {
            "tracker": consent_from(request).allows("tracker"),
            "scope": consent_from(request.scope).allows("tracker"),
            "cookies": sorted(request.cookies),
            "link": manage_link(request, "Cookies"),
        }
    )


async def stream(request: Any) -> Response:
    async def parts() -> AsyncIterator[str]:
        yield PAGE[:70]
        yield PAGE[70:]

    return StreamingResponse(parts(), media_type="text/html")


async def error(request: Any) -> Response:
    raise KeyError("the app's own error")


async def error_page(request: Any, error: Exception) -> Response:
    response = HTMLResponse(PAGE, status_code=500)
    response.set_cookie("_trk", "1")
    return response


async def template(request: Any) -> Response:
    loader = jinja2.Environment(loader=jinja2.DictLoader({"page.html": TEMPLATE}), autoescape=True)
    return Jinja2Templates(env=loader, context_processors=[template_context]).TemplateResponse(request, "page.html")


async def account(request: Any) -> Response:
    source = '<!doctype html><html lang="en"><title>You</title><body>{{ preferences_form(lang="en") }}</body></html>'
    loader = jinja2.Environment(loader=jinja2.DictLoader({"account.html": source}), autoescape=True)
    return Jinja2Templates(env=loader, context_processors=[template_context]).TemplateResponse(request, "account.html")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept(headers=[(b"set-cookie", b"_trk=1"), (b"set-cookie", b"session=1")])
    await websocket.send_json(
        {
            "tracker": consent_from(websocket).allows("tracker"),
            "cookies": sorted(websocket.cookies),
            "link": manage_link(websocket),
        }
    )
    await websocket.close()


def routes(directory: Path | None = None) -> list[Any]:
    found: list[Any] = [
        Route("/page", page),
        Route("/allowed", allowed),
        Route("/stream", stream),
        Route("/error", error),
        Route("/template", template),
        Route("/account", account),
        WebSocketRoute("/socket", socket),
        Mount("/mounted", routes=[Route("/allowed", allowed), Route("/page", page)]),
    ]
    if directory is not None:
        found.append(Mount("/static", StaticFiles(directory=directory)))
    return found


def make_app(directory: Path | None = None, **options: Any) -> Starlette:
    app = Starlette(routes=routes(directory), exception_handlers={500: error_page})
    install(app, POLICY, secret_key=KEY, **options)
    return app


def client_of(app: Any, **options: Any) -> TestClient:
    return TestClient(app, base_url="https://www.example.org", headers=BROWSER, **options)


def granted() -> dict[str, str]:
    return {"cookie": "{}={}".format(*consent_cookie(Policy.load(POLICY), KEY, allow="*"))}


def set_cookies(response: Any) -> list[str]:
    return [cookie.partition("=")[0] for cookie in response.headers.get_list("set-cookie")]


def test_a_page_and_its_cookies_are_filtered() -> None:
    response = client_of(make_app()).get("/page")
    assert SCRIPT not in response.text
    assert 'data-cg="banner"' in response.text
    assert set_cookies(response) == ["session"]


def test_with_consent_the_page_is_the_apps_own() -> None:
    response = client_of(make_app()).get("/page", headers=granted())
    assert response.text == PAGE
    assert set_cookies(response) == ["_trk", "session"]


def test_install_stands_around_the_server_error_pages_too() -> None:
    """F8"""
    response = client_of(make_app(), raise_server_exceptions=False).get("/error")
    assert response.status_code == 500
    assert SCRIPT not in response.text
    assert "<p>Text.</p>" in response.text
    assert set_cookies(response) == []


def test_add_middleware_works_too_but_starlette_keeps_its_error_page_outside() -> None:
    """F8: documented, and the reason for install()."""
    app = Starlette(routes=routes(), exception_handlers={500: error_page})
    app.add_middleware(ConsentMiddleware, policy=POLICY, secret_key=KEY)
    client = client_of(app, raise_server_exceptions=False)
    assert SCRIPT not in client.get("/page").text
    assert SCRIPT in client.get("/error").text


def test_around_the_app_object_it_works_as_well() -> None:
    app = ConsentMiddleware(Starlette(routes=routes(), exception_handlers={500: error_page}), POLICY, secret_key=KEY)
    client = client_of(app, raise_server_exceptions=False)
    assert SCRIPT not in client.get("/page").text
    assert SCRIPT not in client.get("/error").text


def test_fastapi_is_the_same() -> None:
    app = FastAPI()

    @app.get("/page", response_class=HTMLResponse)
    async def read_page() -> str:
        return PAGE

    @app.get("/allowed")
    async def read_allowed(request: Request) -> bool:
        return consent_from(request).allows("tracker")

    install(app, POLICY, secret_key=KEY)
    client = client_of(app)
    assert SCRIPT not in client.get("/page").text
    assert client.get("/allowed").json() is False
    assert client.get("/allowed", headers=granted()).json() is True


def test_views_read_the_consent_and_see_no_gated_cookie() -> None:
    """L04"""
    client = client_of(make_app())
    assert client.get("/allowed", headers={"cookie": "_trk=1; a=2"}).json() == {
        "tracker": False,
        "scope": False,
        "cookies": ["a"],
        "link": '<a href="/privacy-choices" data-cg="manage">Cookies</a>',
    }
    answer = client.get("/allowed", headers={"cookie": granted()["cookie"] + "; _trk=1"}).json()
    assert answer["tracker"] is True
    assert "_trk" in answer["cookies"]


def test_a_mounted_app_links_to_the_pages_of_the_whole() -> None:
    client = client_of(make_app())
    assert client.get("/mounted/allowed").json()["link"] == '<a href="/privacy-choices" data-cg="manage">Cookies</a>'
    assert SCRIPT not in client.get("/mounted/page").text


def test_the_guarded_app_may_itself_be_mounted() -> None:
    client = client_of(Starlette(routes=[Mount("/shop", make_app())]))
    assert client.get("/shop/allowed").json()["link"] == '<a href="/shop/privacy-choices" data-cg="manage">Cookies</a>'
    assert client.get("/shop/privacy-choices").status_code == 200
    assert 'action="/shop/privacy-choices"' in client.get("/shop/page").text


def test_templates_get_consent_and_the_link() -> None:
    client = client_of(make_app())
    text = client.get("/template").text
    assert "False <a " in text
    assert '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>' in text
    assert '<a href="/privacy-choices" data-cg="manage" lang="en">Your cookies</a>' in text
    assert "True <a " in client.get("/template", headers=granted()).text


def test_the_whole_loop_works_with_starlettes_test_client() -> None:
    client = client_of(make_app())
    response = client.post("/privacy-choices", data={"choice": "accept", "next": "/page"}, follow_redirects=False)
    assert response.status_code == 303
    assert response.headers["location"] == "/page"
    assert SCRIPT in client.get("/page").text
    client.post("/privacy-choices", data={"choice": "refuse"})
    assert SCRIPT not in client.get("/page").text


def test_a_stream_is_filtered_across_its_parts() -> None:
    assert SCRIPT not in client_of(make_app()).get("/stream").text


def test_static_pages_are_filtered_and_other_files_keep_their_bytes_and_caching(tmp_path: Path) -> None:
    """F8, Y9, H22"""
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "data.txt").write_text(PAGE)
    client = client_of(make_app(tmp_path))
    assert SCRIPT not in client.get("/static/page.html").text
    response = client.get("/static/data.txt", headers={"accept": "*/*"})
    assert response.text == PAGE
    assert response.headers["content-length"] == str(len(PAGE))
    assert response.headers["etag"]
    assert response.headers["last-modified"]


@pytest.mark.parametrize("accept", ["text/html", "image/png"])
def test_a_page_that_the_server_was_to_send_by_its_path_is_filtered(tmp_path: Path, accept: str) -> None:
    """Y9: Starlette's FileResponse asks for pathsend wherever a server offers it."""
    (tmp_path / "page.html").write_text(PAGE)
    (tmp_path / "data.bin").write_bytes(b"data")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await FileResponse(tmp_path / scope["path"].lstrip("/"))(scope, receive, send)

    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    async def visit(path: str) -> None:
        messages.clear()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "method": "GET",
            "path": path,
            "headers": [(b"accept", accept.encode())],
            "extensions": {"http.response.pathsend": {}},
        }
        await ConsentMiddleware(app, POLICY, secret_key=KEY)(scope, receive, send)

    asyncio.run(visit("/page.html"))
    assert "http.response.pathsend" not in {message["type"] for message in messages}
    assert SCRIPT.encode() not in b"".join(message.get("body", b"") for message in messages)
    if accept == "image/png":
        asyncio.run(visit("/data.bin"))
        assert "http.response.pathsend" in {message["type"] for message in messages}


def test_a_websocket_is_guarded() -> None:
    """Y2"""
    with client_of(make_app()).websocket_connect(
        "wss://www.example.org/socket", headers={"cookie": "_trk=1; a=2"}
    ) as websocket:
        assert [value for name, value in websocket.extra_headers if name == b"set-cookie"] == [b"session=1"]
        assert websocket.receive_json() == {
            "tracker": False,
            "cookies": ["a"],
            "link": '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>',
        }


def test_lifespan_state_reaches_the_views() -> None:
    """Y1"""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        yield {"database": "open"}

    async def state(request: Any) -> Response:
        return JSONResponse(request.state.database)

    app = Starlette(routes=[Route("/state", state)], lifespan=lifespan)
    install(app, POLICY, secret_key=KEY)
    with client_of(app) as client:
        assert client.get("/state").json() == "open"


@pytest.mark.parametrize("order", ["sessions inside", "gzip inside", "base middleware inside"])
def test_other_middleware_inside_is_seen_through(order: str) -> None:
    """Y15, Y19, F1"""

    async def dispatch(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    inner = {
        "sessions inside": Middleware(SessionMiddleware, secret_key=KEY),
        "gzip inside": Middleware(GZipMiddleware, minimum_size=10),
        "base middleware inside": Middleware(BaseHTTPMiddleware, dispatch=dispatch),
    }[order]
    app = Starlette(routes=routes(), middleware=[inner])
    install(app, POLICY, secret_key=KEY)
    response = client_of(app).get("/page")
    assert SCRIPT not in response.text
    assert 'data-cg="banner"' in response.text
    assert set_cookies(response) == ["session"]


def test_a_background_task_runs_after_the_response() -> None:
    """Y15"""
    done: list[str] = []

    async def view(request: Any) -> Response:
        return HTMLResponse(PAGE, background=BackgroundTask(done.append, "done"))

    app = Starlette(routes=[Route("/page", view)])
    install(app, POLICY, secret_key=KEY)
    assert SCRIPT not in client_of(app).get("/page").text
    assert done == ["done"]


def test_middleware_may_still_be_added_after_install() -> None:
    app = Starlette(routes=routes())
    install(app, POLICY, secret_key=KEY)
    app.add_middleware(GZipMiddleware, minimum_size=10)
    response = client_of(app).get("/page")
    assert response.headers["content-encoding"] == "gzip"
    assert SCRIPT not in response.text


def test_install_loads_the_policy_at_once() -> None:
    with pytest.raises(PolicyError):
        install(Starlette(), {"nonsense": 1}, secret_key=KEY)
    with pytest.raises(SecretKeyError):
        install(Starlette(), POLICY, secret_key="")


def test_add_middleware_serves_nothing_under_a_bad_policy() -> None:
    """Starlette constructs added middleware with the first request; it fails there, and every time."""
    app = Starlette(routes=routes())
    app.add_middleware(ConsentMiddleware, policy={"nonsense": 1}, secret_key=KEY)
    for _ in range(2):
        with pytest.raises(PolicyError):
            client_of(app).get("/page")


def test_a_second_guard_and_a_late_one_are_refused() -> None:
    app = make_app()
    with pytest.raises(RuntimeError, match="already"):
        install(app, POLICY, secret_key=KEY)
    late = Starlette(routes=routes())
    client_of(late).get("/page")
    with pytest.raises(RuntimeError, match="before the app's first request"):
        install(late, POLICY, secret_key=KEY)


def test_findings_and_clock_are_handed_on() -> None:
    findings: list[Any] = []
    client = client_of(make_app(on_finding=findings.append, clock=lambda: 4_000_000_000.0))
    assert SCRIPT not in client.get("/page", headers=granted()).text
    assert "cdn.tracker.example" in {finding.subject for finding in findings}


def test_asking_outside_of_a_guarded_app_is_a_clear_error() -> None:
    with pytest.raises(LookupError, match="middleware is not around the app"):
        client_of(Starlette(routes=routes())).get("/allowed")


def test_a_sync_generator_is_streamed_too() -> None:
    async def view(request: Any) -> Response:
        def parts() -> Iterator[str]:
            yield PAGE[:70]
            yield PAGE[70:]

        return StreamingResponse(parts(), media_type="text/html")

    app = Starlette(routes=[Route("/page", view)])
    install(app, POLICY, secret_key=KEY)
    assert SCRIPT not in client_of(app).get("/page").text


def test_the_preferences_stand_in_a_page_of_the_apps_own_and_lead_back_to_it() -> None:
    """L23, S08: the stored state, in the page's language, with a form that comes back."""
    client = client_of(make_app())
    shown = client.get("/account?tab=2").text
    assert shown.count('data-cg="page-preferences"') == 1
    assert "&lt;section" not in shown
    assert '<input type="hidden" name="next" value="/account?tab=2">' in shown
    assert "You have not made a choice yet." in shown
    assert "You have not made a choice yet." not in client.get("/account", headers=granted()).text


def test_asking_for_the_preferences_without_the_middleware_is_a_clear_error() -> None:
    with pytest.raises(LookupError, match="middleware is not around the app"):
        preferences_form({"type": "http"})
