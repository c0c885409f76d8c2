SELECT {{status}}, {{action}}, typeof({{action}}), {{action_ref}}
-- What an UPDATE left behind once the platform's triggers had their turn. RETURNING would not say, and it makes SQLite
-- save every page before it is changed.
FROM {{table}}
WHERE {{id}} = ?1
