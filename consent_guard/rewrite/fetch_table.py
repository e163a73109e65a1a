"""What makes a browser fetch: THE table of elements, attributes and how their values are read (WHATWG HTML, SVG 2, CSS).

To enforce one more attribute or element, add a line to ``TABLE``; to know one more name that lazy loaders use, add it to
``LAZY``. The tokenizer's skip patterns, XML's names, oversized
tags, the tools' reading and the tests that try each entry are made from it; none repeats it. May import the wire layer's
link relations.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from ..wire.link_relations import CANDIDATES


class Grammar(Enum):
    """How a value is read."""

    URL = auto()
    """One address."""
    URL_LIST = auto()
    """Addresses between white space."""
    SRCSET = auto()
    """Image candidates."""
    CSS = auto()
    """Declarations."""
    SCRIPT = auto()
    """A program: an event handler."""
    HTML = auto()
    """A document."""
    REFRESH = auto()
    """Seconds and an address (WHATWG HTML 4.2.5.3)."""
    ANIMATION = auto()
    """Values between semicolons, each an address or CSS."""
    PROGRAM_URL = auto()
    """An address that fetches nothing, unless it is ``javascript:``."""
    IMAGE = auto()
    """One address, or CSS that says an image."""


class Leaves(Enum):
    """What leaves where the address is withheld."""

    ATTRIBUTE = auto()
    """The attribute, or the part of it."""
    PIXEL = auto()
    """The attribute; the element, where it shows nothing."""
    ELEMENT = auto()
    """The element with its content."""
    EMBED = auto()
    """The element; a placeholder stands in."""
    SOURCE = auto()
    """The attribute; a placeholder stands before the element, which keeps its children."""
    BASE = auto()
    """The address is made inert."""


class Condition(NamedTuple):
    """The entry counts only on a tag one of whose attributes says so."""

    attribute: str
    values: frozenset[str]
    """In lower case, without white space around them."""


LAZY: Final = {
    "src": "data-src data-lazy-src data-lazy data-original data-echo data-cfsrc",
    "srcset": "data-srcset data-lazy-srcset data-original-set",
    "poster": "data-poster",
    "data": "data-src",
    "href": "data-href",
    "style": "data-bg data-background data-background-image data-bg-src",
}
"""Plain attributes, and those that lazy loaders turn into them (lazysizes, vanilla-lazyload, lozad, jQuery's and others): each
element of the table that has the one has the others. They say a ``style`` by its image alone."""
LAZY_NAMES: Final = frozenset(name.encode() for names in LAZY.values() for name in names.split())
"""Attributes that fetch nothing until a script of the page wants it so: only what is withheld counts in them."""


class Entry(NamedTuple):
    """One line of the table."""

    element: str
    """In the case that XML demands; ``*``: every element."""
    attribute: str
    grammar: Grammar
    leaves: Leaves
    svg: bool
    """It fetches only where the element is SVG's."""
    shows: bool
    """The element shows a whole document, which may be a ``data:`` address."""
    when: Condition | None
    late: bool
    """Browsers resolve it when it is used, and not when the tag is read."""

    @property
    def plain(self) -> bool:
        """Whether its value is one address, whatever else stands in the tag."""
        return self.grammar is Grammar.URL and self.when is None

    @property
    def lazy(self) -> bool:
        """Whether a script of the page has to turn it into another attribute."""
        return self.attribute.encode() in LAZY_NAMES

    @property
    def key(self) -> str:
        """The element and the attribute, as findings name them."""
        return f"{self.element} {self.attribute}".lower()


_DEFERRED: Final = {Grammar.URL: Grammar.URL, Grammar.SRCSET: Grammar.SRCSET, Grammar.CSS: Grammar.IMAGE}


def _rows(
    elements: str,
    attributes: str,
    grammar: Grammar = Grammar.URL,
    leaves: Leaves = Leaves.ATTRIBUTE,
    *,
    svg: bool = False,
    shows: bool = False,
    when: Condition | None = None,
    late: bool = False,
) -> Iterator[Entry]:
    """Each element with each attribute, and with what lazy loaders turn into that."""
    deferred = _DEFERRED.get(grammar) if not svg and leaves is not Leaves.BASE else None
    for element in elements.split():
        for attribute in attributes.split():
            yield Entry(element, attribute, grammar, leaves, svg, shows, when, late)
            if deferred is not None:
                for name in LAZY.get(attribute, "").split():
                    yield Entry(element, name, deferred, leaves, svg, shows, when, True)


_SVG_HREF: Final = "href xlink:href"

TABLE: Final = (
    *_rows("img image", "src", leaves=Leaves.PIXEL),
    *_rows("img image", "srcset", Grammar.SRCSET, Leaves.PIXEL),
    *_rows("source", "srcset", Grammar.SRCSET, late=True),  # its picture's image may be lazy, or the window change
    *_rows("source", "src", late=True),
    *_rows("track", "src", late=True),
    *_rows("bgsound", "src"),
    *_rows("frame portal", "src", shows=True),
    *_rows("video", "poster", late=True),
    *_rows("iframe", "src", leaves=Leaves.EMBED, shows=True),
    *_rows("iframe", "srcdoc", Grammar.HTML),
    *_rows("embed", "src code", leaves=Leaves.EMBED, shows=True, late=True),  # Chromium takes either
    *_rows("object", "data", leaves=Leaves.SOURCE, shows=True, late=True),
    *_rows("video audio", "src", leaves=Leaves.SOURCE, late=True),
    *_rows("input", "src", when=Condition("type", frozenset({"image"})), late=True),
    *_rows("param", "value", when=Condition("name", frozenset(["movie", "src", "url", "data", "code", "filename", "href"]))),
    *_rows("script", "src", leaves=Leaves.ELEMENT),
    *_rows("link", "href", leaves=Leaves.ELEMENT),  # by its rel: wire.link_relations
    *_rows("link", CANDIDATES, Grammar.SRCSET, Leaves.ELEMENT),
    *_rows("meta", "content", Grammar.REFRESH, Leaves.ELEMENT, when=Condition("http-equiv", frozenset({"refresh"}))),
    *_rows("base", "href", leaves=Leaves.BASE),
    *_rows("body table thead tbody tfoot tr td th", "background", late=True),
    *_rows("a area", "ping", Grammar.URL_LIST, late=True),
    *_rows("a area img script", "attributionsrc", Grammar.URL_LIST),
    *_rows("image use feImage font-face-uri cursor pattern filter mpath textPath", _SVG_HREF, svg=True),
    *_rows("linearGradient radialGradient", _SVG_HREF, svg=True),
    *_rows("script", _SVG_HREF, leaves=Leaves.ELEMENT, svg=True),
    *_rows("animate set animateMotion animateTransform discard", "to from by values", Grammar.ANIMATION, svg=True),
    *_rows("*", "style", Grammar.CSS),
    *_rows("*", "fill stroke filter mask mask-image clip-path cursor", Grammar.CSS, svg=True),
    *_rows("*", "marker marker-start marker-mid marker-end", Grammar.CSS, svg=True),
    *_rows("*", "href xlink:href src data action formaction to values from", Grammar.PROGRAM_URL),
)
"""Every attribute that makes a browser contact a host. Event handlers, which act on every element, are ``HANDLERS``."""

# fmt: off
HANDLERS: Final = frozenset(
    [
        # WHATWG HTML: GlobalEventHandlers, WindowEventHandlers (body, frameset, svg), DocumentAndElementEventHandlers
        "onabort", "onafterprint", "onauxclick", "onbeforeinput", "onbeforematch", "onbeforeprint", "onbeforetoggle",
        "onbeforeunload", "onblur", "oncancel", "oncanplay", "oncanplaythrough", "onchange", "onclick", "onclose",
        "oncommand", "oncontextlost", "oncontextmenu", "oncontextrestored", "oncopy", "oncuechange", "oncut",
        "ondblclick", "ondrag", "ondragend", "ondragenter", "ondragexit", "ondragleave", "ondragover", "ondragstart",
        "ondrop", "ondurationchange", "onemptied", "onended", "onerror", "onfocus", "onformdata", "onhashchange",
        "oninput", "oninvalid", "onkeydown", "onkeypress", "onkeyup", "onlanguagechange", "onload", "onloadeddata",
        "onloadedmetadata", "onloadend", "onloadstart", "onmessage", "onmessageerror", "onmousedown", "onmouseenter",
        "onmouseleave", "onmousemove", "onmouseout", "onmouseover", "onmouseup", "onmousewheel", "onoffline",
        "ononline", "onpagehide", "onpagereveal", "onpageshow", "onpageswap", "onpaste", "onpause", "onplay",
        "onplaying", "onpopstate", "onprogress", "onratechange", "onrejectionhandled", "onreset", "onresize",
        "onscroll", "onscrollend", "onscrollsnapchange", "onscrollsnapchanging", "onsecuritypolicyviolation",
        "onseeked", "onseeking", "onselect", "onselectionchange", "onselectstart", "onslotchange", "onstalled",
        "onstorage", "onsubmit", "onsuspend", "ontimeupdate", "ontoggle", "onunhandledrejection", "onunload",
        "onvolumechange", "onwaiting", "onwheel",
        # pointer, touch, animation, transition, full screen, XR and device events
        "ongotpointercapture", "onlostpointercapture", "onpointercancel", "onpointerdown", "onpointerenter",
        "onpointerleave", "onpointermove", "onpointerout", "onpointerover", "onpointerrawupdate", "onpointerup",
        "ontouchcancel", "ontouchend", "ontouchmove", "ontouchstart", "onanimationcancel", "onanimationend",
        "onanimationiteration", "onanimationstart", "ontransitioncancel", "ontransitionend", "ontransitionrun",
        "ontransitionstart", "onfullscreenchange", "onfullscreenerror", "onbeforexrselect", "ondeviceorientation",
        "ondevicemotion", "ondeviceorientationabsolute", "onorientationchange", "oncontentvisibilityautostatechange",
        "onsnapchanged", "onsnapchanging", "onencrypted", "onwaitingforkey", "onenterpictureinpicture",
        "onleavepictureinpicture", "onresourcetimingbufferfull", "onreadystatechange", "onvisibilitychange",
        "onprerenderingchange", "onfreeze", "onresume", "ongamepadconnected", "ongamepaddisconnected",
        "onappinstalled", "onbeforeinstallprompt", "oninterest", "onloseinterest", "onvalidationstatuschange",
        "onpromptaction", "onpromptdismiss", "onlocation", "onbounce", "onfinish", "onstart", "onsearch", "onshow",
        "oncuttext", "onbeforecopy", "onbeforecut", "onbeforepaste",
        # SVG 2 and SMIL
        "onbegin", "onend", "onrepeat", "onactivate", "onfocusin", "onfocusout", "onzoom",
        # WebKit's and Gecko's own
        "onwebkitanimationend", "onwebkitanimationiteration", "onwebkitanimationstart", "onwebkittransitionend",
        "onwebkitfullscreenchange", "onwebkitfullscreenerror", "onwebkitmouseforcechanged", "onwebkitmouseforcedown",
        "onwebkitmouseforceup", "onwebkitmouseforcewillbegin", "onwebkitcurrentplaybacktargetiswirelesschanged",
        "onwebkitplaybacktargetavailabilitychanged", "onwebkitpresentationmodechanged",
        "onwebkitassociateformcontrols", "ongesturechange", "ongestureend", "ongesturestart", "onmozfullscreenchange",
        "onmozfullscreenerror", "onautocomplete", "onautocompleteerror", "onplugin", "ondocumentpictureinpicture",
        "onoverflow", "onunderflow", "onrendersubtreeactivation", "onmove", "onmoveend", "onmovestart",
    ]
)
# fmt: on
"""The event handler content attributes of browsers, by name: ``only=`` and ``online=`` merely begin like one."""

RAW_TEXT: Final = frozenset(
    ["style", "xmp", "iframe", "noembed", "noframes", "noscript", "script", "plaintext", "textarea", "title"]
)
"""Elements whose content an HTML tokenizer does not read as markup (WHATWG 13.2.6: RCDATA, RAWTEXT, script data, PLAINTEXT)."""


class Rules(NamedTuple):
    """The entries that count on one element, by attribute."""

    by_attribute: dict[bytes, Entry]
    programs: frozenset[bytes]
    """Attributes whose address may be ``javascript:``."""


def _anywhere(entry: Entry) -> bool:
    return entry.element == "*"


def _compile(*, svg: bool, lazy: bool) -> tuple[dict[bytes, Rules], Rules]:
    entries = [entry for entry in TABLE if (svg or not entry.svg) and (lazy or not entry.lazy)]
    programs = frozenset(one.attribute.encode() for one in entries if one.grammar is Grammar.PROGRAM_URL)
    common = {one.attribute.encode(): one for one in entries if _anywhere(one) and one.grammar is not Grammar.PROGRAM_URL}
    handler = {
        name.encode(): Entry("*", name, Grammar.SCRIPT, Leaves.ATTRIBUTE, False, False, None, False) for name in HANDLERS
    }
    program = {one.attribute.encode(): one for one in entries if one.grammar is Grammar.PROGRAM_URL}
    every = {**program, **common, **handler}
    by_element: dict[bytes, dict[bytes, Entry]] = {}
    for entry in entries:
        if not _anywhere(entry):
            own = by_element.setdefault(entry.element.lower().encode(), dict(every))
            own.setdefault(entry.attribute.encode(), entry)
            if own[entry.attribute.encode()].element == "*":
                own[entry.attribute.encode()] = entry
    return {name: Rules(own, programs) for name, own in by_element.items()}, Rules(every, programs)


RULES: Final = {(svg, lazy): _compile(svg=svg, lazy=lazy) for svg in (False, True) for lazy in (False, True)}
"""What counts on each element, and on every other: in HTML, and where svg or math may be around, for an element's name may be
that of either; without what lazy loaders use, and with it."""
HTML_RULES, HTML_ANY = RULES[False, True]
FOREIGN_RULES, FOREIGN_ANY = RULES[True, True]

XML_NAMES: Final = {entry.element.encode(): entry.element.lower().encode() for entry in TABLE if not entry.element.islower()}
"""In XML case counts: SVG's names with capitals, and how the table's rules are looked up."""
XML_NAMES.pop(b"*", None)

_NOT_STOPPED_AT: Final = frozenset(["a", "area", "body", "table", "thead", "tbody", "tfoot", "tr", "td", "th"])
"""Elements of which pages are full, and which seldom fetch: the tokenizer stops at their fetching attributes instead."""
SOUGHT_ANYWHERE: Final = frozenset(
    entry.attribute.encode()
    for entry in TABLE
    if not entry.svg
    and (entry.element in _NOT_STOPPED_AT or (entry.element == "*" and entry.grammar is not Grammar.PROGRAM_URL))
)
"""Attributes at which the tokenizer stops on an element of any name: no element need be stopped at for their sake."""

FETCHING_ELEMENTS: Final = frozenset(
    entry.element.encode() for entry in TABLE if not entry.svg and entry.attribute.encode() not in SOUGHT_ANYWHERE | {b"*"}
) - {b"*"}
"""Start tags in HTML at which the tokenizer stops."""

SVG_FETCHING: Final = frozenset(entry.element.lower().encode() for entry in TABLE if entry.svg) - {b"*"}
"""Elements of SVG whose own attributes fetch."""
