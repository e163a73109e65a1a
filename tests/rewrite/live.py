"""What a browser would fetch or run in a document: the oracle of this folder's tests.

It reads documents with html5lib (and lxml where it is installed), under every reading that DESIGN §8 names: the tree builder's
with scripts and without, and a flat tokenizer's, which stands for a preload scanner, with noscript as text and as markup. It
shares no line with the package: what it sees after a rewrite is seen by somebody else's parser.
"""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import ada_url
import html5lib
import webencodings
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import DataLossWarning, tokenTypes

PAGE = "https://site.example/p"
BLANKS = "".join(map(chr, range(0x21)))
SCRIPT_TYPES = re.compile(
    r"module|(?:text|application)/(?:x-)?(?:java|ecma)script|text/(?:jscript|livescript|javascript1\.[0-5])", re.IGNORECASE
)
FETCHING_RELS = frozenset(
    (
        *("stylesheet", "preload", "modulepreload", "prefetch", "prerender", "preconnect", "dns-prefetch"),
        *("icon", "apple-touch-icon", "mask-icon", "manifest"),
    )
)
SOURCES = {
    "img": ("src",),
    "source": ("src",),
    "track": ("src",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "embed": ("src",),
    "iframe": ("src",),
    "frame": ("src",),
    "object": ("data",),
    "portal": ("src",),
}
FOREIGN_SOURCES = {
    "image": ("href", "xlink:href"),
    "feimage": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
JAVASCRIPT = re.compile(r"[\x00-\x20]*j\s*a\s*v\s*a\s*s\s*c\s*r\s*i\s*p\s*t\s*:", re.IGNORECASE)
DATA = re.compile(r"data:([^,]*),(.*)", re.IGNORECASE | re.DOTALL)
REFRESH = re.compile(r"\s*[\d.]+[\s;,]+(?:url\s*=\s*)?[\"']?([^\"']*)", re.IGNORECASE)
CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.DOTALL)
CSS_TOKEN = re.compile(
    r"/\*.*?(?:\*/|\Z)"
    r"|(?<![\w\x00\x80-\U0010ffff-])url\(\s*(?:\"((?:[^\"\\\n]|\\.)*)|'((?:[^'\\\n]|\\.)*)|((?:[^\"'()\\\s]|\\.)*))"
    r"|@import\s*(?:\"((?:[^\"\\\n]|\\.)*)|'((?:[^'\\\n]|\\.)*))"
    r"|image-set\(\s*(?:\"((?:[^\"\\\n]|\\.)*)|'((?:[^'\\\n]|\\.)*))"
    r"|\"(?:[^\"\\\n]|\\.)*|'(?:[^'\\\n]|\\.)*",
    re.IGNORECASE | re.DOTALL,
)
CANDIDATE = re.compile(r"[\s,]*([^\s]+)((?:[^,(]|\([^)]*\)?)*)")
RAW = {
    "script": "scriptDataState",
    "textarea": "rcdataState",
    "title": "rcdataState",
    "plaintext": "plaintextState",
    **dict.fromkeys(("style", "xmp", "iframe", "noembed", "noframes"), "rawtextState"),
}
XLINK = "{http://www.w3.org/1999/xlink}"


class Element(NamedTuple):
    name: str
    attributes: dict[str, str]
    text: str
    """Of script and style elements, else empty."""
    foreign: bool = False
    """In svg or math."""


class Contact(NamedTuple):
    """Something that a browser fetches, or a script that it runs."""

    element: str
    where: str
    address: str
    """Absolute; the code itself where it is a script."""


# -- readings ---------------------------------------------------------------------------------------------------------------


def tree(markup: str, *, scripting: bool) -> list[Element]:
    """The elements that html5lib's tree builder makes."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataLossWarning)
        root = parser.parse(markup, scripting=scripting)
    elements = []
    for node in root.iter():
        if isinstance(node.tag, str):
            name = node.tag.rpartition("}")[2].lower()
            attributes = {_attribute_name(key): value for key, value in node.attrib.items()}
            text = "".join(node.itertext()) if name in ("script", "style") else ""
            elements.append(Element(name, attributes, text, foreign="}" in node.tag))
    return elements


def _attribute_name(key: object) -> str:
    text = str(key)
    return "xlink:" + text[len(XLINK) :].lower() if text.startswith(XLINK) else text.rpartition("}")[2].lower()


def flat(markup: str, *, noscript: bool) -> list[Element]:
    """The start tags that a tokenizer without a tree builder meets; ``noscript``: its content is text."""
    tokenizer = HTMLTokenizer(markup)
    elements: list[Element] = []
    inside: list[str] | None = None
    for token in tokenizer:
        kind = token["type"]
        if kind in (tokenTypes["StartTag"], tokenTypes["EmptyTag"]):
            name = token["name"]
            pairs = token["data"].items() if hasattr(token["data"], "items") else token["data"]
            elements.append(Element(name, {str(key).lower(): value for key, value in pairs}, ""))
            state = RAW.get(name) or ("rawtextState" if name == "noscript" and noscript else None)
            if state is not None:
                tokenizer.state = getattr(tokenizer, state)
            inside = [] if name in ("script", "style") else None
        elif inside is not None and kind in (tokenTypes["Characters"], tokenTypes["SpaceCharacters"]):
            inside.append(token["data"])
            elements[-1] = elements[-1]._replace(text="".join(inside))
        elif kind == tokenTypes["EndTag"]:
            inside = None
    return elements


def lxml_tree(markup: str) -> list[Element]:
    """The elements that libxml2's parser makes."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    root = etree.fromstring(markup.encode("utf-8", "surrogatepass") or b" ", parser)
    if root is None:
        return []
    return [
        Element(
            node.tag.lower(),
            {str(key).lower(): value for key, value in node.attrib.items()},
            "".join(node.itertext()) if node.tag in ("script", "style") else "",
        )
        for node in root.iter()
        if isinstance(node.tag, str)
    ]


XHTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


def xml_tree(markup: bytes) -> list[Element] | None:
    """The elements that a browser shows of an XML document, as expat reads it; None where it is not well-formed."""
    try:
        root = ElementTree.fromstring(markup)
    except ElementTree.ParseError:
        return None
    elements = []
    for node in root.iter():
        if isinstance(node.tag, str) and node.tag.startswith((XHTML, SVG)):
            name = node.tag.rpartition("}")[2]
            attributes = {"xlink:href" if key == XLINK + "href" else str(key): value for key, value in node.attrib.items()}
            text = "".join(node.itertext()) if name in ("script", "style") else ""
            elements.append(Element(name.lower() if name == "feImage" else name, attributes, text, node.tag.startswith(SVG)))
    return elements


def readings(markup: str) -> list[list[Element]]:
    """Every reading that a browser may take."""
    return [
        tree(markup, scripting=True),
        tree(markup, scripting=False),
        flat(markup, noscript=True),
        flat(markup, noscript=False),
    ]


# -- what an element fetches ------------------------------------------------------------------------------------------------


def contacts(elements: list[Element], page: str = PAGE, *, depth: int = 0) -> Iterator[Contact]:
    """What a browser that reads these elements fetches and runs."""
    base = page
    for element in elements:
        if element.name == "base" and "href" in element.attributes:
            found = absolute(element.attributes["href"], page)
            if found and not found.startswith(("data:", "javascript:")):
                base = found
                break
    for element in elements:
        for contact in _of(element, base, depth):
            if contact.where in ("script", "srcdoc", "document"):
                yield contact
            else:
                address = absolute(contact.address, base)
                if address:
                    yield contact._replace(address=address)


def absolute(text: str, base: str) -> str:
    """An address as a browser resolves it; empty where it is none."""
    try:
        return str(ada_url.URL(text.strip(BLANKS), base=base).href)
    except (ValueError, UnicodeEncodeError):
        return ""


def _of(element: Element, base: str, depth: int) -> Iterator[Contact]:
    name, attributes, text, foreign = element
    if name == "script":
        yield from _script(attributes, text, ("href", "xlink:href") if foreign else ("src",))
    elif name == "style":
        yield from (Contact(name, "css", url) for url in css(text))
    elif name == "link":
        rels = set(attributes.get("rel", "").lower().split())
        if rels & FETCHING_RELS:
            yield Contact(name, "href", attributes.get("href", ""))
            yield from (Contact(name, "imagesrcset", url) for url in candidates(attributes.get("imagesrcset", "")))
    elif name == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh":
        found = REFRESH.match(attributes.get("content", ""))
        if found and found[1]:
            yield Contact(name, "refresh", found[1])
    elif name == "input" and attributes.get("type", "").lower() == "image":
        yield Contact(name, "src", attributes.get("src", ""))
    if name == "iframe" and "srcdoc" in attributes:
        yield from _document(name, attributes["srcdoc"], base, depth)
    else:
        for source in (FOREIGN_SOURCES if foreign else SOURCES).get(name, ()):
            if attributes.get(source):
                yield Contact(name, source, attributes[source])
                if name in ("iframe", "frame", "object", "embed"):
                    yield from _data_document(name, attributes[source], depth)
    if name in ("img", "source"):
        yield from (Contact(name, "srcset", url) for url in candidates(attributes.get("srcset", "")))
    for key, value in attributes.items():
        if key.startswith("on"):
            yield Contact(name, "script", value)
        elif key == "style":
            yield from (Contact(name, "style", url) for url in css(value))
        elif key == "background":
            yield Contact(name, key, value)
        elif key in ("ping", "attributionsrc"):
            yield from (Contact(name, key, part) for part in value.split())
        elif key in ("href", "xlink:href", "src", "data", "action", "formaction") and JAVASCRIPT.match(value):
            yield Contact(name, "script", unquote_to_bytes(value).decode("utf-8", "replace"))


def _script(attributes: dict[str, str], text: str, places: tuple[str, ...]) -> Iterator[Contact]:
    kind = attributes.get("type", "").strip() if "type" in attributes else ""
    if not kind and "type" not in attributes and attributes.get("language"):
        kind = "text/" + attributes["language"]
    if kind and not SCRIPT_TYPES.fullmatch(kind):
        if kind.lower() in ("importmap", "speculationrules"):
            yield Contact("script", "script", text)
        return
    sources = [attributes[key] for key in places if key in attributes]
    for source in sources:
        yield Contact("script", "src", source)
        found = DATA.match(source.strip(BLANKS))
        if found:
            yield Contact("script", "script", unquote_to_bytes(found[2]).decode("utf-8", "replace"))
    if not sources:
        yield Contact("script", "script", text)


def _data_document(name: str, address: str, depth: int) -> Iterator[Contact]:
    found = DATA.match(address.strip(BLANKS))
    if not found or not re.match(r"text/html|application/xhtml|image/svg", found[1].strip(), re.IGNORECASE):
        return
    body = unquote_to_bytes(found[2])
    if found[1].lower().rstrip().endswith(";base64"):
        body = base64.b64decode(body + b"==")
    yield from _document(name, body.decode("utf-8", "replace"), "about:blank", depth)


def _document(name: str, markup: str, base: str, depth: int) -> Iterator[Contact]:
    if depth > 12:
        raise AssertionError("a document nested deeper than the oracle looks")
    for elements in readings(markup):
        for contact in contacts(elements, base, depth=depth + 1):
            where = "script" if contact.where == "script" else "document"
            yield contact._replace(element=f"{name} > {contact.element}", where=where)


def css(text: str) -> list[str]:
    """The addresses in CSS: of url(), @import and image-set(), not those within strings and comments."""
    found = []
    at = 0
    while (match := CSS_TOKEN.search(text, at)) is not None:
        url = next((one for one in match.groups() if one), None)
        if url is not None:
            found.append(CSS_ESCAPE.sub(_css_character, url))
        at = match.end()
        if text[at : at + 1] in ("'", '"'):
            at += 1
    return found


def _css_character(found: re.Match[str]) -> str:
    if found[1]:
        code = int(found[1], 16)
        return chr(code) if 0 < code <= 0x10FFFF else "\ufffd"
    return str(found[2])


def candidates(value: str) -> list[str]:
    """The addresses of a srcset."""
    found = []
    at = 0
    while (match := CANDIDATE.match(value, at)) is not None:
        url = match[1]
        if url.endswith(","):
            at = match.end(1)
            url = url.rstrip(",")
        else:
            at = match.end()
        found.append(url)
    return found


# -- the question -----------------------------------------------------------------------------------------------------------


def below(*domains: str) -> Callable[[str], bool]:
    """Whether a host is one of these domains or below it."""

    def covers(host: str) -> bool:
        host = host.rstrip(".")
        return any(host == domain or host.endswith("." + domain) for domain in domains)

    return covers


def reached(
    markup: str,
    domains: tuple[str, ...],
    page: str = PAGE,
    *,
    inline: bool = True,
    read: Callable[[str], list[list[Element]]] = readings,
) -> list[Contact]:
    """What of a document goes to one of these domains, or, with ``inline``, is a script that names one."""
    covers = below(*domains)
    mention = re.compile("|".join(re.escape(domain) for domain in domains), re.IGNORECASE)
    found: list[Contact] = []
    for elements in read(markup):
        for contact in contacts(elements, page):
            if contact.where == "script":
                if inline and mention.search(contact.address):
                    found.append(contact)
            elif covers(host_of(contact.address)):
                found.append(contact)
    return found


def host_of(address: str) -> str:
    """The host of an absolute address; empty where it has none."""
    try:
        url = ada_url.URL(address)
    except (ValueError, UnicodeEncodeError):
        return ""
    return str(url.hostname) if url.protocol in ("http:", "https:", "ws:", "wss:", "ftp:") else ""


def left_in(body: bytes, content_type: str | None, page: str, domains: tuple[str, ...]) -> list[Contact]:
    """What of a response's body still goes to one of these domains, or is a script that names one."""
    kind = content_type or ""
    if "xml" in kind:
        covers = below(*domains)
        return [one for one in contacts(xml_tree(body) or [], page) if covers(host_of(one.address))]
    encoding = webencodings.lookup(kind.partition("charset=")[2]) or webencodings.UTF8
    return reached(webencodings.decode(body, encoding, "replace")[0], domains, page)
