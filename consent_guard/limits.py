"""Every bound of the library, in one place, each with its reason.

Units stand in the names: bytes, seconds, or a plain count. May import nothing of the package.
"""

from __future__ import annotations

from typing import Final

COOKIE_PAIRS: Final = 512
"""What follows so many pairs of a Cookie field is hidden from the app unread: browsers keep 180 cookies a site at most."""
REPORT_TO_BYTES: Final = 4096
"""A longer member of Report-To that is not JSON is dropped unread: each of its words would be judged in every spelling."""
COOKIE_PAIR_BYTES: Final = 4096
"""A name and value longer than this is refused by browsers (RFC 6265bis §5.6)."""
COOKIE_ATTRIBUTE_BYTES: Final = 1024
"""A longer attribute value is ignored (RFC 6265bis §5.6)."""
CONSENT_COOKIE_BYTES: Final = 4096
"""A longer consent cookie is not looked at (K9)."""
CONSENT_COOKIE_READINGS: Final = 16
"""At most so many different cookies of our name are read; more count as no choice (K9)."""
CLOCK_SKEW_SECONDS: Final = 300
"""A choice made further in the future than this is no choice (T08)."""
CHOICE_MONTHS_MAX: Final = 13
"""Calendar months; no cookie and no choice lives longer (the seed's promise, L30)."""
ONCE_SECONDS: Final = 60
"""How long the one-use permission of ``choice=once`` lives."""

CSP_HEADER_BYTES: Final = 2 * 1024
"""The most that our Content-Security-Policy takes, its name included: half of nginx's default buffer for a head."""
CSP_HEADERS_KEPT: Final = 256
"""As many of them are remembered: one for each state of consent that is met, and each own domain."""
CSP_REPORT_BYTES: Final = 16 * 1024
"""A longer report of a browser is answered with 413: it repeats the header and a few addresses."""
CSP_REPORTS_BURST: Final = 100
CSP_REPORTS_PER_SECOND: Final = 5
"""So many reports are looked at; the others are dropped unread."""
CSP_REPORTS_KNOWN: Final = 1000
CSP_REPORTS_HOURS: Final = 1
"""At most so many different findings come of reports in so many hours; a flood of made-up hosts ends there."""

POST_BODY_BYTES: Final = 8 * 1024
"""A choice is small; a longer body is answered with 413 (K15)."""
NEXT_BYTES: Final = 6 * 1024
"""A longer way back, percent-encoded as forms send it, is left out, so that the choice beside it fits a post."""
POST_FIELDS: Final = 1024
"""The most form fields that a post of a choice may carry (K15)."""

CODING_RATIO: Final = 1032
"""The most that a coded body may unfold to, for each of its bytes: deflate's own maximum, so that no long table of like rows is
broken off. What unfolds is never held whole: only time is at stake."""
CODING_FREE_BYTES: Final = 64 * 1024 * 1024
"""What any coded body may unfold to besides: br and zstd know no maximum, and a page of this size is still one."""

WHOLE_BODY_BYTES: Final = 2 * 1024 * 1024
"""A body of at most so many bytes that is at hand as a whole is rewritten at once, and leaves with its length."""
HELD_VALUE_BYTES: Final = 2 * 1024 * 1024
"""The most of one tag or one attribute value that is held before a decision (R4, R5)."""
HELD_SCRIPT_BYTES: Final = 64 * 1024
"""The most of an inline script that is held for its signature."""
NESTING_DEPTH: Final = 8
"""How deep srcdoc and data: documents are followed (R7)."""
OPEN_ELEMENTS: Final = 512
"""The most foreign elements whose nesting is remembered (R8); past it the context saturates."""
BASES: Final = 12
"""The most base addresses that a document's own are resolved against at once."""
LATE_TAGS: Final = 32
LATE_BYTES: Final = 64 * 1024
"""The most tags, and bytes of tags, with addresses that browsers resolve when they use them: these are judged under each base
that comes after them. Past them a base is made inert where one might be withheld."""
LATE_TAG_BYTES: Final = 4 * 1024
"""Of a longer one of these tags only the addresses are kept."""
AMBIGUOUS_BYTES: Final = 64 * 1024
"""How far an element's end is looked for where browsers may read its content as text or as markup."""
OWED_BYTES: Final = 64 * 1024
"""Placeholders that wait for the end of one link or button. Past these the embeds in it go without."""
LOOK_BACK_BYTES: Final = 8 * 1024
"""How far before an embed the link or the button is looked for that it stands in."""
FACTS_BYTES: Final = 16 * 1024 * 1024
"""What a guard remembers of what tags, scripts and style sheets name, about; what was not asked for lately is forgotten."""
REMEMBERED_BYTES: Final = 16 * 1024
"""Longer tags are read afresh each time."""

STYLE_SHEET_BYTES: Final = 512 * 1024
"""A longer style sheet leaves as it came, with a finding: a head waits for no more, and a sheet that long is a bundle."""
HELD_TEXT_BYTES: Final = 1024 * 1024
"""A longer JSON text in which HTML is to be edited leaves as it came, with a finding."""
HELD_EVENT_BYTES: Final = 64 * 1024
"""An event with more data than this loses them, with a finding: a stream must not grow in memory."""
KNOWN_SHEETS: Final = 4096
"""The most versions of style sheets that are remembered to name nothing gated; any other is read."""
CLEAN_FEEDS: Final = 1024
"""The most versions of feeds that are remembered to be the same for everybody; of any other a reader gets the whole."""
SHOWN_TEXTS: Final = 64
"""The most texts that are kept for receipts, each some kilobytes; more are made anew."""
PAGES_BYTES: Final = 8 * 1024 * 1024
"""What is kept of our own pages, compressed: once for those that are the same for everybody, of which the whole catalogue in 30
languages makes 5 MiB, and once for the preferences."""

FINDINGS: Final = 1024
"""The most different findings that one exchange tells."""
EXPIRY_BYTES: Final = 1536
"""The most bytes of deletions that one response carries: nginx answers 502 for a response head of more than 4 KiB, where nobody
has set proxy_buffer_size. What remains turns up again."""
PART_HEAD_BYTES: Final = 16 * 1024
"""The most of the head of one part of a multipart body that is held; a part with a longer one is left out."""
SNIFFED_BYTES: Final = 1445
"""The most of a body that is looked at for its type (WHATWG MIME Sniffing, "resource header")."""

LEDGER_POST_SECONDS: Final = 5.0
"""The longest that a post of a choice waits for the ledger; then a grant is answered with 503."""
LEDGER_CONNECT_SECONDS: Final = 3
"""The longest that one attempt to connect takes: libpq's ``connect_timeout``, whole seconds."""
LEDGER_STATEMENT_SECONDS: Final = 4.0
"""The longest that one statement of a transaction takes."""
LEDGER_RETRY_SECONDS: Final = 2.0
"""How long after a failed attempt the next one follows; what was spooled arrives within 10 seconds of the store's return."""
LEDGER_ASK_SECONDS: Final = 2.0
"""The longest that an answer on the state of things waits for the ledger's."""
LEDGER_ASKED_SECONDS: Final = 5.0
"""So long one question to the ledger, whether it is there, serves all who ask."""
LEDGER_FAILING_SECONDS: Final = 30.0
"""So long after a failure the ledger counts as one that takes no receipts."""
LEDGER_BATCH: Final = 500
"""The most receipts that are stored with one commit."""
CHECKPOINT_RECEIPTS: Final = 1000
CHECKPOINT_SECONDS: Final = 60.0
"""A checkpoint is made after so many receipts, or so long after the first one that none covers."""
WRITER_IDLE_SECONDS: Final = 15 * 60
"""A writer that stored nothing for so long starts another chain with its next receipt."""
WRITER_ENDED_SECONDS: Final = 60 * 60
"""A writer that stored nothing for so long has ended, and a checkpoint folds it: longer than any writer pauses within a
chain. Where clocks differ by more, a writer that was folded starts another chain."""
SPOOL_MEMORY: Final = 10_000
"""The most receipts that memory holds where the state folder cannot be written."""
CALLS_BEHIND: Final = 1000
"""So many receipts that are stored and wait for ``on_choice`` are told of in the log."""
CALLS_FILE_BYTES: Final = 8 * 1024 * 1024
"""A spool of calls that is as long is followed by another: under a steady stream one never runs empty, and never shrinks."""
