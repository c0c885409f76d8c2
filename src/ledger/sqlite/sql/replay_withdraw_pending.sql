UPDATE deadletter_replay_letter
SET step = 'ended', outcome = 'withdrawn', detail = 'the replay was cancelled', ended_at = ?2
WHERE replay_id = ?1 AND step = 'pending'
