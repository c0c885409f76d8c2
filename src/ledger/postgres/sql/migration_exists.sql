SELECT to_regnamespace($1::text) IS NOT NULL, to_regclass($1::text || '.migration') IS NOT NULL
