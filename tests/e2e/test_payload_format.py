"""docs/payload-format.md against the programs: a reader written from the page finds the signed state digest."""
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pair import EVERYTHING, Pair

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracles"))
import read_payload  # noqa: E402

EVENT = "5d1b7a1e-3f0c-4c8e-9a63-0d8f5a2b7c11"
OBJECT = "0f7c2b1a-6f0e-4a3d-8d55-2b7f4f0c9e21"


def attribute(number, kind, value, **more):
    return {"uuid": f"11111111-2222-4333-8444-{number:012x}", "type": kind, "category": "Network activity",
            "value": value, "to_ids": True, "timestamp": str(1780000000 + number), **more}


def event():
    """Every kind of row, and every shape that a column can take."""
    v6 = ["2001:db8::1", "2001:0DB8::0001", "::192.0.2.1", "::ffff:192.0.2.1", "::", "2001:db8::/32", "1::2:0:0:3"]
    attributes = [attribute(i, "ip-dst", value) for i, value in enumerate(["192.0.2.1", "192.0.2.0/24", *v6])]
    attributes += [
        attribute(20, "md5", "0123456789abcdef0123456789abcdef"),
        attribute(21, "md5", "0123456789ABCDEF0123456789abcdef"),
        attribute(22, "jarm-fingerprint", "2" * 62),
        attribute(23, "sha512/256", "ab" * 32, to_ids=False, disable_correlation=True),
        attribute(24, "domain|ip", "evil.example|192.0.2.7", comment="Grüße — „hier“", first_seen="2026-01-01T00:00:00Z",
                  Sighting=[{"type": "0", "date_sighting": "1780000100"}, {"type": 1, "date_sighting": 1780000200},
                            {"type": "2", "date_sighting": "1790000000"}]),
        attribute(25, "some-new-type", "x", distribution="5"),
        attribute(26, "domain", "tagged.example", Tag=[{"name": "tlp:red", "colour": "#cc0033"}, {"name": "mine"}]),
        attribute(27, "domain", "local.example", Tag=[{"name": "secret", "local": True}]),
    ]
    inner = [attribute(40, "filename|sha256", "a.exe|" + "cd" * 32, object_relation="filename|sha256"),
             attribute(41, "sha256", "ef" * 32, object_relation="sha256", last_seen="2026-02-01T00:00:00+00:00")]
    return {"Event": {
        "uuid": EVENT, "info": "Everything — at once", "date": "2026-05-01", "timestamp": "1780000000",
        "published": True, "publish_timestamp": "1780000001", "threat_level_id": "2", "analysis": "1",
        "distribution": "3", "Orgc": {"uuid": "55555555-5555-4555-8555-555555555555", "name": "Org"},
        "extends_uuid": "66666666-6666-4666-8666-666666666666", "Tag": [{"name": "tlp:green"}],
        "Attribute": attributes,
        "Object": [{"uuid": OBJECT, "name": "file", "meta-category": "file", "description": "d", "timestamp": "1780000002",
                    "template_uuid": "77777777-7777-4777-8777-777777777777", "template_version": "24", "comment": "c",
                    "distribution": "5", "Attribute": inner,
                    "ObjectReference": [{"uuid": "88888888-8888-4888-8888-888888888888", "object_uuid": OBJECT,
                                         "referenced_uuid": attributes[0]["uuid"], "relationship_type": "connects-to",
                                         "comment": "r", "timestamp": "1780000003"}]}],
        "EventReport": [{"uuid": "99999999-9999-4999-8999-999999999999", "name": "R", "content": "# Report\n\ntext",
                         "timestamp": "1780000004", "distribution": "5"}],
    }}


def warninglists(folder):
    lists = folder / "lists" / "one"
    lists.mkdir(parents=True)
    (lists / "list.json").write_text(json.dumps({
        "name": "One", "version": 20260101, "type": "string", "description": "d",
        "matching_attributes": ["domain", "ip-dst"], "list": ["z.example", "a.example", "é"]}))


@pytest.fixture(scope="module")
def taken_apart(tmp_path_factory, bins, oracle):
    """A bundle of everything, unpacked by tar; its manifest, and the joined chunks."""
    oracle("zstd")
    folder = tmp_path_factory.mktemp("payload")
    (folder / "event.json").write_text(json.dumps(event()))
    warninglists(folder / "warninglists")
    pair = Pair(folder, bins)
    pair.configure_export([
        {"name": "events", "kind": "misp-event", "path": str(folder / "event.json"), "default_tlp": "green"},
        {"name": "lists", "kind": "warninglists", "path": str(folder / "warninglists"), "default_tlp": "clear"},
    ], **EVERYTHING)
    pair.export("collect")
    said = pair.bundle()
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "xf", said["path"], "-C", unpacked], check=True)
    joined = folder / "payload.zst"
    chunks = sorted((unpacked / "payload").iterdir())
    joined.write_bytes(b"".join(chunk.read_bytes() for chunk in chunks))
    return json.loads((unpacked / "manifest.json").read_text()), chunks, joined


def test_chunks_are_those_of_the_manifest(taken_apart):
    manifest, chunks, joined = taken_apart
    assert manifest["payload"]["chunks"] == [hashlib.blake2b(chunk.read_bytes()).hexdigest() for chunk in chunks]
    assert manifest["payload"]["stored_size"] == joined.stat().st_size


def test_the_page_gives_the_signed_state_digest(taken_apart):
    manifest, _, joined = taken_apart
    found = read_payload.Payload(joined).describe()
    assert found["state_digest"] == manifest["state_digest"]
    assert found["rows"] == manifest["counts"]["kind"]
    assert set(found["rows"]) == set(read_payload.KINDS), "some kind of row was not tried"
    assert found["plain_blake2b"] == manifest["payload"]["plain_blake2b"]
    assert found["plain_size"] == manifest["payload"]["plain_size"]
    assert found["stream"] == manifest["stream"]["uuid"].replace("-", "")
    assert (found["epoch"], found["seq"]) == (manifest["epoch"], manifest["seq"])


def test_values_come_back_as_they_were_written(taken_apart):
    payload = read_payload.Payload(taken_apart[2])
    wanted = {a["uuid"]: a["value"] for a in event()["Event"]["Attribute"] + event()["Event"]["Object"][0]["Attribute"]}
    found = {}
    for uuid, kind, value in payload.db.execute("SELECT uuid, type, value FROM attribute"):
        plain = uuid.hex()
        name = "-".join([plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]])
        found[name] = payload.value(payload.word(kind), value)
    assert found == wanted


def test_local_tags_stay_behind(taken_apart):
    payload = read_payload.Payload(taken_apart[2])
    assert not any(b"secret" in content for content in payload.tagsets.values())
    assert any(b"tlp:red" in content for content in payload.tagsets.values())


def test_the_schema_is_the_published_one(taken_apart, tmp_path):
    import sqlite3
    ours = sqlite3.connect(tmp_path / "empty.db")
    ours.executescript((ROOT / "schema" / "payload.sql").read_text())
    schema = "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY rowid"
    assert read_payload.Payload(taken_apart[2]).db.execute(schema).fetchall() == ours.execute(schema).fetchall()
