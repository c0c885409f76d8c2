INSERT INTO deadletter_group_count (
  group_id, type, action, reason, queue, letters, first_seen, last_seen, sample)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (group_id) DO UPDATE
SET letters = letters + excluded.letters,
  first_seen = min(first_seen, excluded.first_seen),
  last_seen = max(last_seen, excluded.last_seen),
  sample = max(sample, excluded.sample)
