"""Documents inside a document: ``srcdoc`` and ``data:`` addresses.

Their HTML is rewritten by the same rules, to a limited depth (R7); past it, and where a data: document holds anything to
withhold,
the attribute goes. Images are left alone: nothing loads from within one. May import this package's judge, inline and styles;
``tags`` calls it, and it calls the rewriter again.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ..findings import Finding, FindingKind
from ..limits import NESTING_DEPTH
from . import styles
from .encoding import labels as charsets
from .encoding import sniff as sniffing
from .inline import Hit, script_hit
from .judge import Judge
from .model import DocumentFacts

_DATA: Final = re.compile(r"[\x00-\x20]*[dD][aA][tT][aA]:([^,]*),(.*)", re.S)
_LINE_ENDS: Final = re.compile(r"[\t\n\r]")
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_DOCUMENTS: Final = re.compile(r"text/html|text/xsl|(?:text|application)/xml|.*\+xml")
_PARAMETER: Final = re.compile(r"([^;=]*+)(?:=(\"(?:[^\"\\]|\\.)*\"?[^;]*+|[^;]*+))?(?:;|$)")
_UTF16: Final = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}
_DEEP: Final = Finding(FindingKind.ATTRIBUTE, "", "a document nested too deep")


def data_url(text: str) -> tuple[str, str | None, bytes] | None:
    """Return a data: address's MIME essence, charset and body (WHATWG Fetch, data: URL processor), None for another address."""
    if "d" not in (head := text[:64].lower()) or ":" not in head:
        return None
    if _LINE_ENDS.search(text):
        text = text.translate({9: None, 10: None, 13: None})
    found = _DATA.match(text)
    if found is None:
        return None
    head, _, _ = found[2].partition("#")
    body = unquote_to_bytes(head.encode("utf-8", "surrogatepass"))
    kind = found[1].strip()
    essence, _, parameters = kind.partition(";")
    if re.search(r";\x20*base64$", kind, re.I):
        body = _forgiving_base64(body)
    return essence.strip().lower() or "text/plain", _charset_parameter(parameters), body


def _charset_parameter(parameters: str) -> str | None:
    """Return the first charset among a MIME type's parameters (WHATWG MIME Sniffing 4.4)."""
    for found in _PARAMETER.finditer(parameters):
        if found[1].strip().lower() == "charset":
            return (found[2] or "").strip('" \t\n\f\r')
    return None


def _forgiving_base64(body: bytes) -> bytes:
    """Decode as browsers do (WHATWG Infra, forgiving-base64): white space and padding do not matter; garbage gives nothing."""
    compact = b"".join(body.split()).rstrip(b"=")
    if _NOT_BASE64.search(compact) or len(compact) % 4 == 1:
        return b""
    try:
        return base64.b64decode(compact + b"=" * (-len(compact) % 4))
    except binascii.Error:
        return b""


def data_script(judge: Judge, text: str, charset: str | None = None) -> Hit | None:
    """Return why the script in a data: address is withheld. ``charset``: the element's own word on its encoding."""
    parts = data_url(text)
    return None if parts is None else script_hit(judge, _decoded(parts, charset).encode("utf-8", "surrogatepass"))


def _decoded(parts: tuple[str, str | None, bytes], charset: str | None) -> str:
    """Return the text of a style sheet or script: by byte order mark, the address's charset, the element's, else UTF-8."""
    _, declared, body = parts
    name = sniffing.bom(body) or charsets.encoding_of(declared) or charsets.encoding_of(charset) or "utf-8"
    if name == "replacement":
        return ""
    return body.decode(_UTF16[name], "replace") if name in _UTF16 else charsets.text(name, body)


def data_style(judge: Judge, text: str, depth: int = 0, charset: str | None = None) -> tuple[Finding, ...]:
    """Return what is to be withheld in the style sheet of a data: address."""
    parts = data_url(text)
    if parts is None:
        return ()
    if depth >= NESTING_DEPTH:
        return (_DEEP,)
    found: list[Finding] = []
    styles.without(judge, _decoded(parts, charset), found.append, "data: style sheet", depth=depth + 1)
    return tuple(finding for finding in found if finding.enforced)


def data_document(judge: Judge, text: str, depth: int) -> tuple[Finding, ...]:
    """Return what is to be withheld in the document of a data: address; empty where it may stay."""
    parts = data_url(text)
    if parts is None or not _DOCUMENTS.fullmatch(parts[0]):
        return ()
    if depth >= NESTING_DEPTH:
        return (_DEEP,)
    essence, charset, body = parts
    facts = judge.document
    syntax = "html" if essence == "text/html" else "xml"
    document = DocumentFacts(facts.scheme, facts.host, facts.path, facts.query, "xml" if syntax == "xml" else "html", charset)
    found: list[Finding] = []
    _rewrite(judge.variant(("about:blank",), None), document, body, depth + 1, found)
    return tuple(finding for finding in found if finding.enforced)


def srcdoc(judge: Judge, text: str, depth: int) -> tuple[str | None, tuple[Finding, ...]]:
    """Return the rewritten text of a ``srcdoc`` (None where nothing changes) and what was found in it."""
    if depth >= NESTING_DEPTH:
        return "", (_DEEP,)
    facts = judge.document
    document = DocumentFacts(facts.scheme, facts.host, facts.path, facts.query, "html", "utf-8")
    found: list[Finding] = []
    body = text.encode("utf-8", "surrogatepass")
    rewritten = _rewrite(judge, document, body, depth + 1, found)
    if rewritten == body:
        return None, tuple(found)
    return rewritten.decode("utf-8", "replace"), tuple(found)


def _rewrite(judge: Judge, document: DocumentFacts, body: bytes, depth: int, found: list[Finding]) -> bytes:
    from .rewriter import rewriter_for  # the one cycle: a document may hold a document

    rewriter = rewriter_for(judge, document, on_finding=found.append, depth=depth)
    return rewriter.feed(body) + rewriter.close()
