SELECT EXISTS (SELECT 1 FROM deadletter_group_hour WHERE hour < ?1)
  OR EXISTS (SELECT 1 FROM deadletter_group_mute WHERE muted_until <= ?2)
