-- Freezes a selection: one that another replay has is noted as taken.
INSERT INTO deadletter_replay_letter (replay_id, letter_id, step, outcome, ended_at)
SELECT ?16, chosen.id, iif(chosen.is_taken, 'ended', 'pending'), iif(chosen.is_taken, 'taken', NULL),
  iif(chosen.is_taken, ?17, NULL)
FROM (
  SELECT id, EXISTS (
    SELECT 1 FROM deadletter_replay_letter AS other WHERE other.letter_id = deadletter_letter.id AND other.step <> 'ended')
    AS is_taken
  FROM deadletter_letter
  WHERE {{conditions}}) AS chosen
WHERE true
ON CONFLICT (replay_id, letter_id) DO NOTHING
