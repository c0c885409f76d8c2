-- A worker's end of its own work, under the conditions of settle_judge.sql: the check and the write are one statement. The
-- one before it has locked the row, so that what this one's snapshot shows of the owner is how it is: a retry's note
-- leaves the row itself as it was.
UPDATE {{table}} AS e
SET {{assignments}}
FROM (SELECT $2::text AS status, $3::text AS result, $5::timestamptz AS attempt_from,
             $6::timestamptz AS attempt_until, $7::uuid AS replay_id, $8::bytea AS execution_id) AS wanted
WHERE e.{{id}} = ANY ($1::{{id_param}}[]) AND e.{{status}}::text = ANY ($4::text[])
  AND (wanted.attempt_from IS NULL OR {{is_of_attempt}})
  AND NOT EXISTS (
    SELECT FROM {{schema}}.replay_owner AS owner
    WHERE owner.execution_key = {{schema}}.execution_key(wanted.execution_id)
      AND owner.execution_id = wanted.execution_id
      AND owner.replay_id IS DISTINCT FROM wanted.replay_id
      AND NOT coalesce(wanted.attempt_from > owner.row_updated, false))
RETURNING true
