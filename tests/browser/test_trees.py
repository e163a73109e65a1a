"""Random tag soup against Chromium's own tree builder: no element of its trees keeps a gated address (ROBUSTNESS 0.2, R3)."""

from __future__ import annotations

import json
import os
import random
import re
from typing import TYPE_CHECKING, Any

from consent_guard.policy.model import Policy

from ..rewrite.documents import DocumentFacts, Rules, page_rewriter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

RULES = Rules(
    Policy.load(
        {
            "categories": [{"id": "audience", "basis": "consent", "title": {"en": "Audience"}}],
            "services": [{"id": "stats", "category": "audience", "title": {"en": "Stats"}, "hosts": ["t.example"]}],
        }
    )
)
SOUPS = int(os.environ.get("CONSENT_GUARD_SOUPS", "1500"))
SEED = int(os.environ.get("CONSENT_GUARD_SEED", "1"))
OPENED = re.findall(
    r"\S+",
    """
    svg math foreignObject desc title mi mtext annotation-xml mglyph malignmark select option optgroup template noscript table
    tr td caption colgroup p br div b a form button font frameset frame noframes textarea style script iframe xmp noembed
    plaintext body html head img image input hr li h1 object applet marquee ruby rt g path use selectedcontent
    """,
)
OTHER = (
    *(
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<!doctype html>",
        "<!x>",
        "<?x>",
        "</",
        "<",
        "&lt;",
        "x",
        " ",
        "\n",
        "\0",
    ),
    *(
        "'",
        '"',
        ">",
        "/>",
        "<a b='",
        '<a b="',
        "</>",
        "</ x>",
        "<annotation-xml encoding=text/html MARK>",
        "<font color=x MARK>",
    ),
)
TREES = """
(soups => {
  const marks = root => [...root.querySelectorAll('*')].flatMap(element => [
    ...((element.getAttribute('style') || '').match(/t\\.example\\/(\\d+)/) || []).slice(1).map(Number),
    ...(element.localName === 'template' && element.content ? marks(element.content) : [])]);
  const frame = document.body.appendChild(document.createElement('iframe'));
  const all = soups.map(soup => {
    const without = marks(new DOMParser().parseFromString(soup, 'text/html'));
    const inside = frame.contentDocument;
    inside.open(); inside.write(soup); inside.close();
    return [...without, ...marks(inside)];
  });
  frame.remove();
  return all;
})
"""


def soup(random_: random.Random) -> str:
    pieces = []
    for _ in range(random_.randrange(2, 14)):
        kind = random_.random()
        name = random_.choice(OPENED)
        if kind < 0.55:
            pieces.append(f"<{name} MARK{random_.choice(['', '', '', '/'])}>")
        elif kind < 0.8:
            pieces.append(f"</{name}>")
        else:
            pieces.append(random_.choice(OTHER))
    number = iter(range(1, 100))
    return re.sub("MARK", lambda _: f'style="background:url(//t.example/{next(number)}/)"', "".join(pieces))


def rewritten(data: str, size: int) -> str:
    rewriter = page_rewriter(RULES, frozenset(), DocumentFacts("https", "site.example", "/", charset="utf-8"))
    raw = data.encode()
    return (b"".join(rewriter.feed(raw[at : at + size]) for at in range(0, len(raw), size)) + rewriter.close()).decode()


def empty(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """A page in which nothing loads or runs, however it is written into."""
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Security-Policy", "default-src 'none'")])
    return [b"<!doctype html><title>x</title><body>"]


def test_no_element_of_chromiums_tree_keeps_a_gated_address(chromium: Any, loopback: Any) -> None:
    random_ = random.Random(SEED)
    soups = [soup(random_) for _ in range(SOUPS)]
    outputs = [rewritten(one, 1 << 20) for one in soups]
    live = 0
    loopback.app, loopback.own = empty, {"site.example"}
    with chromium.tab() as session:
        chromium.visit(session, "https://site.example/")
        for start in range(0, SOUPS, 250):
            some = slice(start, start + 250)
            before = chromium.evaluate(session, f"{TREES}({json.dumps(soups[some])})")
            after = chromium.evaluate(session, f"{TREES}({json.dumps(outputs[some])})")
            for one, output, marks, left in zip(soups[some], outputs[some], before, after, strict=True):
                kept = {int(number) for number in re.findall(r"t\.example/(\d+)/", output)}
                assert not kept & set(marks), (one, output)
                assert not left, (one, output)
                live += len(set(marks))
    assert live > SOUPS
    assert all(rewritten(one, 1) == output for one, output in zip(soups[:300], outputs[:300], strict=True))
