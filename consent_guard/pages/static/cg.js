/* consent_guard, with a script: nothing depends on it. Everything here has a form or a link that works without.
 *
 * A choice is posted by fetch. Where it changes what may load, the page is loaded anew, in place; else it stays as it is.
 * On document: "consentchange", detail = the state; preventDefault() keeps the page from being loaded anew.
 */
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/* The choice */

const permitted = (state) => JSON.stringify([state.categories, state.services]);

async function state(address, init) {
  const answer = await fetch(address, { ...init, headers: { accept: "application/json", ...init?.headers } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function choose(form, button) {
  const sent = new FormData(form, button);
  const body = { choice: sent.get("choice") || "save", allow: sent.getAll("allow"), deny: sent.getAll("deny") };
  if (sent.has("service")) body.service = sent.get("service");
  if (sent.has("next")) body.next = sent.get("next");
  const address = form.getAttribute("action");
  const before = await state(address + "/state");
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const after = await state(address, init);
  const event = new CustomEvent("consentchange", { detail: after, cancelable: true });
  const wanted = document.dispatchEvent(event);
  if ($("body[data-cg=page]")) return renew(form, button);
  /* Preferences in a page of the site show the stored state: it has changed whatever was chosen. */
  const shown = form.closest("[data-cg=page-preferences]");
  if (wanted && (shown || body.choice === "once" || permitted(before) !== permitted(after))) return location.reload();
  return done(after);
}

document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches("[data-cg-form]") || !button || form.dataset.cgPlain) return;
  event.preventDefault();
  if (form.dataset.cgBusy) return;
  form.dataset.cgBusy = "1";
  choose(form, button)
    .catch(() => {
      form.dataset.cgPlain = "1"; /* As it would have gone without a script; the answer says what is wrong. */
      form.requestSubmit(button);
    })
    .finally(() => delete form.dataset.cgBusy);
});

/* The banner */

const banner = $("[data-cg=banner]");
let came = null; /* What had the focus before the banner took it. */

function leave() {
  const inside = banner.contains(document.activeElement);
  banner.remove();
  if (inside && came?.isConnected) came.focus();
}

function done(after) {
  if (!banner || !after.decided) return;
  const said = $(".cg-saved", banner), held = banner.contains(document.activeElement);
  said.textContent = said.dataset.cgSaved;
  banner.classList.add("cg-done");
  if (held) {
    said.tabIndex = -1;
    said.focus();
  }
  /* It says so until the visitor goes on; no clock runs out on them. */
  const gone = (event) => {
    if (event.type === "keydown" && ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
    document.removeEventListener("pointerdown", gone, true);
    document.removeEventListener("keydown", gone, true);
    leave();
  };
  document.addEventListener("pointerdown", gone, true);
  document.addEventListener("keydown", gone, true);
}

if (banner) {
  banner.addEventListener("focusin", (event) => {
    if (event.relatedTarget && !banner.contains(event.relatedTarget)) came = event.relatedTarget;
  });
  /* Escape puts it away for this page. It answers nothing: the next page asks again. */
  banner.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) leave();
  });
}

/* The preferences: a purpose's box and those of its services in step */

function live() {
  const form = $(".cg-form[data-cg-form]");
  if (!form) return;
  for (const set of $$("fieldset", form)) {
    const whole = $(".cg-whole", set), parts = $$("input.cg-apart", set);
    if (whole.disabled || !parts.length) continue;
    const ticked = () => parts.filter((part) => part.checked).length;
    if (whole.checked) for (const part of parts) part.checked = true;
    /* What is stored is not changed by showing it: only the visitor's own tick ticks the purpose. */
    whole.indeterminate = !whole.checked && ticked() > 0;
    set.addEventListener("change", (event) => {
      if (event.target === whole) for (const part of parts) part.checked = whole.checked;
      whole.checked = ticked() === parts.length;
      whole.indeterminate = !whole.checked && ticked() > 0;
    });
  }
  form.classList.add("cg-live");
  const note = $(".cg-unsaved", form);
  const ticks = () => $$("input[type=checkbox]", form).map((box) => box.checked).join();
  const stored = ticks();
  form.addEventListener("change", () => {
    note.textContent = ticks() === stored ? "" : note.dataset.cgUnsaved;
  });
}

async function renew(form, button) {
  const open = $$("details").map((part) => part.open);
  const text = await (await fetch(location.href, { headers: { accept: "text/html" } })).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  $("main").replaceWith(document.adoptNode($("main", fresh)));
  $$("details").forEach((part, at) => (part.open = open[at] ?? part.open));
  live();
  const said = $("main [role=status][data-cg-saved]"), line = document.createElement("p");
  line.className = "cg-line cg-name";
  line.textContent = said.dataset.cgSaved;
  said.prepend(line);
  said.tabIndex = -1;
  said.focus();
}

live();
