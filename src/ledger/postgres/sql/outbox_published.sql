WITH gone AS (
  DELETE FROM {{schema}}.outbox WHERE id = ANY ($1::bigint[]) RETURNING letter_id, kind
)
INSERT INTO {{schema}}.letter_step (letter_id, at, what, detail)
SELECT gone.letter_id, $2::timestamptz, gone.kind || '_published', '' FROM gone WHERE gone.letter_id IS NOT NULL
