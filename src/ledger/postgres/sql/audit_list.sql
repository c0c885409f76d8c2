SELECT id, at, who, role, what, subject, letters, detail, outcome
FROM {{schema}}.audit
WHERE ($1::uuid IS NULL OR id < $1::uuid)
  AND ($2::text IS NULL OR who = $2::text)
  AND ($3::text IS NULL OR what = $3::text)
  AND ($4::text IS NULL OR subject = $4::text)
  AND ($5::timestamptz IS NULL OR at >= $5::timestamptz)
  AND ($6::timestamptz IS NULL OR at < $6::timestamptz)
ORDER BY id DESC
LIMIT $7::bigint
