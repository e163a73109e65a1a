"""The tags and texts of a whole HTML document, one after another, for those who only look something up in it.

for token in read_tokens(body): if isinstance(token, Tag) and token.name == "html": print(token.attributes.get("lang"))

It is read by the rewriter's own tokenizer, so in linear time whatever stands in it, and never raises. One reading only, that
of a visitor without scripts, who gets the content of ``noscript``: what browsers would load is a question for ``stream``,
which follows all readings. May import this package's tokenizer, simulator, attributes, character references and encoding. The
crawl, the test kit, ``init`` and the templates' fairness read with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Final

from ..encoding.decode import Charset
from . import grammar as p
from .attributes import Attributes, attribute_names
from .charrefs import decode_text
from .tokenizer import Kind, Mode, Tokenizer
from .tree_builder_simulator import FONT_BREAKS, Switch, TreeBuilderSimulator

_STRAY: Final = re.compile(rb"(?>(?:[^<]++|<(?![a-zA-Z/!?]))*)")
"""Text, and every ``<`` that begins no markup: a million of them are one step."""
_REFERENCES_COUNT: Final = frozenset({b"title", b"textarea"})
"""Raw text in which character references are decoded (WHATWG, RCDATA)."""
_CDATA: Final = b"<![CDATA["
_MARK: Final = "\ufeff".encode()


class Tag:
    """A start or end tag."""

    def __init__(self, name: str, at: int, source: bytes, shape: bytes, names_end: int, decode: Callable[[bytes], str]) -> None:
        """``shape`` is what a tokenizer may read of ``source``; its attributes begin at ``names_end``."""
        self.at: Final = at
        """Where it begins: bytes of the document, or of the same in UTF-8 where it is read through a layer (UTF-16)."""
        self.name: Final = name
        """Lower case."""
        self.source: Final = source
        """As it stands in the document."""
        self.closing: Final = shape.startswith(b"</")
        self._read: Final = (shape, names_end, decode)

    @property
    def end(self) -> int:
        """Where it ends, counted as ``at`` is."""
        return self.at + len(self.source)

    @cached_property
    def attributes(self) -> dict[str, str]:
        """Its attributes by name, in lower case; the first of each name, character references decoded."""
        shape, names_end, decode = self._read
        read = Attributes(self.source, shape, names_end, decode)
        return {one.name.decode("utf-8", "replace"): read.value(one) for one in read.effective()}


def read_tokens(body: bytes, label: str | None = None) -> Iterator[Tag | str]:
    """Yield the tags of a document and the texts between them, in order, those of scripts and styles too; no comments.

    ``label``: the charset parameter of Content-Type; without it the document's own word counts, as in browsers.
    """
    charset = Charset(label)
    source = charset.decode(body) + charset.finish()
    shape = charset.mask(source, True)
    tokenizer, context = Tokenizer(set()), TreeBuilderSimulator()
    at, size = len(_MARK) if source.startswith(_MARK) else 0, len(shape)
    while at < size:
        start = at
        if tokenizer.mode is Mode.DATA:
            at = _STRAY.match(shape, start).end()  # type: ignore[union-attr]
            if at > start:
                yield decode_text(charset.text(source[start:at]))
                continue
            tokenizer.foreign = context.cdata and not context.html
        raw = tokenizer.raw if tokenizer.mode in (Mode.RAW, Mode.SCRIPT, Mode.PLAINTEXT) else None
        at = tokenizer.next(shape, start, True)
        tag = tokenizer.tag
        if tokenizer.kind is Kind.LONG:
            tag = p.TAG.match(shape, start)
            at = tag.end() if tag is not None else size
        elif tokenizer.kind is Kind.CDATA:
            if source[start:at] != _CDATA:
                yield charset.text(source[start:at]).removesuffix("]]>")
            continue
        elif tokenizer.kind in (Kind.RAW, Kind.TEXT):
            text = charset.text(source[start:at])
            yield decode_text(text) if raw is None or raw in _REFERENCES_COUNT else text
            continue
        elif tokenizer.kind not in (Kind.START, Kind.END):
            if tokenizer.kind in (Kind.MORE, Kind.CUT):
                return
            continue
        if tag is None:
            return
        _follow(tokenizer, context, tag)
        name = tag[2].lower().decode("utf-8", "replace")
        yield Tag(name, start, source[start:at], tag[0], tag.end(2) - start, charset.text)


def _follow(tokenizer: Tokenizer, context: TreeBuilderSimulator, tag: re.Match[bytes]) -> None:
    """Let a tag change how the rest is read."""
    name = tag[2].lower()
    if tag[1]:
        context.end(name)
        return
    if name not in p.RAW_TEXT and context.plain and name not in (b"svg", b"math", b"select", b"template", b"frameset"):
        return
    breaks = name == b"font" and not FONT_BREAKS.isdisjoint(attribute_names(tag[0], 5))
    encoding = None
    if name == b"annotation-xml":
        encoding = Attributes(tag[0], tag[0], tag.end(2) - tag.start(), lambda raw: raw.decode("latin-1")).text(b"encoding")
    closed = tag[0].endswith(b"/>") and tag.end(3) < tag.end() - 1
    switch = context.start(name, closed=closed, font=breaks, encoding=encoding.lower() if encoding else None)
    # In foreign content these are elements like others; where that cannot be known, HTML is the likelier.
    is_raw = switch is Switch.RAW or (switch is Switch.BOTH and name != b"noscript" and (context.html or context.unsure))
    if is_raw:
        tokenizer.enter(name)
