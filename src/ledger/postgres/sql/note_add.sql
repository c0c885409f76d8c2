-- One statement and so one transaction: the note, and the entry of the audit that tells of it.
WITH noted_letter AS (
  SELECT id FROM {{schema}}.letter WHERE id = $10::uuid FOR KEY SHARE
), noted AS (
  INSERT INTO {{schema}}.letter_note (id, letter_id, at, who, text)
  SELECT $11::uuid, noted_letter.id, $12::timestamptz, $13::text, $14::text
  FROM noted_letter
  WHERE (SELECT count(*) FROM {{schema}}.letter_note WHERE letter_id = $10::uuid) < $15::bigint
  RETURNING letter_id
), audited AS (
  INSERT INTO {{schema}}.audit (id, at, who, role, what, subject, letters, detail, outcome)
  SELECT $1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::text
  FROM noted
)
SELECT EXISTS (SELECT FROM noted_letter), EXISTS (SELECT FROM noted)
