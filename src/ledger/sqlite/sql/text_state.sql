SELECT view, indexed_to, coalesce((SELECT max(number) FROM deadletter_letter), 0) FROM deadletter_text_index
