-- What an earlier driver (?3) claimed and did not mark, nobody knows, nor what was claimed before ?4, of whose commit we
-- were never told, or after ?5, by a clock that was set back since; but for those (?6, as JSON) whose marks are owed.
UPDATE deadletter_replay_letter
SET step = 'sent', outcome = 'in_doubt', detail = 'whoever was sending it is gone', due_at = ?2
WHERE replay_id = ?1 AND step = 'claimed' AND (
  ?3 OR ((claimed_at <= ?4 OR claimed_at > ?5) AND lower(hex(letter_id)) NOT IN (SELECT value FROM json_each(?6))))
