"""The example site under Django in a single file: settings, addresses and views. Guarded by the first line of MIDDLEWARE."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import django
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.test.utils import override_settings
from django.urls import path, re_path
from django.views.static import serve

from ameli import site
from consent_guard.django import manage_link

# Settings. This module is its own settings module.

DEBUG = False
SECRET_KEY = "an example's secret key, which is no secret at all"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
INSTALLED_APPS = ["consent_guard.django"]
MIDDLEWARE = [
    "consent_guard.django.ConsentMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
CONSENT_GUARD: dict[str, Any] = {"POLICY": site.POLICY}
TEMPLATES = [{"BACKEND": "django.template.backends.jinja2.Jinja2", "DIRS": [site.PAGES]}]
USE_TZ = True


# Views.


def show(request: HttpRequest, **kwargs: str) -> HttpResponse:
    page = site.page(request.path, request.COOKIES)
    response = render(request, page.template, {**page.words, **consent_words(request)}, status=page.status)
    return with_cookies(request, response, page.cookies)


def submit(request: HttpRequest, **kwargs: str) -> HttpResponse:
    answer = site.submit(request.path, request.POST.dict())
    if answer is None:
        return HttpResponseNotFound("Not Found", content_type="text/plain")
    response = HttpResponseRedirect(answer.location)
    response.status_code = 303
    return with_cookies(request, response, answer.cookies)


def show_or_submit(request: HttpRequest, **kwargs: str) -> HttpResponse:
    return submit(request) if request.method == "POST" else show(request)


def consent_words(request: HttpRequest) -> Mapping[str, Any]:
    """What the templates ask; DjangoTemplates have `{% consent_manage %}` and a context processor, Jinja takes functions."""
    if not hasattr(request, "consent"):
        return {"consent": site.Unguarded(), "manage_link": lambda text: ""}
    return {"consent": request.consent, "manage_link": partial(manage_link, request)}


def with_cookies(request: HttpRequest, response: HttpResponse, cookies: Mapping[str, str]) -> HttpResponse:
    for name, value in cookies.items():
        response.set_cookie(name, value, max_age=site.COOKIE_SECONDS, samesite="Lax", secure=request.is_secure())
    return response


urlpatterns = [
    path("static/<path:path>", serve, {"document_root": str(site.STATIC)}),
    re_path(r"^(?P<name>.*)$", show_or_submit),
]


# What a server loads.


def create_app(*, guarded: bool = True, **options: Any) -> Callable[..., Any]:
    """The WSGI app; `options` are keys of CONSENT_GUARD. Unguarded, it is what the site was before the line was added."""
    from django.core.wsgi import get_wsgi_application

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", __name__)
    django.setup(set_prefix=False)
    middleware = MIDDLEWARE if guarded else MIDDLEWARE[1:]
    with override_settings(MIDDLEWARE=middleware, CONSENT_GUARD={**CONSENT_GUARD, **options}):
        return get_wsgi_application()
