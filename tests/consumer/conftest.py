"""The project in ``shop`` has tests of its own: they run in an environment of its own, started from ``test_shop.py``."""

collect_ignore = ["shop"]
