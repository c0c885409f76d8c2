#include "tests/support/platform_tables.h"

namespace deadletter::test {

ExecutionTable TableOf(PlatformShape shape) {
  ExecutionTable table;
  switch (shape) {
    case PlatformShape::kAttune:
      break;
    case PlatformShape::kTextIds:
      table.table = "text_execution";
      table.id_type = ExecutionIdType::kText;
      break;
    case PlatformShape::kUuidIds:
      table.table = "uuid_execution";
      table.id_type = ExecutionIdType::kUuid;
      break;
    case PlatformShape::kPlainJobs:
      table.table = "jobs";
      table.id = "job_no";
      table.status = "state";
      table.result = "";
      table.error = "problem";
      table.updated = "";
      table.finished = "ended_at";
      table.worker = "";
      table.action = "";
      table.action_ref = "kind";
      table.failable = {"waiting", "working"};
      table.failed = "broken";
      table.replay_status = "waiting";
      table.final_statuses = {"finished", "broken", "given_up"};
      break;
  }
  return table;
}

std::string_view PostgresTable(PlatformShape shape) {
  switch (shape) {
    case PlatformShape::kAttune:
      return R"(
CREATE TYPE execution_status_enum AS ENUM (
  'requested', 'scheduling', 'scheduled', 'running', 'completed', 'failed', 'canceling', 'cancelled', 'timeout',
  'abandoned');
CREATE TABLE execution (
  id bigserial PRIMARY KEY,
  action bigint,
  action_ref text NOT NULL,
  config jsonb,
  env_vars jsonb,
  parent bigint,
  enforcement bigint,
  executor bigint,
  worker bigint,
  status execution_status_enum NOT NULL DEFAULT 'requested',
  result jsonb,
  started_at timestamptz,
  created timestamptz NOT NULL DEFAULT now(),
  retry_count integer NOT NULL DEFAULT 0,
  max_retries integer,
  retry_reason text,
  original_execution bigint,
  updated timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION stamp_execution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER execution_stamped BEFORE UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION stamp_execution();
CREATE INDEX ON execution (action);
CREATE INDEX ON execution (action_ref);
CREATE INDEX ON execution (parent);
CREATE INDEX ON execution (worker);
CREATE INDEX ON execution (status);
CREATE INDEX ON execution (created DESC);
CREATE INDEX ON execution (updated DESC);
CREATE INDEX ON execution (status, created DESC);
CREATE INDEX ON execution (status, updated DESC);
CREATE INDEX ON execution (action, status);
CREATE INDEX ON execution USING gin (result);
)";
    case PlatformShape::kTextIds:
      return R"(
CREATE TABLE text_execution (
  id text PRIMARY KEY DEFAULT 'job-' || md5(random()::text || clock_timestamp()::text),
  action integer,
  action_ref varchar(200),
  worker text,
  status text NOT NULL,
  result json,
  updated timestamptz NOT NULL DEFAULT now());
)";
    case PlatformShape::kUuidIds:
      return R"(
CREATE TABLE uuid_execution (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  action uuid,
  action_ref text,
  worker integer,
  status varchar(20) NOT NULL,
  result text,
  updated timestamptz NOT NULL DEFAULT now());
)";
    case PlatformShape::kPlainJobs:
      return R"(
CREATE TABLE jobs (
  job_no serial PRIMARY KEY,
  kind text,
  state text,
  problem text,
  ended_at timestamptz);
)";
  }
  return "";
}

}  // namespace deadletter::test
