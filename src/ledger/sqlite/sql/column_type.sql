SELECT upper(type) FROM pragma_table_info(?1, ?2) WHERE name = ?3 COLLATE NOCASE
