GRANT USAGE ON SCHEMA {{platform_schema}} TO deadletter;
