SELECT fingerprint, execution_ids FROM deadletter_submission WHERE who = ?1 AND key = ?2 AND at > ?3
