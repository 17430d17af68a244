"""Payloads that are signed by the right key and hostile all the same. Each is refused for its own reason; the site's
home stays as it was, and nothing is written anywhere else."""
import sqlite3
import struct
import tempfile
from pathlib import Path

import pytest

import forge
from forge import database, zstd_raw

MALFORMED, DIVERGED, SANDBOX, TOO_LARGE, UNSUPPORTED = 9, 20, 22, 26, 27
SOME_DIGEST = "00" * 32
GOOD_DIGEST = None  # made on first use


@pytest.fixture(scope="module", autouse=True)
def _needs(oracle):
    oracle("minisign")


@pytest.fixture
def site(tmp_path, bins):
    """A site that holds number 1, and a medium."""
    site = forge.Site(tmp_path, bins)
    site.medium = tmp_path / "medium"
    site.medium.mkdir(exist_ok=True)
    site.volume = site.medium / "demo-site-000002-full.gfb"
    first = site.medium / "demo-site-000001-full.gfb"
    first.write_bytes(forge.bundle())
    site("import", first)
    first.unlink()
    return site


def refuse(site, code, words, content):
    site.volume.write_bytes(content)
    site("verify", site.volume)  # intact and rightly signed: only the content is wrong
    rows, before = site.dump(), forge.tree(site.home.parent)
    done = site("import", site.volume, expect=code)
    assert words in done.stderr, done.stderr
    assert done.stderr.startswith("error: ")
    assert site.dump() == rows
    after = forge.tree(site.home.parent)
    log = {str(site.home / "audit.log"), str(site.home / "audit.log.head")}
    assert set(after) - log == set(before) - log
    # The lock holds the process id of its last holder; the log says what was refused.
    assert {path for path in after if after[path] != before[path]} <= {
        str(site.home / "lock"), *log}


def hostile(change, rebuild=None):
    plain = database(seq=2, change=change)
    return forge.bundle(plain=rebuild(plain) if rebuild else plain, digest=SOME_DIGEST, seq=2)


def sql(*statements):
    def change(db):
        for statement in statements:
            db.execute(statement)
    return change


def unsafe(*statements):
    """What SQLite itself would refuse; the schema is edited as text, or checks are off."""
    return sql("PRAGMA writable_schema = ON", *statements, "PRAGMA writable_schema = RESET")


SCHEMAS = {
    "trigger": ('it has the trigger "t", which no payload has',
        sql("CREATE TRIGGER t AFTER INSERT ON word BEGIN SELECT 1; END")),
    "view": ('it has the view "v"', sql("CREATE VIEW v AS SELECT * FROM word")),
    "view-instead-of-a-table": ('it has the view "report"',
        sql("DROP TABLE report", "CREATE VIEW report AS SELECT * FROM word")),
    "index": ('it has the index "i"', sql("CREATE INDEX i ON event(info)")),
    "index-on-an-expression": ('it has the index "i"', sql("CREATE INDEX i ON event(upper(info))")),
    "virtual-table": ('it has the virtual table "f"', sql("CREATE VIRTUAL TABLE f USING fts5(a)")),
    "rtree": ('it has the virtual table "r"', sql("CREATE VIRTUAL TABLE r USING rtree(a, b, c)")),
    "generated-column": ('the text of its table "word" is another',
        sql("ALTER TABLE word ADD COLUMN g TEXT GENERATED ALWAYS AS (upper(text)) VIRTUAL")),
    "check": ('the text of its table "report" is another',
        sql("DROP TABLE report", "CREATE TABLE report (event INTEGER CHECK (abs(event)))")),
    "missing-table": ('it lacks the table "report"', sql("DROP TABLE report")),
    "another-table": ('it has the table "more"', sql("CREATE TABLE more (a)")),
    "analyze": ('it has the table "sqlite_stat', sql("ANALYZE")),
    "autoincrement": ("which no payload has", sql("CREATE TABLE n (a INTEGER PRIMARY KEY AUTOINCREMENT)")),
    "renamed-column": ('the text of its table "word" is another', sql("ALTER TABLE word RENAME COLUMN text TO txt")),
    "not-strict": ('the text of its table "word" is another',
        unsafe("UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ')') WHERE name = 'word'")),
    "schema-text-with-a-comment": ('the text of its table "word" is another',
        unsafe("UPDATE sqlite_schema SET sql = sql || '--' WHERE name = 'word'")),
    "two-tables-on-one-root": ("quick_check: ", unsafe(
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'tagset')"
        " WHERE name = 'word'")),
    "root-page-beyond-the-end": ("cannot read: ",
        unsafe("UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'word'")),
    "a-name-for-a-terminal": ('the view "\\x1b[2J' + "v" * 60 + '", which',
        sql('CREATE VIEW "\x1b[2J' + "v" * 500 + '" AS SELECT 1')),
    "root-page-zero": ("quick_check: ", unsafe("UPDATE sqlite_schema SET rootpage = 0 WHERE name = 'word'")),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_that_is_not_ours(site, name):
    words, change = SCHEMAS[name]
    refuse(site, MALFORMED, words, hostile(change))


ROWS = {
    "info-not-utf8": "UPDATE event SET info = CAST(x'c328' AS TEXT)",
    "value-not-utf8": "UPDATE attribute SET value = CAST(x'ff' AS TEXT)",
    "surrogate": "UPDATE event SET info = CAST(x'eda080' AS TEXT)",
    "overlong": "UPDATE event SET info = CAST(x'c080' AS TEXT)",
    "text-too-long": f"UPDATE event SET info = CAST(zeroblob({(8 << 20) + 1}) AS TEXT)",
    "distribution-6": "UPDATE event SET distribution = 6",
    "distribution-negative": "UPDATE event SET distribution = -1",
    "distribution-huge": "UPDATE event SET distribution = 9223372036854775807",
    "published-2": "UPDATE event SET published = 2",
    "threat-level-256": "UPDATE event SET threat_level = 256",
    "analysis-negative": "UPDATE event SET analysis = -9223372036854775808",
    "default-tlp-5": "UPDATE source SET default_tlp = 5",
    "flags-8": "UPDATE attribute SET flags = 8",
    "flags-past-32-bits": "UPDATE attribute SET flags = 4294967297",
    "value-is-an-integer": "UPDATE attribute SET value = 7",
    "value-is-a-real": "UPDATE attribute SET value = 7.5",
    "value-is-infinite": "UPDATE attribute SET value = 9e999",
    "value-is-a-blob-of-a-domain": "UPDATE attribute SET value = x'c0000201'",
    "uuid-of-15-bytes": "UPDATE event SET uuid = zeroblob(15)",
    "uuid-of-17-bytes": "UPDATE attribute SET uuid = zeroblob(17)",
    "uuid-empty": "UPDATE attribute SET uuid = x''",
    "object-of-1-byte": "UPDATE attribute SET object = x'00'",
    "no-such-word": "UPDATE attribute SET type = 99",
    "no-such-tagset": "UPDATE event SET tagset = 99",
    "tagset-of-rubbish": "UPDATE tagset SET content = x'ffffffff'",
    "tagset-cut-short": "UPDATE tagset SET content = x'0100000009000000'",
    "tagset-with-more-after-it": "UPDATE tagset SET content = CAST(content || x'00' AS BLOB)",
    "tagset-of-4097": f"UPDATE tagset SET content = CAST(x'01100000' || zeroblob({4097 * 13}) AS BLOB)",
    "tag-not-utf8": "UPDATE tagset SET content = CAST(x'01000000' || x'02000000c328' || zeroblob(9) AS BLOB)",
    "meta-without-seq": "DELETE FROM meta WHERE key = 'seq'",
    "meta-with-more": "INSERT INTO meta VALUES ('other', x'00')",
    "meta-short-digest-key": "UPDATE meta SET value = zeroblob(31) WHERE key = 'digest_key'",
    "meta-seq-is-no-number": "UPDATE meta SET value = CAST('2x' AS BLOB) WHERE key = 'seq'",
    "meta-seq-overflows": "UPDATE meta SET value = CAST('99999999999999999999' AS BLOB) WHERE key = 'seq'",
    "other-seq": "UPDATE meta SET value = CAST('3' AS BLOB) WHERE key = 'seq'",
    "negative-seq": "UPDATE meta SET value = CAST('-2' AS BLOB) WHERE key = 'seq'",
    "other-epoch": "UPDATE meta SET value = CAST('2' AS BLOB) WHERE key = 'epoch'",
    "other-stream": "UPDATE meta SET value = zeroblob(16) WHERE key = 'stream'",
    "stream-of-15-bytes": "UPDATE meta SET value = zeroblob(15) WHERE key = 'stream'",
    "tombstone-of-no-row": "INSERT INTO tombstone VALUES (x'63')",
    "tombstone-in-a-full": "INSERT INTO tombstone VALUES (x'010400000064656d6f')",
    "source-name-is-a-path": "UPDATE source SET name = '../../etc'",
    "source-name-empty": "UPDATE source SET name = ''",
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_that_no_exporter_writes(site, name):
    refuse(site, MALFORMED, "", hostile(sql(ROWS[name])))


LARGE = {
    "row": f"UPDATE event SET info = CAST(zeroblob({8 << 20}) AS TEXT), orgc_name = CAST(zeroblob({8 << 20}) AS TEXT)",
    "row-with-its-tags": [
        f"UPDATE event SET info = CAST(zeroblob({8 << 20}) AS TEXT)",
        # One tag whose name is 9 MiB.
        f"UPDATE tagset SET content = CAST(x'0100000000009000' || zeroblob({(9 << 20) + 9}) AS BLOB)"],
    "value": f"UPDATE attribute SET value = zeroblob({17 << 20})",
}


@pytest.mark.parametrize("name", LARGE)
def test_a_row_beyond_the_limit(site, name):
    statements = LARGE[name] if isinstance(LARGE[name], list) else [LARGE[name]]
    refuse(site, TOO_LARGE, "", hostile(sql(*statements)))


TWICE = {
    "source": "INSERT INTO source VALUES (2, 'demo', 1)",
    "event": "INSERT INTO event SELECT 2, source, uuid, 'two', date, timestamp, publish_timestamp, published,"
             " threat_level, analysis, distribution, sharing_group, extends_uuid, orgc_uuid, orgc_name, tagset FROM event",
    "warninglist": "INSERT INTO warninglist VALUES (1, 1, 'l', 1, 'string', '', ''), (2, 1, 'l', 2, 'string', '', '')",
}


@pytest.mark.parametrize("kind", TWICE)
def test_one_row_twice(site, kind):
    """The digest is a sum, so it closes over both; the store cannot hold both."""
    plain = database(seq=2, change=sql(TWICE[kind]))
    refuse(site, MALFORMED, "", forge.bundle(plain=plain, seq=2))


def test_rows_without_an_owner_are_not_part_of_the_state(site):
    """payload-format.md §6: they are never reached, so the digest of the others closes and nothing of them is kept."""
    orphan = sql("INSERT INTO attribute SELECT 77, uuid, object, type, category, 'orphan.example', comment, relation,"
                 " first_seen, last_seen, timestamp, distribution, sharing_group, flags, tagset FROM attribute")
    plain = database(seq=2, change=orphan)
    assert forge.state_digest(plain) == forge.state_digest(database(seq=2))
    site.volume.write_bytes(forge.bundle(plain=plain, seq=2))
    site("import", site.volume)
    assert "orphan.example" not in site.dump() and "evil.example" in site.dump()


def test_a_state_that_is_not_the_signed_one(site):
    refuse(site, DIVERGED, "the state after import", forge.bundle(plain=database(seq=2), digest=SOME_DIGEST, seq=2))


# --- the file around the rows

def patch(at, new):
    return lambda plain: plain[:at] + new + plain[at + len(new):]


def with_page_size(size):
    def rebuild(plain):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "payload"
            file.write_bytes(plain)
            db = sqlite3.connect(file, isolation_level=None)
            db.execute(f"PRAGMA page_size = {size}")
            db.execute("VACUUM")
            db.close()
            return file.read_bytes()
    return rebuild


FILES = {
    "wal-mode": patch(18, b"\2\2"),
    "unknown-read-version": patch(19, b"\3"),
    "page-size-512": patch(16, struct.pack(">H", 512)),
    "page-size-65536": patch(16, struct.pack(">H", 1)),
    "page-size-0": patch(16, struct.pack(">H", 0)),
    "rebuilt-with-pages-of-1024": with_page_size(1024),
    "page-count-of-4-thousand-million": patch(28, b"\xff\xff\xff\xff"),
    "page-count-0": patch(28, bytes(4)),
    "one-page-fewer": lambda plain: plain[:-4096],
    "one-page-more": lambda plain: plain + bytes(4096),
    "half-a-page-more": lambda plain: plain + bytes(2048),
    "application-id": patch(68, b"GFP2"),
    "no-magic": patch(0, b"SQLite format 4\0"),
    "utf-16": patch(56, struct.pack(">I", 2)),
    "reserved-space": patch(20, b"\xff"),
    "payload-fraction": patch(21, b"\0\0\0"),
    "freelist-beyond-the-end": patch(32, struct.pack(">II", 9999, 3)),
    "freelist-into-the-schema": patch(32, struct.pack(">II", 1, 1)),
    "schema-page-of-zeros": patch(100, bytes(3996)),
    "schema-page-of-ones": patch(100, b"\xff" * 3996),
    "cell-pointers-beyond-the-page": patch(108, b"\xff\xff" * 12),
    "tree-that-points-to-itself": lambda plain: plain[:4096] + b"\5" + bytes(7) + struct.pack(">I", 2) + plain[4108:],
    "empty": lambda plain: plain[:100],
    "short": lambda plain: plain[:99],
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_payload(site, name):
    refuse(site, MALFORMED, "", hostile(None, FILES[name]))


def test_a_later_version_says_so(site):
    refuse(site, UNSUPPORTED, "payload version 2", hostile(None, patch(60, struct.pack(">I", 2))))


def test_free_pages_hold_nothing_that_crosses(site):
    """What was deleted but not vacuumed: legal for SQLite, and no row of it may appear."""
    def change(db):
        db.execute("CREATE TABLE more (a)")
        db.execute("INSERT INTO more VALUES (printf('%.*c', 20000, 'x'))")
        db.execute("DROP TABLE more")
    plain = database(seq=2, change=change)
    assert struct.unpack_from(">I", plain, 36)[0] > 0, "there are free pages"
    site.volume.write_bytes(forge.bundle(plain=plain, seq=2))
    site("import", site.volume)
    assert site.dump().count("\n") == 3


def test_a_write_ahead_log_beside_the_bundle_and_in_the_home_is_nobodys(site):
    for name in ("demo-site-000002-full.gfb-wal", "demo-site-000002-full.gfb-journal", "payload-wal", "payload-journal"):
        (site.medium / name).write_bytes(b"\xd9\xd5\x05\xf9 a journal" + bytes(4096))
    site.volume.write_bytes(forge.bundle(seq=2))
    before = forge.tree(site.medium)
    done = site("import", site.medium)
    assert "demo-site-000002-full.gfb-wal: not part of a bundle, not opened" in done.stdout
    assert forge.tree(site.medium) == before
    assert site.dump().count("\n") == 3


# --- the frame around the file

PLAIN = database(seq=2)
SKIPPABLE = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"skip"
FRAMES = {
    "window-of-2-to-the-31": (MALFORMED, zstd_raw(PLAIN, window_log=31)),
    "window-of-2-to-the-24": (MALFORMED, zstd_raw(PLAIN, window_log=24)),
    "window-of-2-to-the-41": (MALFORMED, zstd_raw(PLAIN, window_log=41)),
    "one-byte-after-the-frame": (MALFORMED, zstd_raw(PLAIN) + b"\0"),
    "two-frames": (MALFORMED, zstd_raw(PLAIN) * 2),
    "two-halves": (MALFORMED, zstd_raw(PLAIN[:4096]) + zstd_raw(PLAIN[4096:])),
    "skippable-before": (MALFORMED, SKIPPABLE + zstd_raw(PLAIN)),
    "skippable-after": (MALFORMED, zstd_raw(PLAIN) + SKIPPABLE),
    "only-skippable": (MALFORMED, SKIPPABLE),
    "empty-frame-before": (MALFORMED, zstd_raw(b"") + zstd_raw(PLAIN)),
    "cut-short": (MALFORMED, zstd_raw(PLAIN)[:-1]),
    "without-its-last-block": (MALFORMED, zstd_raw(PLAIN)[:6] + forge.zstd_block(0, len(PLAIN), 0) + PLAIN),
    "no-frame": (MALFORMED, b"\x1f\x8b\x08" + bytes(64)),
    "uncompressed": (MALFORMED, PLAIN),
    "legacy-magic": (MALFORMED, b"\x27\xb5\x2f\xfd" + zstd_raw(PLAIN)[4:]),
    "reserved-block": (MALFORMED, zstd_raw(b"")[:6] + forge.zstd_block(3, 8, 1) + bytes(8)),
    "dictionary": (MALFORMED, zstd_raw(PLAIN)[:4] + b"\1\x38\x07" + zstd_raw(PLAIN)[6:]),
    "one-byte-too-many": (TOO_LARGE, zstd_raw(PLAIN + b"x")),
    "one-byte-too-few": (MALFORMED, zstd_raw(PLAIN[:-1])),
    "a-bomb-of-a-gigabyte": (TOO_LARGE, forge.zstd_zeros(1 << 30)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_is_not_one_frame_of_the_signed_size(site, name):
    code, stored = FRAMES[name]
    refuse(site, code, "", forge.bundle(plain=PLAIN, stored=stored, seq=2))


def test_a_size_that_no_disk_holds_is_refused_before_anything_is_written(site):
    """The signer says a petabyte, and a small frame could fill the disk with zeros."""
    stored = forge.zstd_zeros(256 << 20)
    document = forge.manifest(PLAIN, stored, SOME_DIGEST, seq=2)
    payload = {**document["payload"], "plain_size": 1 << 50}
    refuse(site, 21, "are free", forge.bundle(plain=PLAIN, stored=stored, seq=2, digest=SOME_DIGEST, payload=payload))
