INSERT INTO {{schema}}.group_count AS had (
  group_id, type, action, reason, queue, letters, first_seen, last_seen, sample)
SELECT *
FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::text[], $5::bytea[], $6::bigint[], $7::timestamptz[],
            $8::timestamptz[], $9::uuid[])
ON CONFLICT (group_id) DO UPDATE
SET letters = had.letters + excluded.letters,
  first_seen = least(had.first_seen, excluded.first_seen),
  last_seen = greatest(had.last_seen, excluded.last_seen),
  sample = greatest(had.sample, excluded.sample)
