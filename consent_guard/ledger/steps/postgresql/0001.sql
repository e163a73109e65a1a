CREATE TABLE consent_guard_receipts (
    seq BIGINT NOT NULL,
    time BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    grants SMALLINT NOT NULL,
    writer TEXT NOT NULL,
    receipt_id TEXT NOT NULL UNIQUE,
    act TEXT NOT NULL,
    means TEXT NOT NULL,
    answers TEXT NOT NULL,
    overrides TEXT NOT NULL,
    changed TEXT NOT NULL,
    policy_digest BYTEA NOT NULL,
    text_digest BYTEA NOT NULL,
    language TEXT NOT NULL,
    note TEXT NOT NULL,
    library_version TEXT NOT NULL,
    chain BYTEA NOT NULL,
    PRIMARY KEY (writer, seq)
)

CREATE INDEX consent_guard_receipts_time ON consent_guard_receipts (time)

CREATE TABLE consent_guard_writers (
    writer TEXT NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL
)

CREATE TABLE consent_guard_ended (
    writer TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    chain BYTEA NOT NULL,
    statement BIGINT NOT NULL
)

CREATE TABLE consent_guard_shown (
    digest BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    body BYTEA NOT NULL
)

CREATE TABLE consent_guard_purged (
    writer TEXT NOT NULL,
    first_seq BIGINT NOT NULL,
    count BIGINT NOT NULL,
    leaves BYTEA NOT NULL,
    statement BIGINT NOT NULL,
    PRIMARY KEY (writer, first_seq)
)

CREATE TABLE consent_guard_statements (
    seq BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    time BIGINT NOT NULL,
    body TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    signature BYTEA NOT NULL
)

CREATE FUNCTION consent_guard_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'consent_guard_receipts'
            AND current_setting('consent_guard.purging', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the ledger is append-only: only consent-guard receipts purge removes receipts';
END
$$

CREATE TRIGGER consent_guard_kept BEFORE UPDATE OR DELETE ON consent_guard_receipts
FOR EACH ROW EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept_whole BEFORE TRUNCATE ON consent_guard_receipts
FOR EACH STATEMENT EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept BEFORE UPDATE OR DELETE ON consent_guard_writers
FOR EACH ROW EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept_whole BEFORE TRUNCATE ON consent_guard_writers
FOR EACH STATEMENT EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept BEFORE UPDATE OR DELETE ON consent_guard_ended
FOR EACH ROW EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept_whole BEFORE TRUNCATE ON consent_guard_ended
FOR EACH STATEMENT EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept BEFORE UPDATE OR DELETE ON consent_guard_shown
FOR EACH ROW EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept_whole BEFORE TRUNCATE ON consent_guard_shown
FOR EACH STATEMENT EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept BEFORE UPDATE OR DELETE ON consent_guard_purged
FOR EACH ROW EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept_whole BEFORE TRUNCATE ON consent_guard_purged
FOR EACH STATEMENT EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept BEFORE UPDATE OR DELETE ON consent_guard_statements
FOR EACH ROW EXECUTE FUNCTION consent_guard_append_only()

CREATE TRIGGER consent_guard_kept_whole BEFORE TRUNCATE ON consent_guard_statements
FOR EACH STATEMENT EXECUTE FUNCTION consent_guard_append_only()
