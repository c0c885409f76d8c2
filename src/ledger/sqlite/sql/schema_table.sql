-- In a table of our own: PRAGMA user_version belongs to the platform, whose file this is.
CREATE TABLE IF NOT EXISTS deadletter_schema (
  version INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at INTEGER NOT NULL
);
