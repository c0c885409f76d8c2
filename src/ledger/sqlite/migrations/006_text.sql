-- Text search: the words of letters, indexed behind settle. Letters are numbered in the order in which they are
-- committed, so that one number tells which of them are indexed, and settle has nothing to add.
CREATE TABLE deadletter_text_index (
  one INTEGER PRIMARY KEY CHECK (one = 1),  -- there is one row
  view TEXT NOT NULL DEFAULT '',  -- of letters, that the index holds; where another is wanted it is made anew
  indexed_to INTEGER NOT NULL DEFAULT 0
);
INSERT INTO deadletter_text_index (one) VALUES (1);

-- A row is a letter's number. Words are cut by us, and this tokenizer takes them as they are. Where in a letter they
-- stand is not kept, and neither is their text, which stands in the letter.
CREATE VIRTUAL TABLE deadletter_text USING fts5(words, content='', columnsize=0, detail=none, tokenize='ascii');

-- Nothing of ours deletes a letter. Where somebody does so by hand and it is the newest one, the next letter gets its
-- number: it would be taken for indexed already, and be found by the other one's words. All are indexed anew then.
CREATE TRIGGER deadletter_text_number_is_free AFTER DELETE ON deadletter_letter
WHEN old.number <= (SELECT indexed_to FROM deadletter_text_index)
  AND old.number > (SELECT coalesce(max(number), 0) FROM deadletter_letter)
BEGIN
  INSERT INTO deadletter_text (deadletter_text) VALUES ('delete-all');
  UPDATE deadletter_text_index SET indexed_to = 0;
END;
