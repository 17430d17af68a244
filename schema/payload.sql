-- The payload of a bundle: a state of a stream, after policy. docs/payload-format.md describes every column.
-- No secondary indexes: they would make up nearly half of what is carried. Rows are written in key order.
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
CREATE TABLE tagset (id INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;
CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL, default_tlp INTEGER NOT NULL) STRICT;
CREATE TABLE event (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, uuid BLOB NOT NULL, info TEXT NOT NULL, date TEXT NOT NULL, timestamp INTEGER NOT NULL, publish_timestamp INTEGER NOT NULL, published INTEGER, threat_level INTEGER NOT NULL, analysis INTEGER NOT NULL, distribution INTEGER, sharing_group TEXT NOT NULL, extends_uuid TEXT NOT NULL, orgc_uuid TEXT NOT NULL, orgc_name TEXT NOT NULL, tagset INTEGER) STRICT;
CREATE TABLE object (event INTEGER NOT NULL, uuid BLOB NOT NULL, name TEXT NOT NULL, meta_category TEXT NOT NULL, description TEXT NOT NULL, template_uuid TEXT NOT NULL, template_version TEXT NOT NULL, comment TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, timestamp INTEGER NOT NULL, distribution INTEGER, sharing_group TEXT NOT NULL, deleted INTEGER NOT NULL, PRIMARY KEY (event, uuid)) STRICT, WITHOUT ROWID;
CREATE TABLE attribute (event INTEGER NOT NULL, uuid BLOB NOT NULL, object BLOB, type INTEGER NOT NULL, category INTEGER NOT NULL, value ANY NOT NULL, comment TEXT NOT NULL, relation INTEGER, first_seen TEXT, last_seen TEXT, timestamp INTEGER NOT NULL, distribution INTEGER, sharing_group INTEGER, flags INTEGER NOT NULL, tagset INTEGER, PRIMARY KEY (event, uuid)) STRICT, WITHOUT ROWID;
CREATE TABLE reference (event INTEGER NOT NULL, uuid BLOB NOT NULL, object BLOB NOT NULL, referenced BLOB NOT NULL, relationship_type TEXT NOT NULL, comment TEXT NOT NULL, timestamp INTEGER NOT NULL, deleted INTEGER NOT NULL, PRIMARY KEY (event, uuid)) STRICT, WITHOUT ROWID;
CREATE TABLE report (event INTEGER NOT NULL, uuid BLOB NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, timestamp INTEGER NOT NULL, distribution INTEGER, sharing_group TEXT NOT NULL, deleted INTEGER NOT NULL, PRIMARY KEY (event, uuid)) STRICT, WITHOUT ROWID;
CREATE TABLE sighting (event INTEGER NOT NULL, uuid BLOB NOT NULL, seen INTEGER NOT NULL, false_positives INTEGER NOT NULL, last_seen INTEGER NOT NULL, last_false_positive INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (event, uuid)) STRICT, WITHOUT ROWID;
CREATE TABLE warninglist (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL, description TEXT NOT NULL, matching_attributes TEXT NOT NULL) STRICT;
CREATE TABLE warninglist_entry (list INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (list, value)) STRICT, WITHOUT ROWID;
-- A delta's only: keys (docs/payload-format.md) of rows that must vanish. An event, a list or a source takes along what is below it.
CREATE TABLE tombstone (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
