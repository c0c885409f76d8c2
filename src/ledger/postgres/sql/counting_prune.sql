WITH hours AS (
  DELETE FROM {{schema}}.group_hour
  WHERE ctid = ANY (ARRAY(
    SELECT group_hour.ctid FROM {{schema}}.group_hour WHERE group_hour.hour < $1::timestamptz
    LIMIT $3::bigint FOR UPDATE SKIP LOCKED))
  RETURNING 1
), mutes AS (
  DELETE FROM {{schema}}.group_mute
  WHERE ctid = ANY (ARRAY(
    SELECT group_mute.ctid FROM {{schema}}.group_mute WHERE group_mute.muted_until <= $2::timestamptz
    LIMIT $3::bigint FOR UPDATE SKIP LOCKED))
  RETURNING 1
)
SELECT (SELECT count(*) FROM hours) + (SELECT count(*) FROM mutes)
