DELETE FROM deadletter_group_mute
WHERE group_id IN (SELECT group_id FROM deadletter_group_mute WHERE muted_until <= ?1 LIMIT ?2)
