SELECT FROM {{schema}}.text_index FOR UPDATE
