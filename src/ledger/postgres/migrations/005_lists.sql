-- Lists by action and by the queue of death, as quick as the others where few letters of many are looked for. Both may
-- be as long as a message, as ids of executions may.
CREATE INDEX letter_action ON {{schema}}.letter ({{schema}}.execution_key(action), id) WHERE action IS NOT NULL;
CREATE INDEX letter_queue ON {{schema}}.letter ({{schema}}.execution_key(queue), id);
