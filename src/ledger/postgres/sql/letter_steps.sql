SELECT at, what, detail FROM {{schema}}.letter_step WHERE letter_id = $1::uuid ORDER BY number
