"""The loading calls: what makes a browser fetch an address that a script gives it.

One table, read by ``flow``. An entry says which argument or value counts and what it holds. Pure.
"""

from __future__ import annotations

import re
from typing import Final

from ...wire.link_relations import CANDIDATES

URL: Final = "url"
HTML: Final = "html"
CSS: Final = "css"
CODE: Final = "code"
"""Text that runs as a script, or that is a style sheet's: read for both."""

EVERY: Final = -1
"""Every argument counts."""

FETCHING_MEMBERS: Final = {
    b"src": URL,
    b"srcset": URL,
    b"href": URL,
    b"poster": URL,
    b"srcdoc": HTML,
    b"innerHTML": HTML,
    b"outerHTML": HTML,
    b"cssText": CSS,
    b"background": CSS,
    b"backgroundImage": CSS,
    b"borderImage": CSS,
    b"borderImageSource": CSS,
    b"listStyle": CSS,
    b"listStyleImage": CSS,
    b"maskImage": CSS,
    b"webkitMaskImage": CSS,
    b"data": URL,
    b"textContent": CODE,
    b"innerText": CODE,
    b"text": CODE,
    b"onload": CODE,
    b"onerror": CODE,
}
"""Members and attributes that fetch, or hold what fetches, once they are set. ``href`` counts on a link element
only, the member ``data`` on an object element, and any member of a ``style`` counts as CSS."""
ATTRIBUTES_ONLY: Final = {b"xlink:href": URL, CANDIDATES.encode(): URL, b"style": CSS}
"""As members these names mean something else."""

ARGUMENTS: Final[dict[bytes, tuple[int, str]]] = {
    b"write": (EVERY, HTML),
    b"writeln": (EVERY, HTML),
    b"insertAdjacentHTML": (1, HTML),
    b"createContextualFragment": (0, HTML),
    b"setHTMLUnsafe": (0, HTML),
    b"parseHTML": (0, HTML),
    b"html": (0, HTML),
    b"append": (EVERY, HTML),
    b"prepend": (EVERY, HTML),
    b"before": (EVERY, HTML),
    b"after": (EVERY, HTML),
    b"replaceWith": (EVERY, HTML),
    b"getScript": (0, URL),
    b"sendBeacon": (0, URL),
    b"fetch": (0, URL),
    b"import": (0, URL),
    b"importScripts": (EVERY, URL),
    b"require": (EVERY, URL),
    b"requirejs": (0, URL),
    b"addModule": (0, URL),
    b"insertRule": (0, CSS),
    b"addRule": (1, CSS),
    b"replaceSync": (0, CSS),
    b"replace": (0, CSS),
    b"setProperty": (1, CSS),
    b"css": (1, CSS),
    b"createTextNode": (0, CODE),
    b"eval": (0, CODE),
    b"execScript": (0, CODE),
    b"setTimeout": (0, CODE),
    b"setInterval": (0, CODE),
}
"""Functions and methods, and the argument that counts."""
CONSTRUCTORS: Final[dict[bytes, tuple[int, str]]] = {
    b"Worker": (0, URL),
    b"SharedWorker": (0, URL),
    b"EventSource": (0, URL),
    b"WebSocket": (0, URL),
    b"Audio": (0, URL),
    b"Blob": (0, CODE),
    b"FontFace": (1, CSS),
    b"Function": (EVERY, CODE),
}
"""What counts after ``new`` (``Function`` also without), and the argument that counts."""
CLIENTS: Final = frozenset((b"$", b"jQuery", b"jq", b"axios", b"superagent", b"ky"))
"""Whose ``get``, ``post`` and the like request an address."""
REQUESTS: Final = frozenset((b"ajax", b"get", b"post", b"getJSON", b"request", b"put"))
LIBRARY_CALLS: Final = frozenset(
    (b"html", b"append", b"prepend", b"before", b"after", b"replaceWith", b"parseHTML", b"$", b"require", b"requirejs")
)
"""What a library, and not the browser, makes of a string: these and the functions named like loaders are no direct calls."""
JQUERY_INSERTS: Final = frozenset((b"append", b"prepend", b"before", b"after"))
"""Those of a library that run the scripts of what they insert: direct where the chain begins with jQuery's own name."""
METHODS: Final = frozenset(("GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH"))
"""HTTP methods: the first argument of ``XMLHttpRequest.open``, which tells it from ``window.open``."""

_NAMED_LOADER: Final = re.compile(
    rb"[A-Za-z0-9_$]{0,24}?(?i:load|add|inject|insert|append|get|import|include|require|create|attach|embed|lazy)"
    rb"[A-Za-z0-9_]*(?:[sS]cripts?|JS|Js|Css|CSS|[sS]tyle[sS]heets?|[pP]ixel)(?:Async|Once|Tag|File|Url|URL)?$|load(?:js|css)$|\$script$"
)
_LOADER_ENDS: Final = frozenset(b"pt ts js JS Js ss SS et el nc ce ag le rl RL".split())
"""The last two letters of all those names: one look-up turns most away."""
_LOADER_LIBRARIES: Final = {
    b"js": frozenset((b"head", b"LazyLoad")),
    b"script": frozenset((b"$LAB",)),
    b"css": frozenset((b"LazyLoad",)),
}

METHOD_CALL: Final = re.compile(rb"\.\s*+([A-Za-z$][A-Za-z0-9_$]*+)\s*+(?:\?\.\s*+)?(\()")
"""A method's call in masked code: its name and its parenthesis."""
METHOD_CALL_BY_KEY: Final = re.compile(rb"\[\s*+[\"'](\x01{2,26})[\"']\s*+\]\s*+(?:\?\.\s*+)?(\()")
"""The same, the method's name in quotes."""
PLAIN_CALL: Final = re.compile(
    rb"\((?:(?<=(?:ch|rt|ts|pt|er|ce|et|re|js|JS|Js|SS|ss|al|ut|on|io|os|ry|el|nc|ag|le|rl|RL|ob)\()|(?<=\$\()"
    rb"|(?<=[a-zA-Z$ \n][ \n]\()|(?<=\?\.\())"
)
"""The parenthesis of a call whose name ends as that of a loading call may: fet``ch``, impo``rt``, Worke``r``, loadScri``pt``...
Anchored on the bracket, since looking for forty words costs ten times as much."""
_SETS: Final = rb"\s*+(?:\+|\|\||&&|\?\?)?=(?![=>])"
SET: Final = re.compile(rb"\.\s*+(" + b"|".join(sorted(FETCHING_MEMBERS, reverse=True)) + rb")" + _SETS)
"""A member in masked code that may load once it is set."""
SET_BY_KEY: Final = re.compile(rb"\[\s*+[\"'](\x01{3,16})[\"']\s*+\]" + _SETS)
"""The same, the member's name in quotes."""
KEY_SET_AS_WRITTEN: Final = re.compile(rb"[\"']\s*+\](?:" + _SETS + rb"|\s*+(?:\?\.\s*+)?\()")
"""What both of these leave of it in a script's text."""
SET_STYLE: Final = re.compile(rb"style\s*+(?:\.\s*+[A-Za-z]++|\[\s*+[\"']\x01++[\"']\s*+\])" + _SETS)
"""Any property of an element's style."""
SET_FRAME: Final = re.compile(rb"content(?:Window|Document)\s*+\.\s*+location(?>(?:\s*+\.\s*+href)?)" + _SETS)
"""The address of a frame's document."""
FRAME_BEFORE: Final = re.compile(rb"\bcontent(?:Window|Document)\s*+\.\s*+location\s*+\.\s*+$")
ALIAS: Final = re.compile(
    rb"=\s*+(?:(?:window|self|globalThis|navigator)\s*+\.\s*+)?"
    rb"(fetch|importScripts|sendBeacon|eval|Worker|SharedWorker|EventSource|WebSocket)"
    rb"\s*+(?:\.\s*+bind\s*+\([^()]*+\)\s*+)?(?=[;,)}]|$)",
    re.M,
)
"""A loading call that gets another name."""
APART: Final = (
    re.compile(rb"\*/\s*+[(=+|&?\]]"),
    re.compile(rb"\.\s*+/[/*]"),
    re.compile(rb"[\r\n][ \t\f\v]*+[(=+|&?\]]"),
    re.compile(rb"\\u(?:00[4-7][0-9A-Fa-f]|\{)[A-Za-z0-9_$\\{}]*+\s*+(?:\?\.\s*+)?[(=+|&?]"),
)
"""What stands in a script's text where a call is written with comments, line comments or escapes in it."""
METHODS_READ: Final = (
    frozenset(ARGUMENTS)
    | REQUESTS
    | frozenset(_LOADER_LIBRARIES)
    | frozenset(CONSTRUCTORS)
    | {b"setAttribute", b"setAttributeNS", b"attr", b"prop", b"open", b"assign", b"load", b"call", b"apply"}
)
"""The methods that ``METHOD_CALL`` is of interest for, beside those that are named like loaders."""
PLAIN_READ: Final = (
    frozenset(CONSTRUCTORS)
    | {b"fetch", b"import", b"importScripts", b"require", b"requirejs", b"eval", b"execScript", b"setTimeout", b"setInterval"}
    | {b"$", b"jQuery", b"axios"}
)
"""The functions that ``PLAIN_CALL`` is of interest for, beside those that are named like loaders."""


def is_loader(name: bytes, base: bytes) -> bool:
    """Tell whether a function that the script does not define itself loads what it is given, by its name: ``loadScript``,
    ``injectCSS``, ``head.js``."""
    if name[-2:] not in _LOADER_ENDS or len(name) > 40:
        return False
    return base in _LOADER_LIBRARIES.get(name, ()) or _NAMED_LOADER.match(name) is not None
