-- One statement and so one transaction: the mute, or its end ($11 null), and the entry of the audit that tells of it.
WITH known AS MATERIALIZED (
  SELECT EXISTS (SELECT FROM {{schema}}.group_count WHERE group_count.group_id = $10::bytea)
    OR EXISTS (SELECT FROM {{schema}}.letter WHERE letter.group_id = $10::bytea) AS is_known
), muted AS (
  INSERT INTO {{schema}}.group_mute (group_id, muted_until, muted_by)
  SELECT $10::bytea, $11::timestamptz, $3::text
  FROM known
  WHERE known.is_known AND $11::timestamptz IS NOT NULL
  ON CONFLICT (group_id) DO UPDATE SET muted_until = excluded.muted_until, muted_by = excluded.muted_by
), unmuted AS (
  DELETE FROM {{schema}}.group_mute
  USING known
  WHERE known.is_known AND $11::timestamptz IS NULL AND group_mute.group_id = $10::bytea
), audited AS (
  INSERT INTO {{schema}}.audit (id, at, who, role, what, subject, letters, detail, outcome)
  SELECT $1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text,
    coalesce((SELECT group_count.letters FROM {{schema}}.group_count WHERE group_count.group_id = $10::bytea), $7::bigint),
    $8::text, $9::text
  FROM known
  WHERE known.is_known
)
SELECT known.is_known FROM known
