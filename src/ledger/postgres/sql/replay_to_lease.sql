-- Whether there is anything for replay_lease.sql to do: mostly there is not, and then nothing is written.
SELECT EXISTS (
  SELECT FROM {{schema}}.replay
  WHERE replay.ended_at IS NULL
    AND (replay.driver IS NULL OR replay.lease_until <= $2::timestamptz OR replay.lease_until > $4::timestamptz
         OR (replay.driver = $1::uuid AND replay.lease_until <= $3::timestamptz)))
