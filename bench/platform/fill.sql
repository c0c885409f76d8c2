-- Executions that wait for workers, and the requests that were sent for them. Used by every scenario, so that what the
-- broker holds and what the database is given are the same letters, byte by byte.
-- psql variables: letters (how many), body_bytes (how large a body is made; 0: as it comes, some 430 bytes).

INSERT INTO execution (action, action_ref, config, env_vars, parent, enforcement, executor, worker, status, created, updated)
SELECT
  1 + n % 50, 'core.action_' || (1 + n % 50), jsonb_build_object('command', 'echo', 'number', n),
  jsonb_build_object('STAGE', 'production'), CASE WHEN n % 4 > 0 THEN 1 + n / 4 END, 1 + n / 10, 1 + n % 20, 1 + n % 16,
  'scheduled', now() - interval '10 minutes' + n * interval '1 microsecond',
  now() - interval '5 minutes' + n * interval '1 microsecond'
FROM generate_series(1, :letters) AS n;

-- One line of text, as the platform's serializer writes it: no spaces.
CREATE FUNCTION request_body(e execution, body_bytes integer) RETURNS text
LANGUAGE sql STABLE
AS $$
  SELECT format(
    '{"message_id":"%s","correlation_id":"%s","message_type":"ExecutionRequested","version":"1.0","timestamp":"%s",'
    '"headers":{"retry_count":0,"source_service":"executor","trace_id":null},"payload":{"execution_id":%s,'
    '"worker_id":%s,"action_ref":"%s","config":{"command":"echo","number":%s%s},"scheduled_attempt_updated_at":"%s"}}',
    md5('message ' || e.id)::uuid, md5('correlation ' || e.id)::uuid,
    to_char(e.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.id, e.worker, e.action_ref, e.id,
    CASE WHEN body_bytes > 450 THEN ',"input":"' || repeat('x', body_bytes - 450) || '"' ELSE '' END,
    to_char(e.updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
$$;

CREATE VIEW request AS
SELECT e.id, e.worker, 'worker.' || e.worker || '.executions' AS queue,
  'execution.dispatch.worker.' || e.worker AS routing_key, md5('message ' || e.id)::uuid AS message_id,
  request_body(e, :body_bytes) AS body
FROM execution AS e;

ANALYZE execution;
