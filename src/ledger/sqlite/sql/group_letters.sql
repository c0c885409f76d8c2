-- What is counted of the group; nothing where nothing is, and then whether a letter is of it.
SELECT (SELECT letters FROM deadletter_group_count WHERE group_id = ?1),
  EXISTS (SELECT 1 FROM deadletter_letter WHERE group_id = ?1)
