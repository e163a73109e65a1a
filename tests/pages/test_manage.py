"""The link that a site places itself."""

from __future__ import annotations

from consent_guard.pages.manage import manage_link


def test_the_link_speaks_the_language_of_the_page() -> None:
    """L23, A10."""
    assert manage_link("/privacy-choices", "fr") == '<a href="/privacy-choices" data-cg="manage">Gestion des cookies</a>'
    assert manage_link("/privacy-choices", "en-GB") == '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>'
    assert manage_link("/privacy-choices") == '<a href="/privacy-choices" data-cg="manage">Manage cookies</a>'


def test_a_link_in_another_language_than_the_page_says_so() -> None:
    """A07."""
    assert manage_link("/p", "eo") == '<a href="/p" data-cg="manage" lang="en">Manage cookies</a>'


def test_the_address_is_escaped() -> None:
    """K19."""
    assert manage_link('/a"><script>&\x00', "en") == (
        '<a href="/a&quot;&gt;&lt;script&gt;&amp;\ufffd" data-cg="manage">Manage cookies</a>'
    )
