"""A posted choice: who may post one, and what its form or JSON says. Strict shapes; a fault is told, never guessed around.

May import the wire layer; werkzeug's form parser is imported with the first form. The endpoints call it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ..consent.receipt import API, MEANS
from ..limits import POST_BODY_BYTES, POST_FIELDS
from ..wire.headers import content_type, get_all
from ..wire.messages import Headers, RequestFacts
from ..wire.origins import origin_is_ours

ACTS: Final = frozenset({"accept", "refuse", "save", "allow", "deny", "once"})
_ON_ONE_SERVICE: Final = frozenset({"allow", "deny", "once"})
OUR_OWN_SITE: Final = frozenset({b"same-origin", b"none"})
"""The ``Sec-Fetch-Site`` of what comes from our own pages, or from the visitor alone."""
_LANG_CHARACTERS: Final = 35
"""The longest well-formed tag that anybody needs (RFC 5646 §4.4.1)."""
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"


class Refused(Exception):
    """A request that is answered with an error of ours, and stores nothing: the status, and the key of its sentence."""

    def __init__(self, status: int, key: str, allow: bytes = b"") -> None:
        """``allow`` names, with 405, the methods that would do."""
        super().__init__(status, key)
        self.status = status
        self.key = key
        self.allow = allow


class Unconfirmed(Refused):
    """A form that may well be ours: ``Origin: null`` is what browsers send with it under ``Referrer-Policy: no-referrer``, and
    anybody else can make them send too. It stores nothing, and may be pressed once more on our own page."""

    def __init__(self, pressed: Submission | None) -> None:
        """``pressed``: what it said; None where that is not to be understood."""
        super().__init__(403, "origin")
        self.pressed = pressed


@dataclass(frozen=True, slots=True)
class Submission:
    """A well-formed post. Its ids are not checked against the policy yet."""

    choice: str
    """One of ``ACTS``."""
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    """With ``save``: refused although its category is allowed."""
    service: str = ""
    """Not empty for ``allow``, ``deny`` and ``once``."""
    next: str = ""
    """As posted: still to be checked (K16)."""
    json: bool = False
    """It came as JSON, and is answered so."""
    means: str = API
    """The form of ours that it came by, as that says itself (L26)."""
    lang: str = ""
    """The language that this form spoke, as it says itself."""


def read_submission(facts: RequestFacts, body: bytes, limit: int = POST_BODY_BYTES) -> Submission:
    """Return what a POST says. Raises Refused: 403 from another site, 415, 413 past ``limit`` bytes or too many fields,
    400 for anything malformed (K14, K15)."""
    if not from_our_site(facts):
        raise Unconfirmed(_pressed(facts, body, limit)) if _is_unnamed(facts) else Refused(403, "origin")
    declared = content_type(facts.headers)
    essence = declared.essence if declared is not None else ""
    if essence not in (FORM, JSON):
        raise Refused(415, "type")
    if len(body) > limit:
        raise Refused(413, "length")
    return _from_json(body) if essence == JSON else _from_form(body)


def from_our_site(facts: RequestFacts) -> bool:
    """Tell whether a post may count: Sec-Fetch-Site decides where it was sent, else Origin; with neither it comes from no
    browser (K14, DESIGN §9)."""
    sites = get_all(facts.headers, b"sec-fetch-site")
    if sites:
        return all(site.strip(b" \t") in OUR_OWN_SITE for site in sites)
    return all(origin_is_ours(origin, facts.scheme, facts.host) for origin in get_all(facts.headers, b"origin"))


def _is_unnamed(facts: RequestFacts) -> bool:
    origins = get_all(facts.headers, b"origin")
    declared = content_type(facts.headers)
    unnamed = bool(origins) and all(origin.strip(b" \t") == b"null" for origin in origins)
    return unnamed and not get_all(facts.headers, b"sec-fetch-site") and declared is not None and declared.essence == FORM


def _pressed(facts: RequestFacts, body: bytes, limit: int) -> Submission | None:
    try:
        return _from_form(body) if len(body) <= limit else None
    except Refused:
        return None


def is_json(headers: Headers) -> bool:
    """Tell whether the client speaks JSON: by what it sends, else by what it accepts."""
    declared = content_type(headers)
    if declared is not None:
        return declared.essence == JSON
    accepted = b",".join(get_all(headers, b"accept")).lower()
    return b"application/json" in accepted and b"text/html" not in accepted


def _from_form(body: bytes) -> Submission:
    from werkzeug.formparser import FormDataParser

    try:
        _, form, _ = FormDataParser(max_form_memory_size=len(body), silent=False).parse(io.BytesIO(body), FORM, len(body))
    except ValueError:  # not UTF-8
        raise Refused(400, "malformed") from None
    if sum(len(values) for _, values in form.lists()) > POST_FIELDS:
        raise Refused(413, "length")
    return _submission(
        form.getlist("choice"),
        form.getlist("allow"),
        form.getlist("deny"),
        form.getlist("service"),
        form.getlist("next"),
        json=False,
        means=form.getlist("means"),
        langs=form.getlist("lang"),
    )


def _from_json(body: bytes) -> Submission:
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise Refused(400, "malformed") from None
    if not isinstance(value, dict):
        raise Refused(400, "malformed")
    allow, deny = value.get("allow", []), value.get("deny", [])
    if not isinstance(allow, list) or not isinstance(deny, list):
        raise Refused(400, "malformed")
    if len(allow) + len(deny) > POST_FIELDS:
        raise Refused(413, "length")
    return _submission(
        _texts(value.get("choice")),
        _all_texts(allow),
        _all_texts(deny),
        _texts(value.get("service")),
        _texts(value.get("next")),
        json=True,
        means=_texts(value.get("means")),
        langs=_texts(value.get("lang")),
    )


def _texts(value: object) -> list[str]:
    return [] if value is None else _all_texts([value])


def _all_texts(values: Iterable[object]) -> list[str]:
    texts: list[str] = []
    for value in values:
        if not isinstance(value, str):
            raise Refused(400, "malformed")
        texts.append(value)
    return texts


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _submission(
    choices: Sequence[str],
    allow: Sequence[str],
    deny: Sequence[str],
    services: Sequence[str],
    nexts: Sequence[str],
    *,
    json: bool,
    means: Sequence[str],
    langs: Sequence[str],
) -> Submission:
    if not choices and deny:
        choices = ("save",)  # a button that refuses one service sends this one name, and the ticks that stand around it
    if len(choices) != 1 or choices[0] not in ACTS:
        raise Refused(400, "choice")
    choice = choices[0]
    if choice in _ON_ONE_SERVICE and (len(services) != 1 or not services[0]):
        raise Refused(400, "purpose")
    return Submission(
        choice=choice,
        allow=tuple(allow) if choice == "save" else (),
        deny=tuple(deny) if choice == "save" else (),
        service=services[0] if choice in _ON_ONE_SERVICE else "",
        next=nexts[0] if len(nexts) == 1 else "",
        json=json,
        means=means[0] if len(means) == 1 and means[0] in MEANS else API,
        lang=langs[0] if len(langs) == 1 and len(langs[0]) <= _LANG_CHARACTERS else "",
    )
