SELECT {{status}}, {{row_updated}}, {{is_failed_by}} FROM {{table}} WHERE {{id}} = ?1 AND ?2 IS NOT NULL
