INSERT INTO deadletter_group_mute (group_id, muted_until, muted_by) VALUES (?1, ?2, ?3)
ON CONFLICT (group_id) DO UPDATE SET muted_until = excluded.muted_until, muted_by = excluded.muted_by
