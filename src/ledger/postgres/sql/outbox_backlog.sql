-- The oldest of those that should have been sent: a retry that waits for its time is not late.
SELECT
  (SELECT count(*) FROM {{schema}}.outbox),
  (SELECT count(*) FROM {{schema}}.outbox WHERE unroutable),
  (SELECT min(wanted_at) FROM {{schema}}.outbox WHERE wanted_at <= $1::timestamptz),
  (SELECT count(*) FROM {{schema}}.outbox WHERE unroutable AND kind = 'submit')
