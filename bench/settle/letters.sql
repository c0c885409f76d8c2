-- The letters that the settle script is given, as a client would have decoded them, in a table that is not logged: how
-- they come into the server is not measured. From platform/fill.sql's requests, with the same bytes.

CREATE UNLOGGED TABLE reference.incoming AS
SELECT
  request.id AS position,
  -- Version 7: ordered by time, as they are received.
  (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(request.id % 4096), 3, '0')
    || '8' || lpad(to_hex(request.id), 15, '0'))::uuid AS id,
  -- Time of death first, then a hash of what makes the letter itself.
  decode(lpad(to_hex(extract(epoch FROM now())::bigint | (1::bigint << 63)), 16, '0'), 'hex')
    || decode(md5(request.body), 'hex') AS key,
  request.id AS execution,
  execution.updated AS attempt_from,
  execution.updated + interval '1 microsecond' AS attempt_until,
  'expired' AS reason,
  convert_to(request.queue, 'UTF8') AS queue,
  'attune.dlx.queue'::bytea AS dead_letter_queue,
  'attune.executions'::bytea AS exchange,
  convert_to(request.routing_key, 'UTF8') AS routing_key,
  1::bigint AS deaths,
  convert_to(request.message_id::text, 'UTF8') AS message_id,
  convert_to(md5('correlation ' || request.id)::uuid::text, 'UTF8') AS correlation_id,
  'ExecutionRequested'::bytea AS type,
  convert_to(execution.action_ref, 'UTF8') AS action,
  convert_to(request.id::text, 'UTF8') AS execution_id,
  convert_to(request.worker::text, 'UTF8') AS worker_id,
  decode(md5('core.action_# expired worker.#.executions'), 'hex') AS group_id,
  date_trunc('second', now()) AS died_at,
  now() AS received_at,
  false AS redelivered,
  'attune.dlx'::bytea AS delivery_exchange,
  '{"content_type":"application/json","delivery_mode":2}'::bytea AS properties,
  convert_to(format(
    '{"x-death":[{"count":1,"reason":"expired","queue":"%1$s","time":{"!timestamp":%3$s},"exchange":"attune.executions",'
    '"routing-keys":["%2$s"]}],"x-first-death-exchange":"attune.executions","x-first-death-queue":"%1$s",'
    '"x-first-death-reason":"expired"}',
    request.queue, request.routing_key, extract(epoch FROM now())::bigint), 'UTF8') AS headers,
  convert_to(request.body, 'UTF8') AS body,
  failure.result,
  md5('event ' || request.id)::uuid AS event_id,
  'attune.executions'::bytea AS event_exchange,
  'execution.completed'::bytea AS event_routing_key,
  convert_to(format(
    '{"message_id":"%s","correlation_id":"%s","message_type":"ExecutionCompleted","version":"1.0","timestamp":"%s",'
    '"headers":{"source_service":"deadletter","retry_count":0,"trace_id":null},"payload":{"execution_id":%s,',
    md5('event ' || request.id)::uuid, md5('correlation ' || request.id)::uuid, moment.text, request.id), 'UTF8')
    AS event_before,
  convert_to(format(',"status":"failed","result":%s,"completed_at":"%s"}}', failure.result, moment.text), 'UTF8')
    AS event_after
FROM request
JOIN execution ON execution.id = request.id
CROSS JOIN LATERAL (SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS text) AS moment
CROSS JOIN LATERAL (
  SELECT format(
    '{"error":"Worker queue TTL expired","message":"Execution expired in worker queue (worker_id: %1$s). Worker did not '
    'process the execution within the configured TTL. This typically indicates the worker is unavailable or overloaded.",'
    '"expired_at":"%2$s","reason":"expired","queue":"%3$s","worker_id":%1$s,"deaths":1,"letter_id":"%4$s",'
    '"failed_by":"deadletter"}',
    request.worker, moment.text, request.queue, md5('letter ' || request.id)::uuid) AS result) AS failure
ORDER BY request.id;

ALTER TABLE reference.incoming ADD PRIMARY KEY (position);
CREATE SEQUENCE reference.batch MINVALUE 0 START 0;
VACUUM ANALYZE reference.incoming;
