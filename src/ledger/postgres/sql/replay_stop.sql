UPDATE {{schema}}.replay SET state = 'stopped', reason = $2::text WHERE id = $1::uuid AND state = 'running'
