"""The tools that keep JSON: Klaro, Orejime, vanilla-cookieconsent, Axeptio, Didomi.

May import ``reading``. The registry names these readers. Each format is the one that the tool's own code or documents show.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from .reading import Cookies, Malformed, Reading, iso_time, json_of, object_of, reading_of, text_of, texts_of


def klaro(cookies: Cookies) -> Reading:
    """``{"service": true, …}``, percent-encoded; written when the visitor saves."""
    return reading_of(_flags(object_of(cookies["{}"])).items())


def orejime(cookies: Cookies) -> Reading:
    """As Klaro: ``eu-consent`` since version 3, ``orejime`` before. Others use the name ``eu-consent`` for another shape."""
    readings = [klaro({"{}": value}) for value in cookies.values()]
    return reading_of(
        [(key, True) for reading in readings for key in reading.granted]
        + [(key, False) for reading in readings for key in reading.refused]
    )


def vanilla(cookies: Cookies) -> Reading:
    """vanilla-cookieconsent 3: the accepted ``categories``, and in ``services`` the accepted services of each.

    A service's key is its name, or ``category/service``. Only those of an accepted category count. Without the time of consent
    it is not the cookie of a choice.
    """
    found = object_of(cookies["{}"])
    categories = texts_of(found.get("categories"))
    services = found.get("services", {})
    if not isinstance(services, dict) or not isinstance(found.get("consentTimestamp"), str):
        raise Malformed
    granted = set(categories)
    for category, names in services.items():
        if category in categories:
            granted |= {key for name in texts_of(names) for key in (name, f"{category}/{name}")}
    made_at = iso_time(found.get("lastConsentTimestamp")) or iso_time(found["consentTimestamp"])
    return Reading(frozenset(granted), complete=True, made_at=made_at)


def axeptio(cookies: Cookies) -> Reading:
    """``axeptio_cookies`` holds an answer per vendor beside its own ``$$`` members, ``$$completed`` once all is answered.

    ``axeptio_authorized_vendors`` and ``axeptio_all_vendors`` list them once more: where both are there, both must grant.
    """
    lists = {name: cookies[name] for name in ("axeptio_authorized_vendors", "axeptio_all_vendors") if name in cookies}
    vendors = {name: frozenset(text_of(value).split(",")) - {""} for name, value in lists.items()}
    authorized = vendors.get("axeptio_authorized_vendors")
    if "{}" not in cookies:
        if authorized is None:
            raise Malformed
        return Reading(authorized, vendors.get("axeptio_all_vendors", frozenset()) - authorized)
    found = object_of(cookies["{}"])
    if found.get("$$completed") is not True:
        raise Malformed
    answers = _flags({key: value for key, value in found.items() if not key.startswith("$$")})
    if authorized is not None:
        answers = {key: answer and key in authorized for key, answer in answers.items()}
    return reading_of(answers.items(), made_at=iso_time(found.get("$$date")))


def didomi(cookies: Cookies) -> Reading:
    """``didomi_token``: base64 of JSON with the ids of the purposes and vendors that are enabled and disabled."""
    try:
        raw = text_of(cookies["{}"]).encode("ascii")
        found = json_of(base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True).decode("utf-8"))
    except (ValueError, binascii.Error):
        raise Malformed from None
    if not isinstance(found, dict):
        raise Malformed
    answers: list[tuple[str, bool]] = []
    for part in ("purposes", "vendors"):
        lists = found.get(part, {})
        if not isinstance(lists, dict):
            raise Malformed
        for name, answer in (("enabled", True), ("disabled", False)):
            answers += [(key, answer) for key in texts_of(lists.get(name, []))]
    if not answers:  # a token exists before any choice
        raise Malformed
    return reading_of(answers, made_at=iso_time(found.get("updated")))


def _flags(found: Mapping[str, object]) -> dict[str, bool]:
    """Return an object whose members are all true or false."""
    flags = {key: value for key, value in found.items() if isinstance(value, bool)}
    if not found or len(flags) != len(found):
        raise Malformed
    return flags
