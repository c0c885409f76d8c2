-- Rows come back in the order in which they were put in: one statement inserts one after the other.
INSERT INTO {{table}} AS e ({{columns}})
SELECT {{values}}
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS input (action_ref, worker, position)
CROSS JOIN (SELECT $3::text AS status) AS terms
ORDER BY input.position
RETURNING e.{{id}}::text, {{updated}}
