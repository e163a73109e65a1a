"""Hosts and origins: registrable domains, the Host field, same-site paths, and whether an Origin is ours.

May import nothing of the package; ``publicsuffixlist`` and ``ada_url`` are loaded on first need. Called by ``policy``,
``rewrite`` and the engine. Nothing here raises on what a visitor sends.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

HOST_CHARACTERS: Final = 253
"""The longest name that the DNS holds, without the trailing dot."""
PATH_CHARACTERS: Final = 4096
"""A longer ``next`` is not followed."""

_NAME = re.compile(r"[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*")
_IPV6 = re.compile(r"\[[0-9a-f:.]+\]")
_PORT = re.compile(r"[0-9]{1,5}")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ORIGIN = re.compile(rb"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#@\\\s]+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SOME_ORIGIN = "https://own.invalid"


@functools.cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@functools.lru_cache(maxsize=4096)
def _registrable(host: str) -> str | None:
    return _suffixes().privatesuffix(host)


def registrable_domain(host: str) -> str | None:
    """Return the public suffix of a host plus one label, or None for a suffix itself, an IP address or no host at all.

    ``host`` is lower-case ASCII without port or trailing dot. The list's private part counts, as it does in browsers
    (``a.github.io`` and ``b.github.io`` are two sites).
    """
    if not _is_name(host) or is_ip_address(host):
        return None
    return _registrable(host)


def covers(domain: str, host: str) -> bool:
    """Tell whether a host is the domain or lies below it: whether it may set and delete cookies with this Domain (RFC 6265bis
    §5.1.3). A dot before the domain counts for nothing."""
    domain = domain.removeprefix(".")
    return host == domain or host.endswith(f".{domain}")


def is_public_suffix(domain: str) -> bool:
    """True where a whole public suffix is named (``com``, ``co.uk``, ``github.io``, any lone label but ``localhost``)."""
    if not _is_name(domain) or is_ip_address(domain) or is_localhost(domain):
        return False
    return _registrable(domain) is None


def split_host(field: str) -> tuple[str, int | None]:
    """Split a Host field into a lower-case name without its trailing dot, and the port or None.

    A name that no browser would send (blanks, user information, an unclosed bracket, not ASCII) comes back as ``""``.
    """
    if not field.isascii():
        return "", None
    host = field.strip(" \t").lower()
    port: int | None = None
    head, colon, tail = host.rpartition(":")
    if colon and not tail.endswith("]"):
        if tail and not _PORT.fullmatch(tail):
            return "", None
        host = head
        port = int(tail) if tail else None
    host = host.removesuffix(".")
    if _IPV6.fullmatch(host) or _is_name(host):
        return host, port
    return "", None


def is_ip_address(host: str) -> bool:
    """True for ``[::1]`` and for a name whose last label is a number, which browsers read as IPv4 (WHATWG URL §3.5)."""
    return host.startswith("[") or _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) is not None


def is_localhost(host: str) -> bool:
    """True for names and addresses that never leave the machine (W3C Secure Contexts §3.1); browsers trust them over http."""
    if host == "localhost" or host.endswith(".localhost") or host == "[::1]":
        return True
    return host.startswith("127.") and is_ip_address(host)


def same_site_path(next: str) -> str | None:
    """Return where a redirect to ``next`` may go: a percent-encoded path of this site with its query, or None (K16, K17).

    Accepted is a path that starts with exactly one ``/``, holds no backslash and no control character, and that WHATWG
    parsing keeps on its origin; one that would become ``//…`` once its dots are resolved is refused.
    """
    if not next.startswith("/") or next.startswith("//") or len(next) > PATH_CHARACTERS:
        return None
    if "\\" in next or _CONTROL.search(next):
        return None
    import ada_url

    try:
        url = ada_url.URL(next, base=_SOME_ORIGIN)
    except (ValueError, UnicodeError):
        return None
    path = url.pathname + url.search + url.hash
    if url.origin != _SOME_ORIGIN or url.username or url.password or path.startswith("//"):
        return None
    return path if path.isascii() else None


def origin_is_ours(origin: bytes, scheme: str, host: str) -> bool:
    """True where an Origin field names the host that was asked, port included (K14).

    ``host`` is the request's Host field. The scheme of the origin is not compared: behind a proxy that ends TLS the two
    differ; it only says which port is the default one. ``null`` and anything malformed are not ours.
    """
    match = _ORIGIN.fullmatch(origin.strip(b" \t"))
    if match is None or len(origin) > PATH_CHARACTERS:
        return False
    origin_scheme = match[1].decode("ascii").lower()
    if origin_scheme not in _DEFAULT_PORTS:
        return False
    name, port = split_host(match[2].decode("latin-1"))
    own_name, own_port = split_host(host)
    if not name or name != own_name:
        return False
    defaults = {_DEFAULT_PORTS[origin_scheme], _DEFAULT_PORTS.get(scheme, _DEFAULT_PORTS[origin_scheme])}
    return port == own_port or {port, own_port} <= {None, *defaults}


def _is_name(host: str) -> bool:
    return len(host) <= HOST_CHARACTERS and _NAME.fullmatch(host) is not None
