/* All of this has a form or link that works without. document hears "consentchange" (detail: the state): preventDefault() keeps
   the page as it is. */
const BASE = import.meta.url.replace(/\/assets\/[^/]*$/, "");
const CSP = import.meta.url.endsWith("#csp"); /* What may load stays so until the next page. */
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const here = () => location.pathname + location.search;

/* Sentences, and whether the page answered a POST, stand there. */
const ours = () => $("script[data-cg-later]");

/* The choice */

const permitted = (state) => JSON.stringify([state.categories, state.services]);
const lost = (before, after) => Object.keys(before.services).some((id) => before.services[id] && !after.services[id]);

async function ask(path, init, form) {
  const answer = await fetch(BASE + path, { ...init, headers: { accept: "application/json", ...init?.headers } });
  if (!answer.ok) throw Object.assign(new Error(answer.status), { answer });
  if (form) form.dataset.cgBusy = 2; /* stored: never sent again */
  return answer.json();
}

async function choose(form, button) {
  const sent = new FormData(form, button);
  const body = { choice: sent.get("choice") || "save", allow: sent.getAll("allow"), deny: sent.getAll("deny") };
  for (const name of ["service", "next", "means", "lang"]) if (sent.has(name)) body[name] = sent.get(name);
  const before = await ask("/state");
  const json = { "content-type": "application/json" };
  const after = await ask("", { method: "POST", headers: json, body: JSON.stringify(body) }, form);
  const answered = ["accept", "refuse", "save"].includes(body.choice);
  const gone = lost(before, after);
  tabs?.postMessage({ answered, lost: gone });
  if (CSP && gone) await (await pages()).free();
  const event = new CustomEvent("consentchange", { detail: after, cancelable: true });
  const wanted = document.dispatchEvent(event);
  if ($("body[data-cg=page]")) return (await pages()).renew();
  /* Preferences in a page show the stored state: it has changed whatever was chosen. */
  const shown = form.closest("[data-cg=page-preferences]");
  const moved = shown || body.choice === "once" || permitted(before) !== permitted(after);
  if (wanted && moved && !ours()?.matches("[data-cg-posted]")) return location.reload();
  settled ||= answered;
  const later = moved && (wanted || CSP) && "later";
  if (later && !(banner && after.decided)) say(later);
  else if (after.decided) done(later);
}

/* Before who boosts forms (htmx, Turbo, Unpoly), or they post it once more. */
addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches("[data-cg-form]") || !button) return;
  event.stopImmediatePropagation();
  if ("cgPlain" in form.dataset) return;
  event.preventDefault();
  if (form.dataset.cgBusy) return;
  form.dataset.cgBusy = "1";
  choose(form, button)
    .catch(async (error) => {
      if (form.dataset.cgBusy > 1) return say("later");
      /* 503: what cannot be recorded now, and what holds. */
      if (error.answer) return say("failed", error.answer.status === 503 && (await error.answer.json()).message);
      form.dataset.cgPlain = "1"; /* Nothing went out: as it goes without a script. */
      form.requestSubmit(button);
    })
    .finally(() => delete form.dataset.cgBusy);
}, true);

/* Our links lead to pages, whatever a library does with links. */
addEventListener("click", (event) => {
  const link = event.target.closest?.("a");
  if (link?.matches("[data-cg=banner] *")) event.stopImmediatePropagation();
  else if (link?.matches("[data-cg=manage]")) {
    link.dataset.turbo = "false";
    link.setAttribute("up-follow", "false");
  }
}, true);

/* A line that says it where no banner can */

function say(key, told) {
  const from = ours(), text = told || from?.getAttribute("data-cg-" + key);
  if (!text) return;
  let line = banner?.isConnected ? $(".cg-saved", banner) : $("[data-cg=note]");
  if (!line) {
    line = document.createElement("cg-note");
    for (const [name, value] of [["data-cg", "note"], ["role", "status"], ["lang", from.lang], ["dir", from.dir]]) line.setAttribute(name, value);
    document.body.prepend(line);
    line.addEventListener("click", () => line.remove());
  }
  setTimeout(() => (line.textContent = text), 100); /* a live region has to be there before its text is */
}

/* The banner. Libraries replace the body: then it is carried over while it waits for an answer, and taken from
   stored pages once it has one. */

let banner = null;
let settled = false;
/* The server asked, here or on an earlier page. What comes into a page that is complete may be a stored copy. */
let asks = document.readyState !== "complete" && !!$("[data-cg=banner]");
let came = null; /* What had the focus before the banner took it. */
let due = 0;

function look() {
  due = 0;
  const all = $$("[data-cg=banner]");
  if (!settled && !banner?.isConnected) {
    if (all.length) {
      banner = all[0];
      keepStyle();
      /* A copy that a library kept since before the answer looks like a new one. */
      if (!asks) recheck(true);
    } else if (banner) {
      const next = $("[name=next]", banner);
      if (next) next.value = here();
      document.body.prepend(banner);
      recheck();
    }
  }
  for (const other of all) if (other !== banner || (settled && !other.matches(".cg-done"))) other.remove();
  $$(".cg-placeholder:not(.cg-fill)").forEach(fit);
  if ($(".cg-form[data-cg-form]:not(.cg-live)")) pages().then((part) => part.live());
  if (self.consentGuard?.length) import("./cg-api.js");
}

/* Over all of a wrapper that cuts it off */
function fit(box) {
  const over = box.offsetParent;
  if (over !== box.parentElement || getComputedStyle(over).overflow === "visible") return;
  if (box.offsetTop + box.offsetHeight > over.clientHeight && [...over.children].every((one) => one === box || !one.offsetHeight)) box.className += " cg-short cg-fill";
}

/* It stays when the banner goes. */
function keepStyle() {
  const link = $("link", banner);
  if (!link || $(`link[href="${link.getAttribute("href")}"]`, document.head)) return;
  const copy = link.cloneNode();
  copy.nonce = link.nonce;
  document.head.append(copy);
}

/* What was made earlier than it is shown may ask what was answered since. */
async function recheck(doubtful) {
  const shown = $("[data-cg=banner]");
  if (!shown) return;
  shown.hidden = doubtful === true;
  const now = await ask("/state?next=" + encodeURIComponent(here())).catch(() => ({ asks: true }));
  shown.hidden = false;
  asks ||= now.asks;
  if (!now.asks) leave();
}

function leave() {
  const inside = banner?.contains(document.activeElement);
  banner?.remove();
  banner = null;
  if (inside && came?.isConnected) came.focus();
}

function done(key) {
  if (!banner) return;
  const said = $(".cg-saved", banner), held = banner.contains(document.activeElement);
  said.textContent = (key && ours()?.getAttribute("data-cg-" + key)) || said.dataset.cgSaved;
  banner.classList.add("cg-done");
  if (held) {
    said.tabIndex = -1;
    said.focus();
  }
  /* It goes with the visitor's next act, or by itself. */
  const gone = (event) => {
    if (event?.type === "keydown" && ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    clearTimeout(clock);
    document.removeEventListener("pointerdown", gone, true);
    document.removeEventListener("keydown", gone, true);
    leave();
  };
  const clock = setTimeout(gone, 6000);
  document.addEventListener("pointerdown", gone, true);
  document.addEventListener("keydown", gone, true);
}

document.addEventListener("focusin", (event) => {
  const from = event.relatedTarget;
  if (banner?.contains(event.target)) {
    if (from && !banner.contains(from)) came = from;
  } else if (banner) requestAnimationFrame(() => clear(event.target));
});

/* The focus is under it where no scrolling helps, as in a fixed bar: it goes to the other edge. */
function clear(target) {
  if (!banner || getComputedStyle(banner).position !== "fixed") return;
  const over = banner.getBoundingClientRect(), box = target.getBoundingClientRect();
  const middle = (box.top + box.bottom) / 2;
  if (box.height && middle > over.top && middle < over.bottom && box.right > over.left && box.left < over.right) banner.classList.toggle("cg-away");
}
/* Escape puts it away for this page. It answers nothing: the next page asks again. */
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && banner?.contains(event.target)) leave();
});

/* Other pages of this site, in other tabs or kept for the back button, which a message drops */

const tabs = self.BroadcastChannel && new BroadcastChannel("consent-guard " + BASE);
let edited = false;
document.addEventListener("input", (event) => (edited ||= event.isTrusted && !event.target.closest?.("[data-cg]")));

function stale() {
  if (document.hidden) return document.addEventListener("visibilitychange", stale, { once: true });
  if (edited || ours()?.matches("[data-cg-posted]")) say("later");
  else location.reload();
}

if (tabs)
  tabs.onmessage = ({ data }) => {
    if (data.answered) {
      settled = true;
      leave();
      look();
    }
    if (data.lost) stale();
  };

/* The preferences, loaded where there are any */

const pages = () => import("./cg-pages.js");

look();
const soon = () => (due ||= requestAnimationFrame(look));
for (const event of ["load", "resize"]) addEventListener(event, soon);
new MutationObserver(soon).observe(document.documentElement, { childList: true, subtree: true });
addEventListener("pageshow", (event) => event.persisted && recheck());
if (document.prerendering) document.addEventListener("prerenderingchange", recheck, { once: true });
else if (performance.getEntriesByType("navigation")[0]?.deliveryType?.includes("prefetch")) recheck();
