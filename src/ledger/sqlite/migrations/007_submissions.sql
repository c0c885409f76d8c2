-- By which key somebody submitted what over HTTP, so that doing it again after a lost answer submits nothing twice.

CREATE TABLE deadletter_submission (
  who TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,    -- of what was asked for
  execution_ids TEXT NOT NULL,  -- what it became, as a JSON array
  at INTEGER NOT NULL,
  PRIMARY KEY (who, key)
) WITHOUT ROWID;

CREATE INDEX deadletter_submission_at ON deadletter_submission (at);
