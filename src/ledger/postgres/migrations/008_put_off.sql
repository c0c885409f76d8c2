-- Letters of a replay that were put off, without looking through all that wait.
CREATE INDEX replay_letter_put_off ON {{schema}}.replay_letter (replay_id, due_at, letter_id)
  WHERE step = 'pending' AND due_at IS NOT NULL;
