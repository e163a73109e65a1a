"""What the stream offers to those who take a part of it: raw contents, ambiguous contents, oversized tags.

A protocol, so that these need not know the stream, which calls them. May import the model and the types that it speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from ..findings import Finding
from .decide.compiled_policy import CompiledPolicy
from .decide.urls import UrlPolicy
from .emit.patch_buffer import Buffer
from .encoding.decode import Charset
from .html.lookahead import Lookahead
from .html.tokenizer import Tokenizer
from .html.tree_builder_simulator import TreeBuilderSimulator
from .surroundings import Surroundings


class Reader(Protocol):
    """The stream, as its parts see it. Offsets are those of the current buffer."""

    policy: CompiledPolicy
    view: UrlPolicy
    depth: int
    charset: Charset
    tokenizer: Tokenizer
    sim: TreeBuilderSimulator
    around: Surroundings
    pos: int
    hold: int | None
    cut: bool
    """The document ended inside a token."""
    nesting: int
    """How many fragments lie around it."""
    tried: bool
    """The rest of the document was read once in both ways, and something in it is withheld."""
    content: Any
    question: Any
    lookahead: Lookahead
    left: int
    """How many bytes of the document have left before the buffer."""
    unmasked: bool
    """What the tokenizer reads is what the document holds."""

    def decode(self, raw: bytes, /) -> str:
        """Return the text behind bytes of the document."""
        ...

    def written(self, buffer: Buffer, start: int, end: int) -> bytes:
        """Return the document's own bytes, where the tokenizer may see masked ones."""
        ...

    def report(self, findings: Iterable[Finding], at: int) -> None:
        """Hand on what was found at an offset."""
        ...

    def edit(self, start: int, end: int, text: bytes = b"") -> None:
        """Replace a stretch of the buffer."""
        ...

    def apart(self, start: int) -> bytes:
        """Return what must stand in an element's place, if nothing else does."""
        ...

    def raw_end(self, name: bytes, buffer: Buffer, start: int) -> int:
        """Return where raw text from ``start`` ends in the buffer, -1 where its end has not come or is not certain."""
        ...

    def fragment(self, raw: bytes, shape: bytes, sim: TreeBuilderSimulator, at: int) -> Any:
        """Read a content that stands whole in the buffer at ``at`` as markup, beginning in ``sim``."""
        ...

    def tell(self, inner: Any) -> None:
        """Hand on what a fragment has found."""
        ...

    def accept(self, inner: Any, at: int) -> None:
        """Take what a fragment at ``at`` has found and changed."""
        ...
