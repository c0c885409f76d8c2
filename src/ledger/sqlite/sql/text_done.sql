UPDATE deadletter_text_index SET indexed_to = ?1
