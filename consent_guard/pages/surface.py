"""Our own pages, and what we put into others', for one policy in every language it speaks.

A Surface is made once per guard and shared by all threads. Making it is cheap: texts are read and templates rendered with the
first response that needs them, then kept (``kept_pages`` says for whom, and how many); Jinja2 is imported at that moment and
not before. May import policy, consent and this package. Called by the engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from ..consent.choice import Consent
from ..policy.import_tools import TOOLS
from ..policy.model import Policy
from .assets import assets
from .exports import FORMATS, Declared
from .kept_pages import Kept, Packed, packed_page
from .languages import Locale, available, locale_for
from .model import Answers, RequestView
from .negotiation import best, direction, negotiate
from .own_texts import check_own_texts, with_own_texts
from .prerendered import Holes, Prerendered
from .rendering import Templates
from .values import PolicyValue, page_language, policy_value, state_of

STYLESHEET = "cg.css"
MODULE = "cg.js"
API = "cg-api.js"
DOWNLOADS: Mapping[str, str] = {"csv": "CSV", "json": "JSON", "md": "Markdown"}
"""What the declaration page offers beside itself: the ending of each file, and what its format is called."""
DECLARATION_ENDINGS: tuple[str, ...] = ("html", "md", "json", "csv")
"""The formats of ``Surface.declaration_file``."""


@dataclass(frozen=True, slots=True)
class DeclarationFile:
    """The declaration as a file."""

    name: str
    """As ``cookies-fr.csv``."""
    content_type: str
    body: bytes


LOADED: tuple[str, ...] = ("base", "style_nonce", "script_nonce")
"""The holes of what a page of the site loads of ours."""


def way_back(next: str) -> str:
    """Return the query that tells our preferences which page to lead back to; empty where there is none."""
    return f"?next={quote(next, safe='/', errors='replace')}" if next else ""


class Surface:
    """The pages of one policy. Immutable to its callers, thread-safe."""

    def __init__(self, policy: Policy, templates: Templates | None = None, *, keeps: bool = True) -> None:
        """``templates``: ours where None; a site's own come from ``overriding.checked_surface``, which alone checks them.

        ``keeps``: whether rendered pages are kept for the next visitor. Raises PolicyError for texts of the policy that are
        none of ours.
        """
        check_own_texts(policy)
        self.policy = policy
        self._templates = templates if templates is not None else Templates()
        # The policy's texts in one language and ours in another: only where nothing better is to be had (L45, fickle).
        spoken = tuple(tag for tag in policy.languages if best(tag, available()) is not None)
        self.languages: tuple[str, ...] = spoken or policy.languages or ("en",)
        self._texts: dict[str, tuple[PolicyValue, Locale]] = {}
        self._prerendered: dict[tuple[object, ...], Prerendered] = {}
        self._public = Kept()
        """Pages that are the same for everybody."""
        self._preferences = Kept()
        """Preferences, by what they show of a visitor's consent."""
        self._for_each: set[str] = set()
        """Templates of the site that cannot be rendered before the request is known."""
        self._keeps = keeps

    def negotiate(self, page_lang: str | None, accept_language: bytes) -> str:
        """Return the language for a page: its own, then the visitor's Accept-Language, then the policy's first (DESIGN §9)."""
        return negotiate(page_lang, accept_language, self.languages)

    def showing(self, policy: Policy) -> Surface:
        """Return the surface of another policy with the same templates, which are not checked again."""
        return Surface(policy, self._templates, keeps=self._keeps)

    def preferences(self, view: RequestView, pressed: tuple[str, str] | None = None) -> bytes:
        """Return the page « Gestion des cookies »: every purpose and service, with the stored state (L23). ``pressed``: an act
        and its service that could not be taken, and stands first to be pressed again."""
        name = "preferences_imported" if self.policy.imports else "preferences"
        if pressed is None:
            return self._page(name, view, self._preferences, self._shown(view.consent), self._choices)

        def confirming(view: RequestView, language: str) -> dict[str, object]:
            value, _ = self.texts(language)
            titles = {service.id: service.title.text for purpose in value.purposes for service in purpose.services}
            return self._choices(view, language) | {"pressed": pressed, "pressed_title": titles.get(pressed[1], "")}

        return self._page(name, view, self._preferences, (self._shown(view.consent), pressed), confirming)

    def fragment(self, view: RequestView) -> str:
        """Return the same preferences without a page around them, for a page of the site's own. They bring their style sheet,
        and their forms lead back to ``view.next``."""
        return self._page("fragment", view, self._preferences, self._shown(view.consent), self._choices).decode("utf-8")

    def declaration(self, view: RequestView) -> bytes:
        """Return the table of everything that the policy declares (S17, L41, L42, L44)."""
        return self._page("declaration", view, self._public, None, self._declared)

    def declaration_file(self, ending: str, lang: str | None = None, accept_language: bytes = b"") -> DeclarationFile:
        """Return the same declaration as a file: ``html``, ``md``, ``json`` or ``csv``. Raises KeyError for any other ending.

        The HTML one stands on its own: its style is inside. The language is chosen as for a page.
        """
        language = self.negotiate(lang, accept_language)
        value, words = self.texts(language)
        shown = page_language(language, words)
        content_type = "text/html; charset=utf-8" if ending == "html" else FORMATS[ending].content_type
        name = f"cookies-{shown}.{ending}"
        key = ("file", ending, language)
        kept = self._public.get(key)
        if kept is None:
            if ending == "html":
                style = assets()[STYLESHEET].body.decode("utf-8")
                values = {**self._surroundings(language), "purposes": value.declared, "revision": self.policy.revision}
                body = self._templates.render("declaration_file", **values, style=style).encode("utf-8")
            else:
                body = FORMATS[ending].encode(Declared(value.declared, words, self.policy.revision, shown))
            if not self._keeps:
                return DeclarationFile(name, content_type, body)
            kept = Packed(Prerendered((body,), ()))
            self._public.keep(key, kept)
        return DeclarationFile(name, content_type, kept.fill())

    def error(self, view: RequestView, status: int, message_key: str = "", *, unchanged: bool = True) -> bytes:
        """Return an error page in the visitor's language.

        ``message_key`` is one of ``choice``, ``purpose``, ``next``, ``malformed``, ``origin``, ``missing``, ``method``,
        ``length``, ``type``, ``ledger``; any other says what the status says. ``unchanged`` adds that the recorded choice is as
        it was.
        Never raises for an unknown key or status.
        """
        key = message_key if message_key in _ERROR_KEYS else _ERROR_OF_STATUS.get(status, "other")
        title = f"error_title.{status if status in _ERROR_OF_STATUS else 'other'}"

        def said(view: RequestView, language: str) -> dict[str, object]:
            _, words = self.texts(language)
            return {"title": words.say(title), "message": self.error_message(language, key, unchanged=unchanged)}

        return self._page("error", view, self._public, (title, key, unchanged), said)

    def error_message(self, language: str, key: str, *, unchanged: bool = True) -> str:
        """Return what an error says, in a language of ours."""
        _, words = self.texts(language)
        return " ".join(words.say(f"error.{part}") for part in (key, "kept")[: 1 + unchanged])

    def asset(self, name: str) -> tuple[str, bytes] | None:
        """Return content type and bytes of the file with this hashed name, as ``cg-0123456789ab.css``; None for any other."""
        for asset in assets().values():
            if asset.name == name:
                return asset.content_type, asset.body
        return None

    def api(self) -> bytes:
        """Return the module that scripts of a site import, whose address never changes."""
        return f'export * from ".{self.asset_path(API)}";\n'.encode("ascii")

    def asset_path(self, name: str = STYLESHEET) -> str:
        """Return where a file lives below ``base``, as ``/assets/cg-0123456789ab.css``. Raises KeyError for an unknown one."""
        return f"/assets/{assets()[name].name}"

    def banner_digest(self, language: str) -> str:
        """Return the SHA-256 digest, in hex, of the banner in a language: its texts, its markup, its style (L26, L27)."""
        return hashlib.sha256(self.prerendered_banner(self.negotiate(language, b"")).text()).hexdigest()

    def texts(self, language: str) -> tuple[PolicyValue, Locale]:
        """Return the policy in one of ``languages``, and our own sentences to go with it."""
        known = self._texts.get(language)
        if known is None:
            words = with_own_texts(locale_for(language), self.policy, language)
            known = self._texts.setdefault(language, (policy_value(self.policy, language, words), words))
        return known

    def prerendered_banner(
        self, language: str, *, posted: bool = False, answers: Answers = "any", nonced: bool = False
    ) -> Prerendered:
        """Return the banner in a language, with the holes of ``LOADED``, ``next`` and ``back``. ``posted``, ``answers``: see
        ``RequestView``; ``nonced``: what it loads carries the page's nonce."""
        value, _ = self.texts(language)
        place, layout = self.policy.banner_place, self.policy.layout
        given = {"policy": value, "place": place, "layout": layout, "posted": posted, "answers": answers, "nonced": nonced}
        return self.prerendered("banner", language, (*LOADED, "next", "back"), key=(posted, answers, nonced), **given)

    def prerendered(
        self, name: str, language: str, holes: tuple[str, ...], key: tuple[object, ...] = (), **values: object
    ) -> Prerendered:
        """Return a template rendered once for this language and key, with these holes."""
        at = (name, language, holes, *key)
        known = self._prerendered.get(at)
        if known is None:
            cut = Holes(holes)
            rendered = self._templates.render(name, hole=cut.marks, **self._surroundings(language), **values)
            known = self._prerendered.setdefault(at, cut.prerendered(rendered))
        return known

    def _choices(self, view: RequestView, language: str) -> dict[str, object]:
        """What the preferences show: every purpose with its stored state."""
        value, _ = self.texts(language)
        consent = view.consent
        states = [state_of(purpose, consent) for purpose in value.purposes]
        return {
            "purposes": list(zip(value.purposes, states, strict=True)),
            "pressed": None,
            "pressed_title": "",
            "revision": self.policy.revision,
            "consent": consent,
            "signalled": [p for p in value.purposes if p.gpc and p.id not in consent.allowed_categories] if consent.gpc else [],
            "granted": any(consent.choices.values()),
            "tools": " + ".join(TOOLS[rule.tool].title for rule in self.policy.imports),
        }

    def _shown(self, consent: Consent) -> Hashable:
        """What the preferences show of a consent: all visitors for whom it is the same share a page. A site's own templates may
        show anything of it."""
        if self._templates.overridden:
            return consent
        days = [moment and moment.date() for moment in (consent.decided_at, consent.expires_at)]
        answered = (consent.decided, *days, consent.asks, consent.gpc, any(consent.choices.values()))
        return (*answered, consent.allowed_categories, consent.allowed_services)

    def _declared(self, view: RequestView, language: str) -> dict[str, object]:
        value, _ = self.texts(language)
        return {"purposes": value.declared, "revision": self.policy.revision, "downloads": DOWNLOADS}

    def _surroundings(self, language: str) -> dict[str, object]:
        _, words = self.texts(language)
        lang = page_language(language, words)
        return {
            "lang": lang,
            "dir": direction(lang),
            "words": words,
            "stylesheet": self.asset_path(STYLESHEET),
            "script": self.asset_path(MODULE) + self._told if self.policy.script else "",
            "imports": self.policy.import_from,
        }

    @property
    def _told(self) -> str:
        """What the module learns from its own address: that this page's header holds until the next page."""
        return "#csp" if self.policy.csp == "enforce" else ""

    def _page(
        self,
        name: str,
        view: RequestView,
        kept: Kept,
        key: Hashable,
        values: Callable[[RequestView, str], dict[str, object]],
    ) -> bytes:
        """Return a page, rendered where nobody was shown the same one lately. ``key`` is all that ``values`` depend on, beside
        the language."""
        language = self.negotiate(view.lang, view.accept_language)
        receipt = (view.receipts and view.consent.receipt_id) or ""
        at = (name, language, bool(view.next), bool(receipt), key)
        page = kept.get(at)
        if page is None:
            given = {**self._surroundings(language), "page": name, "embedded": name == "fragment", **values(view, language)}
            render = partial(self._templates.render, name, **given)
            if self._keeps and name not in self._for_each:
                page = packed_page(render, back=bool(view.next), receipt=bool(receipt))
                if page is None:
                    self._for_each.add(name)
            if page is None:
                return render(view=view, home=self._home(view), receipt=receipt).encode("utf-8")
            kept.keep(at, page)
        return page.fill(base=view.base, next=view.next, home=self._home(view), receipt=receipt)

    def _home(self, view: RequestView) -> str:
        """Return where "back to the site" leads: the page that the visitor came from, else the top of the app."""
        if view.next:
            return view.next
        path = self.policy.path
        return view.base.removesuffix(path) + "/" if view.base.endswith(path) else "/"


_ERROR_OF_STATUS = {
    400: "malformed",
    403: "origin",
    404: "missing",
    405: "method",
    413: "length",
    415: "type",
    503: "ledger",
}
_ERROR_KEYS = frozenset({"choice", "purpose", "next", *_ERROR_OF_STATUS.values()})
