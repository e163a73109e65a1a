"""The tools with a notation of their own: tarteaucitron, Cookiebot, OneTrust, CookieYes, django-cookie-consent.

May import ``reading``. The registry names these readers. Each format is the one that the tool's own code, its documents or its
cookies in use show.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from .reading import Cookies, Malformed, Reading, iso_time, reading_of, text_of

_FIELDS: Final = 256
_TARTEAUCITRON: Final = {"true": True, "false": False, "wait": None}
_COOKIEBOT: Final = re.compile(r"\{(\w+:(?:'[^']*'|[\w.+-]+)(?:,\w+:(?:'[^']*'|[\w.+-]+))*)\}", re.ASCII)
_MEMBER: Final = re.compile(r"(\w+):(?:'([^']*)'|([\w.+-]+))", re.ASCII)
_COOKIEBOT_KEYS: Final = ("necessary", "preferences", "statistics", "marketing")
_COOKIEYES_KEYS: Final = ("necessary", "functional", "analytics", "performance", "advertisement", "other")
_OCTAL: Final = re.compile(r"\\([0-3][0-7]{2})")


def tarteaucitron(cookies: Cookies) -> Reading:
    """``!service=true!other=wait!third=false``. Members that are no answer, such as an ``id``, are passed over."""
    text = text_of(cookies["{}"])
    if not text.startswith("!"):
        raise Malformed
    answers: list[tuple[str, bool]] = []
    waiting: set[str] = set()
    for member in text[1:].split("!"):
        key, _, value = member.partition("=")
        if key and value in _TARTEAUCITRON:
            answer = _TARTEAUCITRON[value]
            if answer is None:
                waiting.add(key)
            else:
                answers.append((key, answer))
    # A service that also waits is not granted.
    known = [(key, answer) for key, answer in answers if not answer or key not in waiting]
    if not known:
        raise Malformed
    return reading_of(known, decided=not waiting)


def cookiebot(cookies: Cookies) -> Reading:
    """``{stamp:'…',necessary:true,statistics:false,…,method:'explicit',…}``.

    The stamp ``-1`` with the method ``implied`` is of a visitor who was not asked; ``0`` of one who has not answered.
    """
    text = text_of(cookies["{}"])
    if _COOKIEBOT.fullmatch(text) is None:
        raise Malformed
    found: dict[str, str] = {}
    for name, quoted, bare in _MEMBER.findall(text[1:-1]):
        if name in found:
            raise Malformed
        found[name] = quoted or bare
    if found.get("stamp", "") in ("", "-1", "0") or found.get("method") != "explicit":
        raise Malformed
    answers = {key: found[key] == "true" for key in _COOKIEBOT_KEYS if found.get(key) in ("true", "false")}
    if not answers:
        raise Malformed
    utc = found.get("utc", "")
    made_at = int(utc) / 1000 if utc.isascii() and utc.isdigit() and len(utc) <= 15 else None
    return reading_of(answers.items(), made_at=made_at)


def onetrust(cookies: Cookies) -> Reading:
    """``OptanonConsent``: a form with ``groups=C0001:1,C0002:0``, written before any choice; ``OptanonAlertBoxClosed``: the
    time of the choice. ``AwaitingReconsent=true`` says that the choice no longer counts."""
    if "OptanonAlertBoxClosed" not in cookies or "OptanonConsent" not in cookies:
        raise Malformed
    made_at = iso_time(text_of(cookies["OptanonAlertBoxClosed"]))
    if made_at is None:
        raise Malformed
    try:
        raw = cookies["OptanonConsent"].decode("ascii")
        fields = parse_qsl(raw, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise Malformed from None
    if any(name == "AwaitingReconsent" and value != "false" for name, value in fields):
        raise Malformed
    groups = [group for name, value in fields if name == "groups" for group in value.split(",")]
    answers = [(id, flag == "1") for id, _, flag in (group.rpartition(":") for group in groups) if id and flag in ("0", "1")]
    if not answers:
        raise Malformed
    return reading_of(answers, made_at=made_at)


def cookieyes(cookies: Cookies) -> Reading:
    """``consentid:…,consent:yes,action:yes,necessary:yes,analytics:no,…``; without an ``action`` there was none."""
    found: dict[str, str] = {}
    for member in text_of(cookies["{}"]).split(","):
        name, colon, value = member.partition(":")
        if not colon or name in found:
            raise Malformed
        found[name] = value
    if found.get("action") != "yes":
        raise Malformed
    answers = {key: found[key] == "yes" for key in _COOKIEYES_KEYS if found.get(key) in ("yes", "no")}
    if not answers:
        raise Malformed
    return reading_of(answers.items())


def django_cookie_consent(cookies: Cookies) -> Reading:
    """``group=-1|other=2013-06-04T03:17:01.421395``: declined, or accepted in the version of that time.

    Django writes it in quotes, with octal escapes, where a character asks for it.
    """
    text = text_of(cookies["{}"])
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = _OCTAL.sub(lambda found: chr(int(found[1], 8)), text[1:-1])
    answers: list[tuple[str, bool]] = []
    for member in text.split("|"):
        group, equals, version = member.partition("=")
        if not group or not equals or (version != "-1" and iso_time(version) is None):
            raise Malformed
        answers.append((group, version != "-1"))
    return reading_of(answers)
