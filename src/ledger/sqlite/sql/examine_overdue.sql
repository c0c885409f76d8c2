SELECT count(*) FROM (
  SELECT 1 FROM {{table}} WHERE {{status}} = ?1 AND deadletter_instant({{updated}}) < ?2 LIMIT ?3)
