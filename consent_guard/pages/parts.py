"""What one response gets from us: the banner, placeholders, and the form that their buttons submit.

Bound to one request, and the only object here with state: whether style sheet and module went out. May import this package and
the rewriter's vocabulary. Made by the engine, called by the rewriter.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from typing import Protocol

from ..rewrite.model import Embed
from .model import RequestView
from .surface import LOADED, Surface, way_back
from .values import web_address

_DIMENSION = re.compile(r"[ \t\n\f\r]*([0-9]{1,4})(%?)[ \t\n\f\r]*", re.ASCII)
_TITLE_CHARACTERS = 300
"""More of an embed's title is not repeated."""
_LOW = 240
"""Pixels. In an embed that is not higher, not everything has room that a placeholder says: the answers come first."""
_ADDRESS_CHARACTERS = 4096
"""A longer address gets no link."""


class Document(Protocol):
    """The document that the parts go into, as far as it was read."""

    @property
    def leads_elsewhere(self) -> bool:
        """A ``<base>`` leads relative addresses to another host."""
        ...


def _none() -> None:
    return None


class ResponseParts:
    """What we put into one response, in ASCII bytes (the rewriter's ``Insertions``). Not for several responses, nor for
    several threads."""

    __slots__ = ("_asks", "_document", "_styled", "_surface", "_view")

    def __init__(self, surface: Surface, view: RequestView, *, asks: bool = True) -> None:
        """``asks``: False has what the banner brings, and no banner (``module = "always"``)."""
        self._asks = asks
        self._surface = surface
        self._view = view
        self._document: Callable[[], Document | None] = _none
        self._styled = False

    def stand_in(self, document: Document) -> None:
        """Learn what document they go into. It is not kept alive."""
        self._document = weakref.ref(document)

    @property
    def _base(self) -> str:
        """Where our pages live: with our own host, where the page's ``<base>`` would send a path to another."""
        return self._origin + self._view.base

    @property
    def _origin(self) -> str:
        """Our own host, where the page's ``<base>`` would send a path to another."""
        document = self._document()
        return self._view.origin if document is not None and document.leads_elsewhere else ""

    def banner(self, lang: str | None) -> bytes:
        """Return the banner in the language of the page, else the visitor's. It brings the stylesheet."""
        self._styled = True
        if not self._asks:
            return self._assets(self._language(lang))
        view = self._view
        answers = view.answers if self._surface.policy.script else ("any" if view.permitted.posts else "link")
        made = self._surface.prerendered_banner(self._language(lang), posted=view.posted, answers=answers, nonced=self._nonced)
        return made.fill(next=view.next, back=way_back(view.next), **self._loads())

    def placeholder(self, embed: Embed, lang: str | None) -> bytes:
        """Return phrasing content in an embed's place: the service, the reason, a button for it alone, the plain link (A09).

        That of an embed that was never to be seen is there, hidden. The first visible one of a page brings the stylesheet if no
        banner did.
        """
        language = self._language(lang)
        if embed.unseen:
            return self._surface.prerendered("placeholder_hidden", language, ("service",)).fill(service=embed.service)
        width, height = _dimension(embed.width), _dimension(embed.height)
        value, _ = self._surface.texts(language)
        purpose, service = next(
            ((purpose, service) for purpose in value.purposes for service in purpose.services if service.id == embed.service),
            (None, None),
        )
        address = web_address(embed.url) if len(embed.url) <= _ADDRESS_CHARACTERS else ""
        title = " ".join(embed.title.split())[:_TITLE_CHARACTERS]
        host = embed.host or (address.split("/", 3)[2] if address else "")
        wide = not width or width.endswith("%")
        rated = bool(embed.ratio) and not height.isdigit()
        flags = {"wide": wide, "titled": bool(title), "linked": bool(address), "hosted": bool(host), "rated": rated}
        flags["pictured"] = service is not None and bool(service.picture)
        form = _form(embed, height)
        filled = self._surface.prerendered(
            "placeholder",
            language,
            ("address", "host", "title", "width", "height", "ratio", "picture"),
            key=(service.id if service is not None else None, form, *flags.values()),
            purpose=purpose,
            service=service,
            form=form,
            **flags,
        ).fill(
            address=address,
            host=host,
            title=title,
            width=width or "100%",
            # A share of a height that nothing states means nothing; 150 is what browsers give an embed without one.
            height=height if height.isdigit() else "0" if embed.element == "container" else "150",
            ratio=embed.ratio,
            picture=self._origin + service.picture if service is not None else "",
        )
        if self._styled:
            return filled
        self._styled = True
        return self._assets(language) + filled

    def closing(self, lang: str | None) -> bytes:
        """Return the hidden form that the placeholders' buttons submit; they name it, so it may stand anywhere."""
        form = self._surface.prerendered("closing", self._language(lang), ("base", "next"))
        return form.fill(base=self._base, next=self._view.next)

    @property
    def _nonced(self) -> bool:
        return bool(self._view.permitted.style_nonce or self._view.permitted.script_nonce)

    def _loads(self) -> dict[str, str]:
        permitted = self._view.permitted
        return {"base": self._base, "style_nonce": permitted.style_nonce, "script_nonce": permitted.script_nonce}

    def _assets(self, language: str) -> bytes:
        posted, nonced = self._view.posted, self._nonced
        made = self._surface.prerendered("assets", language, LOADED, key=(posted, nonced), posted=posted, nonced=nonced)
        return made.fill(**self._loads())

    def _language(self, lang: str | None) -> str:
        return self._surface.negotiate(lang or self._view.lang, self._view.accept_language)


def _form(embed: Embed, height: str) -> str:
    """Return the classes that say how a placeholder fits where its embed was (the style sheet has what they mean)."""
    if embed.element == "container":
        return " cg-short"
    if embed.fills:
        return " cg-short cg-fill"
    if height == "100%":
        return " cg-short cg-tall"
    return " cg-short cg-low" if height.isdigit() and int(height) <= _LOW else ""


def _dimension(value: str) -> str:
    """Return a width or height attribute as digits, or as digits and ``%`` from 1 to 100; anything else is as if absent."""
    found = _DIMENSION.fullmatch(value) if len(value) <= 32 else None
    if found is None:
        return ""
    number = int(found[1])
    if found[2]:
        return f"{number}%" if 1 <= number <= 100 else ""
    return str(number)


class LateParts:
    """What we put into a page (the rewriter's ``Insertions``), made with the first of it: into most pages nothing is put."""

    __slots__ = ("_made", "_make", "document")

    def __init__(self, make: Callable[[], ResponseParts]) -> None:
        self._make = make
        self._made: ResponseParts | None = None
        self.document: weakref.ref[Document] | None = None
        """The document that they go into; it is not kept alive."""

    def banner(self, lang: str | None) -> bytes:
        return self._parts.banner(lang)

    def placeholder(self, embed: Embed, lang: str | None) -> bytes:
        return self._parts.placeholder(embed, lang)

    def closing(self, lang: str | None) -> bytes:
        return self._parts.closing(lang)

    @property
    def _parts(self) -> ResponseParts:
        if self._made is None:
            self._made = self._make()
            document = self.document() if self.document is not None else None
            if document is not None:
                self._made.stand_in(document)
        return self._made
