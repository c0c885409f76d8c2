SELECT letter.id, letter.properties, letter.headers, substr(letter.body, 1, $2::bigint::integer),
  letter.size_bytes > $2::bigint
FROM {{schema}}.letter
WHERE letter.id = ANY ($1::uuid[])
ORDER BY letter.id
