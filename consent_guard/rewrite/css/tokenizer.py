"""A resumable reader of CSS that knows where addresses stand: the tokenizer of CSS Syntax Level 3 as far as they need it.

Comments, strings, escapes (``\\75 rl(``), url tokens good and bad, at-rules, brackets inside ``image-set()``. It looks for
parentheses, quotes, ``@`` and backslashes only, so that plain declarations cost one scan. Works on bytes of any encoding that
keeps ASCII. May import ``grammar``, ``escapes`` and ``states``. ``urls`` and ``blocks`` build on it.
"""

from __future__ import annotations

from typing import Final, Literal

from . import grammar as p
from .escapes import unescape
from .states import Mode, State

Syntax = Literal["url", "string", "import", "prelude"]

CONTEXT_BYTES: Final = 128
"""Bytes before the place of reading that may matter: a function's name, or the custom property that a string belongs to."""
_NAME_BYTES: Final = 256
"""A longer name, escapes included, is none that matters."""
_NESTING: Final = 64
"""Open brackets inside image-set() that are remembered; past it every later string is judged."""

_CLOSER: Final = {0x28: 0x29, 0x5B: 0x5D, 0x7B: 0x7D}
_SPACES: Final = frozenset(b" \t\n\r\f")
_SET_FUNCTIONS: Final = frozenset({"image-set", "-webkit-image-set", "src"})


class CssScanner:
    """The tokenizer, resumable at any byte. Subclasses say what becomes of an address and of the bytes around it."""

    def __init__(self, *, attribute: bool, limit: int) -> None:
        self._attribute = attribute
        self._limit = limit
        self._buffer = bytearray()
        self._at = 0
        """Where reading goes on; what lies before is context."""
        self._state = State.TEXT
        self._mode = Mode.TOP
        self._after_set = Mode.TOP
        self._closers: list[int] = []
        self._saturated = False
        self._quote = 0x22
        self._start = 0
        """Where the text of the pending string or url token begins."""
        self._value_end = -1
        """Where a url token's text ended, once white space followed it."""
        self._wanted: Syntax | None = None
        """The pending token is an address, of this syntax."""
        self._far_only = False
        """It is one only if it may name another host."""
        self._dropping = False
        """The pending address passed the limit: it was made inert, and the rest of it is dropped."""

    # What subclasses do, by offsets of the buffer: an address stands whole; the one that begins here is too long to be held; it
    # is left out up to here.

    def _found(self, start: int, end: int, syntax: Syntax) -> None: ...

    def _overflowed(self, start: int) -> None: ...

    def _dropped(self, end: int) -> None: ...

    def scan(self, final: bool) -> None:
        """Read as far as the buffer decides."""
        while self._step(final):
            pass
        if final and (self._state in (State.STRING, State.URL) or (self._state is State.COMMENT and self._wanted)):
            # An address that the end of the sheet cuts off is fetched all the same.
            end = len(self._buffer)
            self._finish(self._value_end if self._state is State.URL and self._value_end >= 0 else end, end, True)
        elif self.holding:
            self._drop_past_limit(self._at)

    @property
    def holding(self) -> bool:
        return self._wanted is not None and self._state in (State.STRING, State.URL, State.COMMENT)

    def _drop_past_limit(self, stop: int) -> bool:
        if not self._dropping and stop - self._start > self._limit:
            self._dropping = True
            self._overflowed(self._start)
        if self._dropping:
            self._dropped(stop)
        return self._dropping

    def _finish(self, end: int, stop: int, good: bool) -> None:
        """A string or url token ended: its text at ``end``, all that was read of it at ``stop``."""
        far = not self._far_only or p.FAR.search(self._buffer, self._start, end) is not None
        if self._wanted is not None and self._drop_past_limit(stop):
            pass
        elif self._wanted == "prelude":
            # Chromium's CSS preload scanner ends a rule at any semicolon, and takes what follows for the next one.
            for found in p.LATE_IMPORT.finditer(self._buffer, self._start, end):
                self._found(*found.span(1), "import")
        elif self._wanted is not None and good and far:
            self._found(self._start, end, self._wanted)
        self._far_only = False
        self._wanted = None
        self._dropping = False
        self._state = State.TEXT

    def _step(self, final: bool) -> bool:
        """Read one thing. False: more bytes are needed."""
        state = self._state
        if state is State.TEXT:
            return self._import(final) if self._mode is Mode.IMPORT else self._text(final)
        if state is State.COMMENT:
            return self._comment()
        if state is State.STRING:
            return self._string(final)
        if state is State.URL_START:
            return self._url_start(final)
        if state is State.URL:
            return self._url(final)
        return self._bad_url(final) if state is State.BAD_URL else self._long_name(final)

    def _text(self, final: bool) -> bool:
        buffer = self._buffer
        mode = self._mode
        search = (p.TOP if mode is Mode.TOP else p.SET if mode is Mode.SET else p.PRELUDE).search
        while found := search(buffer, self._at):
            at, self._at = found.span()
            byte = buffer[at]
            if byte == 0x2F:
                self._at += 1
                self._state = State.COMMENT
                if mode is Mode.PRELUDE:
                    self._start, self._wanted = self._at, "prelude"
                if not self._comment():
                    return False
            elif byte == 0x22 or byte == 0x27:
                address = self._names_address(at) if mode is Mode.TOP else mode is Mode.SET
                whole = None if address else p.PLAIN_STRING[byte].match(buffer, at)
                prelude = mode is Mode.PRELUDE and not (whole and p.LATE_IMPORT.search(whole[0]) is None)
                if whole and not prelude and (address is False or not (p.FAR.search(whole[0]) or len(whole[0]) > self._limit)):
                    self._at = whole.end()
                    continue
                self._far_only = address is None
                self._open_string(byte, "prelude" if prelude else None if address is False else "string")
                return True
            elif byte == 0x40:
                if not (plain := p.PLAIN_RULE.match(buffer, at)):
                    return self._at_keyword(at, final)
                self._at = plain.end()
            elif byte == 0x28:
                self._function(self._name_before(at))
                return True
            elif byte == 0x5C:
                return self._escaped_name(at, final)
            elif mode is Mode.PRELUDE:
                self._mode = Mode.TOP
                return True
            else:
                self._bracket(byte)
                if self._mode is not mode:
                    return True
        # A slash may yet open a comment.
        opening = not final and len(buffer) > self._at and buffer[-1] == 0x2F
        self._at = len(buffer) - opening
        return False

    def _import(self, final: bool) -> bool:
        """After ``@import``: a string, ``url()`` or ``src()``, with nothing but white space and comments before it."""
        buffer = self._buffer
        self._at = at = self._after_space(self._at)
        if at == len(buffer):
            return False
        byte = buffer[at]
        if byte == 0x2F and at + 1 == len(buffer) and not final:
            return False
        if buffer[at : at + 2] == b"/*":
            self._state = State.COMMENT
            self._at = at + 2
            return True
        if byte == 0x22 or byte == 0x27:
            self._mode = Mode.PRELUDE
            self._at = at + 1
            self._open_string(byte, "import")
            return True
        name = self._read_name(at, final)
        if name is None:
            return False
        if name[1] and self._opens(name[0]):
            self._at = name[0] + 1
            self._function(name[1])
        else:
            self._mode = Mode.PRELUDE
        return True

    def _after_space(self, at: int) -> int:
        found = p.SPACE.match(self._buffer, at)
        return found.end() if found else at

    def _opens(self, at: int) -> bool:
        return self._buffer[at : at + 1] == b"("

    def _name_before(self, at: int) -> str:
        """Return the name that ends here; ``#`` for one of a hash or an at-keyword."""
        buffer = self._buffer
        found = p.NAME_BEFORE.match(buffer[max(0, at - CONTEXT_BYTES) : at][::-1])
        start = at - (found.end() if found else 0)
        return "#" if start and buffer[start - 1] in b"#@\\" else buffer[start:at].decode("latin-1").lower()

    def _read_name(self, at: int, final: bool) -> tuple[int, str] | None:
        """Return the end and the lower-case text of the name at this offset; the text is empty where none stands there, and
        where it is too long, which goes on as a long name. None: more bytes are needed."""
        buffer = self._buffer
        end = at
        while end - at <= _NAME_BYTES:
            found = p.NAME_RUN.match(buffer, end) or p.ESCAPED.match(buffer, end)
            if found is None:
                break
            end = found.end()
        else:
            self._state = State.NAME
            self._at = end
            return end, ""
        if not final and (end == len(buffer) or (end + 1 == len(buffer) and buffer[end] == 0x5C)):
            return None
        return end, unescape(buffer[at:end].decode("latin-1")).lower()

    def _escaped_name(self, at: int, final: bool) -> bool:
        """A name with an escape in it; ``at`` is the first backslash."""
        name = self._read_name(at, final)
        if name is None:
            self._at = at
            return False
        end, text = name
        if end == at:
            # A backslash before a line end is no escape.
            self._at = at + 1
        elif self._state is not State.NAME:
            self._at = end
            if self._opens(end):
                self._at += 1
                self._function(self._name_before(at) + text)
        return True

    def _at_keyword(self, at: int, final: bool) -> bool:
        name = self._read_name(at + 1, final)
        if name is None:
            self._at = at
            return False
        end, text = name
        if not p.NAME_START.match(self._buffer, at + 1):
            self._at = at + 1
            self._state = State.TEXT
            return True
        if text == "import" and not self._attribute:
            self._mode = Mode.IMPORT
        elif text != "function":  # whose parameters have defaults, which its result may be
            self._mode = Mode.PRELUDE
        if self._state is not State.NAME:
            self._at = end
        return True

    def _long_name(self, final: bool) -> bool:
        """The rest of a name too long to matter, and the parenthesis that it may open."""
        buffer = self._buffer
        while found := p.NAME_RUN.match(buffer, self._at) or p.ESCAPED.match(buffer, self._at):
            if found.end() == len(buffer) and not final and buffer[found.start()] == 0x5C:
                return False
            self._at = found.end()
        at = self._at
        if not final and (at == len(buffer) or (at + 1 == len(buffer) and buffer[at] == 0x5C)):
            return False
        self._state = State.TEXT
        if self._opens(at):
            self._at += 1
            self._function("")
        return True

    def _names_address(self, at: int) -> bool | None:
        """Tell whether image-set() may take the string here through var(); None: if it may name another host. Custom properties
        are set in many ways (``--x``, escaped, @property, a function's result), so every string is looked at."""
        head = bytes(self._buffer[max(0, at - CONTEXT_BYTES) : at])
        begin = max(head.rfind(b";"), head.rfind(b"{"))
        declaration = p.COMMENT.sub(b"", head[begin + 1 :])
        if declaration.rstrip().endswith(b"="):
            return False  # in an attribute selector
        if begin >= 0 and head[begin - 1 : begin] != b"\\" and p.CONTENT.match(declaration):
            return False
        return declaration.lstrip().startswith(b"--") or None

    def _function(self, name: str) -> None:
        """A parenthesis was read, and this name before it."""
        mode = self._mode
        # Browsers disagree on which characters above ASCII belong to a name: what follows the last one is read by itself.
        name = p.ABOVE_ASCII.split(name)[-1]
        if name == "url":
            self._state = State.URL_START
            self._wanted = None if mode is Mode.PRELUDE else "import" if mode is Mode.IMPORT else "url"
            if mode is Mode.IMPORT:
                self._mode = Mode.PRELUDE
        elif mode is Mode.SET:
            self._bracket(0x28)
        elif name == "src" if mode is Mode.IMPORT else mode is Mode.TOP and name in _SET_FUNCTIONS:
            self._after_set = Mode.PRELUDE if mode is Mode.IMPORT else Mode.TOP
            self._mode = Mode.SET
            self._closers = [0x29]
        elif mode is Mode.IMPORT:
            self._mode = Mode.PRELUDE

    def _bracket(self, byte: int) -> None:
        """A bracket inside image-set(): only the one that closes the innermost open one counts (CSS Syntax 3 §5.4.8)."""
        closer = _CLOSER.get(byte)
        closers = self._closers
        if closer is not None:
            if len(closers) < _NESTING:
                closers.append(closer)
            else:
                self._saturated = True
        elif not self._saturated and closers[-1] == byte:
            closers.pop()
            if not closers:
                self._mode = self._after_set

    def _comment(self) -> bool:
        end = self._buffer.find(b"*/", self._at)
        if end < 0:
            self._at = max(self._at, len(self._buffer) - 1)
            return False
        if self._wanted is not None:
            self._finish(end, end, True)
        self._at = end + 2
        self._state = State.TEXT
        return True

    def _open_string(self, quote: int, wanted: Syntax | None) -> None:
        self._state = State.STRING
        self._quote = quote
        self._start = self._at
        self._wanted = wanted

    def _judgeable(self, final: bool) -> bool:
        """Let a ``data:`` address pass, which needs no judging but after @import. False: too early to tell."""
        if self._at == self._start and self._wanted is not None and self._wanted not in ("import", "prelude"):
            head = bytes(self._buffer[self._start : self._start + 5]).lower()
            if head == b"data:":
                self._wanted = None
            return final or len(head) == 5 or not b"data:".startswith(head)
        return True

    def _string(self, final: bool) -> bool:
        buffer = self._buffer
        if not self._judgeable(final):
            return False
        found = p.STRING_STOP[self._quote].search(buffer, self._at)
        if found is None:
            self._at = len(buffer)
            return False
        stop = found.start()
        if buffer[stop] == 0x5C:
            end = self._escape(stop, final)
            if end == stop:
                # An escaped line end is no part of the string's value; CR LF is one.
                if not final and stop + 2 == len(buffer) and buffer[stop + 1] == 0x0D:
                    end = -1
                else:
                    end = stop + (3 if buffer[stop + 1 : stop + 3] == b"\r\n" else 2)
            self._at = stop if end < 0 else end
            return end >= 0
        closed = buffer[stop] == self._quote
        self._finish(stop, stop, closed)
        self._at = stop + closed
        return True

    def _url_start(self, final: bool) -> bool:
        """After ``url(``: a quote makes it a function, anything else a url token."""
        buffer = self._buffer
        self._at = at = self._after_space(self._at)
        if at == len(buffer):
            return False
        byte = buffer[at]
        if byte == 0x22 or byte == 0x27:
            if self._mode is Mode.SET:
                self._bracket(0x28)
            self._at = at + 1
            self._open_string(byte, self._wanted)
            return True
        self._start = at
        self._value_end = -1
        self._state = State.URL
        return True

    def _url(self, final: bool) -> bool:
        buffer = self._buffer
        if self._value_end >= 0:
            self._at = stop = self._after_space(self._at)
            if stop == len(buffer):
                return False
            good = buffer[stop] == 0x29
            self._finish(self._value_end, stop, good)
            self._at = stop + good
            if not good:
                self._state = State.BAD_URL
            return True
        if not self._judgeable(final):
            return False
        found = p.URL_STOP.search(buffer, self._at)
        if found is None:
            self._at = len(buffer)
            return False
        stop = found.start()
        byte = buffer[stop]
        if byte in _SPACES:
            self._value_end = self._at = stop
        elif byte == 0x29:
            self._finish(stop, stop, True)
            self._at = stop + 1
        elif byte == 0x5C and (end := self._escape(stop, final)) != stop:
            self._at = end if end > stop else stop
            return end > stop
        else:
            self._finish(stop, stop, False)
            self._at = stop + (byte != 0x5C)
            self._state = State.BAD_URL
        return True

    def _escape(self, at: int, final: bool) -> int:
        """Return the end of the escape here; ``at`` itself where it is none, -1 where more bytes are needed."""
        size = len(self._buffer)
        found = p.ESCAPED.match(self._buffer, at)
        if found is None:
            return at if at + 1 < size else size if final else -1
        return -1 if found.end() == size and not final else found.end()

    def _bad_url(self, final: bool) -> bool:
        found = p.BAD_URL_STOP.search(self._buffer, self._at)
        if found is None:
            self._at = len(self._buffer)
            return False
        stop = found.start()
        if self._buffer[stop] == 0x29:
            self._at = stop + 1
            self._state = State.TEXT
            return True
        end = self._escape(stop, final)
        self._at = stop if end < 0 else max(end, stop + 1)
        return end >= 0
