-- The rest of settle_lock.sql and settle_again_lock.sql where the platform's table is not even read. There is nothing to
-- judge, so that this one tells itself which letters are new.
SELECT known.is_fresh
FROM known
ORDER BY known.position
