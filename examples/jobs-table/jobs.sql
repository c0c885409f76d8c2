-- A jobs table that has nothing to do with deadletter's defaults: UUIDs, a schema of its own, other names, other words.
-- Running it again changes nothing.

CREATE SCHEMA IF NOT EXISTS batch;

CREATE TABLE IF NOT EXISTS batch.jobs (
  job_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  task       text NOT NULL,
  input      jsonb NOT NULL DEFAULT '{}',
  state      text NOT NULL DEFAULT 'queued'
             CHECK (state IN ('queued', 'working', 'done', 'broken', 'withdrawn')),
  outcome    jsonb,
  problem    text,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at   timestamptz
);

CREATE INDEX IF NOT EXISTS jobs_by_state ON batch.jobs (state, changed_at);
