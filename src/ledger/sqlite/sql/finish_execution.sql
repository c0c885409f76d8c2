UPDATE {{table}} SET {{assignments}} WHERE {{id}} = ?10 AND {{status}} IN ({{failable}})
