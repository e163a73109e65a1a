"""The declaration as Markdown, JSON, CSV and a page of its own: the same rows, and no text becomes markup or a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from xml.etree.ElementTree import Element

import pytest

from consent_guard.pages.exports import COLUMNS, FORMATS, cells
from consent_guard.pages.languages import locale
from consent_guard.pages.surface import DECLARATION_ENDINGS, DOWNLOADS, Surface
from consent_guard.policy.model import AppCookie, Basis, Category, Controller, CookieRule, HostRule, Policy, Service

HOSTILE = '=HYPERLINK("http://evil.example","x") | <b>*_`[a](b)`_*</b> & \'q\''


def hostile_policy(text: str) -> Policy:
    texts = {"en": text}
    service = Service(
        "odd",
        "media",
        texts,
        texts,
        Controller(text, "https://odd.example/a?b=1|2\\"),
        (HostRule("*.odd.example", "odd.example", True),),
        (CookieRule("-odd|`*", None, texts),),
    )
    return Policy((Category("media", Basis.CONSENT, texts, texts),), (service,), (AppCookie(CookieRule("+zoom"), "media"),))


def table_of(policy: Policy, language: str) -> list[tuple[str, ...]]:
    value, words = Surface(policy).texts(language)
    return [cells(row, purpose, words) for purpose in value.declared for row in purpose.rows]


def csv_rows(policy: Policy, language: str) -> list[list[str]]:
    text = Surface(policy).declaration_file("csv", language).body.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_csv_is_the_declaration_row_by_row(policy: Policy, language: str) -> None:
    """S17, L41, L42: what is downloaded is what is declared."""
    heading, *rows = csv_rows(policy, language)
    assert heading == [locale(language).say(f"declaration.{column}") for column in COLUMNS]
    assert [tuple(row) for row in rows] == table_of(policy, language)
    assert len(rows) >= len(policy.cookies) + len(policy.services)


def test_the_json_names_every_cookie_service_and_address_of_the_policy(policy: Policy) -> None:
    """S17."""
    value = json.loads(Surface(policy).declaration_file("json", "en").body)
    assert [category["id"] for category in value["categories"]] == [category.id for category in policy.categories]
    assert value["revision"] == policy.revision
    for category in policy.categories:
        shown = next(member for member in value["categories"] if member["id"] == category.id)
        services = policy.services_of(category.id)
        assert [service["id"] for service in shown["services"]] == [service.id for service in services]
        assert [service["addresses"] for service in shown["services"]] == [[rule.text for rule in s.hosts] for s in services]
        declared = [cookie.rule.name for cookie in policy.cookies if cookie.category == category.id]
        declared += [rule.name for service in services for rule in service.cookies or (CookieRule(""),)]
        own = ["__Host-consent"] if category.id == "necessary" else []
        assert [cookie["name"] for cookie in shown["cookies"]] == own + declared


def test_the_json_says_lifetimes_in_words_and_in_numbers(policy: Policy) -> None:
    """L42."""
    value = json.loads(Surface(policy).declaration_file("json", "en").body)
    spans = {c["name"]: (c["lifetime"], c["expires_after"]) for p in value["categories"] for c in p["cookies"] if c["name"]}
    assert spans["atid"] == ("13 months", {"months": 13, "seconds": 0})
    assert spans["_s*"] == ("1 day", {"months": 0, "seconds": 86400})
    assert spans["_session"] == ("Until you close the browser", "session")
    assert spans["zoom"] == ("Not declared", None)


def test_the_markdown_has_a_table_with_every_row_of_every_purpose(policy: Policy) -> None:
    """S17."""
    text = Surface(policy).declaration_file("md", "fr").body.decode("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(lines) == len(table_of(policy, "fr")) + 2 * sum(line.startswith("| --- ") for line in lines)
    assert all(line.count(" | ") == len(COLUMNS) - 1 for line in lines)
    assert "| <https://meta.example/policy?a=1&b=2> |" in text
    assert "## Mesure d’audience" in text


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_the_csv_begins_like_a_formula(beginning: str) -> None:
    """A spreadsheet that opens the file computes nothing of it, and the text itself is still readable."""
    heading, *rows = csv_rows(hostile_policy(f"{beginning}1+1"), "en")
    assert rows
    assert not [cell for row in [heading, *rows] for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\n", beginning)]
    assert f"'{beginning}1+1" in rows[1]


def test_the_csv_quotes_every_cell_and_ends_lines_as_the_format_has_it() -> None:
    """RFC 4180."""
    body = Surface(hostile_policy('a "b", c\r\nd')).declaration_file("csv", "en").body
    assert body.startswith(b'\xef\xbb\xbf"')
    assert b'"a ""b"", c\r\nd"' in body
    assert body.endswith(b'"\r\n')
    assert all(len(row) == len(COLUMNS) for row in csv_rows(hostile_policy('a "b", c\r\nd'), "en"))


def test_no_text_of_the_policy_is_markup_in_the_markdown() -> None:
    text = Surface(hostile_policy(HOSTILE)).declaration_file("md", "en").body.decode("utf-8")
    assert "\\<b\\>\\*\\_\\`\\[a\\](b)\\`\\_\\*\\</b\\>" in text
    assert not [line for line in text.splitlines() if "<b>" in line or "`[" in line.replace("\\`", "")]
    assert "<https://odd.example/a?b=1%7C2%5C>" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.replace("\\|", "").count("|") == len(COLUMNS) + 1 for line in rows)


@pytest.mark.parametrize("text", ["- item", "1. item", "12) item", "+ item", "=== rule", "# head", "> quote", "~~~"])
def test_no_text_of_the_policy_begins_a_block_in_the_markdown(text: str) -> None:
    written = Surface(hostile_policy(text)).declaration_file("md", "en").body.decode("utf-8")
    assert text not in written.splitlines()
    assert any("\\" in line and line.replace("\\", "").startswith(text) for line in written.splitlines())


def test_the_page_that_stands_on_its_own_holds_the_rows_and_loads_nothing(
    policy: Policy, parsed: Callable[[bytes], Element]
) -> None:
    """S17: it can be kept as evidence, printed, or read from a disk."""
    page = parsed(Surface(policy).declaration_file("html", "fr").body)
    assert page.get("lang") == "fr"
    assert [element for element in page.iter() if element.tag in ("link", "script", "img", "iframe", "form")] == []
    assert "url(" not in "".join(page.itertext())
    names = [(row.find("th"), row) for row in page.iter("tr") if row.find("td") is not None]
    assert len(names) == len(table_of(policy, "fr"))
    assert not [a.get("href") for a in page.iter("a") if not (a.get("href") or "").startswith(("https://", "#cg-d"))]


def test_the_declaration_page_offers_every_file_in_its_own_language(
    policy: Policy, view_of: Callable[..., object], parsed: Callable[[bytes], Element]
) -> None:
    page = parsed(Surface(policy).declaration(view_of(policy, accept=b"en")))  # type: ignore[arg-type]
    links = [a.get("href") for a in page.iter("a") if a.get("download") is not None]
    assert links == [f"/app/privacy-choices/declaration.{ending}?lang=en" for ending in DOWNLOADS]


def test_a_file_is_named_for_its_language() -> None:
    surface = Surface(hostile_policy("x"))
    assert [surface.declaration_file(ending).name for ending in DECLARATION_ENDINGS] == [
        "cookies-en.html",
        "cookies-en.md",
        "cookies-en.json",
        "cookies-en.csv",
    ]
    assert {"html", *FORMATS} == set(DECLARATION_ENDINGS)
    with pytest.raises(KeyError):
        surface.declaration_file("pdf")
