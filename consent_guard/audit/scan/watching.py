"""The programs that run in the pages of a browser scan: what is written there, by whom, and what only the document tells.

They change nothing that a page can see but the names of a few functions. May import nothing. The recording and the browser scan
hand them to the browser.
"""

from __future__ import annotations

from typing import Final

BINDING: Final = "__consentGuardScan"
"""What the pages call to tell us (CDP, Runtime.addBinding)."""

WATCH: Final = """
(() => {
  const binding = window.__BINDING__;
  if (!binding) return;
  delete window.__BINDING__;
  const tell = (sort, name, who) => binding(JSON.stringify([sort, String(name), who]));
  const who = () => {
    for (const line of (new Error().stack || "").split("\\n")) {
      const found = line.match(/(https?:[^\\s)]+?)(?::\\d+)?(?::\\d+)?\\)?$/);
      if (found) return found[1];
    }
    return "";
  };
  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(Document.prototype, "cookie", {
    ...cookie,
    set(value) {
      tell("document.cookie", String(value).split(/[=;]/)[0].trim(), who());
      cookie.set.call(this, value);
    },
  });
  if (window.CookieStore) {
    const set = CookieStore.prototype.set;
    CookieStore.prototype.set = function (...given) {
      tell("cookieStore", given[0] instanceof Object ? given[0].name : given[0], who());
      return set.apply(this, given);
    };
  }
  const put = Storage.prototype.setItem;
  Storage.prototype.setItem = function setItem(key, value) {
    let where = "sessionStorage";
    try { if (this === window.localStorage) where = "localStorage"; } catch {}
    tell(where, key, who());
    return put.call(this, key, value);
  };
  const watched = (name, look) => {
    const original = window[name];
    if (!original) return;
    window[name] = new Proxy(original, {
      construct(target, given, made) {
        try { look(given); } catch {}
        return Reflect.construct(target, given, made);
      },
    });
  };
  watched("SharedWorker", ([url]) => tell("shared worker", new URL(url, document.baseURI).href, who()));
  watched("RTCPeerConnection", ([given]) => {
    for (const server of (given && given.iceServers) || [])
      for (const url of [].concat(server.urls || server.url || [])) tell("webrtc", url, who());
  });
})();
""".replace("__BINDING__", BINDING)
"""Run in every frame before the page's own scripts. A frame without the binding is one that nobody listens to."""

STORED: Final = """
() => {
  const held = (name) => {
    try { return Object.entries(window[name]).map(([key, value]) => [name, key, String(value)]); } catch { return []; }
  };
  return [location.origin, [...held("localStorage"), ...held("sessionStorage")]];
}
"""
"""The keys of both storages and what they hold, with the frame's origin."""

HINTS: Final = """
() => [...document.querySelectorAll("link[rel][href]")].flatMap((link) =>
  ["preconnect", "dns-prefetch"].filter((rel) => link.relList.contains(rel)).map((rel) => [rel, link.href]))
"""
"""What links tell the browser to connect to or to look up, without asking for anything there."""
