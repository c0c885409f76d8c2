SELECT type, alternate FROM exchange WHERE name = ?1
