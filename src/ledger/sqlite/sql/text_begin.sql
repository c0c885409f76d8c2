UPDATE deadletter_text_index SET view = ?1, indexed_to = 0
