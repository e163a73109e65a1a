"""What people who do this job have reported, tried with the real packages: WhiteNoise, Starlette, starlette-exporter, Flask,
Flask-Login, httpbin. Each is skipped where its package is not installed: on Python 3.11 httpbin wants a greenlet that is too
old for gevent and Playwright."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import httpx
import pytest

from consent_guard.asgi import ConsentMiddleware as ASGIMiddleware
from consent_guard.flask import ConsentGuard
from consent_guard.starlette import install
from consent_guard.wsgi import ConsentMiddleware

KEY = "a key of the tests, longer than 32 bytes"
POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"], "unlisted_cookies": "block"},
    "categories": [{"id": "ads", "basis": "consent", "title": {"en": "Advertising"}}],
    "services": [{"id": "tracker", "category": "ads", "title": {"en": "Tracker"}, "hosts": ["*.tracker.example"]}],
}
SCRIPT = '<script src="https://cdn.tracker.example/t.js"></script>'
PAGE = f'<!doctype html><html lang="en"><head><title>About</title>{SCRIPT}</head><body><p>About us.</p></body></html>'


def needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def wsgi_client(app: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(app=app), base_url="https://www.example.org")


def asgi_client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://www.example.org")


BOT = {"Accept": "*/*", "Range": "bytes=0-1023"}


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "about.html").write_text(PAGE)
    (tmp_path / "big.zip").write_bytes(b"0123456789")
    return tmp_path


def test_a_link_preview_bot_gets_the_whole_page_of_starlette(pages: Path) -> None:
    import asyncio

    from starlette.staticfiles import StaticFiles

    app = ASGIMiddleware(StaticFiles(directory=pages, html=True), POLICY, secret_key=KEY)

    async def visit() -> tuple[httpx.Response, httpx.Response]:
        async with asgi_client(app) as client:
            page = await client.get("/about.html", headers=BOT)
            rest = {"Accept": "text/html,*/*;q=0.8", "Range": "bytes=5-"}
            return page, await client.get("/big.zip", headers=rest)

    page, rest = asyncio.run(visit())
    assert page.status_code == 200
    assert "About us." in page.text
    assert "tracker.example" not in page.text
    assert (rest.status_code, rest.content) == (206, b"56789")


def test_a_link_preview_bot_gets_the_whole_page_of_flask(pages: Path) -> None:
    from flask import Flask, send_from_directory

    app = Flask(__name__)
    app.secret_key = KEY
    ConsentGuard(app, POLICY)

    @app.get("/<path:name>")
    def file(name: str) -> Any:
        return send_from_directory(pages, name, conditional=True)

    client = app.test_client()
    with client.get("/about.html", headers=BOT) as page:
        assert page.status_code == 200
        assert "About us." in page.text
        assert "tracker.example" not in page.text
    with client.get("/big.zip", headers={"Accept": "text/html,*/*;q=0.8", "Range": "bytes=5-"}) as rest:
        assert (rest.status_code, rest.data) == (206, b"56789")
    with client.get("/about.html", headers={"Accept": "application/octet-stream", "Range": "bytes=0-9"}) as part:
        assert part.status_code == 416


def test_an_exporter_around_the_guard_labels_by_route() -> None:
    needs("starlette_exporter")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient
    from starlette_exporter import PrometheusMiddleware, handle_metrics

    async def item(request: Any) -> Any:
        return PlainTextResponse("x")

    app = Starlette(routes=[Route("/items/{id}", item), Route("/metrics", handle_metrics)])
    app.add_middleware(ASGIMiddleware, policy=POLICY, secret_key=KEY)
    app.add_middleware(PrometheusMiddleware, group_paths=True, app_name="guarded_items")
    client = TestClient(app)
    for number in (1, 2):
        client.get(f"/items/{number}")
    lines = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("starlette_requests_total") and "guarded_items" in line and "/items" in line
    ]
    assert len(lines) == 1
    assert 'path="/items/{id}"' in lines[0]
    assert lines[0].endswith(" 2.0")


def test_outer_middleware_reads_what_the_app_put_into_the_scope() -> None:
    from starlette.applications import Starlette
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    seen: dict[str, Any] = {}

    async def login(request: Any) -> Any:
        request.state.user_id = 7
        request.scope["user"] = "ann"
        return PlainTextResponse("x")

    class Outer(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            seen.update(user_id=request.state.user_id, user=request.scope["user"], endpoint=request.scope["endpoint"].__name__)
            seen["path_params"] = request.scope["path_params"]
            return response

    app = Starlette(routes=[Route("/login/{x}", login)])
    app.add_middleware(ASGIMiddleware, policy=POLICY, secret_key=KEY)
    app.add_middleware(Outer)
    TestClient(app).get("/login/1")
    assert seen == {"user_id": 7, "user": "ann", "endpoint": "login", "path_params": {"x": "1"}}


def test_precompressed_files_leave_as_br_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("whitenoise")
    from whitenoise import WhiteNoise

    for name, data in (("app.js", b"let a=1;" * 99), ("app.js.br", b"coded"), ("app.js.gz", b"longer, coded")):
        (tmp_path / name).write_bytes(data)

    def app(environ: Any, start_response: Any) -> Any:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"none"]

    files = WhiteNoise(app, root=str(tmp_path), prefix="static/")
    monkeypatch.setattr("consent_guard.wire.codings.available", lambda name: name in (b"gzip", b"deflate"))
    heads: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/static/app.js",
        "HTTP_HOST": "www.example.org",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate, br, zstd, x-test-2",
        "HTTP_SEC_FETCH_DEST": "script",
        "wsgi.url_scheme": "https",
    }
    body = ConsentMiddleware(files, POLICY, secret_key=KEY)(
        environ, lambda status, headers, exc_info=None: heads.append(headers)
    )
    assert dict(heads[0])["Content-Encoding"] == "br"
    assert b"".join(body) == b"coded"
    body.close()  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # Flask-Login's own, as of Python 3.12
def test_a_session_under_its_own_name_logs_in_with_flask() -> None:
    needs("flask_login")
    from flask import Flask
    from flask_login import LoginManager, UserMixin, current_user, login_user

    app = Flask(__name__)
    app.secret_key = KEY
    app.config.update(SESSION_COOKIE_NAME="shop_sid", REMEMBER_COOKIE_NAME="shop_keep")
    ConsentGuard(app, POLICY)

    class User(UserMixin):
        id = "ann"

    manager = LoginManager(app)
    manager.user_loader(lambda name: User())

    @app.get("/in")
    def log_in() -> str:
        login_user(User(), remember=True)
        return "in"

    @app.get("/who")
    def who() -> str:
        return str(current_user.is_authenticated)

    client = app.test_client()
    names = {line.partition("=")[0] for line in client.get("/in").headers.getlist("Set-Cookie")}
    assert names == {"shop_sid", "shop_keep"}
    assert client.get("/who").text == "True"


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("mounted", [False, True])
def test_a_session_under_its_own_name_is_kept_with_starlette(installed: bool, mounted: bool) -> None:
    needs("itsdangerous")
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.sessions import SessionMiddleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route
    from starlette.testclient import TestClient

    async def count(request: Any) -> Any:
        request.session["count"] = request.session.get("count", 0) + 1
        return PlainTextResponse(str(request.session["count"]))

    sessions = [Middleware(SessionMiddleware, secret_key="s", session_cookie="shop_sid")]
    app = Starlette(routes=[Route("/", count)], middleware=sessions)
    if mounted:
        app = Starlette(routes=[Mount("/", app=app)])
    if installed:
        install(app, POLICY, secret_key=KEY)
    else:
        app.add_middleware(ASGIMiddleware, policy=POLICY, secret_key=KEY)
    client = TestClient(app, base_url="https://www.example.org")
    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


HTTPBIN = (
    *("/get", "/html", "/xml", "/json", "/encoding/utf8", "/gzip", "/deflate", "/brotli", "/image/png", "/image/svg"),
    *("/status/200", "/status/204", "/status/301", "/status/304", "/status/404", "/status/418", "/status/500"),
    *(
        "/redirect/1",
        "/redirect-to?url=/get",
        "/relative-redirect/1",
        "/cookies",
        "/cookies/set?session=1",
        "/etag/v7",
        "/cache",
    ),
    *(
        "/cache/60",
        "/response-headers?Content-Type=text/html&Content-Encoding=foo",
        "/bytes/20?seed=1",
        "/range/100",
        "/robots.txt",
    ),
    *("/stream/2", "/stream-bytes/20?seed=1", "/links/3/0", "/forms/post", "/headers", "/user-agent"),
)
HEADER_SETS: tuple[dict[str, str], ...] = (
    {},
    {"Accept": "*/*", "If-None-Match": '"v7"'},
    {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Dest": "document"},
    {"Accept": "*/*", "Range": "bytes=0-9"},
)


def test_httpbin_answers_as_it_does_unguarded() -> None:
    """35 addresses with four sets of headers: the same status, but where a range of a page becomes the whole, and where the app
    takes any validator for its own: it is shown none that may be of an unfiltered page (N3)."""
    needs("httpbin")
    from httpbin import app

    plain = wsgi_client(app.wsgi_app)
    guarded = wsgi_client(ConsentMiddleware(app.wsgi_app, POLICY, secret_key=KEY))
    differing = []
    for path in HTTPBIN:
        for number, headers in enumerate(HEADER_SETS):
            request = {"Accept": headers.get("Accept", "*/*"), **headers}
            there, here = (client.get(path, headers=request, follow_redirects=False) for client in (plain, guarded))
            if there.status_code != here.status_code:
                differing.append((path, number, there.status_code, here.status_code))
    assert differing == [("/cache", 1, 304, 200), ("/range/100", 3, 206, 200)]


@pytest.mark.parametrize("accept", [{"Accept": "*/*"}, {}])
def test_what_is_polled_of_a_flask_app_gets_its_304(accept: dict[str, str]) -> None:
    """As of httpbin: an address that answers 304 to everybody, and a tag without quotes."""
    from flask import Flask, Response, jsonify, request

    app = Flask(__name__)

    @app.get("/status/<int:code>")
    def status(code: int) -> Response:
        return Response(status=code)

    @app.get("/etag/<tag>")
    def tagged(tag: str) -> Response:
        known = tag in request.headers.get("If-None-Match", "")
        response = Response(status=304) if known else jsonify(tag=tag)
        response.headers["ETag"] = tag
        return response

    client = httpx.Client(
        transport=httpx.WSGITransport(app=ConsentMiddleware(app.wsgi_app, POLICY, secret_key=KEY)),
        base_url="https://www.example.org",
    )
    client.headers.clear()
    for path in ("/status/304", "/etag/v7"):
        response = client.get(path, headers={**accept, "If-None-Match": '"v7"'})
        assert (response.status_code, response.content) == (304, b"")
        assert not {"content-type", "content-length"} & set(response.headers)
    assert client.get("/etag/v8", headers={**accept, "If-None-Match": '"v7"'}).json() == {"tag": "v8"}
    visitor = {"Accept": "text/html", "Accept-Language": "en", "If-None-Match": '"v7"'}
    assert client.get("/status/304", headers=visitor).status_code == 412
