/* consent_guard: the preferences, on our own page and in a page of the site. The module imports it where there are any, and at
   a withdrawal under csp = "enforce". */
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/* A purpose's box and those of its services in step */
export function live() {
  const form = $(".cg-form[data-cg-form]:not(.cg-live)");
  if (!form) return;
  for (const set of $$("fieldset", form)) {
    const whole = $(".cg-whole", set), parts = $$("input.cg-apart", set);
    if (!whole || whole.disabled || !parts.length) continue;
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
    if (note) note.textContent = ticks() === stored ? "" : note.dataset.cgUnsaved;
  });
}

/* Our own page, as it is after a choice */
export async function renew() {
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

/* An installed service worker keeps the policy that it was installed under. */
export async function free() {
  const all = await navigator.serviceWorker?.getRegistrations().catch(() => []);
  await Promise.all((all ?? []).map((one) => one.unregister().catch(() => false)));
}
