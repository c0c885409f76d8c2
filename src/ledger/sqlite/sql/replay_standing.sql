SELECT part.step, part.moved_from, letter.state, letter.outcome, letter.execution_id, owner.replay_id, owner.row_updated,
  EXISTS (
    SELECT 1 FROM deadletter_letter AS newer
    WHERE newer.execution_id = letter.execution_id AND newer.id > letter.id AND newer.outcome = 'failed'),
  EXISTS (
    SELECT 1 FROM deadletter_replay_letter AS earlier
    WHERE earlier.letter_id = part.letter_id AND earlier.replay_id = owner.replay_id AND earlier.step = 'ended'
      AND earlier.moved_from IS NOT NULL
      AND earlier.outcome IN ('in_doubt', 'no_answer', 'unroutable')),
  part.outcome, part.due_at, part.claimed_at, letter.id IS NOT NULL
FROM deadletter_replay_letter AS part
LEFT JOIN deadletter_letter AS letter ON letter.id = part.letter_id
LEFT JOIN deadletter_replay_owner AS owner ON owner.execution_id = letter.execution_id
WHERE part.replay_id = ?1 AND part.letter_id = ?2
