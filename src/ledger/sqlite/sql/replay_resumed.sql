-- What was answered before somebody resumed it does not stop it again.
UPDATE deadletter_replay
SET failed_again_before =
    (SELECT count(*) FROM deadletter_replay_letter WHERE replay_id = ?1 AND step = 'ended' AND outcome = 'failed_again'),
  succeeded_before =
    (SELECT count(*) FROM deadletter_replay_letter WHERE replay_id = ?1 AND step = 'ended' AND outcome = 'succeeded')
WHERE id = ?1
