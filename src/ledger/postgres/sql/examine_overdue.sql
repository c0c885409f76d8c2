SELECT count(*) FROM (
  SELECT FROM {{table}}
  WHERE {{status}} = $1::text::{{status_type}} AND {{updated}} < now() - $2::bigint * interval '1 millisecond'
  LIMIT $3::bigint
) AS overdue
