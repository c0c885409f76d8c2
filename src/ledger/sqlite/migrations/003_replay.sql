-- Replays: letters that a person chose, sent back to where they were first addressed. Which letters they are is fixed
-- when a replay is made; how it is to be done never changes.

CREATE TABLE deadletter_replay (
  id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),  -- UUID version 7: the order of making
  state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'stopped', 'cancelled', 'done')),
  reason TEXT NOT NULL DEFAULT '',
  made_by TEXT NOT NULL,
  selection TEXT NOT NULL,         -- what was asked for, as JSON
  edit TEXT NOT NULL,
  exchange TEXT,                   -- both NULL: each letter where it was first addressed
  routing_key TEXT,
  milli_rate INTEGER NOT NULL,     -- messages in a thousand seconds; 0: as fast as it goes
  ramp INTEGER NOT NULL,
  stop_percent INTEGER NOT NULL,
  queue_limit INTEGER NOT NULL,  -- messages that may wait where its own go; 0: any number
  answer_within INTEGER NOT NULL,  -- microseconds
  failed_again_before INTEGER NOT NULL DEFAULT 0,  -- letters, when somebody resumed it last
  succeeded_before INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,                -- nothing of it is on its way any more
  driver BLOB,                     -- the instance that does the work, until lease_until
  lease_until INTEGER
) WITHOUT ROWID;

CREATE INDEX deadletter_replay_going ON deadletter_replay (id) WHERE ended_at IS NULL;

CREATE TABLE deadletter_replay_letter (
  replay_id BLOB NOT NULL,
  letter_id BLOB NOT NULL,
  step TEXT NOT NULL CHECK (step IN ('pending', 'claimed', 'unsent', 'sent', 'ended')),
  outcome TEXT,        -- how it ended; in_doubt also while its answer is waited for
  detail TEXT NOT NULL DEFAULT '',
  moved_from TEXT,     -- the row's status before the claim; NULL: no row was moved
  claimed_at INTEGER,
  sent_at INTEGER,
  due_at INTEGER,      -- pending, unsent: not before; sent: until when its answer is waited for
  ended_at INTEGER,
  PRIMARY KEY (replay_id, letter_id)
) WITHOUT ROWID;

-- A letter belongs to one replay at a time.
CREATE UNIQUE INDEX deadletter_replay_letter_one ON deadletter_replay_letter (letter_id) WHERE step <> 'ended';
CREATE INDEX deadletter_replay_letter_step ON deadletter_replay_letter (replay_id, step, letter_id);
CREATE INDEX deadletter_replay_letter_letter ON deadletter_replay_letter (letter_id);
