-- A place for a measurement, and what is not the ledger's own in it: a plain table of executions with the indexes that
-- most platforms have, so that a failed one costs about what it costs there; and a table of single rows. Ids begin where
-- nobody's are: a letter that strays (a policy of the broker's may send it anywhere) must name no execution of the user's.
CREATE SCHEMA {{schema}};
COMMENT ON SCHEMA {{schema}} IS '{{comment}}';

CREATE TABLE {{schema}}.execution (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 4000000000000000001) PRIMARY KEY,
  action bigint,
  action_ref text NOT NULL,
  config jsonb,
  worker text,
  status text NOT NULL,
  result jsonb,
  created timestamptz NOT NULL DEFAULT now(),
  updated timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON {{schema}}.execution (status);
CREATE INDEX ON {{schema}}.execution (action_ref);
CREATE INDEX ON {{schema}}.execution (worker);
CREATE INDEX ON {{schema}}.execution (updated);

CREATE TABLE {{schema}}.single_row (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now()
);
