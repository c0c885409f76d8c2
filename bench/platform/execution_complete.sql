-- Over execution.sql: what else a complete platform has on the same table. Nine more indexes, a notification for each
-- change of status, and a row of history for each change of a field that people ask about.

CREATE INDEX by_enforcement ON execution (enforcement);
CREATE INDEX by_executor ON execution (executor);
CREATE INDEX by_executor_and_creation ON execution (executor, created DESC);
CREATE INDEX by_worker_and_creation ON execution (worker, created DESC);
CREATE INDEX by_parent_and_creation ON execution (parent, created DESC);
CREATE INDEX by_creation_of_roots ON execution (created DESC) WHERE parent IS NULL;
CREATE INDEX of_retries ON execution (original_execution) WHERE original_execution IS NOT NULL;
CREATE INDEX may_be_retried ON execution (status, retry_count)
  WHERE status = 'failed' AND retry_count < COALESCE(max_retries, 0);
CREATE INDEX in_env_vars ON execution USING gin (env_vars);

CREATE TABLE execution_history (
  time           timestamptz NOT NULL DEFAULT now(),
  operation      text NOT NULL,
  entity_id      bigint NOT NULL,
  entity_ref     text,
  changed_fields text[] NOT NULL DEFAULT '{}',
  old_values     jsonb,
  new_values     jsonb
);

CREATE INDEX history_of_entity ON execution_history (entity_id, time DESC);
CREATE INDEX history_of_action ON execution_history (entity_ref, time DESC);
CREATE INDEX history_of_status ON execution_history (time DESC) WHERE 'status' = ANY (changed_fields);
CREATE INDEX history_by_field ON execution_history USING gin (changed_fields);

CREATE FUNCTION announce_status() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status IS DISTINCT FROM OLD.status THEN
    PERFORM pg_notify('execution_status_changed',
      jsonb_build_object(
        'entity_type', 'execution',
        'entity_id', NEW.id,
        'action_ref', NEW.action_ref,
        'old_status', OLD.status,
        'status', NEW.status,
        'result', NEW.result,
        'updated', NEW.updated)::text);
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER execution_is_announced AFTER UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION announce_status();

CREATE FUNCTION write_history() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  changed text[] := '{}';
  old_ones jsonb := '{}';
  new_ones jsonb := '{}';
BEGIN
  IF NEW.status IS DISTINCT FROM OLD.status THEN
    changed := changed || 'status'::text;
    old_ones := old_ones || jsonb_build_object('status', OLD.status);
    new_ones := new_ones || jsonb_build_object('status', NEW.status);
  END IF;
  -- A result may be large: history keeps what tells two apart.
  IF NEW.result IS DISTINCT FROM OLD.result THEN
    changed := changed || 'result'::text;
    new_ones := new_ones || jsonb_build_object('result', md5(NEW.result::text));
  END IF;
  IF NEW.worker IS DISTINCT FROM OLD.worker THEN
    changed := changed || 'worker'::text;
    old_ones := old_ones || jsonb_build_object('worker', OLD.worker);
    new_ones := new_ones || jsonb_build_object('worker', NEW.worker);
  END IF;
  IF cardinality(changed) > 0 THEN
    INSERT INTO execution_history (operation, entity_id, entity_ref, changed_fields, old_values, new_values)
    VALUES ('UPDATE', NEW.id, NEW.action_ref, changed, old_ones, new_ones);
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER execution_is_recorded AFTER UPDATE ON execution FOR EACH ROW EXECUTE FUNCTION write_history();
