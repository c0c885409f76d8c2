-- Whether our role could make our schema, or change what is in it.
SELECT CASE
  WHEN to_regnamespace($1::text) IS NULL THEN has_database_privilege(current_database(), 'CREATE')
  ELSE has_schema_privilege(to_regnamespace($1::text)::oid, 'CREATE') AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_class AS relation
    WHERE relation.relnamespace = to_regnamespace($1::text)::oid AND relation.relkind IN ('r', 'p', 'S')
      AND NOT pg_has_role(relation.relowner, 'USAGE'))
  END
