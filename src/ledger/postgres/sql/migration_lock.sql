-- One migrates, the others wait for it; the number is ours, the second key tells schemas apart.
SELECT pg_advisory_lock(1147487324, hashtext($1::text))
