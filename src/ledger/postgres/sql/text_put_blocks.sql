INSERT INTO {{schema}}.text_block (number, after_id, last_id, letters)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bigint[])
ON CONFLICT (number) DO UPDATE SET last_id = excluded.last_id, letters = excluded.letters
