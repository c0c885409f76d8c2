-- Which other replays have letters of this one that are taken, the newest first.
SELECT count(*), max(replay_id)
FROM (
  SELECT DISTINCT other.replay_id
  FROM deadletter_replay_letter AS part
  JOIN deadletter_replay_letter AS other ON other.letter_id = part.letter_id AND other.step <> 'ended'
  WHERE part.replay_id = ?1 AND part.outcome = 'taken')
