-- Triggers that run when one of our statements updates a row, and whether their source raises or notifies.
SELECT trigger.tgname::text, routine.prosrc ~* 'raise\s+(exception|sqlstate|''|using)', routine.prosrc ~* 'pg_notify|\ynotify\y'
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_proc AS routine ON routine.oid = trigger.tgfoid
WHERE trigger.tgrelid = to_regclass($1::text) AND NOT trigger.tgisinternal AND trigger.tgenabled IN ('O', 'A')
  AND trigger.tgtype & 16 <> 0  -- UPDATE
ORDER BY trigger.tgname
