-- The platform's table: what it is, and what of it may keep a letter from failing its execution.
SELECT
  relation.relkind::text,
  relation.relpersistence::text,
  row_security_active(relation.oid),
  EXISTS (
    SELECT FROM pg_catalog.pg_index AS index
    JOIN pg_catalog.pg_attribute AS attribute
      ON attribute.attrelid = relation.oid AND attribute.attnum = index.indkey[0]
    WHERE index.indrelid = relation.oid AND index.indisvalid AND index.indpred IS NULL
      AND attribute.attname = $2::text),
  EXISTS (
    SELECT FROM pg_catalog.pg_index AS index
    JOIN pg_catalog.pg_attribute AS attribute
      ON attribute.attrelid = relation.oid AND attribute.attnum = index.indkey[0]
    WHERE index.indrelid = relation.oid AND index.indisvalid AND index.indisunique AND index.indpred IS NULL
      AND index.indnkeyatts = 1 AND attribute.attname = $2::text)
FROM pg_catalog.pg_class AS relation
WHERE relation.oid = to_regclass($1::text)
