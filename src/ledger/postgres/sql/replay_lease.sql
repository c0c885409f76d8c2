-- Our own leases are renewed once half of one is over ($4); others' are taken once they are over, or so far away ($5)
-- that a clock must have been set back since. What an earlier driver claimed and did not mark, nobody knows, nor what was
-- claimed before $6, of whose commit we were never told, or after $7, by a clock that was set back since; but for $8, whose marks are owed.
WITH wanted AS MATERIALIZED (
  SELECT replay.id, replay.driver IS DISTINCT FROM $1::uuid AS is_new
  FROM {{schema}}.replay
  WHERE replay.ended_at IS NULL
    AND (replay.driver IS NULL OR replay.lease_until <= $2::timestamptz OR replay.lease_until > $5::timestamptz
         OR (replay.driver = $1::uuid AND replay.lease_until <= $4::timestamptz))
  ORDER BY replay.id
  LIMIT 100
  FOR UPDATE SKIP LOCKED
), leased AS (
  UPDATE {{schema}}.replay
  SET driver = $1::uuid, lease_until = $3::timestamptz
  FROM wanted
  WHERE replay.id = wanted.id
  RETURNING replay.id, wanted.is_new, replay.answer_within
)
UPDATE {{schema}}.replay_letter
SET step = 'sent', outcome = 'in_doubt', detail = 'whoever was sending it is gone',
  due_at = $2::timestamptz + leased.answer_within * interval '1 microsecond'
FROM leased
WHERE replay_letter.replay_id = leased.id AND replay_letter.step = 'claimed'
  AND (leased.is_new
       OR ((replay_letter.claimed_at <= $6::timestamptz OR replay_letter.claimed_at > $7::timestamptz)
           AND replay_letter.letter_id <> ALL ($8::uuid[])))
