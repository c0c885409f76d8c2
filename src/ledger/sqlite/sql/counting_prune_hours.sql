DELETE FROM deadletter_group_hour
WHERE (group_id, hour) IN (SELECT group_id, hour FROM deadletter_group_hour WHERE hour < ?1 LIMIT ?2)
