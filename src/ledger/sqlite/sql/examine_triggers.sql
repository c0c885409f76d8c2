-- Triggers of the platform's table, and whether they may refuse a row.
SELECT name, sql LIKE '%RAISE%(%' FROM sqlite_schema
WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE
ORDER BY name
