SELECT count(*) FROM {{table}} WHERE {{status}} = ?1
