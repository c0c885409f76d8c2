-- What people did, and what they added to letters.

CREATE TABLE {{schema}}.audit (
  id uuid PRIMARY KEY,  -- version 7: the order in which they were made
  at timestamptz NOT NULL,
  who text NOT NULL,
  role text NOT NULL,
  what text NOT NULL,
  subject text NOT NULL,
  letters bigint NOT NULL,
  detail text NOT NULL,
  outcome text NOT NULL
);

CREATE INDEX audit_subject ON {{schema}}.audit (subject, id);
CREATE INDEX audit_who ON {{schema}}.audit (who, id);

-- Append-only for everybody, the tables' owner included, who would have to take this away first.
CREATE FUNCTION {{schema}}.keep_audit() RETURNS trigger
LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'insufficient_privilege'; END $$;

CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {{schema}}.audit
  FOR EACH STATEMENT EXECUTE FUNCTION {{schema}}.keep_audit();

CREATE TABLE {{schema}}.letter_note (
  id uuid PRIMARY KEY,  -- version 7: the order in which they were written
  letter_id uuid NOT NULL REFERENCES {{schema}}.letter ON DELETE CASCADE,
  at timestamptz NOT NULL,
  who text NOT NULL,
  text text NOT NULL
);

CREATE INDEX letter_note_letter ON {{schema}}.letter_note (letter_id, id);

CREATE TABLE {{schema}}.letter_tag (
  tag text NOT NULL,
  letter_id uuid NOT NULL REFERENCES {{schema}}.letter ON DELETE CASCADE,
  PRIMARY KEY (tag, letter_id)
);

CREATE INDEX letter_tag_letter ON {{schema}}.letter_tag (letter_id);
