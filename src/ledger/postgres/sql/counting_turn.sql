-- No row: somebody else counts just now. What is read after this is as the one before us left it.
SELECT counting.counted FROM {{schema}}.counting FOR UPDATE SKIP LOCKED
