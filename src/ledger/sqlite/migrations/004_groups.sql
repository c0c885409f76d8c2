-- Groups and statistics: letters, counted behind settle, each once. Letters are numbered in the order in which they
-- are committed, so that one number tells which of them are counted, and settle has nothing to add.

-- How far counting is. Whoever deletes letters that are counted takes as many off `counted` in the same transaction.
CREATE TABLE deadletter_counting (
  one INTEGER PRIMARY KEY CHECK (one = 1),  -- there is one row
  counted INTEGER NOT NULL DEFAULT 0,
  counted_to INTEGER NOT NULL DEFAULT 0,  -- the number of the last letter that is counted
  is_clearing INTEGER NOT NULL DEFAULT 0,    -- everything is counted anew: first the old counts go
  is_recounting INTEGER NOT NULL DEFAULT 0,  -- and then all letters are counted
  unexplained INTEGER NOT NULL DEFAULT 0,  -- between the letters that there are and `counted`, after that
  is_sure INTEGER NOT NULL DEFAULT 1,      -- and the same as after the time before
  recounted_at INTEGER
);
INSERT INTO deadletter_counting (one) VALUES (1);

CREATE TABLE deadletter_group_count (
  group_id BLOB PRIMARY KEY NOT NULL,
  type TEXT,    -- } without their numbers, as the fingerprint takes them
  action TEXT,  -- }
  reason TEXT NOT NULL,
  queue TEXT NOT NULL,
  letters INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  sample BLOB NOT NULL  -- the newest letter
) WITHOUT ROWID;

CREATE INDEX deadletter_group_count_last_seen ON deadletter_group_count (last_seen, group_id);
CREATE INDEX deadletter_group_count_letters ON deadletter_group_count (letters, group_id);

-- Of the last days only.
CREATE TABLE deadletter_group_hour (
  group_id BLOB NOT NULL,
  hour INTEGER NOT NULL,
  letters INTEGER NOT NULL,
  PRIMARY KEY (group_id, hour)
) WITHOUT ROWID;

CREATE INDEX deadletter_group_hour_hour ON deadletter_group_hour (hour);

-- Letters by the hour in which they were received; each letter is in it three times, once for each kind of name.
CREATE TABLE deadletter_letter_hour (
  hour INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('reason', 'queue', 'outcome')),
  name TEXT NOT NULL,
  letters INTEGER NOT NULL,
  PRIMARY KEY (hour, kind, name)
) WITHOUT ROWID;

-- Apart from the counts, so that those can be made anew.
CREATE TABLE deadletter_group_mute (
  group_id BLOB PRIMARY KEY NOT NULL,
  muted_until INTEGER NOT NULL,
  muted_by TEXT NOT NULL
) WITHOUT ROWID;
