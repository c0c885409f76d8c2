-- Replays: letters that a person chose, sent back to where they were first addressed. Which letters they are is fixed
-- when a replay is made; how it is to be done never changes.

CREATE TABLE {{schema}}.replay (
  id uuid PRIMARY KEY,  -- version 7: the order of making
  state text NOT NULL CHECK (state IN ('running', 'paused', 'stopped', 'cancelled', 'done')),
  reason text NOT NULL DEFAULT '',
  made_by text NOT NULL,
  selection text NOT NULL,        -- what was asked for, as JSON
  edit text NOT NULL,
  exchange bytea,                 -- both null: each letter where it was first addressed
  routing_key bytea,
  milli_rate bigint NOT NULL,     -- messages in a thousand seconds; 0: as fast as it goes
  ramp boolean NOT NULL,
  stop_percent bigint NOT NULL,
  queue_limit bigint NOT NULL,  -- messages that may wait where its own go; 0: any number
  answer_within bigint NOT NULL,  -- microseconds
  failed_again_before bigint NOT NULL DEFAULT 0,  -- letters, when somebody resumed it last
  succeeded_before bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  ended_at timestamptz,           -- nothing of it is on its way any more
  driver uuid,                    -- the instance that does the work, until lease_until
  lease_until timestamptz
);

CREATE INDEX replay_going ON {{schema}}.replay (id) WHERE ended_at IS NULL;

CREATE TABLE {{schema}}.replay_letter (
  replay_id uuid NOT NULL,
  letter_id uuid NOT NULL,
  step text NOT NULL CHECK (step IN ('pending', 'claimed', 'unsent', 'sent', 'ended')),
  outcome text,           -- how it ended; in_doubt also while its answer is waited for
  detail text NOT NULL DEFAULT '',
  moved_from text,        -- the row's status before the claim; null: no row was moved
  claimed_at timestamptz,
  sent_at timestamptz,
  due_at timestamptz,     -- pending, unsent: not before; sent: until when its answer is waited for
  ended_at timestamptz,
  PRIMARY KEY (replay_id, letter_id)
);

-- A letter belongs to one replay at a time.
CREATE UNIQUE INDEX replay_letter_one ON {{schema}}.replay_letter (letter_id) WHERE step <> 'ended';
CREATE INDEX replay_letter_step ON {{schema}}.replay_letter (replay_id, step, letter_id);
CREATE INDEX replay_letter_letter ON {{schema}}.replay_letter (letter_id);
