SELECT text_index.view, text_index.epoch, text_index.swept_to,
  greatest((SELECT coalesce(sum(letter_count.letters), 0) FROM {{schema}}.letter_count)::bigint - text_index.indexed, 0)
FROM {{schema}}.text_index
