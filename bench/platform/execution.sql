-- The platform's table of executions as the measurements use it: the columns, the trigger and above all the indexes
-- that make one UPDATE of a busy platform's row cost what it costs. Eleven indexes besides the key, and `updated` moves
-- with every change, so that no update can be HOT: each failed execution is a new entry in all of them.

CREATE TYPE execution_status_enum AS ENUM (
  'requested', 'scheduling', 'scheduled', 'running',
  'completed', 'failed', 'canceling', 'cancelled', 'timeout', 'abandoned');

CREATE TABLE execution (
  id                 bigserial PRIMARY KEY,
  action             bigint,
  action_ref         text NOT NULL,
  config             jsonb,
  env_vars           jsonb,
  parent             bigint,
  enforcement        bigint,
  executor           bigint,
  worker             bigint,
  status             execution_status_enum NOT NULL DEFAULT 'requested',
  result             jsonb,
  started_at         timestamptz,
  created            timestamptz NOT NULL DEFAULT now(),
  retry_count        integer NOT NULL DEFAULT 0,
  max_retries        integer,
  retry_reason       text,
  original_execution bigint,
  updated            timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION stamp_updated() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated := now();
  RETURN NEW;
END
$$;

CREATE TRIGGER execution_is_stamped BEFORE UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION stamp_updated();

CREATE INDEX by_action ON execution (action);
CREATE INDEX by_action_and_status ON execution (action, status);
CREATE INDEX by_action_ref ON execution (action_ref);
CREATE INDEX by_parent ON execution (parent);
CREATE INDEX by_worker ON execution (worker);
CREATE INDEX by_status ON execution (status);
CREATE INDEX by_status_and_creation ON execution (status, created DESC);
CREATE INDEX by_status_and_change ON execution (status, updated DESC);
CREATE INDEX by_creation ON execution (created DESC);
CREATE INDEX by_change ON execution (updated DESC);
CREATE INDEX in_result ON execution USING gin (result);
