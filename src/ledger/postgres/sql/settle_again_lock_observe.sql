-- settle_again_lock.sql where the platform's table is not even read.
SELECT letter.id
FROM {{schema}}.letter
WHERE letter.id = ANY ($1::uuid[]) AND letter.try_again_at IS NOT NULL AND $2::text[] IS NOT NULL
ORDER BY letter.id
FOR NO KEY UPDATE
