UPDATE {{schema}}.counting SET counted = counting.counted + $1::bigint, walk = $2::uuid
