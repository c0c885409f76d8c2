-- An executions table of the shape that deadletter's defaults expect, reduced to what matters to dead letters: run it with
-- psql against an empty database to try things out. The real platform brings its own, richer one.
-- Running it again changes nothing.

DO $$
BEGIN
  CREATE TYPE execution_status_enum AS ENUM (
    'requested', 'scheduling', 'scheduled', 'running',                   -- on the way
    'completed', 'failed', 'canceling', 'cancelled', 'timeout', 'abandoned');
EXCEPTION WHEN duplicate_object THEN
  NULL;
END
$$;

CREATE TABLE IF NOT EXISTS execution (
  id                 bigserial PRIMARY KEY,
  action             bigint,
  action_ref         text NOT NULL,
  config             jsonb,
  env_vars           jsonb,
  -- Who asked for it and who has it.
  parent             bigint,
  original_execution bigint,
  enforcement        bigint,
  executor           bigint,
  worker             bigint,
  -- How it goes. A letter moves `status` to failed and writes `result`; nothing else is touched.
  status             execution_status_enum NOT NULL DEFAULT 'requested',
  result             jsonb,
  retry_count        integer NOT NULL DEFAULT 0,
  max_retries        integer,
  retry_reason       text,
  created            timestamptz NOT NULL DEFAULT now(),
  started_at         timestamptz,
  updated            timestamptz NOT NULL DEFAULT now()
);

-- `updated` is the attempt stamp: a message carries its value, and any later change of the row makes that message's
-- letter stale. So it must move with every UPDATE, whoever makes it.
CREATE OR REPLACE FUNCTION touch_updated() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated := now();
  RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER execution_touch_updated
  BEFORE UPDATE ON execution
  FOR EACH ROW EXECUTE FUNCTION touch_updated();

CREATE INDEX IF NOT EXISTS execution_by_status ON execution (status, updated DESC);
CREATE INDEX IF NOT EXISTS execution_by_action ON execution (action, status);
CREATE INDEX IF NOT EXISTS execution_by_action_ref ON execution (action_ref);
CREATE INDEX IF NOT EXISTS execution_by_worker ON execution (worker);
CREATE INDEX IF NOT EXISTS execution_by_parent ON execution (parent);
CREATE INDEX IF NOT EXISTS execution_by_creation ON execution (created DESC);
CREATE INDEX IF NOT EXISTS execution_by_result ON execution USING gin (result);
