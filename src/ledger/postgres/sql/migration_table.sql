CREATE TABLE {{schema}}.migration (
  version bigint PRIMARY KEY,
  name text NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now()
);
