-- Under one token, or under any.
SELECT id FROM message WHERE owner_id = ?1 AND (?2 IS NULL OR lease_token = ?2) ORDER BY id
