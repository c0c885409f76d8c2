-- The ledger: every letter, what became of it, and what is to be published because of it.
-- What comes from a broker may hold any bytes, NUL among them, so that it is bytea here and not text or jsonb.

-- An execution's id as indexes hold it. Ids may be as long as a message, an entry of an index only 2704 bytes; most
-- are short, and those stay as they are, so that neighbours remain neighbours. Of no id that the platform can have:
-- its text holds no NUL. Whoever looks up by this compares the id itself, too.
CREATE FUNCTION {{schema}}.execution_key(id bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN octet_length(id) <= 500 THEN id ELSE '\x00'::bytea || sha256(id) END $$;

CREATE TABLE {{schema}}.letter (
  id uuid PRIMARY KEY,  -- version 7: the order of receipt
  state text NOT NULL CHECK (state IN ('open', 'waiting', 'closed')),
  outcome text NOT NULL,
  detail text NOT NULL,
  rule text NOT NULL,
  reason text NOT NULL,
  queue bytea NOT NULL,
  dead_letter_queue bytea NOT NULL,
  exchange bytea NOT NULL,
  routing_key bytea NOT NULL,
  deaths bigint NOT NULL,
  message_id bytea,
  correlation_id bytea,
  type bytea,
  action bytea,
  execution_id bytea,  -- in its text form, whatever type the platform's ids have
  worker_id bytea,
  group_id bytea NOT NULL,
  died_at timestamptz,
  received_at timestamptz NOT NULL,
  settled_at timestamptz NOT NULL,
  closed_at timestamptz,
  redelivered boolean NOT NULL,
  possible_duplicate boolean NOT NULL,
  size_bytes bigint NOT NULL,
  replays bigint NOT NULL DEFAULT 0,
  tries integer NOT NULL DEFAULT 0,
  try_again_at timestamptz,  -- set while the letter is deferred or refused
  -- The delivery as it came.
  delivery_exchange bytea NOT NULL,
  delivery_routing_key bytea NOT NULL,
  properties bytea NOT NULL,
  headers bytea NOT NULL,
  body bytea NOT NULL
);

-- Compressing every large body costs more time than the disk is worth.
ALTER TABLE {{schema}}.letter ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE INDEX letter_state ON {{schema}}.letter (state, id);
CREATE INDEX letter_outcome ON {{schema}}.letter (outcome, id);
CREATE INDEX letter_group ON {{schema}}.letter (group_id, id);
CREATE INDEX letter_execution ON {{schema}}.letter ({{schema}}.execution_key(execution_id), id)
  WHERE execution_id IS NOT NULL;
CREATE INDEX letter_due ON {{schema}}.letter (try_again_at) WHERE try_again_at IS NOT NULL;

-- In a table of their own, because keys outlive their letters. They begin with the time of death, so that this
-- index, too, grows at its end.
CREATE TABLE {{schema}}.letter_key (
  key bytea PRIMARY KEY,
  letter_id uuid NOT NULL
);

-- What happened to a letter besides its present outcome.
CREATE TABLE {{schema}}.letter_step (
  number bigserial PRIMARY KEY,
  letter_id uuid NOT NULL,
  at timestamptz NOT NULL,
  what text NOT NULL,
  detail text NOT NULL
);

CREATE INDEX letter_step_letter ON {{schema}}.letter_step (letter_id, number);

-- Letters by state, as changes that are summed up: one number that everybody adds to would make every settle wait for
-- the one before it.
CREATE TABLE {{schema}}.letter_count (
  state text NOT NULL,
  letters bigint NOT NULL
);

-- Whose message an execution waits for: a letter without that replay's id belongs to an earlier attempt, unless the
-- row was updated since and the letter's stamp says so.
CREATE TABLE {{schema}}.replay_owner (
  execution_key bytea PRIMARY KEY,
  execution_id bytea NOT NULL,
  replay_id uuid NOT NULL,
  row_updated timestamptz  -- the row's `updated` when the message was recorded; null: it has no such column
);

CREATE TABLE {{schema}}.outbox (
  id bigserial PRIMARY KEY,  -- of one execution, the order of recording
  kind text NOT NULL CHECK (kind IN ('event', 'retry', 'submit')),
  letter_id uuid,
  execution_id bytea,
  exchange bytea NOT NULL,
  routing_key bytea NOT NULL,
  message_id uuid,       -- of an event, whose properties are always the same
  properties bytea,      -- of everything else
  headers bytea,
  body bytea,            -- null: the letter's own
  wanted_at timestamptz NOT NULL,  -- when it was first to be sent
  due_at timestamptz NOT NULL,     -- when it is next to be sent; a lease moves it
  attempts integer NOT NULL DEFAULT 0,
  unroutable boolean NOT NULL DEFAULT false,
  detail text NOT NULL DEFAULT ''
);

CREATE INDEX outbox_due ON {{schema}}.outbox (due_at, id);
CREATE INDEX outbox_execution ON {{schema}}.outbox ({{schema}}.execution_key(execution_id), id)
  WHERE execution_id IS NOT NULL;
CREATE INDEX outbox_unroutable ON {{schema}}.outbox (id) WHERE unroutable;
