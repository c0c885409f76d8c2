-- What became of messages. A mark is of one claim, which its instant tells from others: told again after the letter was
-- claimed anew, it must not speak of that message. A mark that comes late, after another driver has taken the replay
-- over, still tells how a message that is in doubt fared; what has ended stays so.
WITH input AS MATERIALIZED (
  SELECT $1::uuid AS replay_id, input.*
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $7::timestamptz[])
    AS input (letter_id, mark, detail, retry_at, claimed_at)
), ours AS MATERIALIZED (
  SELECT replay.id, replay.answer_within * interval '1 microsecond' AS answer_within
  FROM {{schema}}.replay
  WHERE replay.id = $1::uuid
), marked AS (
  UPDATE {{schema}}.replay_letter
  SET step = CASE WHEN input.mark IN ('sent', 'in_doubt') THEN 'sent' WHEN input.mark = 'unsent' THEN 'unsent' ELSE 'ended' END,
    outcome = CASE WHEN input.mark IN ('sent', 'unsent') THEN NULL ELSE input.mark END,
    detail = input.detail,
    sent_at = CASE WHEN input.mark = 'sent' THEN $6::timestamptz ELSE replay_letter.sent_at END,
    due_at = CASE WHEN input.mark IN ('sent', 'in_doubt') THEN $6::timestamptz + ours.answer_within
                  WHEN input.mark = 'unsent' THEN input.retry_at END,
    ended_at = CASE WHEN input.mark IN ('withdrawn', 'unroutable') THEN $6::timestamptz END
  FROM input
  JOIN ours ON ours.id = input.replay_id
  WHERE replay_letter.replay_id = input.replay_id AND replay_letter.letter_id = input.letter_id
    AND CASE WHEN input.mark = 'withdrawn' THEN replay_letter.step = 'pending'
             WHEN input.mark = 'unroutable' AND replay_letter.step = 'pending' THEN true
             -- The others have ended by the statement before this one, but for those whose record is gone.
             WHEN input.mark = 'unroutable'
               AND EXISTS (SELECT FROM {{schema}}.letter WHERE letter.id = input.letter_id) THEN false
             WHEN input.mark = 'unroutable' AND input.claimed_at IS NULL THEN replay_letter.step = 'unsent'
             ELSE replay_letter.claimed_at = input.claimed_at
               AND (replay_letter.step = 'claimed'
                    OR (replay_letter.step = 'sent' AND replay_letter.outcome = 'in_doubt'))
        END
  RETURNING replay_letter.step, replay_letter.outcome
)
SELECT marked.outcome, count(*) FROM marked WHERE marked.step = 'ended' GROUP BY marked.outcome
