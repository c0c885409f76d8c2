-- The values of the enum that the status column is of; nothing where it is of none.
SELECT label.enumlabel::text
FROM pg_catalog.pg_attribute AS attribute
JOIN pg_catalog.pg_type AS type ON type.oid = attribute.atttypid
JOIN pg_catalog.pg_enum AS label ON label.enumtypid = coalesce(nullif(type.typbasetype, 0), type.oid)
WHERE attribute.attrelid = to_regclass($1::text) AND attribute.attname = $2::text
