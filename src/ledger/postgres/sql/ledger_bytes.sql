SELECT coalesce(sum(pg_total_relation_size(relation.oid)), 0)::bigint
FROM pg_catalog.pg_class AS relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
WHERE namespace.nspname = $1::text AND relation.relkind = 'r'
