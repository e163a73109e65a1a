"""Print, as JSON, what Wagtail's preview of an edited page answers: in the editor's own frame, and in a tab of its own.

Wagtail makes a request of its own for a preview and sends it through the whole of MIDDLEWARE once more.
"""

from __future__ import annotations

import json
from typing import Any

import django
from django.conf import settings

POLICY: dict[str, Any] = {
    "policy": {"languages": ["en"]},
    "categories": [{"id": "ads", "basis": "consent", "title": {"en": "Advertising"}}],
    "services": [{"id": "tracker", "category": "ads", "title": {"en": "Tracker"}, "hosts": ["*.tracker.example"]}],
}
WAGTAIL = ("embeds", "sites", "users", "snippets", "documents", "images", "search", "admin")
DJANGO = ("auth", "contenttypes", "sessions", "messages", "staticfiles")

settings.configure(
    SECRET_KEY="a key of the tests, longer than 32 bytes",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "consent_guard.django",
        "home",
        *(f"wagtail.{app}" for app in WAGTAIL),
        "wagtail",
        "modelcluster",
        "taggit",
        *(f"django.contrib.{app}" for app in DJANGO),
    ],
    MIDDLEWARE=[
        "consent_guard.django.ConsentMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    WAGTAIL_SITE_NAME="A site",
    WAGTAILADMIN_BASE_URL="http://localhost",
    CONSENT_GUARD={"POLICY": POLICY},
    STATIC_URL="/static/",
    USE_TZ=True,
)
django.setup()

from django.urls import include, path  # noqa: E402
from wagtail import urls as wagtail_urls  # noqa: E402
from wagtail.admin import urls as wagtailadmin_urls  # noqa: E402

urlpatterns = [path("admin/", include(wagtailadmin_urls)), path("", include(wagtail_urls))]


def previews() -> dict[str, dict[str, Any]]:
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.test import Client
    from home.models import HomePage
    from wagtail.models import Page

    call_command("migrate", verbosity=0)
    get_user_model().objects.create_superuser("editor", "editor@example.org", "a password")
    client = Client()
    client.login(username="editor", password="a password")
    Page.objects.filter(depth=2).delete()
    page = Page.objects.get(depth=1).add_child(instance=HomePage(title="Stored", slug="stored"))
    address = f"/admin/pages/{page.pk}/edit/preview/"
    comments = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": ""}
    edited = {"title": "Edited", "slug": "stored", **{f"comments-{key}": value for key, value in comments.items()}}
    assert client.post(address, edited).json()["is_valid"]
    found = {}
    for place, destination in (("editor", "iframe"), ("tab", "document")):
        response = client.get(address, headers={"accept": "text/html", "sec-fetch-dest": destination})
        found[place] = {
            "status": response.status_code,
            "etag": response.headers.get("ETag", ""),
            "length": response.headers.get("Content-Length"),
            "body": response.content.decode(),
        }
    return found


if __name__ == "__main__":
    print(json.dumps(previews()))
