#!/usr/bin/env python3
"""A second reader of payloads, written from docs/payload-format.md alone. Python's standard library, and the `zstd`
program for a compressed payload.

    read_payload.py PAYLOAD      a payload (zstd) or the plain database; prints what it found as JSON

It shares no code with gapferry, so that where the two agree the document is right.
"""
import hashlib
import json
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
HEX_DIGITS = {  # §4.1
    "authentihash": 64, "cdhash": 40, "dom-hash": 32, "hassh-md5": 32, "hasshserver-md5": 32, "imphash": 32,
    "ja3-fingerprint-md5": 32, "jarm-fingerprint": 62, "md5": 32, "pehash": 40, "sha1": 40, "sha224": 56,
    "sha256": 64, "sha3-224": 56, "sha3-256": 64, "sha3-384": 96, "sha3-512": 128, "sha384": 96, "sha512": 128,
    "sha512/224": 56, "sha512/256": 64, "x509-fingerprint-md5": 32, "x509-fingerprint-sha1": 40,
    "x509-fingerprint-sha256": 64,
}
KINDS = ["source", "event", "object", "attribute", "reference", "report", "warninglist", "warninglist-entry", "sighting"]
NO_UUID = bytes(16)


class Malformed(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Malformed(what)


# §1 and §2

def decompress(path):
    """The plain bytes of a payload."""
    stored = Path(path).read_bytes()
    if not stored.startswith(ZSTD_MAGIC):
        return stored
    return subprocess.run(["zstd", "-dc", "-M8MB"], input=stored, capture_output=True, check=True).stdout


def check_header(plain):
    need(len(plain) >= 100 and plain[:16] == b"SQLite format 3\0", "no SQLite database")
    page_size, write_version, read_version = struct.unpack_from(">HBB", plain, 16)
    pages, = struct.unpack_from(">I", plain, 28)
    version, = struct.unpack_from(">I", plain, 60)
    application, = struct.unpack_from(">I", plain, 68)
    need(application == 0x47465031, "no payload of gapferry")
    need(version == 1, f"payload version {version}")
    need((page_size, write_version, read_version) == (4096, 1, 1), "page size or journal mode")
    need(pages * 4096 == len(plain), "number of pages")


# §4.2

def u8(number):
    return struct.pack("<B", number)


def i64(number):
    return struct.pack("<q", number)


def text(value):
    value = (value or "").encode()
    return struct.pack("<I", len(value)) + value


def level(distribution):
    return u8(255 if distribution is None else distribution)


def flag(value):
    need(value in (0, 1), f"{value} is neither 0 nor 1")
    return u8(value)


class Payload:
    def __init__(self, path):
        plain = decompress(path)
        self.plain_size = len(plain)
        self.plain_blake2b = hashlib.blake2b(plain).hexdigest()
        check_header(plain)
        self._folder = tempfile.TemporaryDirectory()
        private = Path(self._folder.name) / "payload.db"
        private.write_bytes(plain)
        self.db = sqlite3.connect(f"file:{private}?mode=ro&immutable=1", uri=True)
        self.meta = dict(self.db.execute("SELECT key, value FROM meta"))
        need(sorted(self.meta) == ["digest_key", "epoch", "seq", "stream"], "meta")
        self.words = dict(self.db.execute("SELECT id, text FROM word"))
        self.tagsets = dict(self.db.execute("SELECT id, content FROM tagset"))

    def word(self, number):
        return "" if number is None else self.words[number]

    def tags(self, number):
        return struct.pack("<I", 0) if number is None else self.tagsets[number]

    def value(self, kind, value):
        if isinstance(value, str):
            return value
        if kind in ("ip-src", "ip-dst"):
            need(len(value) in (4, 16), f"an address of {len(value)} bytes")
            return socket.inet_ntop(socket.AF_INET if len(value) == 4 else socket.AF_INET6, value)
        need(HEX_DIGITS.get(kind) == 2 * len(value), f"a blob of {len(value)} bytes for {kind}")
        return value.hex()

    # §5 and §6: every record of the state, in the order of the walk.

    def records(self):
        for number, name, tlp in self.db.execute("SELECT id, name, default_tlp FROM source ORDER BY name"):
            yield u8(1) + text(name) + u8(tlp)
            yield from self.events(number, text(name))
            yield from self.lists(number, text(name))

    def events(self, source, name):
        rows = self.db.execute(
            "SELECT id, uuid, info, date, timestamp, publish_timestamp, published, threat_level, analysis, distribution,"
            " sharing_group, extends_uuid, orgc_uuid, orgc_name, tagset FROM event WHERE source = ? ORDER BY uuid",
            (source,))
        for (number, uuid, info, date, changed, published_at, published, threat, analysis, distribution, group, extends,
             orgc_uuid, orgc_name, tags) in rows:
            yield (u8(2) + name + uuid + text(info) + text(date) + i64(changed) + i64(published_at)
                   + u8(2 if published is None else published) + u8(threat) + u8(analysis) + level(distribution)
                   + text(group) + text(extends) + text(orgc_uuid) + text(orgc_name) + self.tags(tags))
            yield from self.parts(number, name, uuid)

    def parts(self, event, name, event_uuid):
        for (uuid, *texts, changed, distribution, group, deleted) in self.db.execute(
                "SELECT uuid, name, meta_category, description, template_uuid, template_version, comment, first_seen,"
                " last_seen, timestamp, distribution, sharing_group, deleted FROM object WHERE event = ? ORDER BY uuid",
                (event,)):
            yield (u8(3) + name + event_uuid + uuid + b"".join(map(text, texts)) + i64(changed) + level(distribution)
                   + text(group) + flag(deleted))
        for (uuid, holder, kind, category, value, comment, relation, first, last, changed, distribution, group, flags,
             tags) in self.db.execute(
                 "SELECT uuid, object, type, category, value, comment, relation, first_seen, last_seen, timestamp,"
                 " distribution, sharing_group, flags, tagset FROM attribute WHERE event = ? ORDER BY uuid", (event,)):
            need(0 <= flags <= 7, f"flags {flags}")
            kind = self.word(kind)
            yield (u8(4) + name + event_uuid + uuid + (holder or NO_UUID) + text(kind) + text(self.word(category))
                   + text(self.value(kind, value)) + text(comment) + text(self.word(relation)) + text(first) + text(last)
                   + i64(changed) + level(distribution) + text(self.word(group)) + u8(flags) + self.tags(tags))
        for (uuid, holder, referenced, relationship, comment, changed, deleted) in self.db.execute(
                "SELECT uuid, object, referenced, relationship_type, comment, timestamp, deleted FROM reference"
                " WHERE event = ? ORDER BY uuid", (event,)):
            yield (u8(5) + name + event_uuid + uuid + holder + referenced + text(relationship) + text(comment)
                   + i64(changed) + flag(deleted))
        for (uuid, title, content, changed, distribution, group, deleted) in self.db.execute(
                "SELECT uuid, name, content, timestamp, distribution, sharing_group, deleted FROM report"
                " WHERE event = ? ORDER BY uuid", (event,)):
            yield (u8(6) + name + event_uuid + uuid + text(title) + text(content) + i64(changed) + level(distribution)
                   + text(group) + flag(deleted))

        for (uuid, *numbers) in self.db.execute(
                "SELECT uuid, seen, false_positives, last_seen, last_false_positive, expires FROM sighting"
                " WHERE event = ? ORDER BY uuid", (event,)):
            need(all(number >= 0 for number in numbers), f"sightings {numbers}")
            yield u8(9) + name + event_uuid + uuid + b"".join(map(i64, numbers))

    def lists(self, source, name):
        for (number, title, version, kind, description, matching) in self.db.execute(
                "SELECT id, name, version, type, description, matching_attributes FROM warninglist WHERE source = ?"
                " ORDER BY name", (source,)):
            yield u8(7) + name + text(title) + text(kind) + text(description) + text(matching) + i64(version)
            for value, in self.db.execute("SELECT value FROM warninglist_entry WHERE list = ? ORDER BY value", (number,)):
                yield u8(8) + name + text(title) + text(value)

    # §7

    def describe(self):
        total = 0
        counts = {}
        for record in self.records():
            row = hashlib.blake2b(record, digest_size=32, key=self.meta["digest_key"]).digest()
            total = (total + int.from_bytes(row, "big")) % 2**256
            kind = KINDS[record[0] - 1]
            counts[kind] = counts.get(kind, 0) + 1
        return {"stream": self.meta["stream"].hex(), "epoch": int(self.meta["epoch"]), "seq": int(self.meta["seq"]),
                "plain_size": self.plain_size, "plain_blake2b": self.plain_blake2b,
                "state_digest": total.to_bytes(32, "big").hex(), "rows": counts}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(json.dumps(Payload(sys.argv[1]).describe(), indent=2))
