UPDATE deadletter_counting SET counted = counted + ?1, counted_to = ?2
