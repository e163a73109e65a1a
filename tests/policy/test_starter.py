"""A first policy file has no faults, whatever was found."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_guard import Policy
from consent_guard.policy.catalogue import catalogue
from consent_guard.policy.starter import Starter, known_categories, known_languages, starter_policy

IDS = sorted(catalogue())


@given(
    st.lists(st.sampled_from(IDS), max_size=4, unique=True),
    st.lists(st.sampled_from(known_languages()), min_size=1, max_size=3, unique=True),
    st.sampled_from(["", "fr", "us-ca"]),
)
def test_it_loads_with_the_services_it_was_given(ids: list[str], languages: list[str], regime: str) -> None:
    services = {id: catalogue()[id].service.category for id in ids}
    policy = Policy.load(tomllib.loads(starter_policy(Starter(services, languages, regime))))
    assert {service.id: service.category for service in policy.services} == services
    assert policy.languages == tuple(languages)
    assert {category.id for category in policy.categories} == {"necessary", *services.values()}


def test_every_category_of_the_catalogue_is_one_of_its_purposes() -> None:
    assert {entry.service.category for entry in catalogue().values()} <= set(known_categories())


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20), max_size=3))
def test_what_was_seen_stands_in_comments_only(texts: list[str]) -> None:
    hosts = [text.replace("\u2028", "").replace("\u2029", "").replace("\x85", "") for text in texts]
    document = tomllib.loads(starter_policy(Starter({}, hosts=hosts, cookies=texts)))
    assert set(document) == {"policy", "categories"}


def test_a_category_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        starter_policy(Starter({"youtube": "fun"}))
