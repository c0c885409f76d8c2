UPDATE {{schema}}.text_index
SET swept_to = $1::uuid
WHERE epoch = $2::bigint AND (swept_to IS NULL OR swept_to < $1::uuid)
