/* consent_guard: the choice, for scripts of the site. They import it from {path}/api.js, or leave functions in an array,
   self.consentGuard, which the module hands it to. */
const BASE = import.meta.url.replace(/\/assets\/[^/]*$/, "");
const listeners = new Set(); /* each with the services that it loads itself, and the state that it heard of last */
let state = null;
let turn = 0;

const copy = (next) => {
  const { decided, decided_at, expires_at, categories, services } = next;
  const own = (of) => Object.freeze({ ...of });
  return Object.freeze({ decided, decided_at, expires_at, categories: own(categories), services: own(services) });
};
const permitted = (of) => JSON.stringify([of.categories, of.services]);
const key = (of) => JSON.stringify([of.decided_at, of.expires_at]) + permitted(of);

function call(one) {
  if (!listeners.has(one) || one.heard === state) return;
  one.heard = state;
  try {
    one.listener(state);
  } catch (error) {
    reportError(error);
  }
}

function tell(next) {
  if (state && key(state) === key(next)) return;
  state = copy(next);
  for (const one of [...listeners]) call(one);
}

/* What is asked for may come after what was chosen since. */
async function read() {
  const mine = ++turn;
  try {
    const answer = await fetch(BASE + "/state", { headers: { accept: "application/json" } });
    const next = answer.ok && (await answer.json());
    if (next && mine === turn) tell(next);
  } catch {
    /* Nothing is known, or what was: nothing more is allowed. */
  }
  return state;
}

/* Whether what the visitor now allows besides is loaded by listeners, and nothing was taken back. Under csp = "enforce" nothing
   more can load before the next page. */
function covered(next) {
  if (!state || document.querySelector('script[data-cg-later][src$="#csp"]')) return false;
  const own = new Set([...listeners].flatMap((one) => one.loads));
  const more = [];
  for (const kind of ["categories", "services"])
    for (const [id, on] of Object.entries(next[kind])) {
      if (state[kind][id] && !on) return false;
      if (on && !state[kind][id] && kind === "services") more.push(id);
    }
  return more.length > 0 && more.every((id) => own.has(id));
}

document.addEventListener("consentchange", (event) => {
  turn++;
  if (covered(event.detail)) event.preventDefault();
  const next = event.detail;
  /* A page that is loaded anew reads it then: what starts now would start twice. */
  queueMicrotask(() => {
    const stays = event.defaultPrevented || (state && permitted(state) === permitted(next)) || document.querySelector("script[data-cg-posted]");
    if (stays) tell(next);
    else state = copy(next);
  });
});

if (self.BroadcastChannel) new BroadcastChannel("consent-guard " + BASE).onmessage = read;
addEventListener("pageshow", (event) => event.persisted && read());

export const ready = read();

export function allows(id) {
  const { categories = {}, services = {} } = state ?? {};
  const [category, service] = [categories, services].map((of) => (Object.hasOwn(of, id) ? of[id] : null));
  if (state && category === null && service === null) console.warn(`consentGuard: the policy has no category or service "${id}"`);
  return (category ?? service ?? false) && (service ?? true);
}

export function onChange(listener, { loads = [] } = {}) {
  const one = { listener, loads: [...loads], heard: null };
  listeners.add(one);
  if (state) queueMicrotask(() => call(one));
  return () => void listeners.delete(one);
}

export function open() {
  const form = document.querySelector("[data-cg=page-preferences]");
  if (form) return form.scrollIntoView();
  location.assign(BASE + "?next=" + encodeURIComponent(location.pathname + location.search));
}

const waiting = self.consentGuard;
const guard = { allows, onChange, open, ready, push: (use) => void use(guard) };
Object.defineProperty(guard, "state", { get: () => state, enumerable: true });
self.consentGuard = guard;
if (Array.isArray(waiting)) for (const use of waiting) guard.push(use);
