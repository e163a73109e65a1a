"""The grammar of one address rule, as a policy writes it, and of plain host names.

May import the policy's values and how rules are compared. The policy's readers call it; a program that builds a policy of
dataclasses may call ``parse_host_rule`` too. Grammar (DESIGN §4)::

    rule    = ( host [ path ] / path ) [ "?" query ]
    host    = [ "*." ] name / IPv4 address / "[" IPv6 address "]"
    path    = "/" segments, matched whole

Names may be in Unicode, punycode and any case; they are kept as the WHATWG URL parser spells them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from ada_url import URL
from publicsuffixlist import PublicSuffixList

from .hosts import comparable_path, comparable_query
from .model import HostRule

RULE_CHARACTERS: Final = 2048
"""The longest rule that is read."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f\\#]")
_NOT_IN_HOST: Final = re.compile(r"[\x00-\x20\x7f\\#/?%@]")
_PORT: Final = re.compile(r":[0-9]*\Z")
_IPV4: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}\Z")


class RuleFault(ValueError):
    """A rule that cannot be read: ``message`` says what is wrong, ``mend`` what mends it."""

    def __init__(self, message: str, mend: str = "") -> None:
        self.message = message
        self.mend = mend
        super().__init__(f"{message}. {mend}" if mend else message)


def is_address(host: str) -> bool:
    """Tell whether a normalised host is an IPv4 or a bracketed IPv6 address."""
    return host.startswith("[") or _IPV4.match(host) is not None


def normal_host(text: str) -> str:
    """Return a host name or address as a browser spells it: lower-case ASCII, punycode, no final dot.

    Raises RuleFault for anything else: a scheme, a port, a path, a wildcard, an empty label, an impossible name.
    """
    if not text:
        raise RuleFault("the host is empty", 'Write a host, as in "www.example.org"')
    if "://" in text:
        raise RuleFault(f"{text!r} is a whole address", "Write the host alone, without the scheme")
    if _NOT_IN_HOST.search(text):
        raise RuleFault(f"{text!r} is not a host", 'Write a host, as in "www.example.org"')
    if "*" in text:
        raise RuleFault(f"{text!r} has a * where none can stand", 'A * stands only at the beginning, as in "*.example.org"')
    if not text.endswith("]") and _PORT.search(text):
        raise RuleFault(f"{text!r} names a port", "Leave the port out: a rule holds for every port of its host")
    try:
        host = URL(f"https://{text}/").hostname.removesuffix(".")
    except ValueError:
        raise RuleFault(f"{text!r} is not a host", 'Write a host, as in "www.example.org"') from None
    if not host or len(host) > 253 or any(not label or len(label) > 63 for label in host.split(".")):
        raise RuleFault(f"{text!r} is not a host", 'Write a host, as in "www.example.org"')
    return host


@lru_cache(maxsize=1)
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def refuse_public_suffix(host: str, written: str, *, below: bool = False) -> None:
    """Raise RuleFault when a normalised host is a whole public suffix, as ``com``, ``co.uk`` and ``github.io`` are.

    A single label that the list does not know (``localhost``, a name of the local network) is refused only ``below``: where all
    names under it are meant.
    """
    if is_address(host) or host == "localhost":
        return
    if _public_suffixes().is_public(host) or (below and "." not in host):
        raise RuleFault(
            f"{written!r} is a whole public suffix: everybody's sites lie below {host}",
            f'Write the host that you mean, as in "www.example.{host}"',
        )


def parse_host_rule(text: str) -> HostRule:
    """Return the rule that ``text`` writes. Raises RuleFault."""
    if len(text) > RULE_CHARACTERS:
        raise RuleFault(f"the rule is longer than {RULE_CHARACTERS} characters", "Write a shorter one")
    if _FORBIDDEN.search(text):
        raise RuleFault(
            f"{text!r} holds a character that no rule may hold",
            'Write a host, a path and a query, as in "www.example.org/x?id="',
        )
    if "://" in text or text.startswith("//"):
        raise RuleFault(f"{text!r} is a whole address", 'Write it without the scheme, as in "www.example.org/path/"')
    address, mark, query = text.partition("?")
    name, slash, rest = address.partition("/")
    subdomains = name.startswith("*.")
    host = normal_host(name.removeprefix("*.")) if name else ""
    if subdomains and is_address(host):
        raise RuleFault(f"{text!r} asks for what lies below an address of numbers", f'Write "{host}"')
    if host:
        refuse_public_suffix(host, text, below=subdomains)
    if "*" in rest or "*" in query:
        raise RuleFault(
            f"{text!r} has a * where none can stand",
            "A path takes all that lies below it, and a query is a prefix, without any *",
        )
    if mark and not query:
        raise RuleFault(
            f"{text!r} ends in a ? without a query", "Write the beginning of the query after it, or leave the ? out"
        )
    normal = URL(f"https://h.example{slash}{rest}{mark}{query}")
    path = comparable_path(normal.pathname).rstrip("/")
    if not host and not path:
        raise RuleFault(f"{text!r} takes all of the site's own addresses", 'Write a path of your own host, as in "/gtm/"')
    return HostRule(text, host, subdomains, path, comparable_query(normal.search.removeprefix("?")))
