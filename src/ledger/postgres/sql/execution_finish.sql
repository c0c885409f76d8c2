UPDATE {{table}} AS e
SET {{assignments}}
FROM (SELECT $2::text AS status, $3::text AS result) AS wanted
WHERE e.{{id}} = ANY ($1::{{id_param}}[]) AND e.{{status}}::text = ANY ($4::text[])
RETURNING true
