SELECT group_hour.group_id, group_hour.hour, group_hour.letters
FROM {{schema}}.group_hour
WHERE group_hour.group_id = ANY ($1::bytea[]) AND group_hour.hour >= $2::timestamptz AND group_hour.hour <= $3::timestamptz
