SELECT min(due) FROM (
  SELECT min(expires_at) AS due FROM message WHERE state = 0 AND expires_at IS NOT NULL
  UNION ALL
  SELECT min(lease_until) FROM message WHERE lease_until IS NOT NULL
  UNION ALL
  SELECT 0 WHERE EXISTS (SELECT 1 FROM message INDEXED BY message_dying WHERE state = 3)
)
