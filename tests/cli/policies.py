"""Policies of one category and one service, as the files that the commands are given."""

from __future__ import annotations


def one_service(category: str, service: str, host: str) -> str:
    """Return the TOML of a service of one host, in a category that waits for consent; its title is its id with a capital."""
    return f"""
[[categories]]
id = "{category}"
basis = "consent"
title.en = "{category.capitalize()}"
[[services]]
id = "{service}"
category = "{category}"
title.en = "{service.capitalize()}"
hosts = ["{host}"]
"""
