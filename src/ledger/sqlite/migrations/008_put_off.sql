-- Letters of a replay that were put off, without looking through all that wait.
CREATE INDEX deadletter_replay_letter_put_off ON deadletter_replay_letter (replay_id, letter_id)
  WHERE step = 'pending' AND due_at IS NOT NULL;
