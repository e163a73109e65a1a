"""What views find in their request: the "Manage cookies" link, which a site places on every page itself (S08, L23, A10), and
markup that templates take as it stands.

May import the policy, the engine's addresses and the pages' link. The transports and the Django middleware put one into each
request; views and templates print it through their adapter's ``manage_link``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from .engine.addresses import base_path

if TYPE_CHECKING:
    from .policy.model import Policy
    from .wire.messages import RequestFacts


class Html(str):
    """Markup that Jinja2 and Django put into a page as it stands, by MarkupSafe's convention."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


PreferencesForm = Callable[[str | None, str | None], str]
"""``Exchange.preferences_form`` of one request: language and ``next`` to HTML."""


def handed_over(request: Mapping[str, Any], key: str, kind: str) -> Any:
    """Return what the middleware left for views in an environ or a scope (``kind``).

    Raises LookupError where the middleware is not around the app.
    """
    try:
        return request[key]
    except KeyError:
        raise LookupError(f"no consent in this {kind}: consent_guard's middleware is not around the app") from None


@dataclass(frozen=True, slots=True)
class ManageLink:
    """Where our own pages live, as the visitor's browser sees it."""

    base: str
    """Root path and ``policy.path``, percent-encoded."""
    language: str
    """The policy's first language, for a page that does not say its own."""

    @classmethod
    def of(cls, policy: Policy, facts: RequestFacts) -> ManageLink:
        """Return the link for one request."""
        return cls(base=base_path(facts.root_path, policy.path), language=policy.languages[0])

    def html(self, text: str | None = None, lang: str | None = None) -> Html:
        """Return ``<a href="…" data-cg="manage">``: with ``text``, else with our own words in the page's language ``lang``."""
        from .pages.manage import manage_link

        if text is None:
            return Html(manage_link(self.base, lang or self.language))
        mark = f' lang="{escape(lang)}"' if lang else ""
        return Html(f'<a href="{escape(self.base)}" data-cg="manage"{mark}>{escape(text)}</a>')
