"""Where an inline script speaks of a listed host: the tests behind ``inline_scripts`` (DESIGN §4, §6).

``MentionFinder`` answers ``"mention"`` (a gated host stands in the script), ``SignatureFinder`` answers ``"signature"`` (a
service's host and its global both stand there). Both look for the dot before a known last label and walk back from it, so a
script without any costs one scan, however many hosts are listed. Hosts are read as text: a host that a script puts together
from pieces is not seen.

May import the policy's values. Called by the rewriter for inline scripts, event handlers and ``javascript:`` addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes

from ...policy.model import Service
from .flow import stands_in_code
from .tokenizer import mask

HOST_BYTES: Final = 253
"""The longest host name (RFC 1035 §2.3.4); a walk back never goes further."""
_ESCAPE_BYTES: Final = 6
"""The longest spelling of one character: ``\\u002F``."""
_PORT_BYTES: Final = 6


class Matched(Protocol):
    """What a host rule answers."""

    @property
    def service(self) -> str: ...

    @property
    def rule(self) -> str: ...


class HostRules(Protocol):
    """The part of ``policy.hosts.HostIndex`` that this module needs."""

    def mention_hosts(self) -> tuple[tuple[str, bool], ...]: ...

    def match(self, host: str, path: str, query: str) -> Matched | None: ...


@dataclass(frozen=True, slots=True)
class Mention:
    """A listed host that stands in a script."""

    start: int
    """Offset of the host's first byte."""
    end: int
    """Offset after its last byte."""
    host: str
    """Lower-case ASCII."""
    service: str
    rule: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A service's host and global that both stand in a script."""

    service: str
    host: str
    rule: str
    """The signature's host, as the policy writes it."""
    global_: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A host that stands in a text, and what follows it there."""

    start: int
    end: int
    host: str
    path: str
    query: str


_HOST_BYTE: Final = rb"A-Za-z0-9_\-"
_WALK: Final = re.compile(rb"[A-Za-z0-9_.\-\x80-\xff]*+")
_UNICODE_WALK: Final = re.compile(r"[\w.\-\u3002\u200c\u200d]*+")
_PORT: Final = re.compile(rb":[0-9]{1,5}")
_CUT: Final = re.compile(rb"[^\s\"'`<>\\\x00-\x20]*+")
_ESCAPED: Final = re.compile(rb"\\(?:/|x([0-9A-Fa-f]{2})|u00([0-9A-Fa-f]{2}))")
_ESCAPE_BEFORE: Final = re.compile(rb"u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[bfnrtv0]")
_HEX_PAIR: Final = re.compile(rb"[0-9A-Fa-f]{2}")


def _any_case(byte: int) -> bytes:
    text = bytes((byte,))
    return b"[" + text.lower() + text.upper() + b"]" if text.isalpha() else re.escape(text)


def _trie_pattern(words: Iterable[bytes]) -> bytes:
    """Return a pattern that matches exactly these words in any ASCII case; shared heads are written once, since ``re`` tries an
    alternation one by one."""
    ends = False
    tails: dict[int, list[bytes]] = {}
    for word in words:
        if word:
            tails.setdefault(word[0], []).append(word[1:])
        else:
            ends = True
    if not tails:
        return b""
    branches = [_any_case(first) + _trie_pattern(rest) for first, rest in sorted(tails.items())]
    pattern = branches[0] if len(branches) == 1 and not ends else b"(?:" + b"|".join(branches) + b")"
    return pattern + b"?" if ends else pattern


def _unicode_form(host: str) -> str:
    """Return the Unicode spelling of a host with ``xn--`` labels, or the host itself."""
    if "xn--" not in host:
        return host
    labels = []
    for label in host.split("."):
        if label.startswith("xn--"):
            try:
                label = label[4:].encode("ascii").decode("punycode")
            except UnicodeError:
                return host
        labels.append(label)
    return ".".join(labels)


def _ascii_form(host: str) -> str | None:
    """Return the ASCII spelling that a browser resolves, or None where there is none."""
    from ada_url import idna_to_ascii

    try:
        return idna_to_ascii(host).decode("ascii") or None
    except ValueError:
        return None


class HostScanner:
    """Finds listed hosts in text. The one scan behind both finders. Immutable and thread-safe; built once per policy."""

    def __init__(self, hosts: Iterable[tuple[str, bool]], ahead: int = 256) -> None:
        """``hosts``: names, and whether the hosts below them count too."""
        self.ahead = ahead
        """How many bytes after a host may matter to the decision."""
        self._exact: set[str] = set()
        self._below: set[str] = set()
        self._tails: set[bytes] = set()
        """The last bytes of every host, up to two before its last dot: one look-up turns most property accesses away."""
        self._any_tail = False
        labels: set[bytes] = set()
        literals: set[bytes] = set()
        for host, subdomains in hosts:
            self._exact.add(host)
            if subdomains:
                self._below.add(host)
            if host.startswith("["):
                literals.add(host.encode("ascii"))
                continue
            if "." not in host:
                literals.add(b"//" + host.encode("ascii"))
                literals.add(rb"\/\/" + host.encode("ascii"))
            if "." in host or subdomains:
                for spelling in (host, _unicode_form(host)):
                    head, dot, label = spelling.rpartition(".")
                    labels.add(label.encode("utf-8"))
                    self._tails.add((head.rpartition(".")[2][-2:] + dot + label).encode("utf-8"))
                    self._any_tail |= not dot
        not_extended = rb"(?![" + _HOST_BYTE + rb"(=]|\.[" + _HOST_BYTE + rb"])"
        self._dots = re.compile(rb"\." + _trie_pattern(labels) + not_extended) if labels else None
        # A host of one label is an everyday word: it counts only where an address is written, after two slashes.
        self._literals = re.compile(b"(?:" + _trie_pattern(literals) + b")" + not_extended) if literals else None

    def sightings(self, text: bytes, final: bool) -> Iterator[Sighting]:
        """Yield the hosts in the order in which they end, the one-label ones and IPv6 addresses last. Where ``final`` is false,
        a host too near to the end of ``text`` is not yielded."""
        horizon = len(text) if final else len(text) - self.ahead
        tails = self._tails
        if self._dots is not None:
            for found in self._dots.finditer(text):
                dot, end = found.span()
                if end > horizon:
                    break
                tail = text[dot - 2 if dot > 2 else 0 : end].lower()
                if tail not in tails and tail[1:] not in tails and tail.isascii() and not self._any_tail:
                    continue
                for start, host in self._hosts_ending(text, dot, end):
                    path, query = self._address(text, end)
                    yield Sighting(start, end, host, path, query)
        if self._literals is not None:
            for found in self._literals.finditer(text):
                end = found.end()
                if end > horizon:
                    break
                written = found.group().lstrip(b"/\\")
                path, query = self._address(text, end)
                yield Sighting(end - len(written), end, written.decode("ascii").lower(), path, query)

    def may_speak(self, text: bytes) -> bool:
        """Tell whether some listed host may stand in the text: the question before all that costs more."""
        if self._dots is not None:
            tails, any_tail = self._tails, self._any_tail
            for found in self._dots.finditer(text):
                dot, end = found.span()
                tail = text[dot - 2 if dot > 2 else 0 : end].lower()
                if tail in tails or tail[1:] in tails or any_tail or not tail.isascii():
                    return True
        return self._literals is not None and self._literals.search(text) is not None

    def _hosts_ending(self, text: bytes, dot: int, end: int) -> Iterator[tuple[int, str]]:
        """Yield the listed readings of the host whose last dot and end these are: the whole run of host characters, and without
        an escape's own characters before it (``%2Fwww…``, ``\\nwww…``)."""
        floor = max(0, end - HOST_BYTES)
        before = text[floor:dot][::-1]
        run = _WALK.match(before)
        start = dot - (run.end() if run else 0)
        host = text[start:end]
        if not host.isascii():
            yield from self._unicode_hosts(host, end)
            return
        # A leading dot ("'//' + sub + '.x.example'") is glued to something: x itself stands for all below it.
        cut = 0
        if start and text[start - 1] == 0x25:
            cut = 2 if _HEX_PAIR.match(host) else 0
        elif start and text[start - 1] == 0x5C:
            escape = _ESCAPE_BEFORE.match(host)
            cut = escape.end() if escape else 0
        for skipped in (cut, 0) if cut else (0,):
            name = host[skipped:].lstrip(b".").decode("ascii").lower()
            if self._listed(name):
                yield end - len(name), name
                return

    def _unicode_hosts(self, host: bytes, end: int) -> Iterator[tuple[int, str]]:
        """As ``_hosts_ending`` for a run with bytes above ASCII: the host in Unicode, or its tail after a character that no
        host holds, such as a typographic quote."""
        text = host.decode("utf-8", "replace")
        run = _UNICODE_WALK.match(text[::-1])
        tail = text[len(text) - (run.end() if run else 0) :].lstrip(".")
        name = tail.lower() if tail.isascii() else _ascii_form(tail)
        if name and self._listed(name):
            yield end - len(tail.encode("utf-8")), name

    def _listed(self, name: str) -> bool:
        """Whether some rule may cover this host."""
        if name in self._exact:
            return True
        below = self._below
        while name:
            if name in below:
                return True
            name = name.partition(".")[2]
        return False

    def _address(self, text: bytes, end: int) -> tuple[str, str]:
        """Return path and query as they stand after the host; ``/`` where none does."""
        rest = text[end : end + self.ahead]
        if rest.startswith(b"%"):
            rest = unquote_to_bytes(rest)
        rest = _ESCAPED.sub(_unescape, rest)
        if rest.startswith(b"."):
            rest = rest[1:]
        port = _PORT.match(rest)
        if port:
            rest = rest[port.end() :]
        cut = _CUT.match(rest)
        address = (cut.group() if cut else b"").partition(b"#")[0].decode("latin-1")
        path, _, query = address.partition("?")
        return (path if path.startswith("/") else "/"), query


def _unescape(found: re.Match[bytes]) -> bytes:
    code = found.group(1) or found.group(2)
    return bytes((int(code, 16),)) if code else b"/"


class MentionFinder:
    """Finds mentions of listed hosts in script text. Immutable and thread-safe; built once per policy.

    A host is taken whole: what precedes it in the same run of host characters belongs to it, so ``notgoogle-analytics.com`` is
    no mention, and neither is ``google-analytics.com.example.org``. Which rule covers it, path and query included, is the
    index's word. ``\\/`` counts as ``/``; a host without a path is read as its root.
    """

    def __init__(self, index: HostRules, scanner: HostScanner | None = None) -> None:
        """``scanner``: one that finds this index's hosts, where others share it."""
        self._index = index
        self._scanner = scanner or HostScanner(index.mention_hosts())

    @property
    def max_span(self) -> int:
        """Bytes of overlap that keep a search over windows exact: prepend this many of the text's last bytes to the next
        window, and search every window but the last with ``final=False``."""
        return HOST_BYTES + self._scanner.ahead + _ESCAPE_BYTES + 2

    def first(self, text: bytes, gated: Callable[[str], bool], *, final: bool = True) -> Mention | None:
        """Return the first mention of a host whose service ``gated`` accepts (by id), or None. Never raises for any text.

        ``final``: whether the text ends here. If not, a host so near to the end that what follows may change the reading is
        left for the next window.
        """
        return next((mention for mention in self.each(text, final=final) if gated(mention.service)), None)

    def each(self, text: bytes, *, final: bool = True) -> Iterator[Mention]:
        """Yield all mentions of listed hosts, as ``first`` takes them."""
        return self.among(self._scanner.sightings(text, final))

    def among(self, sightings: Iterable[Sighting]) -> Iterator[Mention]:
        """Yield the mentions among hosts that were seen."""
        for seen in sightings:
            match = self._index.match(seen.host, seen.path, seen.query)
            if match is not None:
                yield Mention(seen.start, seen.end, seen.host, match.service, match.rule)


@dataclass(frozen=True, slots=True)
class _Mark:
    service: str
    text: str
    host: str
    subdomains: bool
    path: str
    query: str
    global_: str

    @property
    def specificity(self) -> tuple[bool, int, int, int]:
        return not self.subdomains, len(self.host), len(self.path), len(self.query)

    def covers(self, seen: Sighting) -> bool:
        host = self.host
        if seen.host != host and not (self.subdomains and seen.host.endswith("." + host)):
            return False
        if self.path and seen.path != self.path and not seen.path.startswith(self.path.rstrip("/") + "/"):
            return False
        return seen.query.startswith(self.query)


def _mark(service: str, text: str, global_: str) -> _Mark:
    address, _, query = text.partition("?")
    host, slash, path = address.partition("/")
    subdomains = host.startswith("*.")
    host = (host[2:] if subdomains else host).lower().rstrip(".")
    if not host.isascii():
        host = _ascii_form(host) or host
    return _Mark(service, text, host, subdomains, slash + path, query, global_)


def _marks(services: Sequence[Service]) -> list[_Mark]:
    return [_mark(service.id, mark.host, mark.global_) for service in services for mark in service.inline]


def signature_hosts(services: Sequence[Service]) -> list[tuple[str, bool]]:
    """Return the hosts of the services' signatures, as a scanner takes them."""
    return [(mark.host, mark.subdomains) for mark in _marks(services) if mark.host and mark.host.isascii()]


class _Masked:
    """A script, masked on need, and which globals stand in it: each is looked for once, however often its host is named."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._known = {"": True}

    @cached_property
    def code(self) -> bytes:
        return mask(self._text)

    def holds(self, name: str) -> bool:
        known = self._known.get(name)
        if known is None:
            known = name.encode("utf-8") in self._text and stands_in_code(self._text, name, self.code)
            self._known[name] = known
        return known


class SignatureFinder:
    """Finds services by the two marks of their inline snippets. Immutable and thread-safe; built once per policy."""

    def __init__(self, services: Sequence[Service], scanner: HostScanner | None = None) -> None:
        """``scanner``: one that finds ``signature_hosts`` of these services, where others share it."""
        marks = _marks(services)
        self._exact: dict[str, list[_Mark]] = {}
        self._below: dict[str, list[_Mark]] = {}
        for mark in marks:
            self._exact.setdefault(mark.host, []).append(mark)
            if mark.subdomains:
                self._below.setdefault(mark.host, []).append(mark)
        self._scanner = scanner or HostScanner(signature_hosts(services))

    def first(self, text: bytes, gated: Callable[[str], bool]) -> Signature | None:
        """Return the first signature, by the place of its host, whose service ``gated`` accepts (by id), or None. A global
        counts as ``stands_in_code`` says. Never raises for any text."""
        return next((signature for signature in self.each(text) if gated(signature.service)), None)

    def each(self, text: bytes) -> Iterator[Signature]:
        """Yield all signatures, by the places of their hosts."""
        return self.among(text, self._scanner.sightings(text, True))

    def among(self, text: bytes, sightings: Iterable[Sighting]) -> Iterator[Signature]:
        """Yield the signatures of which these hosts were seen in a text."""
        script = _Masked(text)
        for seen in sightings:
            marks = self._deciding(seen, script)
            if marks and script.code[seen.start] != 0x20:
                for mark in marks:
                    yield Signature(mark.service, seen.host, mark.text, mark.global_)

    def _deciding(self, seen: Sighting, script: _Masked) -> list[_Mark]:
        """Return the marks that a sighting and its script bear out; of several for one global the most specific (DESIGN §4)."""
        best: dict[str, list[_Mark]] = {}
        for mark in self._candidates(seen.host):
            if mark.covers(seen) and script.holds(mark.global_):
                rivals = best.setdefault(mark.global_, [mark])
                if mark.specificity > rivals[0].specificity:
                    rivals[:] = [mark]
                elif mark.specificity == rivals[0].specificity and mark is not rivals[0]:
                    rivals.append(mark)
        return [mark for rivals in best.values() for mark in rivals]

    def _candidates(self, host: str) -> Iterator[_Mark]:
        yield from self._exact.get(host, ())
        while host := host.partition(".")[2]:
            yield from self._below.get(host, ())
