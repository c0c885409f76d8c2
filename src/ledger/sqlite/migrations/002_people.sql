-- What people did, and what they added to letters.

CREATE TABLE deadletter_audit (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),  -- UUID version 7: the order in which they were made
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  role TEXT NOT NULL,
  what TEXT NOT NULL,
  subject TEXT NOT NULL,
  letters INTEGER NOT NULL,
  detail TEXT NOT NULL,
  outcome TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX deadletter_audit_subject ON deadletter_audit (subject, id);
CREATE INDEX deadletter_audit_who ON deadletter_audit (who, id);

-- Append-only for everybody who does not take these away first.
CREATE TRIGGER deadletter_audit_is_not_changed BEFORE UPDATE ON deadletter_audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is only ever added to');
END;
CREATE TRIGGER deadletter_audit_is_kept BEFORE DELETE ON deadletter_audit
BEGIN
  SELECT RAISE(ABORT, 'the audit is only ever added to');
END;

CREATE TABLE deadletter_letter_note (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),  -- UUID version 7: the order in which they were written
  letter_id BLOB NOT NULL REFERENCES deadletter_letter (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  text TEXT NOT NULL
);

CREATE INDEX deadletter_letter_note_letter ON deadletter_letter_note (letter_id, id);

CREATE TABLE deadletter_letter_tag (
  tag TEXT NOT NULL,
  letter_id BLOB NOT NULL REFERENCES deadletter_letter (id) ON DELETE CASCADE,
  PRIMARY KEY (tag, letter_id)
) WITHOUT ROWID;

CREATE INDEX deadletter_letter_tag_letter ON deadletter_letter_tag (letter_id);
