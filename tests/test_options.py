"""The options of every adapter: one type, read in one place, taken alike by all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from flask import Flask
from starlette.applications import Starlette

from consent_guard import PolicyError, asgi, flask, starlette, wsgi
from consent_guard.django import conf
from consent_guard.options import CALLABLES, NAMES, Options, from_settings, prepare
from consent_guard.testing import consent_cookie

KEY = "k" * 32
OLD = "o" * 32
POLICY = {"categories": [{"id": "ads", "basis": "consent", "title": {"en": "Advertising"}}]}
ROOT = Path(__file__).resolve().parents[1]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None: ...


def of_flask(**options: Any) -> Any:
    app = Flask(__name__)
    app.secret_key = KEY
    flask.ConsentGuard(app, POLICY, **options)
    return app.extensions["consent_guard"].guard


def of_starlette(**options: Any) -> Any:
    app = Starlette()
    starlette.install(app, POLICY, secret_key=KEY, **options)
    return app.build_middleware_stack.consent_guard.guard  # type: ignore[attr-defined]


def of_django(**options: Any) -> Any:
    if not settings.configured:
        settings.configure(SECRET_KEY="for tests that bring no settings of their own")
        django.setup(set_prefix=False)
    values = {"POLICY": POLICY, "SECRET_KEY": KEY, **{name.upper(): value for name, value in options.items()}}
    with override_settings(CONSENT_GUARD=values):
        return conf.current_guard()


ADAPTERS: dict[str, Callable[..., Any]] = {
    "wsgi": lambda **options: wsgi.ConsentMiddleware(lambda environ, start: [], POLICY, secret_key=KEY, **options).guard,
    "asgi": lambda **options: asgi.ConsentMiddleware(asgi_app, POLICY, secret_key=KEY, **options).guard,
    "flask": of_flask,
    "starlette": of_starlette,
    "django": of_django,
}
each_adapter = pytest.mark.parametrize("guard_of", ADAPTERS.values(), ids=ADAPTERS)


def reads_a_choice_signed_with(guard: Any, key: str) -> bool:
    from consent_guard import RequestFacts

    name, value = consent_cookie(guard.policy, key, allow=["*"])
    headers = ((b"cookie", f"{name}={value}".encode()),)
    facts = RequestFacts(method="GET", scheme="https", host="a.example", path="/", headers=headers, now=conf.unix_seconds())
    return bool(guard.open(facts).consent.decided)


@each_adapter
@pytest.mark.parametrize("name", NAMES)
def test_every_adapter_takes_every_option_and_none_is_as_if_left_out(guard_of: Callable[..., Any], name: str) -> None:
    assert guard_of(**{name: None}).policy == guard_of().policy


@each_adapter
def test_older_keys_are_read_alike(guard_of: Callable[..., Any]) -> None:
    """K2: None, none and some."""
    for nothing in ({}, {"secret_key_fallbacks": None}, {"secret_key_fallbacks": ()}):
        assert reads_a_choice_signed_with(guard_of(**nothing), KEY)
        assert not reads_a_choice_signed_with(guard_of(**nothing), OLD)
    assert reads_a_choice_signed_with(guard_of(secret_key_fallbacks=[OLD]), OLD)


@pytest.mark.parametrize("guard_of", [ADAPTERS[name] for name in ADAPTERS if name != "django"])
def test_an_option_that_is_not_known_names_the_nearest(guard_of: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match="no option 'on_findings': did you mean 'on_finding'"):
        guard_of(on_findings=print)
    with pytest.raises(TypeError, match="no option 'zzz': the options are secret_key_fallbacks, "):
        guard_of(zzz=1)


def test_what_the_key_has_no_part_in_is_checked_without_one(tmp_path: Path) -> None:
    (tmp_path / "error.html.j2").write_text("{{ mesage }}", "utf-8")
    with pytest.raises(PolicyError, match="mesage"):
        prepare(POLICY, {"templates": tmp_path}).check()


def test_settings_are_the_options_in_capitals() -> None:
    assert from_settings({"POLICY": "x", "CLOCK": 1, "on_finding": 2}) == {"clock": 1}
    assert set(NAMES) >= CALLABLES


def test_the_documents_and_the_type_name_every_option() -> None:
    text = (ROOT / "docs" / "quickstart.md").read_text("utf-8")
    table = text.partition("## What every adapter takes")[2].partition("## ")[0]
    for name in NAMES:
        assert f"`{name}`" in table
        assert f"``{name}``:" in (Options.__doc__ or "")
    capitals = set(re.findall(r"`([A-Z_]+)`", table))
    assert capitals >= {name.upper() for name in NAMES if name != "ledger"}


@each_adapter
@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("on_finding", 7, "a callable, not int"),
        ("clock", 1700000000.0, "a callable, not float"),
        ("debug_panel", "no", "True or False, not str"),
        ("debug_panel", 1, "True or False, not int"),
    ],
)
def test_a_value_that_an_option_cannot_have_is_refused_at_the_start(
    guard_of: Callable[..., Any], name: str, value: object, wanted: str
) -> None:
    with pytest.raises((TypeError, ImproperlyConfigured), match=f"(?i){name}.* must be ") as caught:
        guard_of(**{name: value})
    assert wanted in str(caught.value) or guard_of is of_django


def test_a_misspelt_policy_or_key_names_the_nearest() -> None:
    def of_flask_with(**given: Any) -> object:
        return flask.ConsentGuard(Flask(__name__), **given)

    for make in (
        lambda **given: wsgi.ConsentMiddleware(lambda environ, start: [], **given),
        lambda **given: asgi.ConsentMiddleware(asgi_app, **given),
        lambda **given: starlette.install(Starlette(), **given),
        of_flask_with,
    ):
        with pytest.raises(TypeError, match="no option 'polcy': did you mean 'policy'"):
            make(polcy=POLICY, secret_key=KEY)
        with pytest.raises(TypeError, match="no option 'secret_kye': did you mean 'secret_key'"):
            make(policy=POLICY, secret_kye=KEY)
    with pytest.raises(TypeError, match="secret_key"):
        wsgi.ConsentMiddleware(lambda environ, start: [], POLICY)  # type: ignore[call-arg]
