-- The embedded platform's executions, where the user has no table of his own. `updated` is also the attempt
-- stamp: whoever changes a row must change it, and workers that only write `status` are helped by the trigger.
CREATE TABLE execution (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  action INTEGER,
  action_ref TEXT NOT NULL,
  worker TEXT,
  config TEXT,
  status TEXT NOT NULL DEFAULT 'requested',
  result TEXT,
  created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE INDEX execution_status ON execution (status, id);
CREATE TRIGGER execution_updated AFTER UPDATE ON execution
WHEN NEW.updated IS OLD.updated BEGIN
  UPDATE execution SET updated = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE id = NEW.id;
END;
