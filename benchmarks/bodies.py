"""Bodies without end, and constructs that mean harm (ROBUSTNESS R4 to R8). Pure data; `streams` measures them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

CHUNK = 64 * 1024
GATED = b"https://www.google-analytics.com/analytics.js"


def same_rows() -> Iterator[bytes]:
    """A table without end whose rows repeat."""
    yield b'<!doctype html><html lang="fr"><body><table>'
    row = b'<tr class="row"><td><a href="/item">un article</a><td><img src="/i.png" alt=""><td style="color:red">texte\n'
    while True:
        yield row * (CHUNK // len(row))


def new_rows() -> Iterator[bytes]:
    """A table without end in which no tag comes twice, so that nothing remembered is of use."""
    yield b'<!doctype html><html lang="fr"><body><table>'
    number = 0
    while True:
        rows = []
        for _ in range(200):
            number += 1
            rows.append(
                f'<tr id="r{number}"><td><a href="/item/{number}" onclick="go({number})">n {number}</a>'
                f'<td><img src="https://static.site.example/{number}.png" alt="{number}">'
                f'<td><script src="https://cdn{number}.example.net/x.js"></script><td><script>var a={number};</script>'
                f'<td style="background:url(/b/{number}.png)">texte {number}\n'
            )
        yield "".join(rows).encode()


def gated_rows() -> Iterator[bytes]:
    """A table without end of which every row is cut."""
    yield b'<!doctype html><html lang="fr"><body><table>'
    row = b"<tr><td><script src=" + GATED + b"></script><td><iframe src=https://www.youtube.com/embed/x></iframe>texte\n"
    while True:
        yield row * (CHUNK // len(row))


def unfinished(start: bytes, filling: bytes) -> Callable[[], Iterator[bytes]]:
    """Return a body that opens something and never closes it."""

    def body() -> Iterator[bytes]:
        yield b"<!doctype html><body><p>" + start
        block = filling * (CHUNK // len(filling))
        while True:
            yield block

    return body


LONG: dict[str, Callable[[], Iterator[bytes]]] = {
    "rows that repeat": same_rows,
    "rows all different": new_rows,
    "rows all cut": gated_rows,
}
UNFINISHED: dict[str, Callable[[], Iterator[bytes]]] = {
    "an attribute's value": unfinished(b'<a title="', b"x"),
    "a gated element's value": unfinished(b'<img src="https://www.google-analytics.com/', b"x"),
    "a srcset": unfinished(b'<img srcset="', b"/a.png 1x, "),
    "a style attribute": unfinished(b'<p style="', b"color:red;"),
    "a tag with attributes": unfinished(b"<a ", b"b c=d "),
    "a tag with spaces": unfinished(b"<a ", b" "),
    "a tag's name": unfinished(b"<", b"a"),
    "a comment": unfinished(b"<!--", b"- x"),
    "a bogus comment": unfinished(b"<?", b"x"),
    "a doctype": unfinished(b"<!doctype ", b"x"),
    "a script": unfinished(b"<script>", b"var x=1;\n"),
    "a script that escapes": unfinished(b"<script><!--<script>", b"<!-- "),
    "a style sheet": unfinished(b"<style>", b".a{color:red}\n"),
    "a style sheet's url": unfinished(b"<style>.a{background:url(", b"x"),
    "a style sheet's string": unfinished(b"<style>@import '", b"x"),
    "a textarea": unfinished(b"<textarea>", b"<p>"),
    "a noscript": unfinished(b"<noscript>", b"<p>x"),
    "an svg": unfinished(b"<svg>", b"<g>"),
    "a CDATA section": unfinished(b"<svg><![CDATA[", b"]]x"),
    "a plaintext": unfinished(b"<plaintext>", b"<p>"),
}


def _fill(piece: bytes, size: int) -> bytes:
    return piece * (size // len(piece))


def _numbered(piece: bytes, size: int) -> bytes:
    """So many bytes of a piece in which a number differs each time."""
    return b"".join(piece % number for number in range(size // (len(piece) + 3)))


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "<": lambda n: _fill(b"<", n),
    "<!--": lambda n: _fill(b"<!--", n),
    "<!-->": lambda n: _fill(b"<!-->", n),
    "--!": lambda n: b"<!--" + _fill(b"--!", n),
    "<a/": lambda n: _fill(b"<a/", n),
    "<a =": lambda n: _fill(b"<a =", n),
    "<a '": lambda n: _fill(b"<a '", n),
    '<a b="': lambda n: _fill(b'<a b="', n),
    "&": lambda n: _fill(b"&", n),
    "& in a value": lambda n: b'<img src="' + _fill(b"&", n) + b'">',
    "&am in a value": lambda n: b'<img src="' + _fill(b"&am", n) + b'">',
    "</script in a script": lambda n: b"<script>" + _fill(b"</script", n) + b"</script>",
    "<!--<script": lambda n: b"<script>" + _fill(b"<!--<script ", n),
    "</": lambda n: _fill(b"</", n),
    "</a ": lambda n: _fill(b"</a ", n),
    "srcset commas": lambda n: b'<img srcset="' + _fill(b",", n) + b'">',
    "srcset parentheses": lambda n: b'<img srcset="a ' + _fill(b"(", n) + b'">',
    "srcset candidates": lambda n: b'<img srcset="' + _fill(b"a 1x,", n) + b'">',
    "CSS url(": lambda n: b"<style>" + _fill(b"url(", n) + b"</style>",
    "CSS url(' in a style attribute": lambda n: b'<p style="' + _fill(b"url('", n) + b'">',
    "CSS { [ (": lambda n: b"<style>" + _fill(b"{[(", n) + b"</style>",
    "CSS /*": lambda n: b"<style>" + _fill(b"/*", n) + b"</style>",
    "CSS \\": lambda n: b"<style>a{b:" + _fill(b"\\75 ", n) + b"}</style>",
    "CSS @import": lambda n: b"<style>" + _fill(b"@import ", n) + b"</style>",
    "50 srcdoc deep": lambda n: b'<iframe srcdoc="' + b"&lt;iframe srcdoc=" * 50 + _fill(b"x", n) + b'">',
    "srcdoc": lambda n: b'<iframe srcdoc="' + _fill(b"&lt;p&gt;", n) + b'">',
    "svg": lambda n: _fill(b"<svg>", n),
    "svg closed by another": lambda n: _fill(b"<svg><math></svg>", n),
    "svg title": lambda n: _fill(b"<svg><title>", n),
    "svg style": lambda n: _fill(b"<svg><style><a title='</style>'>", n),
    "svg CDATA": lambda n: _fill(b"<svg><![CDATA[><img src=x>", n),
    "math mi": lambda n: _fill(b"<math><mi>", n),
    "select": lambda n: _fill(b"<select><textarea>", n),
    "noscript": lambda n: _fill(b"<noscript>", n),
    "noscript, never the same": lambda n: _numbered(b"<noscript><img src=%d></noscript>", n),
    "noscript with a comment": lambda n: _fill(b"<noscript><!--</noscript>", n),
    "noscript with a style": lambda n: _fill(b"<noscript><style>", n),
    "template": lambda n: _fill(b"<template>", n),
    "base": lambda n: _numbered(b"<base href=/%d/>", n),
    "attributes": lambda n: b"<a " + _numbered(b"a%d=b ", n) + b">",
    "the same attribute": lambda n: b"<script " + _fill(b"src=" + GATED + b" ", n) + b"></script>",
    "styles in a tag": lambda n: b"<p " + _fill(b"style='a:url(x)' ", n) + b">",
    "gated tags": lambda n: _fill(b"<script src=" + GATED + b"></script>", n),
    "dots in a script": lambda n: b"<script>" + _fill(b".com", n) + b"</script>",
    "a host without end in a script": lambda n: b"<script>" + _fill(b"a", n) + b".google-analytics.com</script>",
    "hosts in a script": lambda n: b"<script>" + _fill(b"//www.google-analytics.com.x ", n) + b"</script>",
    "globals in a script": lambda n: b"<script>" + _fill(b"www.google-analytics.com gax ", n) + b"</script>",
    "javascript:": lambda n: b'<a href="javascript:' + _fill(b"%2e", n) + b'">',
    "data: text": lambda n: b'<iframe src="data:text/html,' + _fill(b"%3cp%3e", n) + b'">',
    "nested brackets in JSON": lambda n: b"<script type=importmap>" + _fill(b"[", n) + b"</script>",
}
"""Makers of so many bytes, by name."""
