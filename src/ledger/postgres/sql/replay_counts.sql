SELECT step, outcome, count(*), count(claimed_at) FROM {{schema}}.replay_letter WHERE replay_id = $1::uuid GROUP BY step, outcome
