"""html5lib's tokenizer tests against the lexer, whole and split (R1, DESIGN §8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from consent_guard.rewrite.html.attributes import Attributes
from consent_guard.rewrite.html.charrefs import decode_text
from consent_guard.rewrite.html.tokenizer import Kind, Mode, Tokenizer

from ...html5lib_data import tokenizer_files, tokenizer_tests

SIZES = (1, 2, 3, 7, 1 << 20)
RAW_STATES = {
    "RCDATA state": b"title",
    "RAWTEXT state": b"xmp",
    "Script data state": b"script",
    "PLAINTEXT state": b"plaintext",
}


def normalised(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


def comment_text(raw: bytes, bogus: bool) -> str | None:
    """The content of a comment by the rules of 13.2.5.41 to 52; None where none is made."""
    if bogus:
        start = 1 if raw.startswith(b"<?") else 2
        return None if raw == b"</>" else normalised(raw[start:].removesuffix(b">"))
    if raw in (b"<!-->", b"<!--->"):
        return ""
    content = raw[4:]
    for closing in (b"-->", b"--!>", b"--!", b"--", b"-"):
        if content.endswith(closing):
            content = content.removesuffix(closing)
            break
    return normalised(content)


def lexemes(data: bytes, state: str, last: bytes, size: int) -> Iterator[tuple[Kind, Mode, bytes, Any]]:
    lexer = Tokenizer()
    if state == "CDATA section state":
        lexer.mode = Mode.CDATA
    elif state != "Data state":
        lexer.enter(last if last and state in ("RCDATA state", "RAWTEXT state") else RAW_STATES[state])
    buffer = bytearray()
    at = 0
    fed = 0
    while True:
        final = fed >= len(data)
        buffer += data[fed : fed + size]
        fed += size
        while True:
            mode = lexer.mode
            end = lexer.next(buffer, at, final)
            kind = lexer.kind
            if kind is Kind.MORE:
                break
            if kind is Kind.CUT:
                return
            assert end >= at
            yield kind, mode, bytes(buffer[at:end]), lexer.tag
            at = end
        if final:
            return


def read(data: bytes, state: str, last: bytes, size: int) -> list[Any]:
    out: list[Any] = []
    pending: list[Any] | None = None
    """A piece of text or of a comment that may go on: kind, bytes."""

    def close() -> None:
        nonlocal pending
        if pending is None:
            return
        kind, raw = pending
        pending = None
        if kind in (Kind.COMMENT, Kind.BOGUS):
            text = comment_text(raw, kind is Kind.BOGUS)
            if text is not None:
                out.append(["Comment", text])
            return
        text = normalised(raw.removesuffix(b"]]>") if kind is Kind.CDATA else raw)
        if kind is Kind.TEXT or (kind is Kind.RAW and state == "RCDATA state"):
            text = decode_text(text)
        if out and out[-1][0] == "Character":
            out[-1][1] += text
        elif text:
            out.append(["Character", text])

    for kind, mode, raw, tag in lexemes(data, state, last, size):
        continues = pending is not None and pending[0] is kind
        if kind in (Kind.COMMENT, Kind.BOGUS, Kind.DOCTYPE) and mode not in (Mode.COMMENT, Mode.BOGUS, Mode.DOCTYPE):
            continues = False
        if continues and pending is not None:
            pending[1] += raw
            continue
        close()
        if kind is Kind.DOCTYPE:
            if mode is not Mode.DOCTYPE:
                out.append(["DOCTYPE"])
        elif kind in (Kind.START, Kind.END):
            name = normalised(tag[2]).encode().lower().decode()
            if kind is Kind.END:
                out.append(["EndTag", name])
                continue
            attributes = Attributes(raw, raw, 1 + len(tag[2]), normalised)
            values = {normalised(one.name): attributes.value(one) for one in attributes.effective()}
            out.append(["StartTag", name, values])
        else:
            pending = [kind, raw]
    close()
    return out


def expected(output: list[Any]) -> list[Any]:
    tokens: list[Any] = []
    for token in json.loads(json.dumps(output).replace("\\u0000", "\\ufffd")):
        if token[0] == "DOCTYPE":
            tokens.append(["DOCTYPE"])
        elif token[0] == "StartTag":
            tokens.append(token[:3])
        elif token[0] == "Character" and tokens and tokens[-1][0] == "Character":
            tokens[-1][1] += token[1]
        else:
            tokens.append(token)
    return tokens


@pytest.mark.parametrize("name", tokenizer_files())
def test_the_lexer_agrees_with_html5lib_at_every_chunk_size(name: str) -> None:
    wrong = []
    seen = 0
    for test in tokenizer_tests(name):
        data = test["input"].encode("utf-8", "surrogatepass")
        for state in test.get("initialStates", ["Data state"]):
            if state == "Script data state" and test.get("lastStartTag", "script") != "script":
                continue  # no tree builder reads another element's content as script data
            for size in SIZES:
                seen += 1
                tokens = read(data, state, test.get("lastStartTag", "").encode(), size)
                if tokens != expected(test["output"]):
                    wrong.append((test["description"], state, size, test["input"], tokens, expected(test["output"])))
    assert seen
    assert not wrong, f"{len(wrong)} of {seen}: {wrong[:5]}"
