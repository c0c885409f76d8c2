INSERT INTO {{schema}}.audit (id, at, who, role, what, subject, letters, detail, outcome)
VALUES ($1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::text)
