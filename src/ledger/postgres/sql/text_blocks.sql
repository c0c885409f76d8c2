-- The block that a letter $1 stands in, and all after it.
SELECT text_block.number, text_block.after_id, text_block.last_id, text_block.letters,
  (SELECT max(every.number) FROM {{schema}}.text_block AS every)
FROM {{schema}}.text_block
WHERE text_block.after_id >= coalesce(
  (SELECT mine.after_id FROM {{schema}}.text_block AS mine WHERE mine.after_id < $1::uuid
   ORDER BY mine.after_id DESC LIMIT 1),
  '00000000-0000-0000-0000-000000000000')
ORDER BY text_block.after_id
