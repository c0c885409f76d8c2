DELETE FROM deadletter_group_mute WHERE group_id = ?1
