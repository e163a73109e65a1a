"""A Django site, guarded. Run: python examples/one_file/with_django.py (needs "consent-guard-middleware[django]"), then open
http://127.0.0.1:8000/. Without a policy file the built-in policy holds: `consent-guard init` writes one of your own."""

import os
from wsgiref.simple_server import make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

PAGE = """<!doctype html>
<html lang="en">
<title>A page</title>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-12345"></script>
<h1>A page</h1>
<iframe src="https://www.youtube.com/embed/abc" width="560" height="315" title="A video"></iframe>
"""


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


urlpatterns = [path("", home)]
settings.configure(
    SECRET_KEY=os.environ.get("SECRET_KEY", "thirty-two bytes or more, and not this one"),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["consent_guard.django.ConsentMiddleware"],  # the guarded line
)
app = get_wsgi_application()

if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ.get("PORT", "8000")), app).serve_forever()
