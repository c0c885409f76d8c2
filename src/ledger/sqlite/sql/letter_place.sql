-- Behind so many (?16) of the letters before ?1 that one condition holds for, newest first: the next one. An index has them
-- in that order, and nothing else is read.
SELECT {{id}}
FROM {{table}}
WHERE {{id}} < ?1 AND {{holds}}
ORDER BY {{id}} DESC
LIMIT 1 OFFSET ?16
