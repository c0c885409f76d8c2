-- Of a replay that was made in this transaction: how many letters it is about to send is counted here.
WITH entry (id, at, who, role, what, subject, letters, detail, outcome) AS (
  VALUES ($1::uuid, $2::timestamptz, $3::text, $4::text, $5::text, $6::text, $7::bigint, $8::text, $9::text)
)
INSERT INTO {{schema}}.audit (id, at, who, role, what, subject, letters, detail, outcome)
SELECT entry.id, entry.at, entry.who, entry.role, entry.what, entry.subject,
  (SELECT count(*) FROM {{schema}}.replay_letter
   WHERE replay_letter.replay_id = $10::uuid AND replay_letter.step = 'pending'),
  entry.detail, entry.outcome
FROM entry
JOIN {{schema}}.replay ON replay.id = $10::uuid
