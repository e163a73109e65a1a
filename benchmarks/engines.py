"""The contestants: consent_guard, and the libraries that people would otherwise use, each as its users would write the task.

The task: out of a page take every element whose address lies on a listed host. Each library looks at the same ten pairs of
element and attribute and asks the same function. A library that is not installed is listed and left out. The scripts beside
this file use `PEERS` and `guard_rewrite`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.hosts import HostList
from benchmarks.rounds import Rewrite
from consent_guard.rewrite.decide.compiled_policy import CompiledPolicy
from consent_guard.rewrite.model import DocumentFacts
from consent_guard.rewrite.page import page_rewriter

WATCHED = (
    *(("script", "src"), ("iframe", "src"), ("img", "src"), ("img", "srcset"), ("link", "href")),
    *(("embed", "src"), ("object", "data"), ("source", "src"), ("video", "src"), ("input", "src")),
)
"""Element and attribute: what a user of these libraries would think of."""
SELECTOR = ",".join(f"{element}[{attribute}]" for element, attribute in WATCHED)
DOCUMENT = DocumentFacts("https", "site.example", "/page", "", "html", "utf-8")
"""Where the pages are said to come from: as a framework sends them, with their charset."""


@dataclass(frozen=True)
class Peer:
    """One library."""

    name: str
    modules: tuple[str, ...]
    build: Callable[[HostList], Rewrite]
    slow: bool = False
    """So slow that it takes part in few rounds."""

    @property
    def missing(self) -> str:
        """The module that is not installed; empty where all are."""
        for module in self.modules:
            try:
                importlib.import_module(module)
            except ImportError:
                return module
        return ""


def guard_rewrite(rules: CompiledPolicy, allowed: frozenset[str]) -> Rewrite:
    """Return consent_guard's rewriting of a whole page, with a listener for what is found."""

    def rewrite(page: bytes) -> bytes:
        rewriter = page_rewriter(rules, allowed, DOCUMENT, on_finding=[].append)
        return rewriter.feed(page) + rewriter.close()

    return rewrite


def lolhtml(hosts: HostList) -> Rewrite:
    """lol_html, Cloudflare's streaming rewriter in Rust, through its Python binding."""
    HTMLRewriter = importlib.import_module("lolhtml").HTMLRewriter

    class Handler:
        def __init__(self, attribute: str) -> None:
            self.attribute = attribute
            self.gated = hosts.gated_set if attribute == "srcset" else hosts.gated

        def element(self, element: Any) -> None:
            if self.gated(element.get_attribute(self.attribute)):
                element.remove()

    handlers = [(f"{element}[{attribute}]", Handler(attribute)) for element, attribute in WATCHED]

    def rewrite(page: bytes) -> bytes:
        out: list[bytes] = []
        rewriter = HTMLRewriter(out.append)
        for selector, handler in handlers:
            rewriter.on(selector, handler)
        rewriter.write(page)
        rewriter.end()
        return b"".join(out)

    return rewrite


def selectolax(hosts: HostList) -> Rewrite:
    """selectolax over lexbor: a tree in C, serialised again."""
    parser = importlib.import_module("selectolax.lexbor").LexborHTMLParser

    def rewrite(page: bytes) -> bytes:
        tree = parser(page)
        for node in tree.css(SELECTOR):
            attributes = node.attributes
            if (
                hosts.gated(attributes.get("src"))
                or hosts.gated(attributes.get("href"))
                or hosts.gated(attributes.get("data"))
                or hosts.gated_set(attributes.get("srcset"))
            ):
                node.decompose()
        html: str = tree.html
        return html.encode()

    return rewrite


def beautiful_soup(features: str) -> Callable[[HostList], Rewrite]:
    """Beautiful Soup over one of its parsers: a tree of Python objects, serialised again."""

    def build(hosts: HostList) -> Rewrite:
        make = importlib.import_module("bs4").BeautifulSoup
        names = sorted({element for element, _ in WATCHED})

        def rewrite(page: bytes) -> bytes:
            soup = make(page, features)
            for tag in soup.find_all(names):
                if not tag.decomposed and (
                    any(hosts.gated(tag.get(attribute)) for attribute in ("src", "href", "data"))
                    or hosts.gated_set(tag.get("srcset"))
                ):
                    tag.decompose()
            encoded: bytes = soup.encode()
            return encoded

        return rewrite

    return build


PEERS = (
    Peer("python-lolhtml", ("lolhtml",), lolhtml),
    Peer("selectolax (lexbor)", ("selectolax.lexbor",), selectolax),
    Peer("BeautifulSoup, lxml", ("bs4", "lxml"), beautiful_soup("lxml"), slow=True),
    Peer("BeautifulSoup, html.parser", ("bs4",), beautiful_soup("html.parser"), slow=True),
)
