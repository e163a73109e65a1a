"""``data:`` addresses: the type, encoding and bytes that stand in them (WHATWG Fetch, data: URL processor).

Knows no policy. May import encoding.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from .encoding import labels, sniff

_BLANKS: Final = "".join(map(chr, range(0x21)))
_INNER: Final = {9: None, 10: None, 13: None}
"""What the URL parser drops wherever it stands."""
_DATA: Final = re.compile(r"data:([^,]*),(.*)", re.S | re.I)
_MAY_BE: Final = re.compile(r"[dD][\t\n\r]*[aA][\t\n\r]*[tT][\t\n\r]*[aA][\t\n\r]*:")
_BASE64: Final = re.compile(r";\x20*base64$", re.I)
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_DOCUMENTS: Final = re.compile(r"text/html|text/xsl|(?:text|application)/xml|.*\+xml")
_PARAMETER: Final = re.compile(r"([^;=]*+)(?:=(\"(?:[^\"\\]|\\.)*\"?[^;]*+|[^;]*+))?(?:;|$)")
_UTF16: Final = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}


class DataUrl(NamedTuple):
    """What stands in a data: address."""

    essence: str
    """The MIME type, lower case."""
    charset: str | None
    body: bytes

    @property
    def document(self) -> bool:
        """True where a browser shows it as HTML or XML."""
        return _DOCUMENTS.fullmatch(self.essence) is not None

    @property
    def xml(self) -> bool:
        """True for every document but HTML."""
        return self.essence != "text/html"

    def text(self, charset: str | None = None) -> str:
        """Return the text of a style sheet or script: by byte order mark, the address's charset, the element's, else UTF-8."""
        name = sniff.bom(self.body) or labels.encoding_of(self.charset) or labels.encoding_of(charset) or "utf-8"
        if name == "replacement":
            return ""
        if name in _UTF16:
            return self.body.decode(_UTF16[name], "replace")
        return labels.text(name, self.body)


def data_url(text: str) -> DataUrl | None:
    """Return what stands in a data: address, None for another address."""
    plain = text.lstrip(_BLANKS)
    if _MAY_BE.match(plain) is None:
        return None
    found = _DATA.match(plain.translate(_INNER))
    if found is None:
        return None
    written, _, _ = found[2].partition("#")
    body = unquote_to_bytes(written.encode("utf-8", "surrogatepass"))
    # Chromium takes data://text/html, for data:text/html, as it takes any number of slashes after a scheme.
    kind = found[1].lstrip("/").strip()
    essence, _, parameters = kind.partition(";")
    if _BASE64.search(kind):
        body = _forgiving_base64(body)
    return DataUrl(essence.strip().lower() or "text/plain", _charset_parameter(parameters), body)


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
