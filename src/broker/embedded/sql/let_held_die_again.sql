UPDATE message SET state = 3 WHERE state = 2
