-- Those who make replays take turns: the next one's snapshot shows what this one has taken. The number is ours.
SELECT pg_advisory_xact_lock(1147487325, hashtext($1::text))
