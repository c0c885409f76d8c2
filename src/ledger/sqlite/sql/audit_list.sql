SELECT id, at, who, role, what, subject, letters, detail, outcome
FROM deadletter_audit
WHERE (?1 IS NULL OR id < ?1)
  AND (?2 IS NULL OR who = ?2)
  AND (?3 IS NULL OR what = ?3)
  AND (?4 IS NULL OR subject = ?4)
  AND (?5 IS NULL OR at >= ?5)
  AND (?6 IS NULL OR at < ?6)
ORDER BY id DESC
LIMIT ?7
