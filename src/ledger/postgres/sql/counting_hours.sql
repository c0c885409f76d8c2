-- $5: how many queues an hour has by their names; the others share the empty one.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::bytea[], $4::bigint[]) AS given (hour, kind, name, letters)
), queue AS MATERIALIZED (
  SELECT given.hour, given.name, given.letters,
    given.name = ''::bytea OR EXISTS (
      SELECT FROM {{schema}}.letter_hour
      WHERE letter_hour.hour = given.hour AND letter_hour.kind = 'queue' AND letter_hour.name = given.name)
      AS has_place
  FROM given
  WHERE given.kind = 'queue'
), full_to AS MATERIALIZED (
  SELECT fresh.hour,
    (SELECT count(*) FROM {{schema}}.letter_hour
     WHERE letter_hour.hour = fresh.hour AND letter_hour.kind = 'queue') AS queues
  FROM (SELECT DISTINCT queue.hour FROM queue WHERE NOT queue.has_place) AS fresh
), placed AS (
  SELECT queue.hour, queue.letters,
    CASE
      WHEN queue.has_place THEN queue.name
      WHEN full_to.queues + row_number() OVER (PARTITION BY queue.hour, queue.has_place ORDER BY queue.name)
        <= $5::bigint THEN queue.name
      ELSE ''::bytea
    END AS name
  FROM queue
  LEFT JOIN full_to ON full_to.hour = queue.hour
), whole AS (
  SELECT given.hour, given.kind, given.name, given.letters FROM given WHERE given.kind <> 'queue'
  UNION ALL
  SELECT placed.hour, 'queue', placed.name, sum(placed.letters)::bigint FROM placed GROUP BY placed.hour, placed.name
)
INSERT INTO {{schema}}.letter_hour AS had (hour, kind, name, letters)
SELECT whole.hour, whole.kind, whole.name, whole.letters FROM whole
ON CONFLICT (hour, kind, name) DO UPDATE SET letters = had.letters + excluded.letters
