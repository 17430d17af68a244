"""The MISP feed of an isolated site: PyMISP reads it, and it says what PyMISP's own generator says; collected again it
is the store it came from; nothing above the clearance is in it."""
import json
import os
from pathlib import Path

import pytest

from pair import EVERYTHING, Pair

if not os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
    pytest.importorskip("pymisp")
from pymisp import MISPEvent  # noqa: E402
from pymisp.tools import feed_meta_generator  # noqa: E402


def site(folder, bins, sources, **destination):
    pair = Pair(folder, bins)
    pair.configure_export(sources, **EVERYTHING)
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="red", destinations=[
        {"name": "misp", "format": "misp-feed", "clearance": "red", "require_published": False, **destination}])
    pair.import_("run", pair.medium)
    return pair


def feed_of(pair):
    return pair.isolated / "artifacts/misp/current/feed"


def rows(dump):
    """All rows but the names of sources, and but what a feed cannot leave open."""
    found = set()
    for row in dump:
        row = {key: value for key, value in row.items() if key != "source"}
        if row["kind"] == "source":
            continue
        found.add(json.dumps(row, sort_keys=True))
    return found


@pytest.fixture
def corpus_pair(tmp_path, bins, corpus):
    folders = [corpus / "misp-feeds/eset-derived", corpus / "misp-feeds/crowdsec-sensor/5-99f906d"]
    return site(tmp_path / "first", bins,
                [{"name": f"feed-{number}", "kind": "misp-feed", "path": str(folder)}
                 for number, folder in enumerate(folders)])


def test_manifest_and_hashes_are_what_pymisp_makes_of_the_events(corpus_pair, tmp_path):
    feed = feed_of(corpus_pair)
    copy = tmp_path / "pymisp"
    copy.mkdir()
    for path in feed.glob("*-*.json"):
        # PyMISP rewrites values of the type datetime when it loads them, and hashes what it wrote.
        (copy / path.name).write_bytes(path.read_bytes().replace(b'"type":"datetime"', b'"type":"text"'))
    feed_meta_generator(copy)
    theirs = json.loads((copy / "manifest.json").read_text())
    # Numbers are strings in the core format; PyMISP writes integers into manifests and strings into events.
    for entry in theirs.values():
        entry.update({name: str(entry[name]) for name in ("analysis", "threat_level_id", "timestamp")})
    assert json.loads((feed / "manifest.json").read_text()) == theirs
    ours = sorted((feed / "hashes.csv").read_text().splitlines())
    assert ours == sorted((copy / "hashes.csv").read_text().splitlines())
    assert len(ours) > 100


def test_an_event_file_says_what_to_feed_says(corpus_pair):
    for path in sorted(feed_of(corpus_pair).glob("*-*.json")):
        event = MISPEvent()
        event.load_file(str(path))
        ours = json.loads(path.read_text())["Event"]
        theirs = event.to_feed(with_distribution=False)["Event"]
        assert {row["uuid"] for row in theirs.get("Attribute", [])} == {row["uuid"] for row in ours["Attribute"]}
        for name in ("info", "date", "threat_level_id", "analysis", "timestamp", "publish_timestamp", "Orgc"):
            assert theirs[name] == ours[name], (path.name, name)
        for row in theirs.get("Attribute", []):
            mine = next(each for each in ours["Attribute"] if each["uuid"] == row["uuid"])
            for name in ("value", "type", "category", "comment", "to_ids", "timestamp", "disable_correlation"):
                assert row[name] == mine[name], (path.name, row["uuid"], name)
        assert len(theirs.get("Object", [])) == len(ours["Object"])
        for theirs_object, mine in zip(sorted(theirs.get("Object", []), key=lambda o: o["uuid"]), ours["Object"]):
            assert theirs_object["name"] == mine["name"]
            assert len(theirs_object["Attribute"]) == len(mine["Attribute"])
            assert len(theirs_object.get("ObjectReference", [])) == len(mine.get("ObjectReference", []))


def test_collected_again_it_is_the_same_store(corpus_pair, tmp_path, bins):
    again = site(tmp_path / "second", bins,
                 [{"name": "back", "kind": "misp-feed", "path": str(feed_of(corpus_pair))}])
    before, after = rows(corpus_pair.dump()), rows(again.dump())
    assert len(before) > 100
    assert before - after == set()
    assert after - before == set()
    for path in feed_of(corpus_pair).iterdir():
        if path.name not in ("manifest.json", "hashes.csv"):  # these follow the order of the sources
            assert (feed_of(again) / path.name).read_bytes() == path.read_bytes(), path.name


GREEN = "11111111-1111-4111-8111-111111111111"
AMBER = "22222222-2222-4222-8222-222222222222"


def uuid(number):
    return f"33333333-3333-4333-8333-{number:012}"


def attribute(number, value, tags=(), **more):
    return {"uuid": uuid(number), "type": "domain", "category": "Network activity", "value": value, "to_ids": True,
            "timestamp": "1785542400", "Tag": [{"name": tag} for tag in tags], **more}


def mixed_events():
    """A green event with amber and red places, and an amber event that other events name."""
    return [
        {"Event": {
            "uuid": GREEN, "info": "an open event", "date": "2026-08-01", "timestamp": "1785542400",
            "published": True, "extends_uuid": AMBER, "Tag": [{"name": "tlp:green"}],
            "Orgc": {"name": "CERT", "uuid": uuid(99)},
            "Attribute": [
                attribute(1, "open.example", comment="an open comment"),
                attribute(2, "secret-value.example", ["tlp:amber"], comment="secret-comment"),
                attribute(3, "secret-red.example", ["tlp:red"])],
            "Object": [
                {"uuid": uuid(10), "name": "domain-ip", "comment": "secret-object", "timestamp": "1785542400",
                 "meta-category": "network", "description": "d", "template_uuid": uuid(50),
                 "template_version": "1",
                 "Attribute": [attribute(11, "secret-part.example", ["tlp:amber"], object_relation="domain")],
                 "ObjectReference": [{"uuid": uuid(12), "referenced_uuid": uuid(1), "timestamp": "1785542400",
                                      "relationship_type": "related-to", "comment": "secret-reference"}]},
                {"uuid": uuid(20), "name": "domain-ip", "comment": "an open object", "timestamp": "1785542400",
                 "meta-category": "network", "description": "d", "template_uuid": uuid(50),
                 "template_version": "1",
                 "Attribute": [attribute(21, "part.example", object_relation="domain")],
                 "ObjectReference": [
                     {"uuid": uuid(22), "referenced_uuid": uuid(2), "timestamp": "1785542400",
                      "relationship_type": "related-to", "comment": "secret-target"},
                     {"uuid": uuid(23), "referenced_uuid": uuid(1), "timestamp": "1785542400",
                      "relationship_type": "related-to", "comment": "an open reference"}]}],
            "EventReport": [
                {"uuid": uuid(30), "name": "an open report", "content": "nothing to hide", "timestamp": "1785542400"},
                {"uuid": uuid(31), "name": "secret-report", "timestamp": "1785542400",
                 "content": f"see @[attribute]({uuid(2)})"},
                {"uuid": uuid(32), "name": "secret-cause", "content": f"as in {AMBER}.", "timestamp": "1785542400"}]}},
        {"Event": {
            "uuid": AMBER, "info": "secret-info", "date": "2026-08-01", "timestamp": "1785542400", "published": True,
            "Tag": [{"name": "tlp:amber"}, {"name": "secret-tag"}], "Orgc": {"name": "CERT", "uuid": uuid(99)},
            "Attribute": [attribute(40, "open.example", ["tlp:green"], comment="secret-wider")]}},
    ]


def test_nothing_above_the_clearance_is_in_any_file(tmp_path, bins):
    source = tmp_path / "events.json"
    source.write_text(json.dumps(mixed_events()))
    pair = site(tmp_path / "pair", bins, [{"name": "one", "kind": "misp-event", "path": str(source)}],
                clearance="green")
    text = b"".join(path.read_bytes() for path in sorted(feed_of(pair).iterdir()))
    for shown in (b"open.example", b"an open comment", b"an open object", b"an open reference", b"an open report"):
        assert shown in text, shown
    assert b"secret" not in text
    assert AMBER.encode() not in text
    for number in (2, 3, 10, 11, 12, 22, 31, 32, 40):
        assert uuid(number).encode() not in text, number


def test_pap_decides_what_a_destination_with_power_may_copy(tmp_path, bins):
    event = mixed_events()[0]
    event["Event"]["Attribute"][0]["Tag"].append({"name": "PAP:RED"})
    source = tmp_path / "events.json"
    source.write_text(json.dumps([event]))
    for power, shown in (("logs", True), ("detect", False), ("block", False)):
        pair = site(tmp_path / power, bins, [{"name": "one", "kind": "misp-event", "path": str(source)}], power=power)
        assert (b'"open.example"' in (feed_of(pair) / f"{GREEN}.json").read_bytes()) == shown


def test_a_changed_attribute_changes_its_line_only(tmp_path, bins):
    source = tmp_path / "events.json"
    events = mixed_events()
    source.write_text(json.dumps(events))
    pair = site(tmp_path / "pair", bins, [{"name": "one", "kind": "misp-event", "path": str(source)}])
    before = {path.name: path.read_text().splitlines() for path in Path(feed_of(pair)).iterdir()}
    events[0]["Event"]["Attribute"][0]["comment"] = "another comment"
    source.write_text(json.dumps(events))
    pair.export("collect")
    pair.bundle()
    pair.import_("run", pair.medium)
    after = {path.name: path.read_text().splitlines() for path in Path(feed_of(pair)).iterdir()}
    assert before.keys() == after.keys()
    changed = [(name, len(set(after[name]) - set(lines))) for name, lines in before.items() if after[name] != lines]
    assert changed == [(f"{GREEN}.json", 1)]
