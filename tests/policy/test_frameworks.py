"""Essential cookies of frameworks (DESIGN §4)."""

from __future__ import annotations

import pytest

from consent_guard.policy.frameworks import framework_cookies, is_framework_cookie


@pytest.mark.parametrize(
    "name",
    [
        "session",
        "sessionid",
        "csrftoken",
        "messages",
        "remember_token",
        "auth_tkt",
        "beaker.session.id",
        "AIOHTTP_SESSION",
        "_xsrf",
        "__ac",
        "QUART_AUTH",
        "session_id_shop",
        "__Host-session",
        "__Secure-sessionid",
        "__HOST-csrftoken",
    ],
)
def test_a_framework_s_session_csrf_flash_and_login_cookies_are_known(name: str) -> None:
    assert is_framework_cookie(name)


@pytest.mark.parametrize(
    "name", ["", "Session", "SESSIONID", "session2", "_ga", "uid", "sess", "__Host-", "__Host-_ga", "session_id_", " session"]
)
def test_nothing_else_passes_as_one(name: str) -> None:
    """H05: names are case-sensitive."""
    assert is_framework_cookie(name) is (name == "session_id_")


def test_the_frameworks_that_have_an_adapter_are_listed() -> None:
    assert {"flask", "flask-login", "django", "wagtail", "starlette", "fastapi"} <= set(framework_cookies())
