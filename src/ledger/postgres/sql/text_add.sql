-- $1: the letters; $2: the words of each, as the text of a tsvector; $3: the epoch. The row of the index is ours.
WITH put AS (
  INSERT INTO {{schema}}.letter_text (letter_id, epoch, words)
  SELECT input.letter_id, $3::bigint, input.words::tsvector
  FROM unnest($1::uuid[], $2::text[]) AS input (letter_id, words)
  JOIN {{schema}}.letter ON letter.id = input.letter_id
  ORDER BY input.letter_id
  ON CONFLICT (letter_id) DO UPDATE SET epoch = excluded.epoch, words = excluded.words
  WHERE letter_text.epoch <> excluded.epoch
  RETURNING letter_id
)
UPDATE {{schema}}.text_index SET indexed = indexed + (SELECT count(*) FROM put)
