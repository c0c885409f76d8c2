UPDATE {{schema}}.replay SET driver = NULL, lease_until = NULL WHERE driver = $1::uuid AND ended_at IS NULL
