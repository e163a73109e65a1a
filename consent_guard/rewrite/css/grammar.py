"""The patterns by which CSS is read (CSS Syntax Level 3), over bytes of any encoding that keeps ASCII.

``tokenizer`` runs them.
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = rb"A-Za-z0-9_\-\x00\x80-\xff"
_ESCAPE: Final = rb"\\(?:[0-9A-Fa-f]{1,6}(?:\r\n|[ \t\n\r\f])?|[^\n\r\f0-9A-Fa-f])"
# Each begins with one set of bytes, which re looks for quickly; what else must stand there is asked after it.
TOP: Final = re.compile(
    rb"[\"'\\@(/](?:(?<=[\"'\\])|(?<=@)(?![^\\" + _NAME + rb"])|(?<=/)(?=\*)"
    rb"|(?<=[uU][rR][lL]\()|(?<=[sS][rR][cC]\()|(?<=[gG][eE]-[sS][eE][tT]\())"
)
SET: Final = re.compile(rb"[\"'\\()\[\]{}/](?:(?<!/)|(?=\*))")
PRELUDE: Final = re.compile(rb"[\"'\\;{}(/](?:(?<=[\"'\\;{}])|(?<=/)(?=\*)|(?<=[uU][rR][lL]\())")
NAME_START: Final = re.compile(rb"--|-?(?:[A-Za-z_\x00\x80-\xff]|\\[^\n\r\f])")
NAME_RUN: Final = re.compile(rb"[" + _NAME + rb"]++")
NAME_BEFORE: Final = re.compile(rb"[" + _NAME + rb"]*+")
ESCAPED: Final = re.compile(_ESCAPE)
SPACE: Final = re.compile(rb"[ \t\n\r\f]*+")
STRING_STOP: Final = {0x22: re.compile(rb"[\"\\\n\r\f]"), 0x27: re.compile(rb"['\\\n\r\f]")}
PLAIN_STRING: Final = {0x22: re.compile(rb"\"[^\"\\\n\r\f]*+\""), 0x27: re.compile(rb"'[^'\\\n\r\f]*+'")}
# The everyday at-rules, whose preludes hold no address.
PLAIN_RULE: Final = re.compile(rb"@(?:media|font-face|page|(?:-[a-z]+-)?keyframes)(?=[^\\" + _NAME + rb"])")
URL_STOP: Final = re.compile(rb"[)\"'(\\ \t\n\r\f\x01-\x08\x0b\x0e-\x1f\x7f]")
BAD_URL_STOP: Final = re.compile(rb"[)\\]")
LATE_IMPORT: Final = re.compile(
    rb";[ \t\n\r\f]*+@import[ \t\n\r\f]*+(?:url\([ \t\n\r\f]*+)?[\"']?([^\"') \t\n\r\f;]++)", re.IGNORECASE
)
"""An @import in a string or comment of another rule's prelude."""
COMMENT: Final = re.compile(rb"/\*.*?\*/", re.S)
FAR: Final = re.compile(rb"[/:\\]")
"""In a string that may name another host; escapes may hide the rest."""
CONTENT: Final = re.compile(
    rb"[ \t\n\r\f]*+(?:content|quotes|list-style(?:-type)?|font-family|font-feature-settings)[ \t\n\r\f]*+:"
    rb"(?>(?:[^\"'()\[\]\\/\n;{}]++|\"[^\"\n\\]*+\"|'[^'\n\\]*+'|\([^\"'()\\/]*+\)|\n)*)\Z",
    re.IGNORECASE,
)
"""A declaration of ``content``, or of another property whose strings are text, as far as its next string, which no
image-set() can take. Escapes and comments leave doubt, and so do brackets: ``[;content:a]`` may be an argument."""
ABOVE_ASCII: Final = re.compile("[^\x00-\x7f]")
