-- Held by the session of whoever made the place, and gone with it, however it ends; the number is ours.
SELECT pg_try_advisory_lock(1147487326, hashtext($1::text))
