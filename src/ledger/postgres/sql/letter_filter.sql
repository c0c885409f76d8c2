($2::text IS NULL OR state = $2::text)
  AND ($3::text IS NULL OR outcome = $3::text)
  AND ($4::text IS NULL OR reason = $4::text)
  AND ($5::bytea IS NULL
       OR ({{schema}}.execution_key(queue) = {{schema}}.execution_key($5::bytea) AND queue = $5::bytea))
  AND ($6::bytea IS NULL OR type = $6::bytea)
  AND ($7::bytea IS NULL
       OR ({{schema}}.execution_key(action) = {{schema}}.execution_key($7::bytea) AND action = $7::bytea))
  AND ($8::bytea IS NULL
       OR ({{schema}}.execution_key(execution_id) = {{schema}}.execution_key($8::bytea) AND execution_id = $8::bytea))
  AND ($9::bytea IS NULL OR worker_id = $9::bytea)
  AND ($10::bytea IS NULL OR group_id = $10::bytea)
  AND ($11::timestamptz IS NULL OR received_at >= $11::timestamptz)
  AND ($12::timestamptz IS NULL OR received_at < $12::timestamptz)
  AND {{tag}}
  AND {{text}}
