-- The message that it waits for was taken by no queue: failed again, where it is just as the claim left it.
UPDATE {{table}} SET {{assignments}} WHERE {{id}} = ?10 AND {{status}} = ?6 AND {{updated_instant}} IS ?7
