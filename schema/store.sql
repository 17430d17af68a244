-- The store that both sides keep: on the connected side everything collected (the mirror), on the isolated side what
-- its policy let in. Rows are keyed (source, UUID); no source may change or remove another's.
-- An integer `event` is local to this file; what crosses is keyed by UUIDs.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Interned words: types, categories, object relations, sharing groups.
CREATE TABLE word (
  id   INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- Interned tag sets, encoded as store/record.h says. Id 0 is never used: NULL means no tags.
CREATE TABLE tagset (
  id      INTEGER PRIMARY KEY,
  content BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE source (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  default_tlp INTEGER NOT NULL          -- intel/tlp.h, for what carries no TLP tag
) STRICT;

CREATE TABLE event (
  id                INTEGER PRIMARY KEY,
  source            INTEGER NOT NULL,
  uuid              BLOB NOT NULL,
  info              TEXT NOT NULL,
  date              TEXT NOT NULL,
  timestamp         INTEGER NOT NULL,
  publish_timestamp INTEGER NOT NULL,
  published         INTEGER,            -- NULL: the source does not say
  threat_level      INTEGER NOT NULL,
  analysis          INTEGER NOT NULL,
  distribution      INTEGER,            -- NULL: the source does not say
  sharing_group     TEXT NOT NULL,
  extends_uuid      TEXT NOT NULL,
  orgc_uuid         TEXT NOT NULL,
  orgc_name         TEXT NOT NULL,
  tagset            INTEGER,
  input_digest      BLOB,               -- mirror: of the bytes it was read from, to skip what did not change
  extra             TEXT,               -- mirror: JSON of the fields that never cross
  UNIQUE (source, uuid)
) STRICT;

CREATE TABLE object (
  event            INTEGER NOT NULL,
  uuid             BLOB NOT NULL,
  name             TEXT NOT NULL,
  meta_category    TEXT NOT NULL,
  description      TEXT NOT NULL,
  template_uuid    TEXT NOT NULL,
  template_version TEXT NOT NULL,
  comment          TEXT NOT NULL,
  first_seen       TEXT NOT NULL,
  last_seen        TEXT NOT NULL,
  timestamp        INTEGER NOT NULL,
  distribution     INTEGER,
  sharing_group    TEXT NOT NULL,
  deleted          INTEGER NOT NULL,
  extra            TEXT,
  PRIMARY KEY (event, uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE attribute (
  event         INTEGER NOT NULL,
  uuid          BLOB NOT NULL,
  object        BLOB,                   -- uuid of its object, NULL outside objects
  type          INTEGER NOT NULL,       -- word
  category      INTEGER NOT NULL,       -- word
  value         ANY NOT NULL,           -- text, or a blob where store/value_code.h says so
  comment       TEXT NOT NULL,
  relation      INTEGER,                -- word
  first_seen    TEXT,
  last_seen     TEXT,
  timestamp     INTEGER NOT NULL,
  distribution  INTEGER,
  sharing_group INTEGER,                -- word
  flags         INTEGER NOT NULL,       -- 1 to_ids, 2 deleted, 4 disable_correlation
  tagset        INTEGER,
  extra         TEXT,
  PRIMARY KEY (event, uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE reference (
  event             INTEGER NOT NULL,
  uuid              BLOB NOT NULL,
  object            BLOB NOT NULL,
  referenced        BLOB NOT NULL,
  relationship_type TEXT NOT NULL,
  comment           TEXT NOT NULL,
  timestamp         INTEGER NOT NULL,
  deleted           INTEGER NOT NULL,
  PRIMARY KEY (event, uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE report (
  event         INTEGER NOT NULL,
  uuid          BLOB NOT NULL,
  name          TEXT NOT NULL,
  content       TEXT NOT NULL,
  timestamp     INTEGER NOT NULL,
  distribution  INTEGER,
  sharing_group TEXT NOT NULL,
  deleted       INTEGER NOT NULL,
  extra         TEXT,
  PRIMARY KEY (event, uuid)
) STRICT, WITHOUT ROWID;

-- Added up for each attribute that has any: who saw it, and where, is not kept.
CREATE TABLE sighting (
  event               INTEGER NOT NULL,
  uuid                BLOB NOT NULL,    -- the attribute's
  seen                INTEGER NOT NULL,
  false_positives     INTEGER NOT NULL,
  last_seen           INTEGER NOT NULL, -- 0: never
  last_false_positive INTEGER NOT NULL,
  expires             INTEGER NOT NULL, -- 0: never
  PRIMARY KEY (event, uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE warninglist (
  id                  INTEGER PRIMARY KEY,
  source              INTEGER NOT NULL,
  name                TEXT NOT NULL,
  version             INTEGER NOT NULL,
  type                TEXT NOT NULL,
  description         TEXT NOT NULL,
  matching_attributes TEXT NOT NULL,    -- separated by newlines
  input_digest        BLOB,
  UNIQUE (source, name)
) STRICT;

CREATE TABLE warninglist_entry (
  list  INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (list, value)
) STRICT, WITHOUT ROWID;

-- Mirror: fields that no list of ours names, by path, with how often they were seen.
CREATE TABLE unknown_field (
  source INTEGER NOT NULL,
  path   TEXT NOT NULL,
  seen   INTEGER NOT NULL,
  PRIMARY KEY (source, path)
) STRICT, WITHOUT ROWID;

-- Connected side: one stream a site, and what it has been given.
CREATE TABLE stream (
  site       TEXT PRIMARY KEY,
  uuid       BLOB NOT NULL UNIQUE,
  epoch      INTEGER NOT NULL,
  digest_key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a bundle: a full and a delta of one number name the same state.
CREATE TABLE ledger (
  stream          BLOB NOT NULL,
  epoch           INTEGER NOT NULL,
  seq             INTEGER NOT NULL,
  kind            TEXT NOT NULL,
  base_seq        INTEGER NOT NULL,     -- of a delta; 0 for others
  state_digest    BLOB NOT NULL,
  manifest_digest BLOB NOT NULL,
  created         INTEGER NOT NULL,
  expires         INTEGER NOT NULL,
  stored_bytes    INTEGER NOT NULL,     -- of the payload
  PRIMARY KEY (stream, epoch, seq, kind)
) STRICT, WITHOUT ROWID;

-- Connected side: what a site holds after the newest number, kept so that a bundle costs as much as what changed.
CREATE TABLE stream_state (
  stream      BLOB PRIMARY KEY,
  epoch       INTEGER NOT NULL,         -- another one than the stream's: start over
  policy      BLOB NOT NULL,            -- digest of all that decides what crosses, apart from the rows themselves
  digest      BLOB NOT NULL,            -- state digest
  counts      TEXT NOT NULL,            -- JSON: rows that are there, rows held back
  base_seq    INTEGER NOT NULL,         -- the state that deltas start from; 0: none
  oldest_base INTEGER NOT NULL          -- what came and went before it is forgotten
) STRICT, WITHOUT ROWID;

-- One event or warninglist with all its rows, or the head of a source, as store/part.h encodes them.
CREATE TABLE stream_part (
  id           INTEGER PRIMARY KEY,
  stream       BLOB NOT NULL,
  source       TEXT NOT NULL,
  kind         INTEGER NOT NULL,        -- of its head: store/record.h
  name         BLOB NOT NULL,           -- UUID of the event, name of the list, empty for a source
  input_digest BLOB,                    -- the mirror's when it was last looked at
  changed      INTEGER NOT NULL,        -- the number under which a row of it last changed
  live         INTEGER NOT NULL,        -- rows that are there
  gone         INTEGER NOT NULL,        -- rows that were there
  counts       TEXT NOT NULL,           -- JSON, as in stream_state
  rows         BLOB NOT NULL,
  UNIQUE (stream, source, kind, name)
) STRICT;

-- Isolated side: rows above this site's clearance are known by key and digest only, so that the state digest closes.
CREATE TABLE refused (
  key    BLOB PRIMARY KEY,
  digest BLOB NOT NULL,
  reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Isolated side: ids of artifacts, never reused.
CREATE TABLE artifact_id (
  space   TEXT NOT NULL,                -- destination and kind of id
  key     TEXT NOT NULL,                -- what it stands for
  id      INTEGER NOT NULL,
  rev     INTEGER NOT NULL,
  content BLOB NOT NULL,                -- digest of what was last published under it
  first   INTEGER NOT NULL,             -- seconds since 1970
  changed INTEGER NOT NULL,
  PRIMARY KEY (space, key),
  UNIQUE (space, id)
) STRICT, WITHOUT ROWID;

-- Isolated side: objects that were published and have no id of ours, those of one family in a row.
CREATE TABLE published_object (
  space    TEXT NOT NULL,               -- destination and kind of object
  family   TEXT NOT NULL,               -- what is published together
  versions BLOB NOT NULL,               -- see store/object_versions.h
  PRIMARY KEY (space, family)
) STRICT;
