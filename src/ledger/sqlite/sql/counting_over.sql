-- All letters have been counted anew: what is missing now will not be found by doing it again.
UPDATE deadletter_counting SET is_recounting = 0, unexplained = ?1, is_sure = ?2, recounted_at = ?3
