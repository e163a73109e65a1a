"""Which addresses of a script reach a loading call (DESIGN §4, ``inline_scripts``)."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consent_guard.rewrite.script.addresses import address
from consent_guard.rewrite.script.flow import _hides_code, _plain_names, _within, addresses_in, read_script, stands_in_code
from consent_guard.rewrite.script.reader import Reader
from consent_guard.rewrite.script.tokenizer import mask

from .test_tokenizer import PIECES

MORE = [
    *(
        "s.src=",
        "x.innerHTML+=",
        "document.write(",
        "fetch(",
        "u",
        "u=",
        "var u=",
        "f(u)",
        "function f(u){",
        "u=>",
        "return u",
        "new Worker(",
    ),
    *(
        ".url",
        "{url:",
        "[u,u]",
        ".forEach(",
        "?",
        ":",
        "s.setAttribute('src',",
        "import(",
        "eval(",
        "this.u",
        "u.replace(",
        "&&",
        "||",
    ),
]
SCRIPTS = st.lists(st.sampled_from(PIECES + MORE), max_size=40).map("".join)


def loaded(script: str) -> set[str]:
    facts = read_script(script.encode())
    assert facts.complete
    return {one.text.replace("\0", "?") for one in facts.loaded}


A = "https://t.example/a.js"


@pytest.mark.parametrize(
    "script",
    [
        "s.src = 'https://t.example/a.js'",
        "s . src='https://t.example/a.js'",
        's["src"] = "https://t.example/a.js"',
        "s.src = `https://t.example/a.js`",
        r"s.src = 'https:\/\/t.example\/a.js'",
        r"s.src = '\x68ttps://t\u002eexample/a.js'",
        "s.src = 'https://t' + '.example' + '/a.js'",
        "s.src = 'https://t'.concat('.example/a.js')",
        "s.src = ['https:/', 't.example', 'a.js'].join('/')",
        "s.src = a || 'https://t.example/a.js'",
        "s.src = a && 'https://t.example/a.js'",
        "s.src = a ? 'https://t.example/a.js' : b",
        "s.src = (a, 'https://t.example/a.js')",
        "s.src = t.src = 'https://t.example/a.js'",
        "s.src = 'https://t.example/a.js'.trim()",
        "s.src = 'https://t.example/X'.replace('X', 'a.js')",
        "require('t', 'https://t.example/a.js')",
        "site.consent.addScript({async: true, src: 'https://t.example/a.js'}, ['ads'])",
        "site.getScript({src: 'https://t.example/a.js'})",
        "s.src = new URL('https://t.example/a.js')",
        "s.src = encodeURI('https://t.example/a.js')",
        "s.async = 1, s.src = 'https://t.example/a.js', p.insertBefore(s, q)",
        "s.srcset = 'https://t.example/a.js'",
        "s.setAttribute('src', 'https://t.example/a.js')",
        "s.setAttributeNS(null, 'src', 'https://t.example/a.js')",
        "s.setAttributeNS(x, 'xlink:href', 'https://t.example/a.js')",
        "new Image().src = 'https://t.example/a.js'",
        "(new Image).src = 'https://t.example/a.js'",
        "document.write('<script src=\"https://t.example/a.js\"></scr' + 'ipt>')",
        "document.writeln('<scr' + 'ipt src=' + 'https://t.example/a.js' + '></scr' + 'ipt>')",
        "document.write(unescape('%3Cscript src=\"https://t.example/a.js\"%3E%3C/script%3E'))",
        "document.write(`<iframe src='https://t.example/a.js'></iframe>`)",
        "e.innerHTML = '<img src=https://t.example/a.js>'",
        "e.innerHTML += '<link rel=stylesheet href=https://t.example/a.js>'",
        "e.outerHTML = '<object data=\"https://t.example/a.js\">'",
        "e.insertAdjacentHTML('beforeend', '<video poster=\"https://t.example/a.js\">')",
        'e.innerHTML = \'<img data-src="https://t.example/a.js" src="data:image/gif;base64,R0==">\'',
        "e.innerHTML = '<b style=\"background:url(https://t.example/a.js)\">'",
        "f.srcdoc = '<img src=https://t.example/a.js>'",
        "$(e).html('<iframe src=\"https://t.example/a.js\"></iframe>')",
        "$('<script src=\"https://t.example/a.js\">').appendTo('head')",
        "$('<img>', {src: 'https://t.example/a.js'}).appendTo(b)",
        "$(e).attr('src', 'https://t.example/a.js')",
        "$(e).attr({alt: '', src: 'https://t.example/a.js'})",
        "$.getScript('https://t.example/a.js', f)",
        "jQuery.ajax({type: 'GET', url: 'https://t.example/a.js'})",
        "$.ajax('https://t.example/a.js')",
        "$.get('https://t.example/a.js')",
        "axios.post('https://t.example/a.js')",
        "axios({url: 'https://t.example/a.js'})",
        "navigator.sendBeacon('https://t.example/a.js', d)",
        "fetch('https://t.example/a.js')",
        "window.fetch ('https://t.example/a.js')",
        "fetch(new Request('https://t.example/a.js'))",
        "x.open('GET', 'https://t.example/a.js', true)",
        "x.open(method, 'https://t.example/a.js')",
        "import('https://t.example/a.js')",
        "const m = await import(/* c */ 'https://t.example/a.js')",
        "importScripts('/x.js', 'https://t.example/a.js')",
        "new Worker('https://t.example/a.js')",
        "new SharedWorker('https://t.example/a.js')",
        "new EventSource('https://t.example/a.js')",
        "new WebSocket('https://t.example/a.js')",
        "new Audio('https://t.example/a.js').play()",
        "require(['https://t.example/a.js'], f)",
        "Object.assign(document.createElement('script'), {async: true, src: 'https://t.example/a.js'})",
        "loadScript('https://t.example/a.js', cb)",
        "site.addScript('https://t.example/a.js')",
        "head.js('https://t.example/a.js')",
        "var l = document.createElement('link'); l.rel = 'stylesheet'; l.href = 'https://t.example/a.js'",
        "l = document.createElement('link'); l.setAttribute('href', 'https://t.example/a.js')",
        "e.style.backgroundImage = 'url(https://t.example/a.js)'",
        "e.style.cssText = 'background: url(\"https://t.example/a.js\")'",
        "st.textContent = '@import \"https://t.example/a.js\"'",
        "st.appendChild(document.createTextNode('@import url(https://t.example/a.js)'))",
        "sheet.insertRule('@import url(https://t.example/a.js)')",
        "eval(\"s.src = 'https://t.example/a.js'\")",
        "setTimeout(\"fetch('https://t.example/a.js')\", 9)",
        "f.src = \"javascript:document.write('<script src=https://t.example/a.js>')\"",
        "s.text = \"var i = new Image(); i.src = 'https://t.example/a.js'\"",
        "if (a) {\n s.src = 'https://t.example/a.js'\n}",
        "try { s.src = 'https://t.example/a.js' } catch (e) {}",
        "{ s.src = 'https://t.example/a.js'",
    ],
)
def test_an_address_that_a_loading_call_gets_is_loaded(script: str) -> None:
    assert A in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "var u = 'https://t.example/a.js'; s.src = u",
        "s.src = u; var u = 'https://t.example/a.js'",
        "const a = 1, u = 'https://t.example/a.js', b = 2\ns.src = u",
        "let u\nu = 'https://t.example/a.js'\ns.src = u",
        "var h = 't.example'; s.src = 'https://' + h + '/a.js'",
        "var h = 't.example'; s.src = `https://${h}/a.js`",
        "var a = 't', b = a + '.example', c = b + '/a.js'; s.src = 'https://' + c",
        "var u = 'https://t.example'; u += '/a.js'; s.src = u",
        "var u; if (x) u = 'https://t.example/a.js'; else u = '/own.js'; s.src = u",
        "cfg.url = 'https://t.example/a.js'; s.src = cfg.url",
        "window.cfg = {id: 1, url: 'https://t.example/a.js'}; s.src = window.cfg.url",
        "var cfg = {'url': 'https://t.example/a.js'}; s.src = cfg['url']",
        "window['u'] = 'https://t.example/a.js'; s.src = window['u']",
        "window.conf = 'https://t.example/a.js'; s.src = conf",
        "window['conf'] = 't.example/a.js'; s.src = 'https://' + conf",
        "var conf = 'https://t.example/a.js'; s.src = window.conf",
        "this.u = 'https://t.example/a.js'; s.src = this.u",
        "var us = ['/b.js', 'https://t.example/a.js']; for (var i = 0; i < us.length; i++) s.src = us[i]",
        "for (const u of ['https://t.example/a.js', '/b.js']) s.src = u",
        "['https://t.example/a.js'].forEach(function (u) { s.src = u })",
        "['https://t.example/a.js'].forEach(u => { s.src = u })",
        "var us = ['https://t.example/a.js']; us.map(u => load(u)); function load(u) { s.src = u }",
        "['https://t.example/a.js'].forEach(load); function load(u) { s.src = u }",
        "$.each(['https://t.example/a.js'], function (i, u) { s.src = u })",
        "function load(u) { s.src = u } load('https://t.example/a.js')",
        "load('https://t.example/a.js'); function load(u, cb) { s.src = u }",
        "var load = function (id, u) { s.src = u }; load(1, 'https://t.example/a.js')",
        "const load = u => { s.src = u }\nload('https://t.example/a.js')",
        "const load = (u) => new Promise((ok, no) => { s.src = u }); load('https://t.example/a.js')",
        "lib.load = function (u) { s.src = u }; lib.load('https://t.example/a.js')",
        "var lib = {load: function (u) { s.src = u }}; lib.load('https://t.example/a.js')",
        "var lib = {load(u) { s.src = u }}; lib.load('https://t.example/a.js')",
        "class L { load(u) { s.src = u } } new L().load('https://t.example/a.js')",
        "function L(u) { this.go = function () { s.src = u } } new L('https://t.example/a.js').go()",
        "(function (d, u) { s.src = u })(document, 'https://t.example/a.js')",
        "(function (d, u) { s.src = u }(document, 'https://t.example/a.js'))",
        "!function (d, u) { s.src = u }(document, 'https://t.example/a.js')",
        "((d, u) => { s.src = u })(document, 'https://t.example/a.js')",
        "(function (u) { s.src = u }).call(window, 'https://t.example/a.js')",
        "(function (c) { s.src = c.url })({url: 'https://t.example/a.js'})",
        "function f(u = 'https://t.example/a.js') { s.src = u }",
        "function host() { return 't.example' } s.src = 'https://' + host() + '/a.js'",
        "const html = id => '<img src=\"https://t.example/' + id + '\">'; e.innerHTML = html('a.js')",
        "var h = '<scr'; h += 'ipt src=\"https://t.example/a.js\">'; document.write(h)",
        "var x = new XMLHttpRequest(), u = 'https://t.example/a.js'; x.open('POST', u)",
        "var a = 'src'; s.setAttribute(a, 'https://t.example/a.js')",
        "(function () { var u = '/own.js' })(); (function () { var u = 'https://t.example/a.js'; s.src = u })()",
    ],
)
def test_an_address_is_followed_through_names_to_the_call(script: str) -> None:
    assert A in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "window.fetch?.('https://t.example/a.js')",
        "navigator.sendBeacon?.('https://t.example/a.js')",
        "navigator['sendBeacon']('https://t.example/a.js')",
        "window['fetch']?.('https://t.example/a.js')",
        "fetch.call(window, 'https://t.example/a.js')",
        "fetch.apply(window, ['https://t.example/a.js', {}])",
        "navigator.sendBeacon.call(navigator, 'https://t.example/a.js')",
        "var f = fetch; f('https://t.example/a.js')",
        "const send = navigator.sendBeacon.bind(navigator); send('https://t.example/a.js')",
        "fetch?.('https://t.example/a.js')",
        "s.src ||= 'https://t.example/a.js'",
        "s.src ??= 'https://t.example/a.js'",
        "s['src'] ??= 'https://t.example/a.js'",
        "s.src &&= 'https://t.example/a.js'",
        "Object.assign(document.createElement('link'), {rel: 'stylesheet', href: 'https://t.example/a.js'})",
        "Object.assign(document.createElement('iframe'), {srcdoc: '<img src=https://t.example/a.js>'})",
        "el.style.setProperty('background-image', 'url(https://t.example/a.js)')",
        "el.style['background-image'] = 'url(https://t.example/a.js)'",
        "el.style.borderImage = 'url(https://t.example/a.js)'",
        "el.style.listStyleImage = 'url(https://t.example/a.js)'",
        "el.style.content = 'url(https://t.example/a.js)'",
        "var st = el.style; st.borderImage = 'url(https://t.example/a.js)'",
        "$(x).css({'background-image': 'url(https://t.example/a.js)'})",
        "$(x).css('background-image', 'url(https://t.example/a.js)')",
        "new FontFace('x', 'url(https://t.example/a.js)')",
        "sheet.replaceSync('@import \"https://t.example/a.js\"')",
        "sheet.replace('a{b:url(https://t.example/a.js)}')",
        "sheet.addRule('a', 'b:url(https://t.example/a.js)')",
        "var o = document.createElement('object'); o.data = 'https://t.example/a.js'",
        "f.contentWindow.location = 'https://t.example/a.js'",
        "f.contentWindow.location.href = 'https://t.example/a.js'",
        "f.contentWindow.location.replace('https://t.example/a.js')",
        "$('#x').load('https://t.example/a.js')",
        "jQuery('#x').find('a').load('https://t.example/a.js')",
        "new Worker(URL.createObjectURL(new Blob([\"importScripts('https://t.example/a.js')\"])))",
        "s.innerHTML = \"import('https://t.example/a.js')\"",
        "function el(t, a) { var e = document.createElement(t); for (var k in a) e.setAttribute(k, a[k]); return e }"
        " el('script', {src: 'https://t.example/a.js'})",
        "$('head').append(\"<script src='https://t.example/a.js'></script>\")",
        "fetch/**/('https://t.example/a.js')",
        "s.src/**/='https://t.example/a.js'",
        "s./**/src='https://t.example/a.js'",
        "fetch // c\n('https://t.example/a.js')",
    ],
)
def test_a_loading_call_is_known_however_it_is_written(script: str) -> None:
    assert [one.direct for one in read_script(script.encode()).loaded if one.text == A][:1] == [True]
    assert A in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "s.src\xa0= 'https://t.example/a.js'",
        "fetch\xa0('https://t.example/a.js')",
        "fetch\u3000('https://t.example/a.js')",
        "s.\ufeffsrc = 'https://t.example/a.js'",
        "x =\xa0/'/; s.src = 'https://t.example/a.js'; y = '",
        "x =\u2028/'/; s.src = 'https://t.example/a.js'; y = '",
        "\u2028s\u2029.src\u2028= 'https://t.example/a.js'",
    ],
)
def test_white_space_above_ascii_is_white_space(script: str) -> None:
    assert A in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "s.\\u0073rc = 'https://t.example/a.js'",
        "s.s\\u{72}c = 'https://t.example/a.js'",
        "f\\u0065tch('https://t.example/a.js')",
    ],
)
def test_escapes_in_names_are_undone(script: str) -> None:
    assert A in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "x.data = 'https://t.example/a.js'",
        "f.contentWindow.postMessage(1, 'https://t.example/a.js')",
        "google.load('https://t.example/a.js')",
        "s.location.replace('https://t.example/a.js')",
        "Object.assign(document.createElement('a'), {href: 'https://t.example/a.js'})",
        "var f = fetch; g('https://t.example/a.js')",
        "s.replace('https://t.example/a.js', '')",
        "e.setAttribute('data-' + k, 'https://t.example/a.js')",
    ],
)
def test_what_only_looks_like_those_loads_nothing(script: str) -> None:
    assert A not in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "['0.x', '2.x', '3.x', '4.x', '5.x', '6.x', '7.x', 't.example'].forEach(h => { s.src = 'https://' + h + '/a.js' })",
        "s.src = (a ? 'http://' : b ? 'https://' : '//') + (c ? 'x.example/1' : d ? 'y.example/2' : 't.example/a.js')",
        "var urls = {eu: 'https://t.example/a.js'}; s.src = urls[region]",
        "var urls = {eu: 'https://t.example/a.js'}; for (k in urls) s.src = urls[k]",
        "var urls = {eu: 'https://t.example/a.js'}; Object.values(urls).forEach(u => { s.src = u })",
        "Object.values({eu: 'https://t.example/a.js'}).forEach(u => { s.src = u })",
        "var urls = {eu: 'https://t.example/a.js'}; for (const [k, u] of Object.entries(urls)) s.src = u",
        "cfg.urls = {eu: 'https://t.example/a.js'}; s.src = cfg.urls[region]",
        "function go({src}) { s.src = src } go({src: 'https://t.example/a.js'})",
        "const go = ({src, id = 1}) => { s.src = src }; go({src: 'https://t.example/a.js'})",
        "const {src} = cfg; s.src = src; cfg = {src: 'https://t.example/a.js'}",
        "const {src: u} = {src: 'https://t.example/a.js'}; s.src = u",
        "const [u] = ['https://t.example/a.js']; s.src = u",
        "for (const {url} of [{url: 'https://t.example/a.js'}]) s.src = url",
        "var l = []; l.push('https://t.example/a.js'); s.src = l[0]",
        "var l = []; l[0] = 'https://t.example/a.js'; s.src = l[0]",
        "var o = {}; o[k] = 'https://t.example/a.js'; s.src = o[k]",
        "this.l.push('https://t.example/a.js'); this.l.forEach(u => { s.src = u })",
        "function go() { s.src = arguments[0] } go('https://t.example/a.js')",
        "class C { url = 'https://t.example/a.js'; go() { s.src = this.url } }",
        "var o = {get url() { return 'https://t.example/a.js' }}; s.src = o.url",
        "s.src = new Map([['a', 'https://t.example/a.js']]).get('a')",
        "new Set(['https://t.example/a.js']).forEach(u => { s.src = u })",
        "Promise.resolve('https://t.example/a.js').then(u => { s.src = u })",
        "s.src = new URL('/x', 'https://t.example/a.js').href",
        "s.src = String.raw`https://t.example/a.js`",
    ],
)
def test_an_address_is_followed_through_lists_and_objects(script: str) -> None:
    assert A in loaded(script)


def test_what_has_too_many_readings_is_said() -> None:
    hosts = [f"h{number}.example" for number in range(500)]
    assert not read_script(f"{hosts!r}.forEach(h => {{ s.src = 'https://' + h + '/a.js' }})".encode()).complete


@pytest.mark.parametrize(
    "script",
    [
        "document.write('<img src=&#104;ttps://t.example/a.js>')",
        "document.write('<meta http-equiv=refresh content=\"0;url=https://t.example/a.js\">')",
        "document.write('<a ping=https://t.example/a.js>')",
        "document.write('<embed code=https://t.example/a.js>')",
        "document.write('<p data-bg=url(https://t.example/a.js)><i data-background=https://t.example/a.js>')",
        "document.write('<b data-lazy-srcset=\"/b 1x, https://t.example/a.js 2x\">')",
        "document.write('<link rel=stylesheet data-href=https://t.example/a.js>')",
        "document.write('<param name=movie value=https://t.example/a.js>')",
        "document.write('<svg><set attributeName=href to=https://t.example/a.js></svg>')",
        "document.write('<svg><radialGradient href=https://t.example/a.js></svg>')",
        "document.write('<script>import(\"https://t.example/a.js\")<\\/script>')",
        "e.innerHTML = '<img src=x onerror=\"import(\\'https://t.example/a.js\\')\">'",
        "e.innerHTML = '<b style=\"background:image-set(&quot;https://t.example/a.js&quot; 1x)\">'",
        "st.textContent = '@import/**/\"https://t.example/a.js\"'",
        "st.textContent = 'a{b:image-set(\"https://t.example/a.js\" 1x)}'",
        "st.textContent = 'a{b:u\\\\72l(https://t.example/a.js)}'",
        "e.innerHTML = '<style>a{b:image-set(\"https://t.example/a.js\" 1x)}</style>'",
    ],
)
def test_html_and_css_in_strings_are_read_by_the_fetch_table(script: str) -> None:
    """What fetches in a document fetches in what a script writes."""
    assert A in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "document.write('<a href=https://t.example/a.js data-href=https://t.example/a.js>')",
        "document.write('<meta name=x content=\"0;url=https://t.example/a.js\">')",
        "document.write('<param name=id value=https://t.example/a.js>')",
        "document.write('<img alt=\"src=https://t.example/a.js\">')",
        "document.write('<option value=https://t.example/a.js>')",
    ],
)
def test_html_in_strings_that_fetches_nothing_loads_nothing(script: str) -> None:
    assert A not in loaded(script)


@pytest.mark.parametrize(
    "script",
    [
        "// s.src = 'https://t.example/a.js'",
        "/* document.write('<script src=\"https://t.example/a.js\">') */ s.src = '/own.js'",
        "<!-- s.src = 'https://t.example/a.js'\ns.src = '/own.js'",
        "window.ENV = {API: 'https://t.example/a.js'}; s.src = '/own.js'",
        "window.ENV = {API: 'https://t.example/a.js', OWN: '/own.js'}; s.src = window.ENV.OWN",
        'self.__next_f.push([1, "{\\"src\\":\\"https://t.example/a.js\\"}"]); s.src = \'/own.js\'',
        "window.__INITIAL_STATE__ = JSON.parse('{\"u\":\"https://t.example/a.js\"}'); s.src = '/own.js'",
        'jQuery.extend(Drupal.settings, {"u": "https:\\/\\/t.example\\/a.js"}); $.ajax({url: \'/own\'})',
        "if (e.origin === 'https://t.example/a.js') s.src = '/own.js'",
        "s.src = e.origin == 'https://t.example/a.js' ? '/own.js' : '/other.js'",
        "if (s.src.indexOf('https://t.example/a.js') > -1) s.src = '/own.js'",
        "['https://t.example/a.js', '/b'].some(t => s.getAttribute('src').indexOf(t) > -1); x.setAttribute('src', y)",
        "window.open('https://t.example/a.js', 'share'); s.src = '/own.js'",
        "open('https://t.example/a.js')",
        "location.href = 'https://t.example/a.js'",
        "location = 'https://t.example/a.js'",
        "a.href = 'https://t.example/a.js'",
        "var link = document.getElementById('l'); link.href = 'https://t.example/a.js'",
        "a.setAttribute('href', 'https://t.example/a.js')",
        "a.setAttribute('data-x', 'https://t.example/a.js')",
        "e.innerHTML = '<a href=\"https://t.example/a.js\">here</a>'",
        "e.innerHTML = 'see https://t.example/a.js'",
        "e.textContent = 'see https://t.example/a.js'",
        "console.log('https://t.example/a.js'); fetch('/own')",
        "Sentry.init({dsn: 'https://t.example/a.js'}); s.src = '/own.js'",
        "(function () { var u = 'https://t.example/a.js'; f(u) })(); (function () { var u = '/own.js'; s.src = u })()",
        "function f(u) { g(u) } f('https://t.example/a.js'); function h(u) { s.src = u } h('/own.js')",
        "s.src = 'https://own.example/?u=' + 'https://t.example/a.js'.length",
        "var s = /src = 'https:..t.example.a.js'/; x.src = '/own.js'",
        "s.src == 'https://t.example/a.js'",
        "s.src => 'https://t.example/a.js'",
        "x.fetch_('https://t.example/a.js'); prefetch('https://t.example/a.js')",
        "s.srcs = 'https://t.example/a.js'",
        "function fetch(u = 'https://t.example/a.js') {}",
    ],
)
def test_an_address_that_no_loading_call_gets_is_not_loaded(script: str) -> None:
    assert not any("t.example/a.js" in one and not one.startswith("https://own") for one in loaded(script))


@pytest.mark.parametrize(
    ("script", "host", "below", "path", "url"),
    [
        ("s.src = '//t.example/a?b=c#d'", "t.example", False, "/a", "//t.example/a?b=c"),
        ("s.src = proto + '//t.example/a'", "t.example", False, "/a", "//t.example/a"),
        ("s.src = 'http' + s2 + '://t.example/a'", "t.example", False, "/a", "//t.example/a"),
        ("s.src = proto + 't.example/a'", "t.example", False, "/a", "//t.example/a"),
        ("s.src = 'https://' + sub + '.t.example/a'", "t.example", True, "/a", "//_.t.example/a"),
        ("s.src = '//static' + x + '.t.example/a'", "t.example", True, "/a", "//_.t.example/a"),
        ("s.src = 'https://t.example' + path", "t.example", False, "/", "//t.example/"),
        ("s.src = 'https://t.example:8443/a'", "t.example", False, "/a", "//t.example/a"),
        ("s.src = 'https://u:p@t.example/a'", "t.example", False, "/a", "//t.example/a"),
        (r"s.src = 'https:\\\\t.example/a'", "t.example", False, "/a", "//t.example/a"),
        ("s.src = 'https://t.exam\\\nple/a'", "t.example", False, "/a", "//t.example/a"),
        ("s.src = base + 'matomo.js'", "", False, "\0matomo.js", None),
        ("s.src = '/gtm.js?id=GTM-1'", "", False, "/gtm.js", "/gtm.js?id=GTM-1"),
        ("s.src = `https://maps.${c}apis.com/a`", "", False, "/a", None),
        ("s.src = 'https://' + host + '/a'", "", False, "/a", None),
    ],
)
def test_an_address_tells_host_path_and_what_is_not_known(
    script: str, host: str, below: bool, path: str, url: str | None
) -> None:
    (found,) = read_script(script.encode()).loaded
    assert (found.host, found.below, found.path, found.url) == (host, below, path, url)
    assert found.at == 1
    assert found.call == "src"


def test_a_host_that_is_put_together_from_what_is_not_told_is_computed() -> None:
    """Such addresses have a mark without a host: the caller compares their text."""
    facts = read_script(
        b"s.src = `https://maps.${c}apis.com/maps/api/js?` + e; t.src = base + '/a.js'; u.src = '//t.example/a'"
    )
    assert [one.text for one in facts.loaded if one.computed] == ["https://maps.\0apis.com/maps/api/js?\0"]
    assert len(facts.loaded) == 3


def test_every_reading_of_a_condition_counts() -> None:
    script = "s.src = ('https:' == location.protocol ? 'https://ssl' : 'http://www') + '.t.example/a.js'"
    assert loaded(script) == {"https://ssl.t.example/a.js", "http://www.t.example/a.js"}
    assert loaded("s.src = 'http' + (x ? 's://s' : '://') + 'cdn.t.example/a.js'") == {
        "https://scdn.t.example/a.js",
        "http://cdn.t.example/a.js",
    }


@pytest.mark.parametrize(
    ("script", "direct"),
    [
        ("s.src = 'https://t.example/a.js'", True),
        ("e.innerHTML = '<img src=https://t.example/a.js>'", True),
        ("$.getScript('https://t.example/a.js')", True),
        ("$.ajax({url: 'https://t.example/a.js'})", True),
        ("function addScript(u) { s.src = u } addScript('https://t.example/a.js')", True),
        ("site.addScript('https://t.example/a.js')", False),
        ("site.addScript({src: 'https://t.example/a.js'})", False),
        ("$(e).html('<img src=https://t.example/a.js>')", False),
        ("$('<img src=https://t.example/a.js>')", False),
        ("require(['https://t.example/a.js'])", False),
    ],
)
def test_a_call_that_only_its_name_tells_is_told_apart(script: str, direct: bool) -> None:
    (found,) = read_script(script.encode()).loaded
    assert found.direct is direct


def test_arithmetic_after_an_address_takes_nothing_from_it() -> None:
    assert loaded("i.src = 'https://t.example/a;ord=' + Math.random() * 1e13 + '?'") == {"https://t.example/a;ord=?1e13?"}


def test_more_readings_than_are_kept_are_loaded_all_the_same() -> None:
    hosts = [f"https://h{number}.example/a.js" for number in range(60)]
    assert set(hosts) <= loaded(f"var us = {hosts!r}; for (var i in us) s.src = us[i]")


def test_static_imports_are_told_apart() -> None:
    facts = read_script(
        b"""import a from "https://t.example/1.js"
        import {b, c as d} from 'https://t.example/2.js';
        import 'https://t.example/3.js';
        import * as e from "https://t.example/4.js";
        export {f} from "https://t.example/5.js";
        export * from "https://t.example/6.js"
        import g, {h} from "./own.js" with {type: "json"};
        // import i from "https://t.example/7.js"
        export const from = "https://t.example/8.js"; export default "https://t.example/9.js";
        x = "import j from 'https://t.example/10.js'"
        import("https://t.example/11.js")"""
    )
    assert [one.text for one in facts.imported] == [*(f"https://t.example/{n}.js" for n in range(1, 7)), "./own.js"]
    assert {one.text for one in facts.loaded} == {"https://t.example/11.js"}


def test_addresses_that_are_only_data_are_found_on_demand() -> None:
    script = rb"""x = {u: "https:\/\/t.example\/a", "h": "cdn.t.example", n: "index.html"}; // https://c.example/
    y = "see //d.example/b and https://e.example." """
    assert {one.host for one in addresses_in(script)} >= {"t.example", "cdn.t.example", "d.example"}
    assert "c.example" not in {one.host for one in addresses_in(script)}


@pytest.mark.parametrize(
    ("script", "name", "stands"),
    [
        ("window.gtag = 1", "gtag", True),
        ("function gtag(){}", "gtag", True),
        ("s.src = 'https://www.googletagmanager.com/gtag/js'", "gtag", False),
        ("s.src = 'https://eu.posthog.com/array.js'", "posthog", False),
        ("// gtag('config')", "gtag", False),
        ("/* gtag */ x = `gtag is loaded`", "gtag", False),
        ("mygtag(); gtag2(); $gtag()", "gtag", False),
        ("})(window,document,'script','dataLayer','GTM-1')", "dataLayer", True),
        ('w["dataLayer"]', "dataLayer", True),
        ("`dataLayer`", "dataLayer", True),
        ("x = 'the dataLayer'", "dataLayer", False),
        ("new google.maps.Map()", "google.maps", True),
        ("'gtm.start': 1", "gtm.start", True),
        ("x = 'https://a.example/gtm.start'", "gtm.start", False),
        ("$crisp = []", "$crisp", True),
        ("x = /gtag/", "gtag", False),
        ("x = a / gtag / b", "gtag", True),
        ("été = 1", "été", True),
        ("x", "", False),
    ],
)
def test_a_global_counts_outside_of_addresses_comments_and_longer_strings(script: str, name: str, stands: bool) -> None:
    assert stands_in_code(script.encode(), name) is stands


@given(SCRIPTS.map(str.encode) | st.just(b""), st.binary(max_size=200))
def test_reading_never_raises(script: bytes, more: bytes) -> None:
    text = script + more
    for one in (*read_script(text).loaded, *read_script(text).imported, *addresses_in(text)):
        assert 0 <= one.at <= len(text)
    stands_in_code(text, "u")


@given(SCRIPTS)
@example("\\u{41}new Worker(s.setAttribute('src',")
@example("s.src=<!--?'a")
def test_the_look_before_the_reading_passes_over_no_call(script: str) -> None:
    text = script.encode()
    plain = _plain_names(text, mask(text))  # an escape in a name is no call's end
    calls = Reader(plain, mask(plain), 0, _within).read()
    if _hides_code(plain, mask(plain)):  # it may be a module, which has none of HTML's comments
        calls += Reader(plain, mask(plain, module=True), 0, _within).read()
    assert list(read_script(text).loaded) == list(dict.fromkeys(calls))


@given(st.text(max_size=60))
def test_an_address_is_read_from_any_text(text: str) -> None:
    one = address(text, "src", 0)
    assert one is None or one.url is None or "\0" not in one.url


def test_what_goes_past_the_bounds_is_said() -> None:
    """A caller on the safe side then asks for every address in the script."""
    names = ";".join(f"v{number}=v{number + 1}" for number in range(99))
    facts = read_script(f"{names};v99='{A}';s.src=v0".encode())
    assert not facts.complete
    assert facts.loaded == ()
    assert read_script(f"{names};v99='{A}';s.src=v99".encode()).complete


def test_a_module_has_no_comments_of_html_s() -> None:
    """ECMA-262 B.1.1. The text does not tell whether it is a module: both readings count."""
    assert A in loaded(f"if (a<!--b) import('{A}')")
    assert A not in loaded(f"<!-- s.src = '{A}'\ns.src = '/own.js'")


def test_documents_within_documents_are_read_however_deep() -> None:
    """R7: past a depth each address that stands in them counts."""
    assert A in loaded(f"x.innerHTML='{'srcdoc=' * 1200}{A}'")
    assert A in loaded(f"x.innerHTML='<iframe srcdoc=<img&#32;src={A}>'")


def test_a_circle_of_names_hides_no_value() -> None:
    """What is read while its own name is being read lacks that name's values, and is not kept."""
    assert A in loaded(f"x=y;x='{A}';y=x;i.src='/l?u='+x;s.src=y")


@given(SCRIPTS)
def test_a_loading_call_is_found_whatever_stands_around_it(script: str) -> None:
    """In a function of its own, after whatever is whole by itself."""
    around = "".join(c for c in script if c not in "'\"`\\/{}()[]<-\u2028*")
    assert A in {one.text for one in read_script(f"{around};(function(){{s.src='{A}'}})();{around}".encode()).loaded}


def test_a_script_cut_at_every_byte_is_read() -> None:
    script = b'var u = `https://${\'t\'}.example/`; /* c */ (function (a) { s.src = a + "a.js" })(u); x = /["/]/g'
    for end in range(len(script) + 1):
        read_script(script[:end])
    assert A in {one.text for one in read_script(script).loaded}
