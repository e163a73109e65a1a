"""Each tool's cookie is read as that tool means it: undecided is not granted, malformed is no choice (L09, L10, G12)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consent_guard.consent.imports.reading import Malformed, Reading
from consent_guard.consent.imports.registry import READERS
from consent_guard.policy.import_tools import TOOLS

TOKEN = {"user_id": "u", "purposes": {"enabled": ["stats-1"], "disabled": ["ads-2"]}, "vendors": {"enabled": ["c:x"]}}
VANILLA = {
    "categories": ["necessary", "stats"],
    "services": {"stats": ["counter"], "ads": ["pixel"]},
    "consentTimestamp": "2024-11-20T19:02:36.823Z",
    "lastConsentTimestamp": "2024-11-20T19:02:37.000Z",
}


def packed(value: object) -> bytes:
    return quote(json.dumps(value)).encode()


def token(value: object) -> bytes:
    return base64.b64encode(json.dumps(value).encode())


def read(tool: str, value: bytes = b"", **more: bytes) -> Reading | None:
    """Read one cookie of a tool, and more of them by role; None for no choice."""
    try:
        return READERS[tool]({"{}": value, **more} if value else more)
    except Malformed:
        return None


def granted(reading: Reading | None) -> set[str]:
    assert reading is not None
    return set(reading.granted)


def test_there_is_a_reader_for_each_tool_that_a_policy_may_name() -> None:
    assert set(READERS) == set(TOOLS)


def test_tarteaucitron_waits_grant_nothing_and_foreign_members_are_passed_over() -> None:
    reading = read("tarteaucitron", b"!id=a5-1!counter=true!video=wait!share=false")
    assert granted(reading) == {"counter"}
    assert reading is not None
    assert reading.answer("share") is False
    assert reading.answer("video") is None
    assert not reading.decided
    assert granted(read("tarteaucitron", b"!a=true!a=false!b=true")) == {"b"}
    assert granted(read("tarteaucitron", b"!a=true!a=wait!b=true")) == {"b"}


@pytest.mark.parametrize(
    "value", [b"counter=true", b"!", b"!counter=wait", b"!counter=TRUE", b"!=true", b"true", b"!\xff=true"]
)
def test_tarteaucitron_without_an_answer_is_no_choice(value: bytes) -> None:
    assert read("tarteaucitron", value) is None


@pytest.mark.parametrize("tool", ["klaro", "orejime"])
def test_klaro_and_orejime_hold_an_answer_per_service(tool: str) -> None:
    for value in (packed({"counter": True, "video": False}), b"{%22counter%22:true%2C%22video%22:false}"):
        reading = read(tool, value)
        assert granted(reading) == {"counter"}
        assert reading is not None
        assert reading.refused == {"video"}


def test_orejime_is_read_under_its_older_name_too_and_each_must_grant() -> None:
    assert granted(read("orejime", orejime=packed({"a": True}))) == {"a"}
    assert granted(read("orejime", packed({"a": True, "b": False}), orejime=packed({"a": True, "b": True}))) == {"a"}


@pytest.mark.parametrize(
    "value",
    [
        packed({"/fr/": {"solutions": {"counter": True}}}),
        packed({"counter": 1}),
        packed({"counter": "true"}),
        packed({}),
        packed([True]),
        b"true",
        b"{",
        b"%7B%22a%22%3Atrue%2C%22a%22%3Afalse%7D",
        b"%ff",
        b"[" * 4000,
    ],
)
def test_another_shape_under_the_same_name_is_no_choice(value: bytes) -> None:
    """The name eu-consent is another tool's as well."""
    assert read("klaro", value) is None
    assert read("orejime", value) is None


def test_vanilla_cookieconsent_lists_what_is_accepted_and_refuses_the_rest() -> None:
    reading = read("vanilla-cookieconsent", packed(VANILLA))
    assert granted(reading) == {"necessary", "stats", "counter", "stats/counter"}
    assert reading is not None
    assert reading.answer("ads") is False
    assert reading.made_at == pytest.approx(1_732_129_357.0)


@pytest.mark.parametrize("change", [{"consentTimestamp": None}, {"categories": "stats"}, {"categories": [1]}, {"services": []}])
def test_vanilla_cookieconsent_without_a_time_or_of_another_shape_is_no_choice(change: dict[str, object]) -> None:
    assert read("vanilla-cookieconsent", packed({**VANILLA, **change})) is None


def test_cookiebot_counts_explicit_answers_only() -> None:
    value = (
        b"{stamp:%27AbC+/dEf==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:true"
        b"%2Cmethod:%27explicit%27%2Cutc:1700000000000}"
    )
    reading = read("cookiebot", value)
    assert granted(reading) == {"necessary", "statistics"}
    assert reading is not None
    assert reading.answer("marketing") is None
    assert reading.made_at == 1_700_000_000
    assert granted(read("cookiebot", value.replace(b"%27", b"'").replace(b"%2C", b","))) == {"necessary", "statistics"}
    for other in (
        value.replace(b"explicit", b"implied"),
        value.replace(b"AbC+/dEf==", b"-1"),
        value.replace(b"AbC+/dEf==", b"0"),
        value.replace(b"statistics:true", b"statistics:true%2Cstatistics:false"),
        value.replace(b"}", b""),
        b"-1",
        b"0",
    ):
        assert read("cookiebot", other) is None


def test_onetrust_counts_only_once_its_box_was_closed() -> None:
    """It writes its groups before any choice."""
    groups = b"datestamp=Mon+Mar+24&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A0%2C4%3A1&AwaitingReconsent=false"
    closed = b"2024-10-15T11:50:36.242Z"
    reading = read("onetrust", OptanonConsent=groups, OptanonAlertBoxClosed=closed)
    assert granted(reading) == {"C0001", "C0002", "4"}
    assert read("onetrust", OptanonConsent=groups) is None
    assert read("onetrust", OptanonAlertBoxClosed=closed) is None
    assert read("onetrust", OptanonConsent=groups, OptanonAlertBoxClosed=b"yes") is None
    again = groups.replace(b"Reconsent=false", b"Reconsent=true")
    assert read("onetrust", OptanonConsent=again, OptanonAlertBoxClosed=closed) is None
    assert read("onetrust", OptanonConsent=b"groups=", OptanonAlertBoxClosed=closed) is None
    twice = groups + b"&groups=C0002%3A0"
    assert granted(read("onetrust", OptanonConsent=twice, OptanonAlertBoxClosed=closed)) == {"C0001", "4"}


def test_cookieyes_counts_only_with_an_action() -> None:
    value = b"consentid:Wx,consent:no,action:yes,necessary:yes,functional:no,analytics:yes,other:"
    reading = read("cookieyes", value)
    assert granted(reading) == {"necessary", "analytics"}
    assert reading is not None
    assert reading.answer("other") is None
    assert granted(read("cookieyes", value.replace(b",", b"%2C"))) == {"necessary", "analytics"}
    for other in (
        value.replace(b"action:yes", b"action:"),
        value.replace(b"action:yes,", b""),
        b"analytics:yes",
        b"x",
        b"action:yes",
    ):
        assert read("cookieyes", other) is None


def test_axeptio_counts_only_once_completed() -> None:
    found = {"$$token": "t", "$$date": "2025-11-30T10:43:27.182Z", "$$completed": True, "counter": True, "pixel": False}
    reading = read("axeptio", packed(found))
    assert granted(reading) == {"counter"}
    assert reading is not None
    assert reading.refused == {"pixel"}
    assert reading.made_at == pytest.approx(1_764_499_407.182)
    assert read("axeptio", packed({**found, "$$completed": False})) is None
    assert read("axeptio", packed({**found, "counter": "yes"})) is None


def test_axeptios_lists_of_vendors_count_alone_and_restrict_its_cookie() -> None:
    lists = {"axeptio_authorized_vendors": b"%2Ccounter%2Cmap%2C", "axeptio_all_vendors": b"counter%2Cmap%2Cvideo"}
    alone = read("axeptio", **lists)
    assert granted(alone) == {"counter", "map"}
    assert alone is not None
    assert alone.refused == {"video"}
    both = read("axeptio", packed({"$$completed": True, "counter": True, "video": True}), **lists)
    assert granted(both) == {"counter"}
    assert granted(read("axeptio", axeptio_authorized_vendors=b"%2C%2C")) == set()
    assert read("axeptio", axeptio_all_vendors=b"counter") is None


def test_didomi_lists_purposes_and_vendors_and_a_bare_token_is_no_choice() -> None:
    reading = read("didomi", token(TOKEN))
    assert granted(reading) == {"stats-1", "c:x"}
    assert reading is not None
    assert reading.refused == {"ads-2"}
    assert read("didomi", token({"user_id": "u", "created": "2021-03-17T16:46:32.344Z"})) is None
    for other in (
        token([1]),
        token({**TOKEN, "vendors": [1]}),
        token({**TOKEN, "vendors": {"enabled": [1]}}),
        b"@@",
        b"\xff",
        b"A",
    ):
        assert read("didomi", other) is None


def test_complianz_allows_categories_and_single_services() -> None:
    parts = {"{}marketing": b"deny", "{}statistics": b"allow", "{}banner-status": b"dismissed"}
    reading = read("complianz", **parts)
    assert granted(reading) == {"statistics"}
    assert reading is not None
    assert reading.answer("preferences") is None
    single = read("complianz", **parts, **{"{}consented_services": b'{"video":true}'})
    assert granted(single) == {"statistics", "video"}
    assert single is not None
    assert single.single
    assert read("complianz", **{"{}banner-status": b"dismissed"}) is None
    assert read("complianz", **{"{}marketing": b"ALLOW"}) is None
    assert read("complianz", **{**parts, "{}consented_services": b"{"}) is None


def test_drupal_agrees_whole_or_by_category() -> None:
    assert granted(read("drupal-eu-cookie-compliance", b"2")) == {"agreed"}
    assert granted(read("drupal-eu-cookie-compliance", b"1")) == {"agreed"}
    by = read("drupal-eu-cookie-compliance", b"2", **{"{}-categories": b"%5B%22stats%22%5D"})
    assert granted(by) == {"stats"}
    assert by is not None
    assert by.answer("agreed") is False
    assert by.answer("ads") is False
    declined = read("drupal-eu-cookie-compliance", b"0")
    assert declined is not None
    assert declined.answer("agreed") is False
    for value in (b"3", b"", b"true", b"02"):
        assert read("drupal-eu-cookie-compliance", value) is None
    assert read("drupal-eu-cookie-compliance", b"2", **{"{}-categories": b"stats"}) is None
    assert read("drupal-eu-cookie-compliance", **{"{}-categories": b"%5B%22stats%22%5D"}) is None


def test_django_cookie_consent_declines_with_minus_one() -> None:
    value = b"optional=-1|social=2013-06-04T03:17:01.421395"
    for written in (value, b'"' + value + b'"', b'"' + value.replace(b":", b"\\072") + b'"'):
        reading = read("django-cookie-consent", written)
        assert granted(reading) == {"social"}
        assert reading is not None
        assert reading.refused == {"optional"}
    for other in (b"social=yes", b"social", b"=-1", b"social=1", b""):
        assert read("django-cookie-consent", other or b" ") is None


PIECES = [
    *(b"true", b"false", b"{", b"}", b"%7B", b"%22", b'"', b":", b"%3A", b",", b"%2C", b"=", b"!", b"|", b"-1", b"1", b"yes"),
    *(b"[", b"]", b"\\u0000", b"\\ud800", b"%", b"%ff", b"groups=", b"$$completed", b"action", b"stamp", b"1e999", b"NaN"),
]
MEMBERS = [*VANILLA, *TOKEN, "$$completed", "enabled"]


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=60)
@given(data=st.data())
def test_whatever_a_visitor_sends_is_a_choice_or_none(tool: str, data: st.DataObject) -> None:
    """A reader raises Malformed and nothing else."""
    pieces = st.sampled_from(PIECES)
    values = st.one_of(
        st.binary(max_size=60),
        st.lists(pieces, max_size=20).map(b"".join),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3),
                st.dictionaries(st.sampled_from(MEMBERS), inner),
            ),
            max_leaves=8,
        ).map(lambda value: data.draw(st.sampled_from([packed, token]))(value)),
    )
    roles = [*TOOLS[tool].cookies, "{}", "{}marketing", "{}consented_services"]
    cookies = data.draw(st.dictionaries(st.sampled_from(roles), values, min_size=1, max_size=3))
    cookies.setdefault(TOOLS[tool].cookies[0], b"")
    try:
        found = READERS[tool](cookies)
    except Malformed:
        return
    assert isinstance(found, Reading)
    assert not found.granted & found.refused
    assert found.made_at is None or abs(found.made_at) < 1e13


@given(st.text(max_size=40))
@example("9999-12-31T23:59:59-14:00")
@example("0001-01-01T00:00:00+14:00")
def test_no_time_stops_a_reader(text: str) -> None:
    closed = quote(text).encode()
    read("onetrust", OptanonConsent=b"groups=a:1", OptanonAlertBoxClosed=closed)
    read("django-cookie-consent", b"a=" + closed)


EXPECTED: dict[tuple[str, str], set[str]] = {
    ("tarteaucitron", "!gtag"): {"gtag"},
    ("tarteaucitron", "!id="): {"atinternet"},
    ("tarteaucitron", "!facebookpixel"): {"facebookpixel", "atinternetservice", "fontawesomeservice", "youtube"},
    ("klaro", "%7B"): {"google-analytics"},
    ("orejime", "{%22ana"): {"analytics"},
    ("orejime", "{%22goo"): {"google-tag-manager"},
    ("vanilla-cookieconsent", "%7B"): {"necessary", "analytics", "ga", "analytics/ga"},
    ("cookiebot", "{stamp:%27A"): {"necessary", "statistics"},
    ("cookieyes", "consentid:WHRL"): {"necessary"},
    ("axeptio", "%7B"): {"google_analytics"},
    ("axeptio", "{%22$$"): {"google_analytics"},
    ("didomi", "eyJ"): {"google", "c:xiti-AbCd", "mesure-XyZ"},
    ("django-cookie-consent", "optional"): {"social"},
}
"""What the collected samples grant, by tool and the beginning of their value."""
NO_CHOICE = {("orejime", "%7B%22%2Ffr"), ("cookiebot", "{stamp:%27-1"), ("cookieyes", "consentid:YjZO")}


def test_the_collected_samples_are_read_right(shared: Callable[[str], Path]) -> None:
    samples = json.loads(shared("reference/cmp_cookie_samples.json").read_text("utf-8"))
    alone = dict(EXPECTED)
    silent = set(NO_CHOICE)
    for sample in samples:
        name, value = sample["cmp"].removeprefix("NOT-"), sample["value"]
        tool = next((id for id in TOOLS if name.startswith(id)), None)
        if tool is None or sample["cookie"] in ("axeptio_all_vendors", "axeptio_authorized_vendors"):
            continue
        for key in [key for key in silent if key[0] == tool and value.startswith(key[1])]:
            assert read(tool, value.encode()) is None, sample
            silent.discard(key)
            break
        else:
            for key in [key for key in alone if key[0] == tool and value.startswith(key[1])]:
                assert granted(read(tool, value.encode())) == alone.pop(key), sample
                break
    assert not alone
    assert not silent


def test_the_collected_samples_that_go_together_are_read_right(shared: Callable[[str], Path]) -> None:
    samples = json.loads(shared("reference/cmp_cookie_samples.json").read_text("utf-8"))
    values = {sample["cookie"]: sample["value"].encode() for sample in samples}
    onetrust = {name: values[name] for name in ("OptanonConsent", "OptanonAlertBoxClosed")}
    assert granted(read("onetrust", **onetrust)) == {"C0001"}
    vendors = {name: values[name] for name in ("axeptio_authorized_vendors", "axeptio_all_vendors")}
    assert granted(read("axeptio", **vendors)) == {"google_analytics", "facebook_pixel"}
    complianz = {"{}" + name.removeprefix("cmplz_"): value for name, value in values.items() if name.startswith("cmplz_")}
    assert granted(read("complianz", **complianz)) == {"marketing", "youtube"}
    categories = {"{}-categories": values["cookie-agreed-categories"]}
    assert granted(read("drupal-eu-cookie-compliance", values["cookie-agreed"], **categories)) == {"functional", "analytics"}
