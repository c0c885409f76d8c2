-- Of the letters that were discarded in this transaction; none, no entry.
WITH entry (id, at, who, role, what, subject, letters, detail, outcome) AS (
  VALUES ($1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::text)
)
INSERT INTO {{schema}}.audit (id, at, who, role, what, subject, letters, detail, outcome)
SELECT entry.id, entry.at, entry.who, entry.role, entry.what, entry.subject,
  current_setting('deadletter.discarded')::bigint, entry.detail, entry.outcome
FROM entry
WHERE current_setting('deadletter.discarded')::bigint > 0
