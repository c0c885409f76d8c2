-- Of each kind the most frequent names, ?3 of them.
SELECT kind, name, total
FROM (
  SELECT kind, name, sum(letters) AS total,
    row_number() OVER (PARTITION BY kind ORDER BY sum(letters) DESC, name) AS place
  FROM deadletter_letter_hour
  WHERE hour >= ?1 AND hour < ?2
  GROUP BY kind, name)
WHERE place <= ?3
