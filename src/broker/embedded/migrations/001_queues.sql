-- Times are microseconds since 1970. Names, keys and headers may hold any bytes; TEXT keeps them all.

CREATE TABLE exchange (
  name TEXT PRIMARY KEY,
  type TEXT NOT NULL CHECK (type IN ('direct', 'topic', 'fanout')),
  alternate TEXT  -- an exchange that gets what this one could not route
) STRICT, WITHOUT ROWID;

CREATE TABLE queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: a queue made anew is another queue
  name TEXT NOT NULL UNIQUE,
  message_ttl INTEGER,
  dead_letter_exchange TEXT,
  dead_letter_routing_key TEXT,
  max_length INTEGER,
  delivery_limit INTEGER
) STRICT;

CREATE TABLE binding (
  exchange TEXT NOT NULL REFERENCES exchange (name),
  routing_key TEXT NOT NULL,
  queue_id INTEGER NOT NULL REFERENCES queue (id) ON DELETE CASCADE,
  PRIMARY KEY (exchange, routing_key, queue_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX binding_queue ON binding (queue_id);

-- Apart from the message, so that neither a lease nor a death writes the body again. Each belongs to one message.
CREATE TABLE body (
  id INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE message (
  id INTEGER PRIMARY KEY,  -- the order of the queue
  queue_id INTEGER NOT NULL REFERENCES queue (id),
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),  -- 0 ready, 1 leased, 2 held, 3 dying
  exchange TEXT NOT NULL,  -- it came through
  routing_key TEXT NOT NULL,
  properties TEXT NOT NULL,
  headers TEXT NOT NULL,
  body_id INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,  -- since when, by the last time
  expires_at INTEGER,
  returns INTEGER NOT NULL DEFAULT 0,  -- deliveries that ended with the message back in the queue
  delivered INTEGER NOT NULL DEFAULT 0,  -- 1: given to somebody before
  owner_id INTEGER,  -- leased: by which open broker, whose end ends the lease; NULL: only time ends it
  lease_token INTEGER,
  lease_until INTEGER,  -- NULL: only the owner's end ends it
  death_reason TEXT,  -- held, dying: of what
  died_at INTEGER
) STRICT;

CREATE INDEX message_queue ON message (queue_id, state, id);
CREATE INDEX message_expiry ON message (expires_at, id) WHERE state = 0 AND expires_at IS NOT NULL;
CREATE INDEX message_lease_end ON message (lease_until, id) WHERE lease_until IS NOT NULL;
CREATE INDEX message_owner ON message (owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX message_held ON message (id) WHERE state = 2;
CREATE INDEX message_dying ON message (id) WHERE state = 3;

-- One a broker that has the file open. It holds a lock of the operating system while it lives (owner_lock.h).
CREATE TABLE owner (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  opened_at INTEGER NOT NULL
) STRICT;

CREATE TABLE subscriber (
  token INTEGER PRIMARY KEY,
  owner_id INTEGER NOT NULL REFERENCES owner (id) ON DELETE CASCADE,
  queue_id INTEGER NOT NULL REFERENCES queue (id) ON DELETE CASCADE,
  tag TEXT NOT NULL
) STRICT;

CREATE INDEX subscriber_owner ON subscriber (owner_id);
CREATE INDEX subscriber_queue ON subscriber (queue_id);

PRAGMA application_id = 1684828533;
