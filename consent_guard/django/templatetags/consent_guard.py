"""``{% load consent_guard %}``: the "Manage cookies" link and the preferences, for templates of the project's own.

``{% consent_manage %}`` is the link (S08, L23), ``{% consent_preferences %}`` the form. Django's templates call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString, mark_safe

from consent_guard.django.middleware import manage_link, preferences_form

if TYPE_CHECKING:
    from django.template import Context

register = template.Library()


@register.simple_tag(takes_context=True)
def consent_manage(context: Context, text: str | None = None, lang: str | None = None) -> SafeString:
    """Return the link: ``text`` in place of our own words, ``lang`` the page's language.

    Works without a request in the context too, as Django's own server_error view renders 500.html.
    """
    return mark_safe(manage_link(context.get("request"), text, lang=lang))


@register.simple_tag(takes_context=True)
def consent_preferences(context: Context, lang: str | None = None, next: str | None = None) -> SafeString:
    """Return the preferences: ``lang`` the page's language, ``next`` the path to go to after a choice, by default this one."""
    return mark_safe(preferences_form(context.get("request"), lang=lang, next=next))
