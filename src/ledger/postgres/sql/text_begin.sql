WITH begun AS (
  UPDATE {{schema}}.text_index
  SET view = $1::text, epoch = epoch + 1, indexed = 0, swept_to = NULL
  WHERE view <> $1::text
  RETURNING epoch
)
DELETE FROM {{schema}}.text_block WHERE EXISTS (SELECT FROM begun)
