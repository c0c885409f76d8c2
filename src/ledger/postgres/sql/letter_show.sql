SELECT {{summary}}, rule, properties, headers, body
FROM {{schema}}.letter
WHERE id = $1::uuid
