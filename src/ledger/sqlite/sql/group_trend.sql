SELECT hour, letters FROM deadletter_group_hour WHERE group_id = ?1 AND hour >= ?2 AND hour <= ?3
