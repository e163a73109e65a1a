"""The HTML report: whole in itself, inert, escaped, and said in words what is drawn."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from consent_guard.audit.report import State, Verdict, Visit
from consent_guard.audit.reports.comparison import compare
from consent_guard.audit.reports.writers import written
from consent_guard.audit.reports.writers.picture import draw

from ..made_reports import COOKIE, GTM, PAGE, STRANGE, report

EVIL = '"><script>alert(1)</script>'


class Parts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def parts(text: str) -> Parts:
    parser = Parts()
    parser.feed(text)
    parser.close()
    return parser


def test_nothing_in_it_is_fetched_and_nothing_runs() -> None:
    found = parts(written("html", report()))
    assert not {tag for tag, _ in found.tags} & {"script", "link", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in found.tags:
        assert not {name for name in attributes if name.startswith("on")}
        for name in ("src", "href", "srcset", "data", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/png;base64,", "#")), (tag, value)
    assert "url(" not in written("html", report())
    policy = next(attributes for tag, attributes in found.tags if attributes.get("http-equiv") == "Content-Security-Policy")
    assert (policy["content"] or "").startswith("default-src 'none'")


def test_text_from_pages_and_policies_is_escaped() -> None:
    hostile = replace(
        GTM, host=EVIL, where=EVIL, rule=EVIL, initiator=EVIL, service=None, category=None, verdict=Verdict.UNLISTED
    )
    visit = Visit(EVIL, State.BEFORE, 200, (hostile, replace(COOKIE, name=EVIL)))
    text = written("html", replace(report(), target=EVIL, visits=(visit,), titles={"google-analytics": EVIL}, notes=(EVIL,)))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_it_names_each_state_verdict_service_and_line_to_add() -> None:
    text = " ".join(parts(written("html", report())).text.split())
    for words in (
        "2 leaks: the site makes browsers contact or store what the visitor has not agreed to",
        "Before any choice",
        "After refusing",
        "After accepting",
        "Google Tag Manager (Campaigns & <more>)",
        "document.cookie, started by www.googletagmanager.com",
        'id = "hotjar"',
        "stopped after 1 page",
        "It is no legal advice",
    ):
        assert words in text


def test_each_table_has_a_caption_and_each_picture_a_description() -> None:
    found = parts(written("html", report()))
    counts = {name: sum(1 for tag, _ in found.tags if tag == name) for name in ("table", "caption", "svg", "desc", "img", "h1")}
    assert counts["table"] == counts["caption"] > 0
    assert counts["svg"] == counts["desc"] == 3
    assert counts["h1"] == 1
    assert all(attributes.get("alt") for tag, attributes in found.tags if tag == "img")
    ids = [attributes["id"] for _, attributes in found.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))


def test_it_says_that_nothing_was_scanned_or_that_nothing_leaks() -> None:
    assert "Nothing could be scanned" in written("html", replace(report(), visits=()))
    clean = replace(report(), visits=(Visit(PAGE, State.BEFORE, 200),))
    assert "No leak: in every state looked at" in written("html", clean)


def test_it_does_not_say_that_the_policy_allows_what_it_does_not_know() -> None:
    one = replace(report(), visits=(Visit(PAGE, State.BEFORE, 200, (STRANGE,)),))
    text = written("html", one)
    assert "No leak, but the policy does not know 1 host contacted" in text
    assert "only what the policy allows" not in text
    assert "No leak, but" not in written("html", replace(report(), visits=(Visit(PAGE, State.BEFORE, 200, (STRANGE, COOKIE)),)))


def test_it_shows_what_a_guard_removes() -> None:
    guarded = replace(
        report(),
        target="guarded",
        visits=(replace(report().visits[0], sightings=(COOKIE,), requests=4, bytes=2_000, own_requests=1, own_bytes=999),),
    )
    text = " ".join(parts(written("html", guarded, compare(report(), guarded))).text.split())
    assert "What the guard changes" in text
    assert "12 → 4 (1 ours)" in text
    assert "50 kB → 2 kB (999 B ours)" in text
    assert "Only on the unguarded site, and not counted here: /a b (after refusing), /a b (after accepting)." in text


def test_the_picture_draws_who_contacted_whom_and_who_stored_what() -> None:
    further = replace(STRANGE, initiator=GTM.host)
    seen = (GTM, COOKIE, further, replace(GTM, where="iframe src"))
    picture = draw(replace(report(), visits=(Visit(PAGE, State.BEFORE, 200, seen),)), State.BEFORE)
    boxes = {box.host: box for box in picture.boxes}
    assert set(boxes) == {"", GTM.host, STRANGE.host}
    assert boxes[""].x < boxes[GTM.host].x < boxes[STRANGE.host].x
    assert boxes[GTM.host].lines == [GTM.host, "Google Tag Manager", "stores _ga"]
    assert [line.verdict for line in picture.lines] == ["leak", "unlisted"]
    assert picture.width >= max(box.x + box.width for box in picture.boxes)
    assert picture.height >= max(box.y + box.height for box in picture.boxes)
    assert GTM.host in picture.description


def test_boxes_of_a_crowded_picture_do_not_overlap_and_loops_end() -> None:
    hosts = [f"h{n}.example" for n in range(40)]
    seen = tuple(replace(STRANGE, host=host, initiator=hosts[n // 2] if n else hosts[-1]) for n, host in enumerate(hosts))
    picture = draw(replace(report(), visits=(Visit(PAGE, State.BEFORE, 200, seen),)), State.BEFORE)
    assert len(picture.boxes) == 41
    for one in picture.boxes:
        for other in picture.boxes:
            apart = one.x != other.x or one.y + one.height <= other.y or other.y + other.height <= one.y
            assert one is other or apart


def test_a_state_in_which_nobody_is_contacted_is_drawn_too() -> None:
    picture = draw(replace(report(), visits=(Visit(PAGE, State.REFUSED, 200),)), State.REFUSED)
    assert len(picture.boxes) == 1
    assert not picture.lines
    assert "contact no other host" in picture.description
