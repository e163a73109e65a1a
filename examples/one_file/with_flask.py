"""A Flask app, guarded. Run: python examples/one_file/with_flask.py (needs "consent-guard-middleware[flask]"), then open
http://127.0.0.1:8000/. Without a policy file the built-in policy holds: `consent-guard init` writes one of your own."""

import os

from flask import Flask, render_template_string

from consent_guard.flask import ConsentGuard

PAGE = """<!doctype html>
<html lang="en">
<title>A page</title>
<script async src="https://www.googletagmanager.com/gtag/js?id=G-12345"></script>
<h1>A page</h1>
<iframe src="https://www.youtube.com/embed/abc" width="560" height="315" title="A video"></iframe>
<footer>{{ manage_link("Manage cookies") }}</footer>
"""

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "thirty-two bytes or more, and not this one")
ConsentGuard(app)  # the guarded line


@app.get("/")
def home() -> str:
    return render_template_string(PAGE)


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "8000")))
