UPDATE deadletter_counting SET counted = 0, counted_to = 0, is_clearing = 1, is_recounting = 1
