SELECT pg_advisory_unlock(1147487326, hashtext($1::text))
