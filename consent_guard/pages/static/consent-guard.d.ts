/** The choice of the visitor, as GET {path}/state tells it. Frozen. */
export interface ConsentState {
  /** Whether a valid choice exists. */
  readonly decided: boolean;
  /** ISO 8601, UTC. */
  readonly decided_at: string | null;
  readonly expires_at: string | null;
  /** What may store and read now, by the ids of the policy. */
  readonly categories: Readonly<Record<string, boolean>>;
  readonly services: Readonly<Record<string, boolean>>;
}

export interface OnChangeOptions {
  /** Services that this listener loads itself once they are allowed: for these the page is not loaded anew. */
  loads?: Iterable<string>;
}

/** Resolves once the choice is known; with null where it cannot be asked for. */
export const ready: Promise<ConsentState | null>;

/** Whether a category or service may store and read now. False until the choice is known, and for an id that the policy lacks. */
export function allows(id: string): boolean;

/** Calls the listener with the choice once it is known, and at each change that the page outlives. Returns how to end that. */
export function onChange(listener: (state: ConsentState) => void, options?: OnChangeOptions): () => void;

/** Shows the preferences: those in this page, else our own page, which leads back. */
export function open(): void;

export interface ConsentGuard {
  allows: typeof allows;
  onChange: typeof onChange;
  open: typeof open;
  readonly ready: typeof ready;
  /** Null until the choice is known. */
  readonly state: ConsentState | null;
  /** Calls a function with this object, at once. */
  push(use: (consentGuard: ConsentGuard) => void): void;
}

declare global {
  interface Window {
    /** An array of functions until the module takes its place: `(window.consentGuard ||= []).push((guard) => { … })`. */
    consentGuard?: ConsentGuard | Array<(consentGuard: ConsentGuard) => void>;
  }
}
