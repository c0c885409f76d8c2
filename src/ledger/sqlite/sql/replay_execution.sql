-- The check and the write are one statement.
UPDATE {{table}} SET {{assignments}} WHERE {{id}} = ?10 AND {{status}} = ?6
