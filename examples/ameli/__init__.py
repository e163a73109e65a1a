"""The site of the policy that this library was born from, small: one policy file, the same pages under three frameworks.

`site.py` knows the pages and forms, `consent.toml` is the policy; `flask_app.py`, `django_app.py` and `starlette_app.py` each
serve them, and each is guarded by one line.
"""
