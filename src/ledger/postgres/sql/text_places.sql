-- The blocks in which letters before $2 may stand, the newest first.
SELECT text_index.epoch, text_block.number, text_block.after_id
FROM {{schema}}.text_index
CROSS JOIN {{schema}}.text_block
WHERE text_index.view = $1::text AND ($2::uuid IS NULL OR text_block.after_id < $2::uuid)
ORDER BY text_block.after_id DESC
