-- Text search: the words of letters, indexed behind settle, which has nothing to add. Letters stand in blocks by their
-- ids, and the words of each have one more, `#epoch.block`, which no letter can have by itself: a search goes from
-- block to block, the newest first, and reads no more than it needs, however many letters have a word.

-- The one row: which view of letters the index holds. Where another is wanted, because what is redacted has changed,
-- a new epoch begins, and nothing of the old one is found. Whoever indexes holds this row, so that one does at a time.
-- Whoever deletes letters that are indexed takes as many off `indexed` in the same transaction.
CREATE TABLE {{schema}}.text_index (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),  -- there is one row
  view text NOT NULL DEFAULT '',
  epoch bigint NOT NULL DEFAULT 0,
  indexed bigint NOT NULL DEFAULT 0,  -- letters, of this epoch
  swept_to uuid                       -- no letter up to this one is missing any more
);
INSERT INTO {{schema}}.text_index DEFAULT VALUES;

-- Of this epoch.
CREATE TABLE {{schema}}.text_block (
  number bigint PRIMARY KEY,
  after_id uuid NOT NULL UNIQUE,  -- its letters come after this one, and up to that of the next block
  last_id uuid NOT NULL,
  letters bigint NOT NULL
);

CREATE TABLE {{schema}}.letter_text (
  letter_id uuid PRIMARY KEY REFERENCES {{schema}}.letter ON DELETE CASCADE,
  epoch bigint NOT NULL,
  words tsvector NOT NULL
);

-- What waits to be merged into the index (KiB) is read by every search, once for each block.
CREATE INDEX letter_text_words ON {{schema}}.letter_text USING gin (words) WITH (gin_pending_list_limit = 256);
