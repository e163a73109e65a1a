"""Reading ``[[services]]``, with what the catalogue knows of them.

May import the policy's values, the table reader and the grammars. The loader calls it for a policy, the catalogue for its own
files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from ada_url import URL

from .categories import COOKIE_RULE_KEYS, read_category_of, read_cookie_rule
from .faults import guess, near
from .host_rules import RuleFault, parse_host_rule
from .model import Container, ContainerKind, Controller, CookieRule, HostRule, InlineSignature, Service, Trait
from .tables import Table

SERVICE_KEYS: Final = (
    "id",
    "category",
    "exempt",
    "title",
    "purpose",
    "controller",
    "hosts",
    "cookies",
    "inline",
    "stubs",
    "embed",
    "consent_types",
    "anywhere",
    "containers",
    "placeholder",
)
EXEMPT_REASONS: Final = ("transmission", "strictly_necessary", "audience_fr")
EMBEDS: Final = ("video", "audio", "map", "social", "comments", "document", "form", "captcha", "content")
CONSENT_TYPES: Final = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)
_RECOGNISED_BY: Final = ("hosts", "cookies", "inline", "anywhere")
_RESERVED: Final = re.compile(
    r"(?:await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function"
    r"|if|import|in|instanceof|let|new|null|return|static|super|switch|this|throw|true|try|typeof|var|void|while|with|yield)\Z"
)


_MARK: Final = re.compile(r"[\w$][\w$.-]*\Z")
_CALLS: Final = ("createElement", "document.write")
"""Second marks of snippets that define no global: beside a host of the site's own any script could have them."""
_END_OF_PATH: Final = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*(?:/?[\w.~-]*\*[\w.~-]*)?\Z", re.ASCII)
_ATTRIBUTE: Final = re.compile(r"[a-z][a-z0-9-]*\Z", re.ASCII)


def is_global_name(text: str) -> bool:
    """Tell whether ``text`` is a JavaScript identifier, or several joined with dots (``Intercom``, ``_hsq``, ``rdt.queue``)."""
    names = text.split(".")
    return all(name.replace("$", "_").isidentifier() for name in names) and not _RESERVED.match(names[0])


def read_service(table: Table) -> Service:
    """Return one service; each fault is noted and a harmless value stands in.

    ``table`` holds the keys as the policy gives them, over those of the catalogue. Whether its category exists is not checked
    here: see ``consistency``.
    """
    id = table.id("service")
    shown = table.table("placeholder", ("text", "picture"))
    return Service(
        id=id,
        category=read_category_of(table),
        title=table.texts("title"),
        purpose=table.texts("purpose", lines=True),
        controller=_controller(table),
        hosts=_hosts(table),
        cookies=_cookies(table),
        inline=_inline(table),
        stubs=_stubs(table),
        exempt=table.option("exempt", EXEMPT_REASONS, ""),
        embed=table.option("embed", EMBEDS, ""),
        consent_types=_consent_types(table),
        anywhere=tuple(_traits(table)),
        containers=tuple(_containers(table)),
        words=shown.texts("text", lines=True) if shown is not None else {},
        picture=_picture(shown) if shown is not None else "",
    )


def with_signatures_for_own_hosts(service: Service) -> Service:
    """Return a service of which the policy replaced the hosts, with signatures that name these hosts beside the globals that
    the catalogue knows of its snippets: a snippet names the site's own address there, not the vendor's.
    """
    told = [*(mark.global_ for mark in service.inline), *(trait.global_ for trait in service.anywhere)]
    own = [
        InlineSignature(_mark_host(rule), name)
        for rule in service.hosts
        if not rule.countries
        for name in dict.fromkeys(told)
        if name and name not in _CALLS
    ]
    return replace(service, inline=tuple(dict.fromkeys((*service.inline, *own))))


def refuse_unknown(table: Table, id: str, known: Callable[[], Sequence[str]]) -> bool:
    """Note a service that the catalogue does not know and that says nothing to recognise it by; tell whether it is one.

    ``known`` gives the catalogue's ids and aliases: it is asked only then.
    """
    if any(table.has(key) for key in _RECOGNISED_BY):
        return False
    table.fault(
        "id",
        f"the catalogue has no service {id!r}, and no hosts, cookies, inline or anywhere say how to recognise it",
        near(id, known()) or "Give it hosts, or look for it in the catalogue's list",
    )
    return True


def _controller(table: Table) -> Controller | None:
    controller = table.table("controller", ("name", "policy_url", "site"))
    if controller is None:
        return None
    name = controller.string("name")
    if not controller.has("name"):
        controller.missing("name", "Write who answers for the service")
    elif isinstance(controller.value["name"], str) and not name.strip():
        controller.fault("name", "is empty", "Write who answers for the service")
    url = controller.string("policy_url")
    if url and not _is_web_address(url):
        controller.fault(
            "policy_url", f"{url!r} is not a web address", 'Write it whole, as in "https://www.example.org/privacy"'
        )
    return Controller(name, url, controller.boolean("site", False))


def _is_web_address(text: str) -> bool:
    if not text.lower().startswith(("https://", "http://")) or " " in text:
        return False
    try:
        return bool(URL(text).hostname)
    except ValueError:
        return False


def _hosts(table: Table) -> tuple[HostRule, ...]:
    rules: list[HostRule] = []
    for path, text in table.strings("hosts"):
        try:
            rules.append(parse_host_rule(text))
        except RuleFault as fault:
            table.faults.add_rule(path, fault)
    return tuple(rules)


def _cookies(table: Table) -> tuple[CookieRule, ...]:
    example = 'cookies = [ { name = "_x*", lifetime = "13 months" } ]'
    return tuple(read_cookie_rule(cookie, nameless=True) for cookie in table.tables("cookies", COOKIE_RULE_KEYS, example))


def _inline(table: Table) -> tuple[InlineSignature, ...]:
    found: list[InlineSignature] = []
    for signature in table.tables("inline", ("host", "global"), 'inline = [ { host = "cdn.example.org", global = "_x" } ]'):
        for key in ("host", "global"):
            if not signature.has(key):
                signature.missing(key, "A signature is a host and a global that both stand in the script")
        host = signature.string("host")
        if isinstance(signature.value.get("host"), str):
            host = _signature_host(signature, host)
        name = signature.string("global")
        if isinstance(signature.value.get("global"), str) and not _MARK.match(name):
            signature.fault(
                "global", f"{name!r} is not one name", 'Write a name that stands in the script, as in "_paq" or "gtm.start"'
            )
        found.append(InlineSignature(host, name))
    return tuple(found)


def _signature_host(signature: Table, text: str) -> str:
    try:
        rule = parse_host_rule(text)
    except RuleFault as fault:
        signature.faults.add_rule(signature.at("host"), fault)
        return ""
    if not rule.host:
        signature.fault(
            "host", f"{text!r} names no host", 'Write a host, with or without a path, as in "cdn.example.org/tag.js"'
        )
        return ""
    if rule.countries:
        signature.fault("host", f"{text!r} names a host in every country", "Name the host that stands in the script")
        return ""
    return _mark_host(rule)


def _mark_host(rule: HostRule) -> str:
    return f"{'*.' if rule.subdomains else ''}{rule.host}{rule.path}{'?' if rule.query else ''}{rule.query}"


def _traits(table: Table) -> Iterator[Trait]:
    example = 'anywhere = [ { address = "matomo.js", global = "_paq" } ]'
    for trait in table.tables("anywhere", ("address", "attribute", "global"), example):
        if not trait.has("address"):
            trait.missing("address", 'Write how its address ends, as in "matomo.js" or "gtm.js?id=GTM-"')
            continue
        address = trait.string("address")
        path, mark, query = address.partition("?")
        if not _END_OF_PATH.match(path) or (mark and not query):
            trait.fault(
                "address", f"{address!r} is no end of an address", 'Write its last segments, as in "matomo.js" or "js/tag_*.js"'
            )
            continue
        attribute, name = trait.string("attribute"), trait.string("global")
        if attribute and not _ATTRIBUTE.match(attribute):
            trait.fault("attribute", f"{attribute!r} is no attribute's name", 'Write it in lower case, as in "data-website-id"')
        if name and not _MARK.match(name):
            trait.fault("global", f"{name!r} is not one name", 'Write a name that stands in the script, as in "_paq"')
        yield Trait(path, query, attribute, name)


_PICTURE: Final = re.compile(r"/(?![/\\])[^\s\\<>\"'#]*\Z")


def _picture(shown: Table) -> str:
    picture = shown.string("picture")
    if not picture or _PICTURE.match(picture):
        return picture
    mend = 'Put it on this site, and write its path, as in "/static/map.jpg"'
    if re.match(r"[a-z][a-z0-9+.-]*:|[/\\]{2}", picture, re.I):
        shown.fault(
            "picture", f"{picture!r} may be on another site, which would be asked for it before anybody allowed that", mend
        )
    else:
        shown.fault("picture", f"{picture!r} is no path on this site", mend)
    return ""


_CONTAINER: Final = re.compile(r"(?:([.#])([A-Za-z_][\w-]{2,47})|\[(data-[a-z][a-z0-9-]{0,40})\])\Z", re.ASCII)
_KINDS: Final[dict[str | None, ContainerKind]] = {".": "class", "#": "id", None: "attribute"}


def _containers(table: Table) -> Iterator[Container]:
    for path, text in table.strings("containers"):
        found = _CONTAINER.match(text)
        if found is not None:
            yield Container(_KINDS[found[1]], found[2] or found[3])
            continue
        mend = 'Write a class, an id or a data attribute, as in ".g-recaptcha", "#disqus_thread" or "[data-tf-live]"'
        table.faults.add(path, f"{text!r} is no kind of container that can be told", mend)


def _stubs(table: Table) -> tuple[str, ...]:
    found: list[str] = []
    for path, text in table.strings("stubs"):
        if is_global_name(text):
            found.append(text)
        else:
            table.faults.add(path, f"{text!r} is not a JavaScript name", 'Write the name alone, as in "_paq" or "rdt.queue"')
    return tuple(found)


def _consent_types(table: Table) -> tuple[str, ...]:
    found: list[str] = []
    for path, text in table.strings("consent_types"):
        if text in CONSENT_TYPES:
            found.append(text)
        else:
            table.faults.add(path, f"{text!r} is no type of Google's consent mode", guess(text, CONSENT_TYPES, "There are"))
    return tuple(found)
