UPDATE {{schema}}.outbox
SET due_at = result.retry_at, detail = result.detail, unroutable = result.unroutable
FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::boolean[]) AS result (id, retry_at, detail, unroutable)
WHERE outbox.id = result.id
