CREATE TABLE consent_guard_receipts (
    writer TEXT NOT NULL,
    seq INTEGER NOT NULL,
    receipt_id TEXT NOT NULL UNIQUE,
    time INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    act TEXT NOT NULL,
    grants INTEGER NOT NULL,
    means TEXT NOT NULL,
    answers TEXT NOT NULL,
    overrides TEXT NOT NULL,
    changed TEXT NOT NULL,
    revision INTEGER NOT NULL,
    policy_digest BLOB NOT NULL,
    text_digest BLOB NOT NULL,
    language TEXT NOT NULL,
    note TEXT NOT NULL,
    library_version TEXT NOT NULL,
    chain BLOB NOT NULL,
    PRIMARY KEY (writer, seq)
) WITHOUT ROWID

CREATE INDEX consent_guard_receipts_time ON consent_guard_receipts (time)

CREATE TABLE consent_guard_writers (
    writer TEXT NOT NULL PRIMARY KEY,
    started_at INTEGER NOT NULL
) WITHOUT ROWID

CREATE TABLE consent_guard_ended (
    writer TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    chain BLOB NOT NULL,
    statement INTEGER NOT NULL
) WITHOUT ROWID

CREATE TABLE consent_guard_shown (
    digest BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
)

CREATE TABLE consent_guard_purged (
    writer TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    leaves BLOB NOT NULL,
    statement INTEGER NOT NULL,
    PRIMARY KEY (writer, first_seq)
)

CREATE TABLE consent_guard_statements (
    seq INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    body TEXT NOT NULL,
    public_key BLOB NOT NULL,
    signature BLOB NOT NULL
)

CREATE TRIGGER consent_guard_receipts_update BEFORE UPDATE ON consent_guard_receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END

CREATE TRIGGER consent_guard_receipts_delete BEFORE DELETE ON consent_guard_receipts
BEGIN SELECT RAISE(ABORT, 'receipts are append-only: only consent-guard receipts purge removes any'); END

CREATE TRIGGER consent_guard_receipts_replace BEFORE INSERT ON consent_guard_receipts
WHEN EXISTS (SELECT 1 FROM consent_guard_receipts WHERE receipt_id = NEW.receipt_id)
    OR EXISTS (SELECT 1 FROM consent_guard_receipts WHERE writer = NEW.writer AND seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'receipts are append-only: this one is stored already'); END

CREATE TRIGGER consent_guard_writers_update BEFORE UPDATE ON consent_guard_writers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_writers_delete BEFORE DELETE ON consent_guard_writers
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_writers_replace BEFORE INSERT ON consent_guard_writers
WHEN EXISTS (SELECT 1 FROM consent_guard_writers WHERE writer = NEW.writer)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_ended_update BEFORE UPDATE ON consent_guard_ended
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_ended_delete BEFORE DELETE ON consent_guard_ended
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_ended_replace BEFORE INSERT ON consent_guard_ended
WHEN EXISTS (SELECT 1 FROM consent_guard_ended WHERE writer = NEW.writer)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_shown_update BEFORE UPDATE ON consent_guard_shown
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_shown_delete BEFORE DELETE ON consent_guard_shown
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_shown_replace BEFORE INSERT ON consent_guard_shown
WHEN EXISTS (SELECT 1 FROM consent_guard_shown WHERE digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_purged_update BEFORE UPDATE ON consent_guard_purged
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_purged_delete BEFORE DELETE ON consent_guard_purged
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_purged_replace BEFORE INSERT ON consent_guard_purged
WHEN EXISTS (SELECT 1 FROM consent_guard_purged WHERE writer = NEW.writer AND first_seq = NEW.first_seq)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_statements_update BEFORE UPDATE ON consent_guard_statements
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_statements_delete BEFORE DELETE ON consent_guard_statements
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END

CREATE TRIGGER consent_guard_statements_replace BEFORE INSERT ON consent_guard_statements
WHEN EXISTS (SELECT 1 FROM consent_guard_statements WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
