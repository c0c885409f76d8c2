-- New letters by their state, and by name for whoever counts them later.
WITH counted AS (
  INSERT INTO {{schema}}.letter_count (state, letters)
  SELECT change.state, change.letters FROM unnest($1::text[], $2::bigint[]) AS change (state, letters)
)
INSERT INTO {{schema}}.uncounted (letters, ids)
SELECT cardinality($3::uuid[]), $3::uuid[] WHERE cardinality($3::uuid[]) > 0
