SELECT text_index.epoch FROM {{schema}}.text_index WHERE text_index.view = $1::text FOR UPDATE
