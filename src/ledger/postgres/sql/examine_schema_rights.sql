-- The grants on our own schema that our role lacks; those of grants.sql.
WITH schema AS (
  SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE oid = to_regnamespace($1::text)
)
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', nspname, current_user)
FROM schema WHERE NOT has_schema_privilege(oid, 'USAGE')
UNION ALL
SELECT format('GRANT %s ON %I.%I TO %I', string_agg(wanted.privilege, ', ' ORDER BY wanted.place),
              nspname, relation.relname, current_user)
FROM schema
JOIN pg_catalog.pg_class AS relation ON relation.relnamespace = schema.oid AND relation.relkind IN ('r', 'p')
CROSS JOIN LATERAL unnest(
  CASE WHEN relation.relname = 'audit' THEN ARRAY['SELECT', 'INSERT']
       ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'] END) WITH ORDINALITY AS wanted(privilege, place)
WHERE NOT has_table_privilege(relation.oid, wanted.privilege)
GROUP BY nspname, relation.relname
UNION ALL
SELECT format('GRANT USAGE ON SEQUENCE %I.%I TO %I', nspname, relation.relname, current_user)
FROM schema
JOIN pg_catalog.pg_class AS relation ON relation.relnamespace = schema.oid
-- Asked of anything but a sequence it is an error, and in a mere AND it may be asked first.
WHERE CASE WHEN relation.relkind = 'S' THEN NOT has_sequence_privilege(relation.oid, 'USAGE') ELSE false END
UNION ALL
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', routine.oid::regprocedure, current_user)
FROM schema
JOIN pg_catalog.pg_proc AS routine ON routine.pronamespace = schema.oid
WHERE NOT has_function_privilege(routine.oid, 'EXECUTE')
