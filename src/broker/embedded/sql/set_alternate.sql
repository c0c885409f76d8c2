UPDATE exchange SET alternate = ?2 WHERE name = ?1
