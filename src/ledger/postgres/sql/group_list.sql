-- $1 and $2: where the page before ended. The words are bounded, and bytes: what comes from a broker may be anything.
SELECT had.group_id, had.type, had.action, had.reason, had.queue, had.letters, had.first_seen, had.last_seen,
  had.sample, group_mute.muted_until, group_mute.muted_by
FROM {{schema}}.group_count AS had
LEFT JOIN {{schema}}.group_mute ON group_mute.group_id = had.group_id AND group_mute.muted_until > $9::timestamptz
WHERE ($1::{{rank_type}} IS NULL OR (had.{{rank}}, had.group_id) < ($1::{{rank_type}}, $2::bytea))
  AND ($3::bytea IS NULL OR had.type = $3::bytea)
  AND ($4::bytea IS NULL OR had.action = $4::bytea)
  AND ($5::text IS NULL OR had.reason = $5::text)
  AND ($6::bytea IS NULL OR had.queue = $6::bytea)
  AND ($7::timestamptz IS NULL OR had.last_seen >= $7::timestamptz)
  AND ($8::bigint IS NULL OR (group_mute.group_id IS NOT NULL) = ($8::bigint = 1))
ORDER BY had.{{rank}} DESC, had.group_id DESC
LIMIT $10::bigint
