"""What the middleware adds to one request on a small page, in microseconds of CPU, through WSGI and through ASGI.

    python -m benchmarks requests [--rounds 9] [--requests 300]

The app answers at once with the same bytes, so that only the difference is measured: the same app alone and guarded, turn
by turn. No server and no event loop take part: the transports are called as servers call them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from benchmarks.pages import made_page
from consent_guard import Policy, asgi, wsgi
from consent_guard.testing import consent_cookie

SECRET = "a key for benchmarks only, not a secret"
SMALL = (
    b'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>A small page</title>'
    b'<link rel="stylesheet" href="/static/site.css"><script src="/static/site.js"></script></head>\n<body><h1>Hello</h1>'
    b'<p>A paragraph with <a href="/somewhere">a link</a> and <img src="/static/a.png" alt="an image">.</p></body></html>\n'
)
JSON = b'{"items": [1, 2, 3], "next": null}'
HTML_TYPE = b"text/html; charset=utf-8"
JSON_TYPE = b"application/json"


@dataclass
class Case:
    """One kind of request, and what each way of serving it took."""

    name: str
    body: bytes
    content_type: bytes
    policy: Policy
    cookies: bytes
    seconds: dict[str, list[float]] = field(default_factory=dict)


def wsgi_app(case: Case) -> Callable[..., Iterable[bytes]]:
    """Return an app that always answers the same."""
    headers = [("Content-Type", case.content_type.decode()), ("Content-Length", str(len(case.body)))]
    body = [case.body]

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return body

    return app


def asgi_app(case: Case) -> Callable[..., Any]:
    """Return an app that always answers the same."""
    headers = [(b"content-type", case.content_type), (b"content-length", str(len(case.body)).encode())]

    async def app(scope: MutableMapping[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": case.body, "more_body": False})

    return app


def call_wsgi(app: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> int:
    """Serve one request as a server does; return the bytes sent."""

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Callable[[bytes], None]:
        return lambda data: None

    result = app(dict(environ), start_response)
    sent = sum(map(len, result))
    if close := getattr(result, "close", None):
        close()
    return sent


def call_asgi(app: Callable[..., Any], scope: dict[str, Any]) -> int:
    """Serve one request; nothing ever waits, so the coroutine ends at its first step."""
    sent = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))

    coroutine = app(dict(scope), receive, send)
    try:
        coroutine.send(None)
    except StopIteration:
        return sent
    raise RuntimeError("the app waited for something")


def cases() -> list[Case]:
    """The kinds of request: with and without a choice, a banner, trackers, and HTML at all."""
    policy = Policy.load(None)
    silent = replace(policy, banner=False)
    browser = b"_ga=GA1.1.1.1; sessionid=0123456789abcdef; theme=dark"
    granted = b"=".join(part.encode() for part in consent_cookie(policy, SECRET, allow="*"))
    refused = b"=".join(part.encode() for part in consent_cookie(policy, SECRET))
    large = made_page(1, rows=60)
    return [
        Case("small page, no choice yet: with the banner", SMALL, HTML_TYPE, policy, b"theme=dark"),
        Case("small page, no choice yet, banner = false", SMALL, HTML_TYPE, silent, b"theme=dark"),
        Case("small page, all granted", SMALL, HTML_TYPE, policy, browser + b"; " + granted),
        Case("small page, all refused, a cookie to hide", SMALL, HTML_TYPE, policy, browser + b"; " + refused),
        Case(f"page of {len(large) // 1000} kB with trackers, all refused", large, HTML_TYPE, policy, refused),
        Case("JSON, all refused", JSON, JSON_TYPE, policy, refused),
    ]


def measure(case: Case, rounds: int, requests: int) -> None:
    """Fill in the seconds of each round, bare and guarded taking turns."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/page",
        "QUERY_STRING": "",
        "SERVER_NAME": "site.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "site.example",
        "HTTP_ACCEPT": "text/html,application/xhtml+xml,*/*;q=0.8",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate",
        "HTTP_ACCEPT_LANGUAGE": "en",
        "HTTP_SEC_FETCH_DEST": "document",
        "HTTP_COOKIE": case.cookies.decode(),
    }
    fields = {key.removeprefix("HTTP_"): value for key, value in environ.items() if key.startswith("HTTP_")}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": "/page",
        "raw_path": b"/page",
        "root_path": "",
        "query_string": b"",
        "headers": [(key.lower().replace("_", "-").encode(), value.encode()) for key, value in fields.items()],
    }
    bare_wsgi, bare_asgi = wsgi_app(case), asgi_app(case)
    guarded_wsgi = wsgi.ConsentMiddleware(bare_wsgi, case.policy, secret_key=SECRET)
    guarded_asgi = asgi.ConsentMiddleware(bare_asgi, case.policy, secret_key=SECRET)
    ways: dict[str, Callable[[], int]] = {
        "wsgi": lambda: call_wsgi(bare_wsgi, environ),
        "wsgi guarded": lambda: call_wsgi(guarded_wsgi, environ),
        "asgi": lambda: call_asgi(bare_asgi, scope),
        "asgi guarded": lambda: call_asgi(guarded_asgi, scope),
    }
    for serve in ways.values():
        serve()  # what the first request compiles is not what every request costs
    for _ in range(rounds):
        for way, serve in ways.items():
            start = time.process_time()
            for _ in range(requests):
                serve()
            case.seconds.setdefault(way, []).append((time.process_time() - start) / requests)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks requests", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=300, help="requests in each round")
    options = parser.parse_args(arguments)
    print(f"{'':52} {'WSGI added us':>14} {'best':>7} {'ASGI added us':>14} {'best':>7}")
    for case in cases():
        measure(case, options.rounds, options.requests)
        shown = []
        for way in ("wsgi", "asgi"):
            added = [guarded - bare for bare, guarded in zip(case.seconds[way], case.seconds[f"{way} guarded"], strict=True)]
            shown.append(f"{median(added) * 1e6:14.0f} {min(added) * 1e6:7.0f}")
        print(f"{case.name:52} {' '.join(shown)}", flush=True)
    print("microseconds of CPU that the guard adds to the app alone: median and best of the rounds")


if __name__ == "__main__":
    main()
