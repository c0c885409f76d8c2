SELECT 1 FROM deadletter_group_count WHERE group_id = ?1
