"""One ``Set-Cookie`` line: what browsers make of it, how long it would live, and its lifetime cut down.

Browsers differ on broken lines, so every line has two readings: RFC 6265bis §5.6 and §5.7, and Chromium's, as measured with
Chromium 156. Where they differ the caller takes the stricter. Lines are never split at a comma and never written anew: an
edit replaces single attribute values or takes out single attributes (H01 to H03, K22). Every function takes time linear in
the line. May import ``limits`` and ``wire.cookie_dates``. Called by the engine.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..limits import COOKIE_ATTRIBUTE_BYTES, COOKIE_PAIR_BYTES
from .cookie_dates import format_cookie_date, parse_chromium_date, parse_cookie_date

LIFETIME_CAP_SECONDS: Final = 400 * 24 * 60 * 60
"""Browsers shorten a longer life to this (RFC 6265bis §5.5, T03)."""

_BLANKS = b" \t"
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_TERMINATOR = re.compile(rb"[\x00\r\n]")
_RFC_MAX_AGE = re.compile(rb"-?[0-9]+")
_CHROMIUM_NUMBER = re.compile(rb"([+-]?)0*([0-9]*)")
_INT64_MAX = 2**63 - 1
_KNOWN = frozenset({b"max-age", b"expires", b"domain", b"path", b"secure", b"httponly", b"samesite", b"partitioned"})
_UNSAFE_IN_ATTRIBUTE = re.compile(r"[^\x20-\x3a\x3c-\x7e]")


class Reading(NamedTuple):
    """What one browser makes of a line."""

    accepted: bool
    """False: the browser ignores the whole line."""
    lifetime: int | None
    """Seconds from now, rounded up, capped at 400 days; None for a session cookie; zero or less deletes."""

    @property
    def deletes(self) -> bool:
        return self.accepted and self.lifetime is not None and self.lifetime <= 0

    @property
    def stores(self) -> bool:
        return self.accepted and (self.lifetime is None or self.lifetime > 0)


@dataclass(frozen=True, slots=True)
class SetCookie:
    """A Set-Cookie line as browsers read it."""

    name: bytes
    """As RFC 6265bis reads it; empty for a nameless cookie."""
    names: frozenset[bytes]
    """Every name under which the cookie can come back: a nameless cookie ``=_ga=1`` is sent back as ``_ga=1`` (K22)."""
    rfc: Reading
    chromium: Reading

    @property
    def lifetime_rfc(self) -> int | None:
        return self.rfc.lifetime

    @property
    def lifetime_chromium(self) -> int | None:
        return self.chromium.lifetime

    @property
    def deletes_everywhere(self) -> bool:
        """True where the line deletes by the standard and no reading stores anything: it may always pass (H04, rule 0.5)."""
        return self.rfc.deletes and not self.chromium.stores

    @property
    def deletes_somewhere(self) -> bool:
        return self.rfc.deletes or self.chromium.deletes


class _Attribute(NamedTuple):
    name: bytes
    """Lower case."""
    value: bytes
    segment: int
    """Its place among the parts between ``;``."""


def parse_set_cookie(line: bytes, now: float) -> SetCookie | None:
    """Read one Set-Cookie field value; ``now`` is Unix seconds.

    None where the line holds neither name nor value, so that no browser could store or delete anything. A line that browsers
    refuse for another reason (a control character, a prefix without its conditions, more than 4096 octets) still has names
    and lifetimes, in readings that are not ``accepted``: callers judge it like any other, and are right for a laxer browser.
    """
    segments = line.split(b";")
    name, value = _pair(segments[0])
    if not name and not value:
        return None
    attributes = _attributes(segments)
    last = {attribute.name: attribute.value for attribute in attributes}
    domain = last.get(b"domain", b"").removeprefix(b".").lower()
    acceptable = not _CONTROL.search(line) and len(name) + len(value) <= COOKIE_PAIR_BYTES and _allowed(last)
    rfc = (
        acceptable
        and domain.isascii()
        and _prefix_allows(name, last, host_only=not domain)
        and (bool(name) or not _has_prefix(value, (b"__secure-", b"__host-")))
    )
    chromium = (
        acceptable
        and not (not name and b"=" in value)
        and not (b"\t" in line and _inner_tab(name, value, segments))
        and _prefix_allows(name, last, host_only=not last.get(b"domain"))
        and _http_prefix_allows(name, last)
        and (bool(name) or not _has_prefix(value, (b"__secure-", b"__host-", b"__http-")))
    )
    return SetCookie(
        name=name,
        names=_names(name, value, segments[0]),
        rfc=Reading(rfc, _rfc_lifetime(attributes, now)),
        chromium=Reading(chromium, _chromium_lifetime(last, now)),
    )


def cut_lifetime(line: bytes, limit_seconds: int | None, now: float) -> bytes:
    """Return the line with no reading of it living longer than ``limit_seconds``; None makes it a session cookie.

    The same object comes back when every reading keeps to the limit. Otherwise each Max-Age and each Expires that exceeds it
    is brought down to it in place (for a session cookie: all of them go), and every other byte stays (H03, T02, S11, S12).
    """
    segments = line.split(b";")
    attributes = _attributes(segments)
    last = {attribute.name: attribute.value for attribute in attributes}
    longest = max(_rfc_lifetime(attributes, now) or 0, _chromium_lifetime(last, now) or 0)
    if longest <= (limit_seconds or 0):
        return line
    timed = [attribute for attribute in attributes if attribute.name in (b"max-age", b"expires")]
    if limit_seconds is None:
        gone = {attribute.segment for attribute in timed}
        return b";".join(segment for place, segment in enumerate(segments) if place not in gone)
    for name, value, place in timed:
        if name == b"max-age":
            if max(_rfc_max_age(value) or 0, _chromium_max_age(value) or 0) > limit_seconds:
                segments[place] = _with_value(segments[place], value, b"%d" % limit_seconds)
        elif max(parse_cookie_date(value) or 0, parse_chromium_date(value) or 0) > now + limit_seconds:
            segments[place] = _with_value(segments[place], value, format_cookie_date(now + limit_seconds))
    return b";".join(segments)


def deletion_line(name: bytes, domain: str, path: str, secure: bool, partitioned: bool = False) -> bytes | None:
    """Return a Set-Cookie value that deletes one cookie under every reading, or None where no browser can hold that name.

    Identity is name, Domain and Path (H07): an empty ``domain`` is the host-only cookie, an empty ``path`` means ``/``; and a
    cookie set with ``Partitioned`` lies beside its namesake that was not (H08). What a name's prefix demands is added, since
    browsers ignore the line without it; ``Partitioned`` brings Secure with it.
    Raises ValueError where Domain or Path could not stand in a header (K17).
    """
    if re.search(rb"[\x00-\x1f\x7f;=]", name) or len(name) > COOKIE_PAIR_BYTES or name != name.strip(_BLANKS):
        return None
    if _UNSAFE_IN_ATTRIBUTE.search(domain) or _UNSAFE_IN_ATTRIBUTE.search(path):
        raise ValueError("a Domain or Path of a cookie holds a character that may not stand there")
    host_bound = _has_prefix(name, (b"__host-",))
    http_bound = _has_prefix(name, (b"__http-", b"__host-http-"))
    # A nameless cookie with an empty value is ignored, so that its deletion needs a value.
    parts = [name + b"=" if name else b"=deleted"]
    parts.append(b"Path=" + (b"/" if host_bound else path.encode("ascii") or b"/"))
    if domain and not host_bound:
        parts.append(b"Domain=" + domain.encode("ascii"))
    parts += [b"Max-Age=0", b"Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
    if secure or partitioned or host_bound or http_bound or _has_prefix(name, (b"__secure-",)):
        parts.append(b"Secure")
    if http_bound:
        parts.append(b"HttpOnly")
    if partitioned:
        parts.append(b"Partitioned")
    return b"; ".join(parts)


def _pair(segment: bytes) -> tuple[bytes, bytes]:
    """Name and value of the part before the first ``;`` (§5.6, steps 3 and 4); no ``=`` makes a nameless cookie."""
    name, equals, value = segment.partition(b"=")
    return (name.strip(_BLANKS), value.strip(_BLANKS)) if equals else (b"", name.strip(_BLANKS))


def _names(name: bytes, value: bytes, segment: bytes) -> frozenset[bytes]:
    names = {name}
    if not name:
        names.add(value.partition(b"=")[0].rstrip(_BLANKS))
    if end := _TERMINATOR.search(segment):
        # Some browsers end the line at such a character instead of ignoring it.
        names.add(_pair(segment[: end.start()])[0])
    return frozenset(names)


def _attributes(segments: list[bytes]) -> list[_Attribute]:
    """The known attributes in order; those with a value over 1024 octets are ignored by every reading (§5.6, step 6)."""
    attributes: list[_Attribute] = []
    for place, segment in enumerate(segments):
        if not segment or not place:
            continue
        name, _, value = segment.partition(b"=")
        name = name.strip(_BLANKS).lower()
        if name in _KNOWN and len(value := value.strip(_BLANKS)) <= COOKIE_ATTRIBUTE_BYTES:
            attributes.append(_Attribute(name, value, place))
    return attributes


def _with_value(segment: bytes, old: bytes, new: bytes) -> bytes:
    name, _, rest = segment.partition(b"=")
    blanks = len(rest) - len(rest.lstrip(_BLANKS))
    return name + b"=" + rest[:blanks] + new + rest[blanks + len(old) :]


def _has_prefix(text: bytes, prefixes: tuple[bytes, ...]) -> bool:
    return text[:16].lower().startswith(prefixes)


def _allowed(last: dict[bytes, bytes]) -> bool:
    """SameSite=None and Partitioned are only for Secure cookies (§5.7 step 19; CHIPS)."""
    if b"secure" in last:
        return True
    return b"partitioned" not in last and last.get(b"samesite", b"").lower() != b"none"


def _prefix_allows(name: bytes, last: dict[bytes, bytes], *, host_only: bool) -> bool:
    """``__Secure-`` and ``__Host-`` in any case of letters (§5.7, steps 20 and 21)."""
    if _has_prefix(name, (b"__secure-",)):
        return b"secure" in last
    if _has_prefix(name, (b"__host-",)):
        return b"secure" in last and host_only and last.get(b"path") == b"/"
    return True


def _http_prefix_allows(name: bytes, last: dict[bytes, bytes]) -> bool:
    """``__Http-`` and ``__Host-Http-`` need Secure and HttpOnly; Chromium has them, RFC 6265bis does not."""
    if _has_prefix(name, (b"__http-", b"__host-http-")):
        return b"secure" in last and b"httponly" in last
    return True


def _inner_tab(name: bytes, value: bytes, segments: list[bytes]) -> bool:
    """A tab inside a name, a value or an attribute makes Chromium drop the line; round them it is a blank."""
    if b"\t" in name or b"\t" in value:
        return True
    for segment in segments[1:]:
        if b"\t" in segment:
            left, _, right = segment.partition(b"=")
            if b"\t" in left.strip(_BLANKS) or b"\t" in right.strip(_BLANKS):
                return True
    return False


def _rfc_lifetime(attributes: list[_Attribute], now: float) -> int | None:
    """The last valid Max-Age, else the last valid Expires (§5.6.1, §5.6.2, §5.7 step 6)."""
    for name, value, _ in reversed(attributes):
        if name == b"max-age" and (seconds := _rfc_max_age(value)) is not None:
            return min(seconds, LIFETIME_CAP_SECONDS)
    for name, value, _ in reversed(attributes):
        if name == b"expires" and (date := parse_cookie_date(value)) is not None:
            return _until(date, now)
    return None


def _chromium_lifetime(last: dict[bytes, bytes], now: float) -> int | None:
    """The last Max-Age where it can be read, else the last Expires, valid or not."""
    seconds = _chromium_max_age(last.get(b"max-age", b""))
    if seconds is not None:
        return min(seconds, LIFETIME_CAP_SECONDS)
    date = parse_chromium_date(last.get(b"expires", b""))
    return None if date is None else _until(date, now)


def _until(date: float, now: float) -> int:
    return min(math.ceil(date - now), LIFETIME_CAP_SECONDS)


def _rfc_max_age(value: bytes) -> int | None:
    if not _RFC_MAX_AGE.fullmatch(value):
        return None
    return _chromium_max_age(value)


def _chromium_max_age(value: bytes) -> int | None:
    """A sign and digits as Chromium converts them: what overflows saturates, even with other characters after it."""
    match = _CHROMIUM_NUMBER.match(value)
    if match is None or (not value[:1].strip(b"+-") and not value[1:2].isdigit()):
        return None
    sign, digits = match[1], match[2]
    number = int(digits[:20] or b"0")
    if number > _INT64_MAX or (number == _INT64_MAX and sign != b"-"):
        return -_INT64_MAX if sign == b"-" else _INT64_MAX
    if match.end() != len(value):
        return None
    return -number if sign == b"-" else number
