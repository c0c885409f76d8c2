UPDATE deadletter_counting SET is_clearing = 0
