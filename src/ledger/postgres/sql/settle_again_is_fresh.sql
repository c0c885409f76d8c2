EXISTS (
  SELECT FROM {{schema}}.letter
  WHERE letter.id = input.id AND letter.try_again_at IS NOT NULL
    AND (letter.outcome = 'deferred' OR letter.state = 'open'))
