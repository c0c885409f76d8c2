-- The next letters before ?1 in a list, at most ?2 of them: the last one's id, and between which numbers they are.
SELECT min(id), min(number), max(number), count(*)
FROM (SELECT id, number FROM deadletter_letter WHERE id < ?1 ORDER BY id DESC LIMIT ?2)
