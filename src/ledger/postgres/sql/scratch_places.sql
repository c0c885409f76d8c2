-- By name and by what we wrote on them: whoever calls a schema of his own like ours has not written that. And ours to
-- remove.
SELECT n.nspname::text
FROM pg_namespace AS n
WHERE n.nspname ~ $1::text AND obj_description(n.oid, 'pg_namespace') = $2::text AND pg_has_role(n.nspowner, 'USAGE')
ORDER BY n.nspname
