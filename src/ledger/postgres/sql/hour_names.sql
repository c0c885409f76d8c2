-- Of each kind the most frequent names, $3 of them.
SELECT ranked.kind, ranked.name, ranked.letters
FROM (
  SELECT letter_hour.kind, letter_hour.name, sum(letter_hour.letters)::bigint AS letters,
    row_number() OVER (PARTITION BY letter_hour.kind ORDER BY sum(letter_hour.letters) DESC, letter_hour.name) AS place
  FROM {{schema}}.letter_hour
  WHERE letter_hour.hour >= $1::timestamptz AND letter_hour.hour < $2::timestamptz
  GROUP BY letter_hour.kind, letter_hour.name) AS ranked
WHERE ranked.place <= $3::bigint
