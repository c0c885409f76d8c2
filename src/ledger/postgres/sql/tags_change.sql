-- One statement and so one transaction: the tags, and the entry of the audit that tells of them. Every part sees the
-- tags as they were before.
WITH tagged_letter AS (
  SELECT id FROM {{schema}}.letter WHERE id = $10::uuid FOR KEY SHARE
), wanted AS (
  SELECT tag FROM {{schema}}.letter_tag WHERE letter_id = $10::uuid AND tag <> ALL ($12::text[])
  UNION
  SELECT unnest($11::text[]) FROM tagged_letter
), fitting AS (
  SELECT id FROM tagged_letter WHERE (SELECT count(*) FROM wanted) <= $13::bigint
), removed AS (
  DELETE FROM {{schema}}.letter_tag USING fitting WHERE letter_id = fitting.id AND tag = ANY ($12::text[])
), added AS (
  INSERT INTO {{schema}}.letter_tag (letter_id, tag)
  SELECT fitting.id, added_tag FROM fitting, unnest($11::text[]) AS added_tag
  ON CONFLICT DO NOTHING
), audited AS (
  INSERT INTO {{schema}}.audit (id, at, who, role, what, subject, letters, detail, outcome)
  SELECT $1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::text
  FROM fitting
)
SELECT EXISTS (SELECT FROM tagged_letter), EXISTS (SELECT FROM fitting),
  -- No tag holds a line feed.
  coalesce((SELECT string_agg(tag, E'\n' ORDER BY tag COLLATE "C") FROM wanted), '')
