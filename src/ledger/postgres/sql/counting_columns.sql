letter.id, letter.group_id, substring(letter.type FROM 1 FOR $1::bigint::integer),
  substring(letter.action FROM 1 FOR $1::bigint::integer), letter.reason,
  substring(letter.queue FROM 1 FOR $1::bigint::integer), letter.received_at,
  -- That it was recorded with: one that was settled again keeps what it was in its history.
  CASE WHEN letter.tries = 0 THEN letter.outcome
    ELSE coalesce(
      (SELECT letter_step.what FROM {{schema}}.letter_step
       WHERE letter_step.letter_id = letter.id AND letter_step.what IN ('deferred', 'refused')
       ORDER BY letter_step.number LIMIT 1),
      letter.outcome)
  END
