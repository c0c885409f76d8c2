-- A ledger that has been in use: letters of earlier times with their keys, in the product's own tables. One in ten
-- thousand of them is what the sparse cases look for (page.cc, search.cc); one in five hundred is the only one of its group.
-- psql variable: letters.

INSERT INTO deadletter.letter (
  id, state, outcome, detail, rule, reason, queue, dead_letter_queue, exchange, routing_key, deaths, message_id,
  correlation_id, type, action, execution_id, worker_id, group_id, died_at, received_at, settled_at, closed_at,
  redelivered, possible_duplicate, size_bytes, delivery_exchange, delivery_routing_key, properties, headers, body)
SELECT
  (lpad(to_hex(1735689600000 + n * 100), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid,
  CASE WHEN rare THEN 'waiting' WHEN n % 3 = 0 THEN 'closed' ELSE 'open' END,
  CASE WHEN rare THEN 'retried' WHEN n % 3 = 0 THEN 'not_failable' ELSE 'failed' END,
  '', '', CASE WHEN rare THEN 'maxlen' ELSE 'expired' END,
  convert_to('worker.' || CASE WHEN rare THEN 'rare' ELSE (n % 16)::text END || '.executions', 'UTF8'),
  'attune.dlx.queue', 'attune.executions', convert_to('execution.dispatch.worker.' || n % 16, 'UTF8'), 1,
  convert_to(md5('old message ' || n)::uuid::text, 'UTF8'), convert_to(md5('old correlation ' || n)::uuid::text, 'UTF8'),
  'ExecutionRequested', convert_to(CASE WHEN rare THEN 'core.rare' ELSE 'core.action_' || n % 50 END, 'UTF8'),
  convert_to((-n)::text, 'UTF8'), convert_to(CASE WHEN n % 10000 = 78 THEN 'rare' ELSE (n % 16)::text END, 'UTF8'),
  decode(md5(CASE WHEN rare THEN 'rare' WHEN n % 500 = 3 THEN 'alone ' || n ELSE 'group ' || n % 40 END), 'hex'),
  to_timestamp(1735689600 + n / 10), to_timestamp(1735689600 + n / 10.0), to_timestamp(1735689600 + n / 10.0),
  CASE WHEN n % 3 = 0 AND NOT rare THEN to_timestamp(1735689600 + n / 10.0) END, false, false, 300, 'attune.dlx',
  convert_to('execution.dispatch.worker.' || n % 16, 'UTF8'),
  '{"content_type":"application/json","delivery_mode":2}',
  convert_to(
    '{"x-death":[{"count":1,"reason":"expired","queue":"worker.' || n % 16 || '.executions","time":{"!timestamp":'
    || 1735689600 + n / 10 || '},"exchange":"attune.executions"}]}', 'UTF8'),
  convert_to(
    '{"message_type":"ExecutionRequested","payload":{"execution_id":' || -n || ',"config":{"trace":"' || md5('trace ' || n)
    || '","host":"db' || n % 1000 || '.example","rack":"rack' || n % 997 || '","error":"connection refused by peer"},'
    || '"input":"' || repeat('x', 60) || '"}}',
    'UTF8')
FROM generate_series(1, :letters) AS n, LATERAL (SELECT n % 10000 = 77 AS rare) AS kind;

INSERT INTO deadletter.letter_key (key, letter_id)
SELECT decode(lpad(to_hex(1735689600 + n / 10), 16, '0') || md5('old key ' || n), 'hex'),
  (lpad(to_hex(1735689600000 + n * 100), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid
FROM generate_series(1, :letters) AS n;

INSERT INTO deadletter.letter_count (state, letters) SELECT state, count(*) FROM deadletter.letter GROUP BY state;

VACUUM ANALYZE deadletter.letter, deadletter.letter_key, deadletter.letter_count;
