INSERT INTO {{schema}}.group_hour AS had (group_id, hour, letters)
SELECT * FROM unnest($1::bytea[], $2::timestamptz[], $3::bigint[])
ON CONFLICT (group_id, hour) DO UPDATE SET letters = had.letters + excluded.letters
