-- -1 is a type without its length: as a cast, a length would cut what is longer instead of refusing it.
-- A domain counts as the type it is made of, except where we cast to it.
SELECT attribute.attname::text, format_type(attribute.atttypid, -1),
  format_type(coalesce(nullif(type.typbasetype, 0), attribute.atttypid), -1)
FROM pg_catalog.pg_attribute AS attribute
JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid
WHERE attribute.attrelid = to_regclass($1::text) AND attribute.attnum > 0 AND NOT attribute.attisdropped
