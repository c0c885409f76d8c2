SELECT e.{{status}}::text, {{result}}, {{action_ref}}, {{updated}}
FROM {{table}} AS e
WHERE e.{{id}} = ANY ($1::{{id_param}}[])
