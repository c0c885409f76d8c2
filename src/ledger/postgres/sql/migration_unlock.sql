SELECT pg_advisory_unlock(1147487324, hashtext($1::text))
