-- Lists by action and by the queue of death, as quick as the others where few letters of many are looked for.
CREATE INDEX deadletter_letter_action ON deadletter_letter (action, id) WHERE action IS NOT NULL;
CREATE INDEX deadletter_letter_queue ON deadletter_letter (queue, id);
