SELECT had.group_id, had.type, had.action, had.reason, had.queue, had.letters, had.first_seen, had.last_seen,
  had.sample, mute.muted_until, mute.muted_by
FROM deadletter_group_count AS had
LEFT JOIN deadletter_group_mute AS mute ON mute.group_id = had.group_id AND mute.muted_until > ?9
WHERE {{conditions}}
ORDER BY had.{{rank}} DESC, had.group_id DESC
LIMIT ?10
