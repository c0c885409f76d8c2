WITH {{chosen}}
SELECT chosen.group_id, chosen.queue, count(*), (array_agg(chosen.id ORDER BY chosen.id DESC))[1],
  sum(count(*)) OVER ()::bigint, sum(count(*) FILTER (WHERE chosen.is_taken)) OVER ()::bigint,
  sum(count(*) FILTER (WHERE chosen.state = 'waiting' AND NOT chosen.is_taken)) OVER ()::bigint,
  sum(count(*) FILTER (WHERE chosen.state = 'closed' AND NOT chosen.is_taken)) OVER ()::bigint
FROM chosen
GROUP BY chosen.group_id, chosen.queue
ORDER BY 3 DESC, 1, 2
LIMIT $16::bigint
