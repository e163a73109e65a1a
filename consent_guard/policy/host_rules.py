"""The grammar of one address rule, as a policy writes it, and of plain host names.

May import the wire layer, the policy's values and how rules are compared. The policy's readers call it; a program that builds
a policy of dataclasses may call ``parse_host_rule`` too. Grammar (DESIGN §4)::

    rule    = ( host [ path ] / path ) [ "?" query ]
    host    = [ "*." ] name [ ".*" ] / IPv4 address / "[" IPv6 address "]"
    path    = "/" segments, matched whole

``name.*`` is the name under ``com`` and every country's domain (``countries``). Names may be in Unicode, punycode and any case;
they are kept as the WHATWG URL parser spells them.
"""

from __future__ import annotations

import re
from typing import Final

from ada_url import URL

from ..wire.origins import is_ip_address, is_public_suffix
from .hosts import comparable_path, comparable_query
from .model import HostRule

RULE_CHARACTERS: Final = 2048
"""The longest rule that is read."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\x7f\\#]")
_NOT_IN_HOST: Final = re.compile(r"[\x00-\x20\x7f\\#/?%@]")
_PLAIN_HOST: Final = re.compile(r"(?!.*--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9]{1,61}\Z", re.ASCII)
"""A name that the URL parser leaves as it is: most rules, which this spares it."""
_PORT: Final = re.compile(r":[0-9]*\Z")
_PORT_MAX: Final = 65_535
_IN_SOURCE: Final = re.compile(r"[a-z0-9_.-]+\Z", re.ASCII)


class RuleFault(ValueError):
    """A rule that cannot be read: ``message`` says what is wrong, ``mend`` what mends it."""

    def __init__(self, message: str, mend: str = "") -> None:
        self.message = message
        self.mend = mend
        super().__init__(f"{message}. {mend}" if mend else message)


def normal_host(text: str) -> str:
    """Return a host name or address as a browser spells it: lower-case ASCII, punycode, no final dot.

    Raises RuleFault for anything else: a scheme, a port, a path, a wildcard, an empty label, an impossible name.
    """
    if len(text) <= 253 and _PLAIN_HOST.match(text):
        return text
    if not text:
        raise RuleFault("the host is empty", 'Write a host, as in "www.example.org"')
    if "://" in text:
        raise RuleFault(f"{text!r} is a whole address", "Write the host alone, without the scheme")
    if _NOT_IN_HOST.search(text):
        raise RuleFault(f"{text!r} is not a host", 'Write a host, as in "www.example.org"')
    if "*" in text:
        raise RuleFault(
            f"{text!r} has a * where none can stand",
            'A * stands at the beginning, as in "*.example.org", or for the country at the end, as in "www.example.*"',
        )
    if not text.endswith("]") and _PORT.search(text):
        raise RuleFault(f"{text!r} names a port", "Leave the port out: a rule holds for every port of its host")
    try:
        host = URL(f"https://{text}/").hostname.removesuffix(".")
    except ValueError:
        raise RuleFault(f"{text!r} is not a host", 'Write a host, as in "www.example.org"') from None
    if not host or len(host) > 253 or any(not label or len(label) > 63 for label in host.split(".")):
        raise RuleFault(f"{text!r} is not a host", 'Write a host, as in "www.example.org"')
    return host


def refuse_public_suffix(host: str, written: str) -> None:
    """Raise RuleFault when a normalised host is a whole public suffix, as ``com``, ``co.uk`` and ``github.io`` are.

    So is any lone label but ``localhost``, by the list's own default rule.
    """
    if is_public_suffix(host):
        raise RuleFault(
            f"{written!r} is a whole public suffix: everybody's sites lie below {host}",
            f'Write the host that you mean, as in "www.example.{host}"',
        )


def host_source(text: str) -> str:
    """Return one member of ``csp_allow``, ``host`` or ``*.host``, each with ``:port``, as a Content-Security-Policy writes it.
    Raises RuleFault."""
    name, colon, port = text.rpartition(":")
    if not colon or not (port == "*" or (port.isascii() and port.isdigit() and len(port) <= 5)):
        name, colon, port = text, "", ""
    elif port != "*" and not 0 < int(port) <= _PORT_MAX:
        raise RuleFault(f"{text!r} names a port that is none")
    else:
        port = port.lstrip("0")
    below = "*." if name.startswith("*.") else ""
    host = normal_host(name.removeprefix("*."))
    refuse_public_suffix(host, text)
    if not _IN_SOURCE.match(host) or (below and is_ip_address(host)):
        raise RuleFault(f"{text!r} is nothing that a Content-Security-Policy can name")
    return f"{below}{host}{colon}{port}"


def parse_host_rule(text: str) -> HostRule:
    """Return the rule that ``text`` writes. Raises RuleFault."""
    if len(text) > RULE_CHARACTERS:
        raise RuleFault(f"the rule is longer than {RULE_CHARACTERS} characters", "Write a shorter one")
    if _FORBIDDEN.search(text):
        raise RuleFault(
            f"{text!r} holds a character that no rule may hold",
            'Write a host, a path and a query, as in "www.example.org/x?id="',
        )
    if "://" in text.partition("?")[0] or text.startswith("//"):
        raise RuleFault(f"{text!r} is a whole address", 'Write it without the scheme, as in "www.example.org/path/"')
    address, mark, query = text.partition("?")
    name, slash, rest = address.partition("/")
    subdomains = name.startswith("*.")
    countries = name.endswith(".*")
    host = normal_host(name.removeprefix("*.").removesuffix(".*")) if name or not slash else ""
    if countries:
        if is_ip_address(host):
            raise RuleFault(f"{text!r} asks for an address of numbers in every country", f'Write "{host}"')
        if any(is_public_suffix(f"{host}.{country}") for country in ("com", "uk", "br", "tr")):
            raise RuleFault(
                f"{text!r} takes whole public suffixes, below which everybody's sites lie",
                'Write the name that stands before the country, as in "www.example.*"',
            )
        host = f"{host}.*"
    if subdomains and is_ip_address(host):
        raise RuleFault(f"{text!r} asks for what lies below an address of numbers", f'Write "{host}"')
    if host and not countries:
        refuse_public_suffix(host, text)
    if "*" in rest or "*" in query:
        raise RuleFault(
            f"{text!r} has a * where none can stand",
            "A path takes all that lies below it, and a query is a prefix, without any *",
        )
    if mark and not query:
        raise RuleFault(
            f"{text!r} ends in a ? without a query", "Write the beginning of the query after it, or leave the ? out"
        )
    if host and not rest and not mark:
        return HostRule(text, host, subdomains)
    normal = URL(f"https://h.example{slash}{rest}{mark}{query}")
    path = comparable_path(normal.pathname).rstrip("/")
    if not host and not path:
        raise RuleFault(f"{text!r} takes all of the site's own addresses", 'Write a path of your own host, as in "/gtm/"')
    return HostRule(text, host, subdomains, path, comparable_query(normal.search.removeprefix("?")))
