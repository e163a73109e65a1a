"""The tools of content management systems that spread the choice over several cookies: Complianz, Drupal EU Cookie Compliance.

May import ``reading``. The registry names these readers. Each format is the one that the tool's own code writes.
"""

from __future__ import annotations

from typing import Final

from .reading import Cookies, Malformed, Reading, json_of, object_of, reading_of, text_of, texts_of

_COMPLIANZ: Final = ("functional", "preferences", "statistics", "statistics-anonymous", "marketing")
_SERVICES: Final = "{}consented_services"


def complianz(cookies: Cookies) -> Reading:
    """``cmplz_marketing=allow`` or ``deny`` for each category; ``cmplz_consented_services={"youtube":true}`` for contents that
    were allowed one at a time, whatever their category."""
    answers: list[tuple[str, bool]] = []
    for category in _COMPLIANZ:
        value = cookies.get("{}" + category)
        if value in (b"allow", b"deny"):
            answers.append((category, value == b"allow"))
    decided = bool(answers)
    if _SERVICES in cookies:
        services = object_of(cookies[_SERVICES])
        answers += [(service, answer) for service, answer in services.items() if isinstance(answer, bool)]
    if not answers:
        raise Malformed
    return reading_of(answers, decided=decided, single=True)


def drupal(cookies: Cookies) -> Reading:
    """``cookie-agreed``: 0 declined or withdrawn, 1 and 2 agreed; ``cookie-agreed-categories``: the categories agreed to.

    The key ``agreed`` stands for the whole where the site asks without categories.
    """
    value = cookies.get("{}", b"")
    if value == b"0":
        return Reading(complete=True)
    if value not in (b"1", b"2"):
        raise Malformed
    categories = cookies.get("{}-categories")
    if categories is None:
        return Reading(frozenset({"agreed"}))
    return Reading(texts_of(json_of(text_of(categories))), complete=True)
