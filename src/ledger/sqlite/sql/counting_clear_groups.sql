DELETE FROM deadletter_group_count WHERE group_id IN (SELECT group_id FROM deadletter_group_count LIMIT ?1)
