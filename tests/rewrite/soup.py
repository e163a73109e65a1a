"""Generated documents: fragments that browsers read in surprising ways, in any order, cut anywhere.

The domains are those of ``documents.DOMAINS``.
"""

from __future__ import annotations

from hypothesis import strategies as st

PIXEL = "https://px.ads.example/p"
DOCUMENT = ("<!doctype html>", "<html lang=fr>", "<head>", "</head>", "<body>", "</body>", "</html>")
"""What a document is marked out with."""

GATED = [
    f"<script src={PIXEL}></script>",
    "<script async src='//cdn.stats.example/s.js'>own()</script>",
    f"<script>go('{PIXEL}')</script>",
    f"<script type=module>import '{PIXEL}'</script>",
    f'<img src="{PIXEL}" width=1>',
    f"<img alt=x src={PIXEL}>",
    f'<img srcset="/a 1x, {PIXEL} 2x">',
    "<iframe src=//www.video.example/e></iframe>",
    f'<iframe srcdoc="<img src={PIXEL}>">',
    f'<object data="data:text/html,<img src={PIXEL}>">',
    "<embed src=//www.video.example/e>",
    "<video src=//www.video.example/e poster=//px.ads.example/p>",
    "<audio src=//www.video.example/e></audio>",
    f"<link rel=stylesheet href={PIXEL}>",
    "<link rel=preconnect href=//px.ads.example>",
    f"<meta http-equiv=refresh content='0;url={PIXEL}'>",
    f"<div style='background:url({PIXEL})'>",
    f"<style>p{{background:url({PIXEL})}}</style>",
    f'<style>@import "{PIXEL}";',
    f"<a href=x onclick=\"go('{PIXEL}')\">",
    f"<a href=\"javascript:go('{PIXEL}')\">",
    f"<a ping={PIXEL} href=#>",
    f"<body background={PIXEL} onload='go(\"{PIXEL}\")'>",
    f"<input type=image src={PIXEL}>",
    f"<image xlink:href={PIXEL} />",
    f"<use href={PIXEL}#x />",
    f"<param name=movie value={PIXEL}>",
    f"<noscript><img src={PIXEL}></noscript>",
    f"<template><script src={PIXEL}></script></template>",
    "<base href=https://px.ads.example/>",
    f"<frame src={PIXEL}>",
    f"--><script>x='{PIXEL}'</script>",
    "<script src=",
    "<img src='",
]
PLAIN = [
    *(
        "text ",
        "é",
        "&lt;",
        "\x00",
        "\r\n",
        " ",
        "<",
        "</",
        "<!",
        "=",
        "/",
        ">",
        '"',
        "'",
        "-",
        "a href=x",
        "]]>",
        "-->",
        "--!>",
    ),
    *("<p>", "<p title='\">'>", '<p title="', "<div class=a>", "</div>", "<br>", "<br/>", "<b>", "</b>", "<a href=/>", "</a>"),
    *("<img src=/a.png>", "<img src=c.gif alt='x>y'>", "<script>own()</script>", "<script>", "</script>", "</script x>"),
    *(
        "<script><!--",
        "<script src=/own.js></script>",
        "<script type=application/json>",
        "<style>p{}</style>",
        "<style>",
        "</style>",
    ),
    *("<title>", "</title>", "<textarea>", "</textarea>", "<noscript>", "</noscript>", "<xmp>", "</xmp>", "<plaintext>"),
    *(
        "<noembed>",
        "</noembed>",
        "<noframes>",
        "</noframes>",
        "<iframe>",
        "</iframe>",
        "<!--",
        "<!-- x -->",
        "<!-->",
        "<?php ?>",
    ),
    *(
        "<svg>",
        "</svg>",
        "<svg/>",
        "<math>",
        "</math>",
        "<g>",
        "</g>",
        "<path d='M0 0'/>",
        "<desc>",
        "</desc>",
        "<foreignObject>",
    ),
    *("</foreignObject>", "<mi>", "</mi>", "<mtext>", "<mglyph>", "<annotation-xml encoding=text/html>", "</annotation-xml>"),
    *(
        "<font color=red>",
        "<font>",
        "<svg><title>",
        "<title/>",
        "<script/>",
        "<style/>",
        "<![CDATA[",
        '<svg x=">',
        "<svg a=b/>",
    ),
    *("<table>", "</table>", "<tr>", "<td>", "<select>", "</select>", "<option>", "<template>", "</template>", "<frameset>"),
    *DOCUMENT,
    *("<form>", "</form>", "<button>"),
    *(
        PIXEL,
        f"<a href={PIXEL}>",
        f"<!-- {PIXEL} -->",
        f"<p data-src={PIXEL}>",
        f"<textarea>{PIXEL}</textarea>",
        "url(//px.ads.example)",
    ),
    *(
        "<base href=/dir/>",
        "<link rel=next href=/2>",
        "<meta charset=utf-8>",
        "<select><svg>",
        "</x>",
        "<x-y>",
        "</br>",
        "</p>",
    ),
]

FRAGMENTS = st.one_of(st.sampled_from(PLAIN), st.sampled_from(GATED))
DOCUMENTS = st.lists(FRAGMENTS, max_size=14).map("".join)
"""Any fragments in any order."""
BODIES = st.tuples(DOCUMENTS, st.integers(0, 400), st.binary(max_size=6)).map(
    lambda one: one[0].encode("utf-8")[: one[1]] + one[2] + one[0].encode("utf-8")[one[1] :]
)
"""The same with any bytes somewhere, and so with lexemes broken in two."""
CUT = st.tuples(DOCUMENTS, st.integers(0, 400)).map(lambda one: one[0].encode("utf-8")[: one[1]])
"""The same, ending anywhere."""

PAGE_PARTS = [part for part in PLAIN if part.startswith("<") and part.endswith(">") and "<" not in part[1:-1]]
PAGES = st.lists(st.one_of(st.sampled_from(PLAIN), st.sampled_from([*PAGE_PARTS, *GATED])), max_size=10).map("".join)
