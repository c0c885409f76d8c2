EXISTS (SELECT FROM {{schema}}.letter WHERE letter.id = input.id AND letter.try_again_at IS NOT NULL)
