"""The cookie jars of test clients, and a plain GET: the few things that differ from one client to the next.

No client's library is imported: a client is known by what it offers. ``visitors`` and ``crawling`` call it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

KNOWN: Final = "Flask and Werkzeug, Django, Starlette and FastAPI, httpx, requests, WebTest"


def put_cookie(client: Any, name: str, value: str, host: str | None = None) -> None:
    """Put a cookie into a client's jar, in place of others of that name. ``host``: for a jar that keeps hosts apart, the one
    that the tests ask, where it is not the client's own. Raises TypeError for a client that is not known."""
    drop_cookies(client, [name], host)
    if _is_werkzeug(client):
        for domain in _hosts_of_werkzeug(client, host):
            client.set_cookie(name, value, domain=domain)
    elif _is_webtest(client):
        client.set_cookie(name, value)
        for cookie in client.cookiejar:
            if cookie.name == name:
                cookie.value = value  # WebTest puts it between quotes, which are part of the value to a server
    elif hasattr(client.cookies, "jar") or hasattr(client.cookies, "get_dict"):
        client.cookies.set(name, value)
    else:
        client.cookies[name] = value


def drop_cookies(client: Any, names: Iterable[str], host: str | None = None) -> None:
    """Take cookies out of a client's jar, whichever domain and path they stand under. Raises TypeError as ``put_cookie``."""
    gone = set(names)
    if _is_werkzeug(client):
        for domain in _hosts_of_werkzeug(client, host):
            for name in gone:
                client.delete_cookie(name, domain=domain)
        return
    if _is_webtest(client):
        jar = client.cookiejar
    else:
        cookies = getattr(client, "cookies", None)
        if cookies is None:
            raise TypeError(f"a {type(client).__name__} is no client that the kit knows; it knows those of {KNOWN}")
        if hasattr(cookies, "OutputString") or hasattr(cookies, "value_decode"):  # http.cookies, as Django's clients have
            for name in gone & set(cookies):
                del cookies[name]
            return
        jar = getattr(cookies, "jar", cookies)
    for cookie in [one for one in jar if one.name in gone]:
        jar.clear(cookie.domain, cookie.path, cookie.name)


def get(client: Any, address: str) -> Any:
    """Return the client's response to a GET, whatever its status; an awaitable from an async client. Redirects are not
    followed."""
    if _is_webtest(client):
        return client.get(address, expect_errors=True)
    if hasattr(client, "handler"):  # Django's clients
        return client.get(address)
    if hasattr(getattr(client, "cookies", None), "get_dict"):  # requests
        return client.get(address, allow_redirects=False)
    return client.get(address, follow_redirects=False)


def _is_werkzeug(client: Any) -> bool:
    return hasattr(client, "run_wsgi_app") and hasattr(client, "delete_cookie")


def _is_webtest(client: Any) -> bool:
    return hasattr(client, "cookiejar") and hasattr(client, "do_request")


def _hosts_of_werkzeug(client: Any, host: str | None) -> set[str]:
    """Return the hosts for which Werkzeug's jar is to hold a cookie: it asks ``localhost``, Flask's the app's SERVER_NAME."""
    config = getattr(client.application, "config", None)
    own = config.get("SERVER_NAME") if isinstance(config, dict) else None
    base = getattr(client, "environ_base", None) or {}
    return {name.partition(":")[0] for name in (host, own, base.get("HTTP_HOST"), "localhost") if name}
