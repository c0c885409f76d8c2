SELECT relation.oid::bigint
FROM pg_catalog.pg_class AS relation
WHERE relation.oid = to_regclass($1::text)
