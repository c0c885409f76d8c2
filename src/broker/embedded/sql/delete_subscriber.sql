DELETE FROM subscriber WHERE token = ?1
