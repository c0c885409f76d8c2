SELECT count(*) FROM {{schema}}.execution WHERE status = $1::text
