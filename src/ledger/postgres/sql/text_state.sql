SELECT text_index.view, text_index.epoch, text_index.swept_to, text_index.indexed,
  (SELECT coalesce(sum(letter_count.letters), 0) FROM {{schema}}.letter_count)::bigint
FROM {{schema}}.text_index
