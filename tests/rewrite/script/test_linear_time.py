"""Reading a script takes time in proportion to its length, whatever stands in it (R6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consent_guard.rewrite.script.flow import addresses_in, read_script, stands_in_code

from ..timing import grows_linearly


def times(unit: bytes, before: bytes = b"s.src=", after: bytes = b"", closing: bytes = b"") -> Callable[[int], bytes]:
    """Return what makes a script of about so many bytes: a unit over and over, and as often what closes it."""
    return lambda size: before + unit * (size // len(unit + closing)) + closing * (size // len(unit + closing)) + after


T = b"'//t.example/a'"
HOSTILE: dict[str, Callable[[int], bytes]] = {
    "one string": times(b"https://t.example/", b"s.src='", b"'"),
    "escapes": times(b"\\/", b"s.src='", b"'"),
    "an open string": times(b"a", b"s.src='//t.example/"),
    "nested templates": times(b"`${"),
    "closed templates": times(b"`${", closing=b"}`"),
    "regular expressions like comments": times(b"x=/[/*]/;y=/\\/*/;", b"", b"s.src=x"),
    "open regular expressions": times(b"=/[ "),
    "parentheses": times(b"(", closing=b")"),
    "arrays": times(b"["),
    "concatenation": times(b"+'a'", b"s.src=" + T),
    "of unknown": times(b"a+"),
    "conditions": times(b"a?'b':"),
    "many calls": times(b"s.src=" + T + b";"),
    "many calls of one name": times(b"s.src=u;", b"", b"u=" + T),
    "many definitions": times(b"u=" + T + b";", b"", b"s.src=u"),
    "many names": lambda size: b";".join(b"v%d=v%d" % (n, n + 1) for n in range(size // 12)) + b";s.src=v0",
    "many members": times(b"a.u={u:a.u};", b"", b"s.src=a.u"),
    "arrow functions": times(b"a=>"),
    "functions": times(b"function f(a){", b"", b"s.src=a"),
    "calls in calls": times(b"f("),
    "calls of one function": times(b"f(" + T + b");", b"function f(a){s.src=a}"),
    "declarations": times(b"let ", b"", b"s.src=let"),
    "declared lists": times(b",a", b"var a", b";s.src=a"),
    "imports": times(b"import ", b""),
    "exports of names": times(b",a", b"export {a"),
    "pluses": times(b"+"),
    "dots": times(b".a", b"s.src=a"),
    "line ends": times(b"\n", after=T),
    "comments": times(b"/**/", after=T),
    "written HTML": times(b"<img src=//t.example/>", b"document.write('", b"')"),
    "open HTML": times(b"<img src=", b"document.write('", b"')"),
    "joined HTML": times(b"h+='<img src=//t.example/a>';", b"h='';", b"document.write(h)"),
    "code in code": times(b"eval(", b"eval('", b"')"),
    "methods": times(b"a(b){", b"let a;", b"s.src=b"),
    "brackets that fit nothing": times(b"([)", b"s.src=u;"),
    "names of loaders": times(b"loadScript", b"", b"(" + T + b")"),
    "loader after loader": times(b"loadScript(u);", b""),
    "links": times(b"a.href=u;", b"", b"'link'"),
    "jQuery": times(b"$('<img>',{src:u});", b""),
    "attributes": times(b"a.setAttribute(u,u);", b""),
    "replacements": times(b".replace('a','aa')", b"s.src=u"),
    "doubling": times(b"a=a+a;", b"a='//t.example/aaaaaaaa';", b"s.src=a"),
    "doubling names": lambda size: (
        b"a0='//t.example/';"
        + b"".join(b"a%d=a%d+a%d;" % (n + 1, n, n) for n in range(size // 15))
        + b"eval(a%d);document.write(a%d+'src=')" % (size // 15, size // 15)
    ),
    "links by rel": times(b"x.rel=1;y.href='/h';", b"", b"'link'"),
    "links by their making": times(b"l=x;l.href='/h';", b"z.rel=1;"),
    "links assigned in a row": times(b"l=", b"z.rel=1;", b"1;l.href='/h'"),
    "functions of one name": times(b"function f(){}s.src=f();", b""),
    "functions in functions": times(b"(function(){a.src=b;", b"", closing=b"})()"),
    "functions called where they stand": times(b"a.src=(function(){return 1})();", b""),
    "one name in many functions": times(b"(function(){var u=a;s.src=u})();", b""),
    "functions of many names": lambda size: b"".join(b"function f%d(u){s.src=u}f%d('/');" % (n, n) for n in range(size // 32)),
    "members of many names": lambda size: b"".join(b"a.u%d=1;s.src=b.u%d;" % (n, n) for n in range(size // 22)),
    "one member of many owners": lambda size: b"".join(b"a%d.u=1;s.src=a%d.u;" % (n, n) for n in range(size // 24)),
    "members set by key": times(b"x['src']=", b"", b"1"),
    "documents in documents": times(b"srcdoc=", b"x.innerHTML='", b"https://t.example/'"),
    "filled lists": times(b"l.push(u);s.src=l;", b""),
    "elements": times(b"l[k]=u;s.src=l[k];", b""),
    "keys that are not told": times(b"s.src=o[k];", b"o={a:1};"),
    "patterns": times(b"var {a}=b;s.src=a;", b""),
    "patterns among parameters": times(b"function f({u}){s.src=u}f({u:1});", b""),
    "patterns in patterns": times(b"var {a:{", b"", b"s.src=a", closing=b"}}"),
    "aliases": times(b"f=fetch;f(u);", b""),
    "attributes that are not told": times(b"e.setAttribute(k,a[k]);", b"a={src:1};"),
    "chains of jQuery's": times(b".append('<img src=>')", b"$(a)"),
    "objects that are made": times(b"o=d.createElement(a,o.data=u,", b"'object';"),
    "data of one name": times(b"o.data=u;o=d.createElement(a);", b"'object';"),
    "scripts in HTML": times(b"<script ", b"document.write('", b"')"),
    "open scripts in HTML": times(b"<script>", b"document.write('", b"')"),
    "attributes in HTML": times(b"value=a ", b"document.write('<param ", b"')"),
    "colons in HTML": times(b"a:", b"document.write('<img src= ", b"')"),
    "divisions after braces": times(b"x={}/1;", b"s.src=a;"),
    "comments of HTML's": times(b"a <!--b\n", b"s.src=a;"),
    "one long word": times(b"a", b"s.src='//t.example/b ", b"'"),
}


@pytest.mark.linear
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_scripts_are_read_in_linear_time(name: str) -> None:
    """R6: what a browser takes for a script of megabytes, and what grows where names, brackets and values depend on each
    other."""
    make = HOSTILE[name]

    def read(size: int) -> None:
        script = make(size)
        read_script(script)
        addresses_in(script)
        stands_in_code(script, "u")

    grows_linearly(read, 15_000, longest=1 << 21)
