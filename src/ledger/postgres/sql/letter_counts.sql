SELECT state, sum(letters)::bigint FROM {{schema}}.letter_count GROUP BY state
