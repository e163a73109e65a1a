"""What a page's own Content-Security-Policy lets a page of the same origin load, fetch and post (CSP Level 3).

Asked for what we put into a page: our style sheet, our module, its fetches, our forms. Nothing here changes a policy. Policies
in ``<meta>`` are not seen. Report-Only forbids nothing. May import ``wire.headers``. Called by the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .headers import get_all
from .messages import Headers
from .origins import split_host

_BLANKS: Final = b" \t\n\x0c\r"
_NONCE: Final = "'nonce-"
_SECURE_TOO: Final = {"http": ("http", "https"), "https": ("https",)}
"""A scheme or host without TLS stands for the same with it (CSP §6.7.2.8)."""

_Directives = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Permitted:
    """What of ours a page's own policy lets through."""

    style_nonce: str = ""
    """The nonce that the page's own style elements carry; empty where its policy names none."""
    script_nonce: str = ""
    styles: bool = True
    scripts: bool = True
    connects: bool = True
    posts: bool = True
    """A form may be sent to this origin."""


ALL: Final = Permitted()


def permitted(headers: Headers, scheme: str, host: str) -> Permitted:
    """Return what the policies of a response head let through for addresses of ``scheme`` and ``host`` (the Host field), which
    are the page's own. Linear in the fields; never raises."""
    fields = get_all(headers, b"content-security-policy")
    if not fields:
        return ALL
    policies = [parsed for field in fields for policy in field.split(b",") if (parsed := _parsed(policy))]
    styles = [_governing(policy, "style-src-elem", "style-src", "default-src") for policy in policies]
    scripts = [_governing(policy, "script-src-elem", "script-src", "default-src") for policy in policies]
    style_nonce, script_nonce = _nonce(styles), _nonce(scripts)

    def own(sources: list[str] | None, nonce: str = "") -> bool:
        return sources is None or _allows(sources, nonce, scheme, host)

    sandboxes = [policy["sandbox"] for policy in policies if "sandbox" in policy]
    return Permitted(
        style_nonce=style_nonce,
        script_nonce=script_nonce,
        styles=all(own(sources, style_nonce) for sources in styles),
        scripts=all(own(sources, script_nonce) for sources in scripts)
        and all("allow-scripts" in sandbox for sandbox in sandboxes),
        connects=all(own(_governing(policy, "connect-src", "default-src")) for policy in policies),
        posts=all(own(policy.get("form-action")) for policy in policies) and all("allow-forms" in box for box in sandboxes),
    )


def _parsed(policy: bytes) -> _Directives:
    found: _Directives = {}
    for directive in policy.split(b";"):
        name, *values = directive.strip(_BLANKS).decode("latin-1").split() or [""]
        if name:
            found.setdefault(name.lower(), values)  # a repeated directive is ignored (CSP §2.2.1)
    return found


def _governing(policy: _Directives, *names: str) -> list[str] | None:
    return next((policy[name] for name in names if name in policy), None)


def _nonce(lists: Sequence[list[str] | None]) -> str:
    """Return the first nonce; where several policies name different ones, no element can carry them all."""
    for sources in lists:
        for source in sources or ():
            if source.lower().startswith(_NONCE) and source.endswith("'"):
                return source[len(_NONCE) : -1]
    return ""


def _allows(sources: list[str], nonce: str, scheme: str, host: str) -> bool:
    if nonce and any(source.lower().startswith(_NONCE) and source[len(_NONCE) : -1] == nonce for source in sources):
        return True
    lowered = [source.lower() for source in sources]
    if "'strict-dynamic'" in lowered:
        return False  # hosts and 'self' count for nothing beside it
    return any(_matches(source, scheme, host) for source in lowered)


def _matches(source: str, scheme: str, host: str) -> bool:
    if source in ("'self'", "*"):
        return True
    if source.startswith("'"):
        return False
    if source.endswith(":") and source.count(":") == 1 and "/" not in source:
        return scheme in _SECURE_TOO.get(source[:-1], ())
    asked, slashes, rest = source.partition("://")
    if slashes and scheme not in _SECURE_TOO.get(asked, ()):
        return False
    netloc, _, path = (rest if slashes else source).partition("/")
    if path:
        return False  # a path may or may not cover ours: taken as not, which is only more careful
    own, own_port = split_host(host)
    name, colon, port = netloc.rpartition(":")
    if not colon:
        name, port = netloc, ""
    if not (name == own or (name.startswith("*.") and own.endswith(name[1:]))):
        return False
    usual = {"http": "80", "https": "443"}
    return port in ("*", str(own_port or usual.get(scheme, ""))) or (not port and own_port in (None, 80, 443))
