SELECT coalesce(max(version), 0) FROM deadletter_schema
