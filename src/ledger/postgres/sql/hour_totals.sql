SELECT letter_hour.hour, sum(letter_hour.letters)::bigint
FROM {{schema}}.letter_hour
WHERE letter_hour.kind = 'reason' AND letter_hour.hour >= $1::timestamptz AND letter_hour.hour < $2::timestamptz
GROUP BY letter_hour.hour
