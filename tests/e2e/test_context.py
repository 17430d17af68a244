"""Sightings from where they were made to what they decide behind the gap. Oracles: what the test itself put into the
events, the recordings of a real MISP, and a second reader of payloads."""
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import forge
from misp_server import KEY, Made, Recorded, Server, attribute, event, mirror
from pair import Pair
from plain import places
from test_misp import recordings

sys.path.insert(0, str(forge.ROOT / "tests" / "oracles"))
import read_payload  # noqa: E402

NOW = 1_793_318_400  # a fixed day of the events; what ages is set by the tests
WHO = {"uuid": "6b1f3f7e-2f3b-4a0e-9d0e-5a3a3f0c1001", "name": "WHO-SAW-IT", "id": "2"}


def sighting(number, kind, date):
    """As MISP lists them, typed as MISP does."""
    return {"id": str(number), "uuid": f"51000000-0000-4000-8000-{number:012d}", "type": str(kind),
            "date_sighting": str(date), "source": "sensor-of-somebody", "org_id": "2", "Organisation": WHO}


def identify(number):
    return f"00000000-0000-4000-8000-{number:012d}"


def sum_up(sightings):
    """What must arrive of them."""
    dates = {kind: [int(row["date_sighting"]) for row in sightings if row["type"] == kind] for kind in "012"}
    fields = {"seen": len(dates["0"]), "false_positives": len(dates["1"]), "last_seen": max(dates["0"], default=0),
              "last_false_positive": max(dates["1"], default=0), "expires": max(dates["2"], default=0)}
    return {key: value for key, value in fields.items() if value or key in ("seen", "false_positives")}


def sighted(pair):
    rows = [row for row in pair.dump() if row["kind"] == "sighting"]
    return {row["attribute"]: {key: row[key] for key in row if key not in ("kind", "source", "event", "attribute")}
            for row in rows}


class Feed:
    """A folder with one event whose attributes the test sights."""

    def __init__(self, folder, bins, clearance="green", **site):
        self.folder = folder / "feed"
        self.folder.mkdir(parents=True)
        self.event = event(1, attributes=0)
        self.event["Attribute"] = [attribute(n, timestamp=str(NOW)) for n in range(1, 9)]
        self.event["Object"] = [{"uuid": identify(500), "name": "file", "timestamp": str(NOW), "Attribute": [
            attribute(9, timestamp=str(NOW))]}]
        self.event["Attribute"][7]["Tag"] = [{"name": "tlp:red"}]
        self.write()
        self.pair = Pair(folder / "pair", bins)
        self.pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(self.folder)}],
                                   clearance=clearance, **site)

    def of(self, number):
        held = self.event["Attribute"] + self.event["Object"][0]["Attribute"]
        return next(row for row in held if row["uuid"] == identify(number))

    def sight(self, number, kind, date, count=1):
        rows = self.of(number).setdefault("Sighting", [])
        for _ in range(count):
            rows.append(sighting(number * 100 + len(rows), kind, date))
        self.write()

    def write(self):
        (self.folder / "event.json").write_text(json.dumps({"Event": self.event}))

    def expected(self, without=()):
        held = self.event["Attribute"] + self.event["Object"][0]["Attribute"]
        return {row["uuid"]: sum_up(row["Sighting"]) for row in held
                if row.get("Sighting") and row["uuid"] not in without}


@pytest.fixture
def feed(tmp_path, bins):
    made = Feed(tmp_path, bins)
    made.sight(1, 0, NOW + 60, count=3)
    made.sight(1, 0, NOW)
    made.sight(2, 1, NOW + 5, count=2)
    made.sight(3, 2, NOW + 1000)
    made.sight(9, 0, NOW + 7)
    made.sight(9, 1, NOW + 8)
    made.sight(4, 3, NOW)  # of a type that nothing is made of
    made.sight(8, 0, NOW + 9)  # of an attribute that does not cross
    return made


def carry(feed, *delta):
    said = feed.pair.bundles(*delta)[-1]
    feed.pair.import_("import", feed.pair.medium)
    return said


def test_sightings_cross_with_their_attribute_and_as_sums_only(feed, tmp_path):
    pair = feed.pair
    pair.export("collect")
    told = pair.bundle()
    expected = feed.expected(without={identify(4), identify(8)})
    assert len(expected) == 4
    assert [(row["reason"], row["count"]) for row in told["held_back"]["sighting"]] == [("attribute-held-back", 1)]

    # Whoever saw it, and where, is not even kept.
    bundle = next(pair.medium.glob("*.gfb"))
    for file in (bundle, pair.connected / "mirror.db"):
        content = file.read_bytes()
        assert b"WHO-SAW-IT" not in content and b"sensor-of-somebody" not in content, file

    # A reader that was written from the page finds the same rows, and the signed digest.
    folder = tmp_path / "by-hand"
    folder.mkdir()
    subprocess.run(["tar", "xf", bundle, "-C", folder], check=True)
    payload = b"".join(file.read_bytes() for file in sorted((folder / "payload").iterdir()))
    (folder / "whole").write_bytes(payload)
    found = read_payload.Payload(folder / "whole").describe()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert found["rows"]["sighting"] == len(expected)
    assert found["state_digest"] == manifest["state_digest"]
    assert b"WHO-SAW-IT" not in read_payload.decompress(folder / "whole")

    pair.open_site(clearance="green")
    pair.import_("import", pair.medium)
    assert sighted(pair) == expected


def test_a_sighting_more_and_one_less_travel_as_deltas(feed):
    pair = feed.pair
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="green")
    pair.import_("import", pair.medium)

    def day(*changes):
        for change in changes:
            change()
        feed.write()
        pair.export("collect")
        carry(feed)
        assert sighted(pair) == feed.expected(without={identify(4), identify(8)})

    day(lambda: feed.sight(5, 1, NOW + 20), lambda: feed.sight(1, 0, NOW + 90))
    day(lambda: feed.of(5).pop("Sighting"))
    day(lambda: feed.of(9)["Sighting"].pop())
    day(lambda: feed.event["Attribute"].remove(feed.of(1)))
    # What may no longer cross takes its sightings along, and brings them back.
    day(lambda: feed.of(2).update(Tag=[{"name": "tlp:red"}], Sighting=[]))
    feed.of(3)["Tag"] = [{"name": "tlp:amber"}]
    feed.write()
    pair.export("collect")
    carry(feed)
    assert identify(3) not in sighted(pair)
    day(lambda: feed.of(3).pop("Tag"))
    assert identify(3) in sighted(pair)


def test_a_site_that_may_hold_less_refuses_the_sightings_too(feed, tmp_path):
    """The stream goes up to red; this site refuses what is above green, in fulls and in deltas."""
    pair = feed.pair
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(feed.folder)}], clearance="red",
                          unencrypted=True)
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="green")
    pair.import_("import", pair.medium)
    assert sighted(pair) == feed.expected(without={identify(4), identify(8)})
    feed.sight(8, 1, NOW + 40)  # its attribute does not change, and was refused
    feed.sight(2, 1, NOW + 41)
    pair.export("collect")
    carry(feed)
    assert sighted(pair) == feed.expected(without={identify(4), identify(8)})
    feed.of(8).pop("Tag")
    feed.write()
    pair.export("collect")
    carry(feed)
    assert sighted(pair) == feed.expected(without={identify(4)})


def test_what_sightings_do_to_the_artifacts(feed):
    pair = feed.pair
    day = 86400
    made = int(time.time())
    for number in range(1, 10):
        feed.of(number).update(timestamp=str(made - 90 * day), Sighting=[])
    feed.sight(1, 0, made - 2 * day)
    feed.sight(2, 1, made - 2 * day, count=2)
    feed.sight(3, 2, made - day)
    feed.sight(4, 2, made + 30 * day)
    pair.export("collect")
    pair.bundle()
    decay = {"lifetime_days": 120, "decay_speed": 0.5, "threshold": 45, "base_score": 80.5}
    common = {"format": "edl", "clearance": "green"}
    pair.open_site(clearance="green", destinations=[
        {"name": "usual", **common},
        {"name": "careful", **common, "sightings": {"false_positives": 2}},
        {"name": "deaf", **common, "sightings": {"heed_expiration": False}},
        {"name": "fading", **common, "sightings": {"decay": decay}}])
    pair.import_("import", pair.medium)
    pair.import_("generate")

    def names(destination):
        folder = pair.isolated / "artifacts" / destination / "current"
        text = "".join(file.read_text() for file in folder.iterdir() if file.suffix == ".txt")
        return {f"a{n}.example" for n in range(1, 10) if f"a{n}.example" in text}

    def reasons(destination):
        manifest = json.loads((pair.isolated / "artifacts" / destination / "current" / "manifest.json").read_text())
        return {row["reason"]: row["attributes"] for row in manifest["left_out"]}

    everything = {f"a{n}.example" for n in range(1, 10)} - {"a8.example"}  # red
    assert names("usual") == everything - {"a3.example"}
    assert reasons("usual") == {"sighting-expired": 1}
    assert names("careful") == everything - {"a2.example", "a3.example"}
    assert reasons("careful") == {"sighting-expired": 1, "sighted-false-positive": 1}
    assert names("deaf") == everything
    # Three quarters of the life are gone: 80.5 * (1 - 0.75 ** 2) = 35.2; what was seen two days ago is as good as new.
    assert names("fading") == {"a1.example"}
    assert reasons("fading") == {"sighting-expired": 1, "decayed": 6}

    why = json.loads(pair.import_("--json", "why", "a2[.]example").stdout)
    occurrence, = why["occurrences"]
    assert occurrence["sightings"]["false_positives"] == 2
    assert {row["destination"]: row["reason"] for row in occurrence["decisions"]} == {
        "usual": "allowed", "careful": "sighted-false-positive", "deaf": "allowed", "fading": "decayed"}
    assert "called a false positive 2 times" in pair.import_("why", "a2.example").stdout
    # `test` reads single rows where `why` walks; what they say of a value is the same.
    for value in ("a1.example", "a2.example", "a3.example", "a4.example", "a5.example"):
        why = json.loads(pair.import_("--json", "why", value).stdout)["occurrences"][0]
        tested = [json.loads(line) for line in pair.import_("--json", "test", value, expect=None).stdout.splitlines()]
        matched = {row["destination"] for row in tested if row["matches"]}
        assert matched == {row["destination"] for row in why["decisions"] if row["used"]}
        for attribute in (one for row in tested for hit in row["matches"] for one in hit["attributes"]):
            assert (attribute["sightings"], attribute["decisions"]) == (why["sightings"], why["decisions"])


# --- from a MISP

@pytest.fixture
def misp(tmp_path, bins):
    servers = []

    def make(backend):
        servers.append(Server(backend))
        key = tmp_path / "misp.key"
        key.write_text(KEY)
        key.chmod(0o600)
        pair = Pair(tmp_path / "misp", bins)
        pair.configure_export([{"name": "misp", "kind": "misp", "url": servers[-1].url, "key": f"file:{key}",
                                "default_tlp": "green"}], clearance="green")
        return pair, servers[-1]
    yield make
    for server in servers:
        server.stop()


def collect(pair):
    return json.loads(pair.export("collect", "--json").stdout.splitlines()[0])


def mirrored(pair):
    return {fields["uuid"].hex(): fields for _, fields in mirror(pair.connected)["sighting"]}


def test_a_new_sighting_is_seen_although_its_event_does_not_change(misp):
    backend = Made()
    pair, server = misp(backend)
    collect(pair)
    assert not mirrored(pair)
    row = next(iter(backend.events.values()))["Attribute"][0]
    for sightings in ([sighting(1, 0, NOW)], [sighting(1, 0, NOW), sighting(2, 1, NOW + 1)], [sighting(2, 1, NOW + 1)], []):
        row["Sighting"] = sightings
        server.log.clear()
        told = collect(pair)
        # The one event is read again, and no other.
        assert (told["changed"], told["unchanged"]) == (1, len(backend.events) - 1)
        assert len([path for _, path, _ in server.log if path.startswith("/events/view")]) == 1
        kept = mirrored(pair).get(row["uuid"].replace("-", ""))
        assert bool(kept) == bool(sightings)
        if kept:
            assert kept["seen"] == len([each for each in sightings if each["type"] == "0"])
            assert kept["false_positives"] == len([each for each in sightings if each["type"] == "1"])
        assert collect(pair)["unchanged"] == len(backend.events)


def test_a_server_that_lists_no_sightings_is_said_to(misp):
    backend = Made()
    backend.closed = {"/sightings"}
    pair, _ = misp(backend)
    told = collect(pair)
    assert told["added"] == len(backend.events)
    assert any("may not list sightings" in note for note in told["notes"])


def test_the_recorded_sightings_are_those_of_the_recordings(misp):
    folder = recordings()
    backend = Recorded(folder)
    pair, _ = misp(backend)
    collect(pair)
    listed = {row["uuid"] for row in backend.index()}
    expected = {}
    for entry in json.loads(backend.body("172"))["response"]:
        row = entry["Sighting"]
        if row["event_uuid"] in listed:
            expected.setdefault(row["attribute_uuid"].replace("-", ""), []).append(row)
    assert len(expected) == 3  # of four; the fourth is of an event that this key may not see
    found = mirrored(pair)
    assert found.keys() == expected.keys()
    for uuid, rows in expected.items():
        numbers = sum_up(rows)
        assert {key: found[uuid][key] for key in numbers} == numbers


# --- what the server says of itself

def shown(pair, *arguments, expect=0):
    said = pair.export("--json", "context", *arguments, expect=expect).stdout
    return json.loads(said.splitlines()[0]) if said else None


def test_the_context_is_what_the_recordings_say(misp, tmp_path):
    backend = Recorded(recordings())
    pair, _ = misp(backend)
    assert shown(pair)["taken"] is None
    told = collect(pair)
    parts = shown(pair)["parts"]
    taxonomies = {row["Taxonomy"]["namespace"]: row for row in json.loads(backend.body("005"))}
    assert parts["taxonomies"]["rows"].keys() == taxonomies.keys()
    for name, row in parts["taxonomies"]["rows"].items():
        assert (row["version"], row["enabled"], row["tags"], row["used"]) == (
            taxonomies[name]["Taxonomy"]["version"], json.dumps(taxonomies[name]["Taxonomy"]["enabled"]),
            str(taxonomies[name]["total_count"]), str(taxonomies[name]["current_count"]))
    group, = json.loads(backend.body("006"))["response"]
    assert parts["sharing_groups"]["rows"] == {group["SharingGroup"]["uuid"]: {
        "name": "Holdout SG", "releasability": "PARTNER only", "active": "true", "organisations": "PARTNER-CERT"}}
    types = json.loads(backend.body("003"))["result"]["types"]
    assert parts["types"]["rows"].keys() == set(types)
    assert not any("not known here" in note for note in told["notes"])
    feeds = {row["Feed"]["id"]: row["Feed"] for row in
             json.loads(backend.view("/feeds/index")[1].read_bytes())}
    assert {key: row["name"] for key, row in parts["feeds"]["rows"].items()} == {
        key: row["name"] for key, row in feeds.items()}
    for part in ("galaxies", "decaying_models"):  # not recorded for this key
        assert (parts[part]["visible"], parts[part]["note"]) == (False, "not visible with this key")

    used = sum(row["current_count"] > 0 for row in taxonomies.values())
    status = [json.loads(line) for line in pair.export("--json", "status").stdout.splitlines()]
    source, = [line for line in status if line["message_type"] == "source"]
    assert source["context"]["taxonomies"]["in_use"] == used
    assert source["context"]["feeds"]["all"] == len(feeds)
    assert f"{used} of {len(taxonomies)} taxonomies in use" in pair.export("status").stdout
    # Nothing of it is for the isolated side.
    pair.bundle()
    known = places(pair.connected, pair.medium, tmp_path, b"Holdout SG")
    # An event that is shared with the group names it; what was fetched stays here too.
    assert f"{pair.connected}/cache/misp/context.json" in known
    assert all(Path(place).is_relative_to(pair.connected / "cache" / "misp") for place in known), known
    infos = [fields["info"].encode() for _, fields in mirror(pair.connected)["event"]]
    assert [place for place in places(pair.connected, pair.medium, tmp_path, *infos) if ".sqlite: event.info" in place]


def made_context(backend):
    """MADE UP, in the shapes of the recordings; decaying models as MISP's source has them."""
    backend.context = {
        "/taxonomies/index": [{"Taxonomy": {"id": "7", "namespace": "tlp", "version": "8", "enabled": True},
                               "total_count": 6, "current_count": 2},
                              {"Taxonomy": {"id": "8", "namespace": "idle", "version": "1", "enabled": False},
                               "total_count": 9, "current_count": 0}],
        "/taxonomies/view/7": {"Taxonomy": {"id": "7", "namespace": "tlp"}, "entries": [
            {"tag": "tlp:red", "expanded": "(TLP:RED)", "existing_tag": {"Tag": {"name": "tlp:red", "numerical_value": "90"}}},
            {"tag": "tlp:clear", "expanded": "(TLP:CLEAR)", "existing_tag": False}]},
        "/sharing_groups/index": {"response": [
            {"SharingGroup": {"uuid": "5a000000-0000-4000-8000-000000000001", "name": "The few", "active": True,
                              "releasability": "members"},
             "SharingGroupOrg": [{"Organisation": {"name": "DEMO-CERT"}}]}]},
        "/attributes/describeTypes": {"result": {"types": ["domain", "brand-new-type"], "sane_defaults": {}}},
        "/feeds/index": [{"Feed": {"id": "1", "name": "F", "enabled": False, "caching_enabled": False,
                                   "source_format": "csv", "url": "https://me:pa55w0rd@feeds.example/list"}}],
        "/galaxies/index": [{"Galaxy": {"uuid": "9a", "name": "Threat Actor", "type": "threat-actor", "enabled": True}}],
        "/decayingModel/index": [{"DecayingModel": {
            "id": "1", "name": "NIDS Simple", "formula": "Polynomial", "enabled": True,
            "parameters": {"lifetime": 120, "decay_speed": 2.3, "threshold": 30, "default_base_score": 80}}}]}
    answer = backend.answer

    def with_context(method, path, headers, body):
        if path in backend.context and path not in backend.closed:
            found = backend.context[path]
            return found if isinstance(found, tuple) else (
                200, {"Content-Type": "application/json"}, json.dumps(found).encode())
        return answer(method, path, headers, body)
    backend.answer = with_context
    return backend


def test_the_context_tells_what_changed_and_what_is_not_known_here(misp):
    backend = made_context(Made(events=1))
    group = "5a000000-0000-4000-8000-000000000001"
    only, = backend.events.values()
    only.update(distribution="4", sharing_group_id="1", SharingGroup={"uuid": group})
    pair, _ = misp(backend)
    told = collect(pair)
    assert any("1 attribute types that are not known here" in note and "brand-new-type" in note for note in told["notes"])
    collect(pair)
    assert shown(pair)["changes"] == []
    text = pair.export("context", "--source", "misp").stdout
    assert "decay: {lifetime_days: 120, decay_speed: 2.3, threshold: 30, base_score: 80}" in text
    assert "not known here: brand-new-type" in text and "    tlp:red 90\n" in text
    for file in [*(pair.connected / "cache").rglob("*"), pair.connected / "mirror.db"]:
        assert not file.is_file() or b"pa55w0rd" not in file.read_bytes(), file

    # The group that holds the event back has a name.
    explained = json.loads(pair.export("--json", "explain", "--site", pair.site, only["uuid"]).stdout)["rows"][0]
    assert (explained["reason"], explained["detail"]) == ("distribution-sharing-group", group)
    assert explained["sharing_group"] == '"The few", releasable to: members, members: DEMO-CERT'
    assert "The few" in pair.export("explain", "--site", pair.site, only["uuid"]).stdout

    backend.context["/feeds/index"][0]["Feed"]["enabled"] = True
    backend.context["/taxonomies/index"] = []
    collect(pair)
    changes = {(row["part"], row["what"], row["key"]) for row in shown(pair)["changes"]}
    assert changes == {("feeds", "changed", "1"), ("taxonomies", "removed", "tlp"), ("taxonomies", "removed", "idle"),
                       ("taxonomy_tags", "removed", "tlp:red"), ("taxonomy_tags", "removed", "tlp:clear")}
    assert "1 of 1 feeds enabled" in pair.export("status").stdout


def test_the_tags_of_a_taxonomy_are_asked_for_when_it_changes(misp):
    backend = made_context(Made(events=1))
    # Of the recordings: the answer of a real MISP for the taxonomy tlp.
    answer = recordings().parent / "misp-recordings" / "taxonomies-view-tlp" / "response.body"
    backend.context["/taxonomies/view/7"] = json.loads(answer.read_bytes())
    pair, server = misp(backend)

    def asked():
        collect(pair)
        paths = [path for _, path, _ in server.log if path.startswith("/taxonomies/view")]
        server.log.clear()
        return paths
    assert asked() == ["/taxonomies/view/7"]
    tags = shown(pair)["parts"]["taxonomy_tags"]["rows"]
    assert tags.keys() == {entry["tag"] for entry in backend.context["/taxonomies/view/7"]["entries"]}
    assert tags["tlp:ex:chr"]["expanded"].startswith("(TLP:EX:CHR)")
    assert not asked() and shown(pair)["parts"]["taxonomy_tags"]["rows"] == tags
    backend.context["/taxonomies/index"][0]["current_count"] = 3
    assert asked() == ["/taxonomies/view/7"]
    # What cannot be read stays as it was.
    backend.context["/taxonomies/index"][0]["current_count"] = 4
    backend.context["/taxonomies/view/7"] = (200, {}, b"<html>")
    assert any("taxonomy_tags: could not be read" in note for note in collect(pair)["notes"])
    assert shown(pair)["parts"]["taxonomy_tags"]["rows"] == tags
    # And is asked for in each run until it can, also if the server went away before it.
    server.log.clear()
    assert set(asked()) == {"/taxonomies/view/7"} and shown(pair)["stale_tags"] == ["tlp"]
    backend.context["/taxonomies/view/7"] = json.loads(answer.read_bytes())
    assert asked() == ["/taxonomies/view/7"] and not shown(pair)["stale_tags"]
    assert not asked()
    backend.context["/taxonomies/index"][0]["current_count"] = 5
    server.fault = lambda number, method, path: "drop" if path == "/feeds/index" else None
    assert not asked()
    server.fault = lambda *_: None
    assert asked() == ["/taxonomies/view/7"]


@pytest.mark.parametrize("path", ["/taxonomies/index", "/sharing_groups/index", "/attributes/describeTypes",
                                  "/feeds/index", "/galaxies/index", "/decayingModel/index"])
def test_no_part_of_the_context_keeps_events_from_being_collected(misp, path):
    backend = made_context(Made(events=2))
    pair, _ = misp(backend)
    collect(pair)
    before = shown(pair)["parts"]
    for broken in ((200, {}, b"<html>Log in</html>"), (200, {}, b'[{"Ta'), (200, {}, b'{"name":"x"}'),
                   (200, {}, b'"text"')):
        backend.context[path] = broken
        told = collect(pair)
        assert told["unchanged"] == 2
        assert any("could not be read" in note for note in told["notes"]), broken
        after = shown(pair)["parts"]
        assert {part: after[part]["rows"] for part in after} == {part: before[part]["rows"] for part in before}
    for status in (403, 404, 405):
        backend.context[path] = (status, {"Content-Type": "application/json"}, b'{"message":"no"}')
        told = collect(pair)
        assert told["unchanged"] == 2 and not any("could not be read" in note for note in told["notes"])
        hidden = [part for part, row in shown(pair)["parts"].items() if not row["visible"]]
        assert len(hidden) == (2 if path == "/taxonomies/index" else 1)  # its tags go with it
    assert "not visible with this key" in pair.export("context").stdout


def test_context_names_sources_that_are_not_there(misp):
    pair, _ = misp(Made(events=1))
    assert 'did you mean "misp"?' in pair.export("context", "--source", "misq", expect=None).stderr
