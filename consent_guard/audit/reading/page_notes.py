"""What a page says beside its third parties: tools that the site hosts itself, and what a visitor is about to do there.

A Matomo on the site's own host is told by what it loads (``policy.anywhere``); a payment provider or a captcha may be necessary
where the page holds a checkout or a form, and only there. May import the policy's indexes and the rewriter's tokens.
``consent-guard init`` notes with it while pages are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from ...policy.anywhere import AnywhereIndex
from ...policy.catalogue import catalogue
from ...policy.host_rules import RuleFault, parse_host_rule
from ...policy.hosts import HostIndex
from ...policy.model import Policy, Trait
from ...rewrite.html.query import Tag, read_tokens
from ...rewrite.script.self_hosted import SelfHostedFinder
from .fetching import Answer
from .held_back import Listening
from .targets import Source

_CHECKOUT: Final = re.compile(
    r"(?:^|[/_.-])(?:checkout|cart|basket|payment|paiement|panier|caisse|commande|kasse|warenkorb|bestell\w*|pago|carrito|pagamento"
    r"|carrello|betaling|afrekenen|winkelwagen|koszyk|zamowienie)(?:$|[/_.-])",
    re.I,
)
_STRING: Final = re.compile(r"""["'`]((?:https?:)?//[^"'`\s<>]+|/[\w.~/-]*)["'`]""")
_INSTEAD: Final = {
    "payments": "the page holds a checkout, where the visitor asks to pay",
    "captcha": "the page holds a form that it guards",
}
"""Why a service of this group may be necessary on a page."""


class PageNotes:
    """What was noted of all pages that were read."""

    def __init__(self, policy: Policy, index: HostIndex) -> None:
        self.own: dict[str, dict[str, None]] = {}
        """The host rules of tools that the site hosts itself, by the service's id; none where its place could not be read."""
        self.asked_for: dict[str, str] = {}
        """Why a payment service or a captcha may be necessary, by its id."""
        self._index = index
        self._anywhere = AnywhereIndex(policy.services)
        self._self_hosted = SelfHostedFinder(self._anywhere)

    def page(self, answer: Answer) -> None:
        """Note what a page says. Never raises for any page."""
        here = _split(answer.url) or SplitResult("https", "", "/", "", "")
        services: set[str] = set()
        checkout, form = bool(_CHECKOUT.search(here.path)), False
        script = False
        for token in read_tokens(answer.body):
            if isinstance(token, str):
                if script:
                    self._script(token, here)
                continue
            script = token.name == "script" and not token.closing and "src" not in token.attributes
            if token.closing:
                continue
            services |= self._element(token, here)
            checkout |= _is_checkout(token)
            form |= _is_form(token)
        groups = {"payments": checkout, "captcha": form}
        for id in services:
            entry = catalogue().get(id)
            if entry is not None and groups.get(entry.group):
                self.asked_for[id] = _INSTEAD[entry.group]

    def _element(self, tag: Tag, here: SplitResult) -> set[str]:
        """Return the services that an element's address belongs to, and note a tool of the site's own."""
        if tag.name not in ("script", "iframe", "img"):
            return set()
        parts = _split(tag.attributes.get("src", "").strip())
        if parts is None or parts.scheme not in ("", "http", "https"):
            return set()
        host = parts.hostname or here.hostname or ""
        match = self._index.match(host, parts.path or "/", parts.query) if host.isascii() else None
        if match is not None:
            return {match.service}
        path = parts.path if parts.path.startswith("/") else f"{here.path.rpartition('/')[0]}/{parts.path}"
        told = self._anywhere.of_address(path, parts.query, tag.attributes)
        if told is not None:
            self._note(told.service, told.trait, host, path, here)
        return set()

    def _script(self, text: str, here: SplitResult) -> None:
        signs = self._self_hosted.each(text.encode("utf-8", "replace"))
        if not signs:
            return
        told = signs[0].match
        for parts in _places(text, told.trait):
            host = parts.hostname or here.hostname or ""
            match = self._index.match(host, parts.path or "/", parts.query) if host.isascii() else None
            if match is None:
                self._note(told.service, told.trait, host, f"{parts.path.rstrip('/')}/{told.trait.path}", here)
            if match is None or match.service == told.service:
                return
        self.own.setdefault(told.service, {})

    def _note(self, service: str, trait: Trait, host: str, path: str, here: SplitResult) -> None:
        folder = path.rsplit("/", trait.path.count("/") + 1)[0] + "/"
        ours = not host or host == here.hostname
        below = "" if folder == "/" else folder
        rule = (below or path) if ours else host + below
        rules = self.own.setdefault(service, {})
        try:
            rules[parse_host_rule(rule).text] = None
        except RuleFault:  # a host without a name, or a path that no rule can write: a person must find it out
            return


class Noting(Listening):
    """A source whose pages are noted as well as listened to."""

    def __init__(self, source: Source, index: HostIndex, held: dict[str, dict[str, None]], notes: PageNotes) -> None:
        super().__init__(source, index, held)
        self._notes = notes

    def read(self, address: str, cookies: Mapping[str, str] | None = None) -> tuple[Answer, ...]:
        answers = super().read(address, cookies)
        self._notes.page(answers[-1])
        return answers


def _places(text: str, trait: Trait) -> Iterator[SplitResult]:
    """Yield the addresses below which a script may load its tool, the likeliest first: what stands before the file in its own
    string, then whole addresses in any string, then paths of the site."""
    file = re.escape(trait.path).replace(r"\*", r"[^/\"'`\s]*")
    whole = re.search(rf"""["'`]([^"'`\s]*){file}""", text)
    ends = re.compile(rf"{file}\Z")
    bases = [found[1] for found in _STRING.finditer(text) if not ends.search(found[1])]
    own = [whole[1]] if whole and whole[1].strip("/") else []
    for base in [*own, *sorted(bases, key=lambda base: ("//" not in base[:8], base == "/"))]:
        parts = _split(base)
        if parts is not None and (parts.hostname or parts.path.startswith("/")):
            yield parts


def _split(address: str) -> SplitResult | None:
    """Return an address in parts, or None for what is none."""
    try:
        parts = urlsplit(address)
        _ = parts.hostname
    except ValueError:
        return None
    return parts if address else None


def _is_checkout(tag: Tag) -> bool:
    if tag.name == "form":
        return bool(_CHECKOUT.search((_split(tag.attributes.get("action", "")) or SplitResult("", "", "", "", "")).path))
    return tag.name == "input" and tag.attributes.get("autocomplete", "").lower().startswith("cc-")


def _is_form(tag: Tag) -> bool:
    """Tell whether a tag shows that the visitor logs in, registers or writes: a search field or a newsletter does not."""
    return tag.name == "textarea" or (tag.name == "input" and tag.attributes.get("type", "").lower() == "password")
