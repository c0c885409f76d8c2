SELECT group_id, queue, count(*), max(id), sum(is_taken), sum(state = 'waiting' AND NOT is_taken),
  sum(state = 'closed' AND NOT is_taken)
FROM (
  SELECT id, group_id, queue, state, EXISTS (
    SELECT 1 FROM deadletter_replay_letter AS other WHERE other.letter_id = deadletter_letter.id AND other.step <> 'ended')
    AS is_taken
  FROM deadletter_letter
  WHERE {{conditions}})
GROUP BY group_id, queue
LIMIT ?16
