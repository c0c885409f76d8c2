-- The grants on the platform's table that our role lacks: $2 are the columns that are read, $3 those that are written.
WITH relation AS (
  SELECT relation.oid, schema.oid AS schema, schema.nspname, relation.relname
  FROM pg_catalog.pg_class AS relation
  JOIN pg_catalog.pg_namespace AS schema ON schema.oid = relation.relnamespace
  WHERE relation.oid = to_regclass($1::text)
)
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', nspname, current_user)
FROM relation WHERE NOT has_schema_privilege(schema, 'USAGE')
UNION ALL
SELECT format('GRANT SELECT ON %I.%I TO %I', nspname, relname, current_user)
FROM relation
WHERE EXISTS (
  SELECT FROM unnest($2::text[]) AS wanted(name)
  JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attname = wanted.name
  WHERE NOT has_column_privilege(relation.oid, attribute.attnum, 'SELECT'))
UNION ALL
SELECT format('GRANT UPDATE (%s) ON %I.%I TO %I', string_agg(format('%I', attribute.attname), ', '),
              nspname, relname, current_user)
FROM relation
CROSS JOIN unnest($3::text[]) AS wanted(name)
JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = relation.oid AND attribute.attname = wanted.name
WHERE NOT has_column_privilege(relation.oid, attribute.attnum, 'UPDATE')
GROUP BY nspname, relname
