-- Groups and statistics: letters, counted behind settle, each once. Settle only names what it has recorded; whoever
-- counts takes names away and adds up what they name, in one transaction. A program that knows nothing of this may run
-- beside: what it records is not named, which is found by the sums, and then everything is counted anew.

-- Letters that are recorded and not counted yet; a row for each batch.
CREATE TABLE {{schema}}.uncounted (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  letters integer NOT NULL,  -- how many ids there are
  ids uuid[] NOT NULL
);

-- They live for a second: compressing them costs more than the space.
ALTER TABLE {{schema}}.uncounted ALTER COLUMN ids SET STORAGE EXTERNAL;

-- How far counting is. Whoever counts holds this row, so that one does at a time. Whoever deletes letters that are
-- counted takes as many off `counted` in the same transaction.
CREATE TABLE {{schema}}.counting (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),  -- there is one row
  counted bigint NOT NULL DEFAULT 0,
  -- While everything is counted anew: letters up to this id have been, or are named. The lowest of all ids: the old
  -- counts are still being removed.
  walk uuid,
  unexplained bigint NOT NULL DEFAULT 0,  -- between the letters that there are and `counted`, after that
  is_sure boolean NOT NULL DEFAULT true,  -- and the same as after the time before
  recounted_at timestamptz
);
INSERT INTO {{schema}}.counting DEFAULT VALUES;

CREATE TABLE {{schema}}.group_count (
  group_id bytea PRIMARY KEY,
  type bytea,     -- } without their numbers, as the fingerprint takes them
  action bytea,   -- }
  reason text NOT NULL,
  queue bytea NOT NULL,
  letters bigint NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL,
  sample uuid NOT NULL  -- the newest letter
);

CREATE INDEX group_count_last_seen ON {{schema}}.group_count (last_seen, group_id);
CREATE INDEX group_count_letters ON {{schema}}.group_count (letters, group_id);

-- Of the last days only.
CREATE TABLE {{schema}}.group_hour (
  group_id bytea NOT NULL,
  hour timestamptz NOT NULL,
  letters bigint NOT NULL,
  PRIMARY KEY (group_id, hour)
);

CREATE INDEX group_hour_hour ON {{schema}}.group_hour (hour);

-- Letters by the hour in which they were received; each letter is in it three times, once for each kind of name.
CREATE TABLE {{schema}}.letter_hour (
  hour timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('reason', 'queue', 'outcome')),
  name bytea NOT NULL,
  letters bigint NOT NULL,
  PRIMARY KEY (hour, kind, name)
);

-- Apart from the counts, so that those can be made anew.
CREATE TABLE {{schema}}.group_mute (
  group_id bytea PRIMARY KEY,
  muted_until timestamptz NOT NULL,
  muted_by text NOT NULL
);
