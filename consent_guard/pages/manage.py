"""The "Manage cookies" link, which a site places in its own layout (L23, A10).

May import the languages only: a link must not cost the first page Jinja2. Called by the adapters' template helpers, which mark
the result as safe in their own template language.
"""

from __future__ import annotations

from html import escape

from .languages import locale_for
from .negotiation import same_language
from .prerendered import clean


def manage_link(base: str, lang: str | None = None) -> str:
    """Return ``<a href="BASE" data-cg="manage">Manage cookies</a>``, escaped, in the page's language.

    ``base`` is where our pages live: root path and ``policy.path``, percent-encoded. ``lang`` is the page's language; where we
    have no words in it the link is English and says so in its own ``lang`` (A07).
    """
    words = locale_for(lang or "")
    mark = f' lang="{words.tag}"' if lang and not same_language(lang, words.tag) else ""
    return f'<a href="{escape(clean(base))}" data-cg="manage"{mark}>{escape(words.say("manage.link"))}</a>'
