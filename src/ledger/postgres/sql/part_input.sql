-- The letters to judge ($1 to $10), without what was settled before. One with a fixed outcome is not judged by its
-- row; of the others, those with a retry are sent again where they would have failed their execution.
input AS MATERIALIZED (
  SELECT *
  FROM unnest($1::uuid[], $2::bytea[], $3::{{id_param}}[], $4::bytea[], $5::timestamptz[], $6::timestamptz[],
              $7::uuid[], $8::text[], $9::text[], $10::uuid[]) WITH ORDINALITY
    AS input (id, key, execution, execution_id, attempt_from, attempt_until, replay_id, fixed_outcome, fixed_detail,
              retry_replay_id, position)
), fresh AS MATERIALIZED (
  SELECT input.* FROM input WHERE {{is_fresh}}
), state_after AS MATERIALIZED (
  SELECT * FROM unnest($11::text[], $12::text[], $13::text[]) AS state_after (outcome, if_final, if_not_final)
), terms AS (
  SELECT $14::text[] AS failable, $15::text AS failed, $16::text[] AS final, $17::timestamptz AS settled_at
), material AS MATERIALIZED (
  SELECT *
  FROM unnest($18::text[], $19::text[], $20::uuid[], $21::bytea[], $22::bytea[], $23::bytea[], $24::bytea[])
    WITH ORDINALITY
    AS material (result, error, event_id, event_before, event_after, event_exchange, event_routing_key, position)
)
