-- What an earlier driver claimed and did not mark, nobody knows.
UPDATE deadletter_replay_letter
SET step = 'sent', outcome = 'in_doubt', detail = 'whoever was sending it is gone', due_at = ?2
WHERE replay_id = ?1 AND step = 'claimed'
