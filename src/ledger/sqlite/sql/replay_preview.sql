SELECT group_id, queue, count(*), max(id), sum(EXISTS (
  SELECT 1 FROM deadletter_replay_letter AS other WHERE other.letter_id = deadletter_letter.id AND other.step <> 'ended'))
FROM deadletter_letter
WHERE {{conditions}}
GROUP BY group_id, queue
LIMIT ?16
