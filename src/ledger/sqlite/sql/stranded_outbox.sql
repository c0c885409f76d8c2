-- Whether anything waits for a moment that no wait of ours reaches (bring_forward_outbox.sql).
SELECT 1 FROM deadletter_outbox
WHERE due_at > ?1 AND (kind <> 'retry' OR attempts > 0) AND (attempts = 0 OR due_at > ?2)
LIMIT 1
