-- What the settle script (settle.sql) writes into: a letter with everything that people later look it up by, the keys
-- that recognise a letter, and the events to publish. Written before any tuning of the product began, and left alone
-- since: what the product is measured against must not move with it.

CREATE SCHEMA reference;

CREATE TABLE reference.letter (
  id                   uuid PRIMARY KEY,
  state                text NOT NULL CHECK (state IN ('open', 'waiting', 'closed')),
  outcome              text NOT NULL,
  detail               text NOT NULL,
  reason               text NOT NULL,
  queue                bytea NOT NULL,
  dead_letter_queue    bytea NOT NULL,
  exchange             bytea NOT NULL,
  routing_key          bytea NOT NULL,
  deaths               bigint NOT NULL,
  message_id           bytea,
  correlation_id       bytea,
  type                 bytea,
  action               bytea,
  execution_id         bytea,
  worker_id            bytea,
  group_id             bytea NOT NULL,
  died_at              timestamptz,
  received_at          timestamptz NOT NULL,
  settled_at           timestamptz NOT NULL,
  closed_at            timestamptz,
  redelivered          boolean NOT NULL,
  size_bytes           bigint NOT NULL,
  delivery_exchange    bytea NOT NULL,
  delivery_routing_key bytea NOT NULL,
  properties           bytea NOT NULL,
  headers              bytea NOT NULL,
  body                 bytea NOT NULL
);
ALTER TABLE reference.letter ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX ON reference.letter (state, id);
CREATE INDEX ON reference.letter (outcome, id);
CREATE INDEX ON reference.letter (group_id, id);
CREATE INDEX ON reference.letter (execution_id, id) WHERE execution_id IS NOT NULL;

CREATE TABLE reference.letter_key (
  key       bytea PRIMARY KEY,
  letter_id uuid NOT NULL
);

CREATE TABLE reference.outbox (
  id           bigserial PRIMARY KEY,
  letter_id    uuid,
  execution_id bytea,
  exchange     bytea NOT NULL,
  routing_key  bytea NOT NULL,
  message_id   uuid,
  body         bytea,
  due_at       timestamptz NOT NULL,
  attempts     integer NOT NULL DEFAULT 0
);
CREATE INDEX ON reference.outbox (due_at, id);
CREATE INDEX ON reference.outbox (execution_id, id) WHERE execution_id IS NOT NULL;
