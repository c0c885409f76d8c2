-- Of the groups that nobody has counted yet, the headers of their samples, where they are not too large to be read for
-- one word.
SELECT fresh.group_id, letter.headers
FROM unnest($1::bytea[], $2::uuid[]) AS fresh (group_id, sample)
JOIN {{schema}}.letter ON letter.id = fresh.sample
WHERE octet_length(letter.headers) <= $3::bigint
  AND NOT EXISTS (SELECT FROM {{schema}}.group_count WHERE group_count.group_id = fresh.group_id)
