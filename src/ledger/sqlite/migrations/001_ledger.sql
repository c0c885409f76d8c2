-- The ledger: every letter, what became of it, and what is to be published because of it.
-- All times are microseconds since 1970, UTC. Text from the broker is stored byte for byte and may be no UTF-8.

CREATE TABLE deadletter_letter (
  number INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),  -- UUID version 7: the order of receipt
  state TEXT NOT NULL CHECK (state IN ('open', 'waiting', 'closed')),
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  rule TEXT NOT NULL,
  reason TEXT NOT NULL,
  queue TEXT NOT NULL,
  dead_letter_queue TEXT NOT NULL,
  exchange TEXT NOT NULL,
  routing_key TEXT NOT NULL,
  deaths INTEGER NOT NULL,
  message_id TEXT,
  correlation_id TEXT,
  type TEXT,
  action TEXT,
  execution_id TEXT,
  worker_id TEXT,
  group_id BLOB NOT NULL,
  died_at INTEGER,
  received_at INTEGER NOT NULL,
  settled_at INTEGER NOT NULL,
  closed_at INTEGER,
  redelivered INTEGER NOT NULL,
  possible_duplicate INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  replays INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  try_again_at INTEGER,  -- set while the letter is deferred or refused
  -- The delivery as it came. The large columns stand last, so that lists need not read through them.
  delivery_exchange TEXT NOT NULL,
  delivery_routing_key TEXT NOT NULL,
  properties TEXT NOT NULL,
  headers TEXT NOT NULL,
  body BLOB NOT NULL
);

CREATE INDEX deadletter_letter_state ON deadletter_letter (state, id);
CREATE INDEX deadletter_letter_outcome ON deadletter_letter (outcome, id);
CREATE INDEX deadletter_letter_group ON deadletter_letter (group_id, id);
CREATE INDEX deadletter_letter_execution ON deadletter_letter (execution_id, id)
  WHERE execution_id IS NOT NULL;
CREATE INDEX deadletter_letter_due ON deadletter_letter (try_again_at)
  WHERE try_again_at IS NOT NULL;

-- In a table of their own, because keys outlive their letters. They begin with the time of death, so that this
-- index, too, grows at its end.
CREATE TABLE deadletter_letter_key (
  key BLOB PRIMARY KEY NOT NULL,
  letter_id BLOB NOT NULL
) WITHOUT ROWID;

-- What happened to a letter besides its present outcome.
CREATE TABLE deadletter_letter_step (
  number INTEGER PRIMARY KEY,
  letter_id BLOB NOT NULL,
  at INTEGER NOT NULL,
  what TEXT NOT NULL,
  detail TEXT NOT NULL
);

CREATE INDEX deadletter_letter_step_letter ON deadletter_letter_step (letter_id);

-- Whose message an execution waits for: a letter without that replay's id belongs to an earlier attempt, unless the
-- row was updated since and the letter's stamp says so.
CREATE TABLE deadletter_replay_owner (
  execution_id TEXT PRIMARY KEY NOT NULL,
  replay_id BLOB NOT NULL,
  row_updated INTEGER  -- the row's `updated` when the message was recorded; NULL: it has no such column
) WITHOUT ROWID;

CREATE TABLE deadletter_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order of recording; never given twice
  kind TEXT NOT NULL CHECK (kind IN ('event', 'retry', 'submit')),
  letter_id BLOB,
  execution_id TEXT,
  exchange TEXT NOT NULL,
  routing_key TEXT NOT NULL,
  properties TEXT NOT NULL,
  headers TEXT NOT NULL,
  wanted_at INTEGER NOT NULL,  -- when it was first to be sent
  due_at INTEGER NOT NULL,     -- when it is next to be sent; a lease moves it
  attempts INTEGER NOT NULL DEFAULT 0,
  unroutable INTEGER NOT NULL DEFAULT 0,
  detail TEXT NOT NULL DEFAULT '',
  body BLOB  -- NULL: the letter's own
);

CREATE INDEX deadletter_outbox_due ON deadletter_outbox (due_at);
CREATE INDEX deadletter_outbox_execution ON deadletter_outbox (execution_id)
  WHERE execution_id IS NOT NULL;

-- Counting a million rows for every scrape would cost more than keeping count. Kept by whoever changes letters and not
-- by triggers: with one of them SQLite would save every page that a letter touches before it touches it.
CREATE TABLE deadletter_letter_count (
  state TEXT PRIMARY KEY NOT NULL,
  letters INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO deadletter_letter_count (state, letters) VALUES ('open', 0), ('waiting', 0), ('closed', 0);
