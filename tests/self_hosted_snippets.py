"""Snippets of tools that sites host themselves, as the vendors give them out."""

from __future__ import annotations

import json

_MATOMO = """<script>
  var _paq = window._paq = window._paq || [];
  _paq.push(['trackPageView']);
  _paq.push(['enableLinkTracking']);
  (function() {
    var u=BASE;
    _paq.push(['setTrackerUrl', u+'matomo.php']);
    _paq.push(['setSiteId', '1']);
    var d=document, g=d.createElement('script'), s=d.getElementsByTagName('script')[0];
    g.async=true; g.src=u+'matomo.js'; s.parentNode.insertBefore(g,s);
  })();
</script>"""
_GTM = """<script>(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':
new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],
j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;j.src=
'BASEgtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);
})(window,document,'script','dataLayer','GTM-XXXX');</script>"""


def matomo(base: str) -> str:
    """https://developer.matomo.org/guides/tracking-javascript-guide, with the address of a folder."""
    return matomo_at(json.dumps(base))


def matomo_at(expression: str) -> str:
    """The same with an expression in JavaScript for the address."""
    return _MATOMO.replace("BASE", expression)


def gtm(base: str) -> str:
    """https://developers.google.com/tag-platform/tag-manager/web, with the address of a folder of the site's own."""
    return _GTM.replace("BASE", base)
