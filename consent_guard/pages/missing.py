"""Which texts a policy lacks in the languages that it speaks, and what visitors read in their place.

A missing text is no fault: another language's stands in, marked as such in the page. It is worth knowing, because a banner
in two languages is harder to understand (L45). May import the policy and this package's languages. ``consent-guard check``
calls it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..policy.catalogue import find
from ..policy.model import Policy, Service
from .languages import FALLBACK, available
from .negotiation import best, same_language

_NAMED: Final = 12
"""Services that one sentence names; the rest are counted."""


def missing_texts(policy: Policy) -> tuple[str, ...]:
    """Return one sentence for each text that is missing in some of ``policy.languages``: its key path, the languages, and
    what is shown instead. Empty: nothing is missing.

    A text that is there in a wider language (``pt`` for ``pt-BR``) is not missing. Services whose text comes from the catalogue
    are told together where they lack the same languages; a name that nobody translates (``YouTube``) is not missed.
    """
    return (*_own_sentences(policy), *_policy_texts(policy), *_catalogue_texts(policy))


def _own_sentences(policy: Policy) -> Iterator[str]:
    lacking = [language for language in policy.languages if best(language, available()) is None]
    if lacking:
        yield (
            f"policy.languages: consent_guard has no sentences of its own in {_listing(lacking)}; "
            f'they are shown in "{FALLBACK}"'
        )


def _policy_texts(policy: Policy) -> Iterator[str]:
    for path, texts in _written(policy):
        lacking = _lacking(policy, texts)
        if lacking:
            shown = _shown(policy, texts, lacking[0])
            yield f'{path}: no text in {_listing(lacking)}; visitors read it in "{shown}"'


def _written(policy: Policy) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield every text that the policy itself answers for, with its place. One that it gives in no language at all is not a
    missing translation."""
    for place, category in enumerate(policy.categories):
        if category.title:
            yield f"categories[{place}].title ({category.id})", category.title
        if category.description:
            yield f"categories[{place}].description ({category.id})", category.description
    for place, service in enumerate(policy.services):
        known = _known(service)
        for key, texts in (("title", service.title), ("purpose", service.purpose)):
            from_catalogue = known is not None and texts == getattr(known, key)
            if texts and not from_catalogue and not (key == "title" and _is_name(service)):
                yield f"services[{place}].{key} ({service.id})", texts
        if known is None or service.cookies != known.cookies:
            for rule in service.cookies:
                if rule.purpose:
                    yield f"services[{place}].cookies ({service.id}, {rule.name}).purpose", rule.purpose
    for place, cookie in enumerate(policy.cookies):
        if cookie.rule.purpose:
            yield f"cookies[{place}].purpose ({cookie.rule.name})", cookie.rule.purpose


def _catalogue_texts(policy: Policy) -> Iterator[str]:
    alike: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for service in policy.services:
        known = _known(service)
        if known is not None and service.purpose and service.purpose == known.purpose:
            lacking = tuple(_lacking(policy, service.purpose))
            if lacking:
                alike.setdefault((lacking, _shown(policy, service.purpose, lacking[0])), []).append(service.id)
    for (languages, shown), services in alike.items():
        texts = ", ".join(f'{_key(language)} = "…"' for language in policy.languages)
        yield (
            f"services: what {_some(services)} {'is' if len(services) == 1 else 'are'} for is not written in "
            f'{_listing(languages)}; visitors read it in "{shown}". Write purpose = {{ {texts} }} '
            f"into {'that service' if len(services) == 1 else 'each'}: it stands in for the catalogue's text"
        )


def _some(ids: Sequence[str]) -> str:
    """Return the ids in words, the first of very many."""
    if len(ids) > _NAMED:
        return f"{', '.join(ids[:_NAMED])} and {len(ids) - _NAMED} more"
    return " and ".join(filter(None, (", ".join(ids[:-1]), ids[-1])))


def _key(language: str) -> str:
    """Return a language tag as a key of TOML."""
    return language if language.replace("-", "").replace("_", "").isalnum() else f'"{language}"'


def _known(service: Service) -> Service | None:
    entry = find(service.id)
    return entry.service if entry is not None else None


def _is_name(service: Service) -> bool:
    """Tell whether a title is a product's name: the same in several languages, or the id that stands in for none."""
    texts = set(service.title.values())
    return len(texts) == 1 and (len(service.title) > 1 or texts == {service.id})


def _lacking(policy: Policy, texts: Mapping[str, str]) -> list[str]:
    return [language for language in policy.languages if not same_language(language, _shown(policy, texts, language))]


def _shown(policy: Policy, texts: Mapping[str, str], language: str) -> str:
    """Return the language of the text that ``policy.text`` returns."""
    text = policy.text(texts, language)
    candidates = (language, language.partition("-")[0], *policy.languages, *texts)
    return next((tag for tag in candidates if texts.get(tag) == text), "")


def _listing(languages: Sequence[str]) -> str:
    return ", ".join(f'"{language}"' for language in languages)
