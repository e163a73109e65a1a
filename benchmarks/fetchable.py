"""Would a browser still fetch from one of these hosts, or run code that names one? An independent look at what is left.

It shares nothing with consent_guard and is none of the contestants: html5lib, the specification's algorithm in plain Python,
reads the document three times, since browsers do: as a tree with scripts on, as a tree with scripts off, and tag by tag without
a tree, as preload scanners do. Addresses are resolved by ada-url. It errs towards seeing a fetch. `damage` calls it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import ada_url

Covers = Callable[[str, str, str], bool]
"""host, path, query: whether a rule names the address."""
Attributes = Mapping[str, str]

_FETCHED = {
    "img": ("src", "srcset"),
    "image": ("src", "href", "xlink:href"),
    "script": ("src", "href", "xlink:href"),
    "iframe": ("src",),
    "frame": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "input": ("src",),
    "portal": ("src",),
    "use": ("href", "xlink:href"),
    "feimage": ("href", "xlink:href"),
}
_ANYWHERE = ("background", "ping", "attributionsrc")
_RELS = frozenset(
    [
        *("stylesheet", "icon", "apple-touch-icon", "manifest", "preload", "modulepreload"),
        *("prefetch", "preconnect", "dns-prefetch"),
    ]
)
_SCRIPT_TYPES = re.compile(
    r"\s*(?:|module|importmap|speculationrules|(?:text|application)/(?:x-)?(?:java|ecma)script)\s*$", re.IGNORECASE
)
_CSS_ADDRESS = re.compile(r"(?:url\(|src\(|image-set\(|@import)\s*[\"']?\s*([^\"')\s;]+)", re.I)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
_REFRESH = re.compile(r"\s*[0-9.]+\s*[;,\s]\s*(?:url\s*=\s*)?[\"']?([^\"']*)", re.I)
_RAW = {
    "script": "scriptDataState",
    "style": "rawtextState",
    "xmp": "rawtextState",
    "iframe": "rawtextState",
    "noembed": "rawtextState",
    "noframes": "rawtextState",
    "title": "rcdataState",
    "textarea": "rcdataState",
    "plaintext": "plaintextState",
}
_NESTING = 4


class Check:
    """Looks for what a document makes a browser contact."""

    def __init__(self, covers: Covers, hosts: list[str], base: str, *, scripts: bool = True) -> None:
        """``hosts``: names that must not stand in a script's text (``scripts`` False: the text of scripts is left alone)."""
        self._covers = covers
        self._hosts = [host.encode() for host in hosts]
        self._base = base
        self._scripts = scripts

    def contacts(self, document: bytes, content_type: str | None) -> bool:
        """Tell whether the document still has a listed host contacted."""
        kind = (content_type or "text/html").partition(";")[0].strip().lower()
        charset = (content_type or "").partition("charset=")[2].strip() or None
        if kind.endswith("xml"):
            return self._any(_xml_elements(document), self._base)
        if kind != "text/html":
            return False
        return self._html(document, charset, self._base, 0)

    def _html(self, document: bytes | str, charset: str | None, base: str, depth: int) -> bool:
        if depth > _NESTING:
            return False
        readings = (_tree(document, charset, True), _tree(document, charset, False), _tags(document, charset))
        return any(self._any(reading, base, depth) for reading in readings)

    def _any(self, elements: Iterator[tuple[str, Attributes, str]], base: str, depth: int = 0) -> bool:
        for name, attributes, text in elements:
            if name == "base" and "href" in attributes:
                base = _resolved(attributes["href"], base) or base
            if self._element(name, attributes, text, base, depth):
                return True
        return False

    def _element(self, name: str, attributes: Attributes, text: str, base: str, depth: int) -> bool:
        script = name == "script" and _SCRIPT_TYPES.match(attributes.get("type", "")) is not None
        return (
            ((name != "script" or script) and self._fetches(name, attributes, base, depth))
            or (name == "link" and self._link(attributes, base, depth))
            or (name == "meta" and self._meta(attributes, base, depth))
            or (name == "iframe" and "srcdoc" in attributes and self._html(attributes["srcdoc"], None, base, depth + 1))
            or (script and "src" not in attributes and self._names_host(text))
            or (name == "style" and self._css(text, base))
            or self._css(attributes.get("style", ""), base)
            or any(self._names_host(value) for key, value in attributes.items() if key.startswith("on"))
        )

    def _fetches(self, name: str, attributes: Attributes, base: str, depth: int) -> bool:
        if name == "input" and attributes.get("type", "").lower() != "image":
            return False
        return any(
            self._address(part, base, depth)
            for attribute in (*_FETCHED.get(name, ()), *_ANYWHERE)
            for part in _parts(attribute, attributes.get(attribute, ""))
        )

    def _link(self, attributes: Attributes, base: str, depth: int) -> bool:
        fetching = not _RELS.isdisjoint(attributes.get("rel", "").lower().split())
        return fetching and self._address(attributes.get("href", ""), base, depth)

    def _meta(self, attributes: Attributes, base: str, depth: int) -> bool:
        refresh = attributes.get("http-equiv", "").strip().lower() == "refresh"
        found = _REFRESH.match(attributes.get("content", "")) if refresh else None
        return found is not None and self._address(found[1], base, depth)

    def _address(self, value: str, base: str, depth: int = 0) -> bool:
        if value.lstrip().lower().startswith("data:"):
            kind, _, data = value.partition(",")
            return "html" in kind and self._html(unquote_to_bytes(data), None, base, depth + 1)
        try:
            url = ada_url.URL(value, base=base)
        except ValueError:
            return False
        return self._covers(url.hostname.rstrip("."), url.pathname, url.search[1:])

    def _css(self, text: str, base: str) -> bool:
        plain = _CSS_ESCAPE.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), text)
        return any(self._address(found[1], base) for found in _CSS_ADDRESS.finditer(plain))

    def _names_host(self, text: str) -> bool:
        if not self._scripts:
            return False
        lower = text.lower().encode("utf-8", "replace")
        return any(host in lower for host in self._hosts)


def _parts(attribute: str, value: str) -> list[str]:
    if attribute == "srcset":
        return [word.strip(",") for word in value.split() if word.strip(",")]
    return value.split() if attribute in ("ping", "attributionsrc") else [value]


def _resolved(href: str, base: str) -> str:
    try:
        return ada_url.URL(href, base=base).href
    except ValueError:
        return ""


def _tree(document: bytes | str, charset: str | None, scripting: bool) -> Iterator[tuple[str, Attributes, str]]:
    import html5lib

    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    options: dict[str, Any] = {"scripting": scripting}
    if isinstance(document, bytes):
        options |= {"transport_encoding": charset, "default_encoding": "utf-8"}
    yield from _elements(parser.parse(document, **options))


def _elements(root: Any) -> Iterator[tuple[str, Attributes, str]]:
    for element in root.iter():
        if isinstance(element.tag, str):
            attributes = {_local(name): value for name, value in element.attrib.items()}
            yield _local(element.tag).lower(), attributes, element.text or ""


def _xml_elements(document: bytes) -> Iterator[tuple[str, Attributes, str]]:
    try:
        root = ElementTree.fromstring(document)
    except (ElementTree.ParseError, ValueError, LookupError):
        return
    yield from _elements(root)


def _local(name: str) -> str:
    namespace, brace, local = name.rpartition("}")
    return f"xlink:{local}" if brace and namespace.endswith("xlink") else local


def _tags(document: bytes | str, charset: str | None) -> Iterator[tuple[str, Attributes, str]]:
    """Yield start tags without a tree: only raw text is told from markup."""
    from html5lib._tokenizer import HTMLTokenizer
    from html5lib.constants import tokenTypes

    options: dict[str, Any] = {}
    if isinstance(document, bytes):
        options = {"transport_encoding": charset, "default_encoding": "utf-8"}
    tokenizer = HTMLTokenizer(document, **options)
    kinds = {number: name for name, number in tokenTypes.items()}
    pending: tuple[str, Attributes] | None = None
    text: list[str] = []
    for token in cast(Iterable[dict[str, Any]], tokenizer):
        kind = kinds[token["type"]]
        if kind in ("Characters", "SpaceCharacters"):
            if pending:
                text.append(token["data"])
        elif kind in ("StartTag", "EndTag"):
            if pending:
                yield *pending, "".join(text)
                pending, text = None, []
            if kind == "StartTag":
                pending = token["name"].lower(), dict(token["data"])
                if (state := _RAW.get(pending[0])) is not None:
                    tokenizer.state = getattr(tokenizer, state)
    if pending:
        yield *pending, "".join(text)
