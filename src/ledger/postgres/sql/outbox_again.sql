-- `unroutable` is null where nothing was tried: the claim counted an attempt that was none.
UPDATE {{schema}}.outbox
SET due_at = result.retry_at, detail = result.detail, unroutable = coalesce(result.unroutable, outbox.unroutable),
  attempts = outbox.attempts - CASE WHEN result.unroutable IS NULL THEN 1 ELSE 0 END
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::boolean[]) AS result (id, retry_at, detail, unroutable)
WHERE outbox.id = result.id
