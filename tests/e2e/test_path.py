"""The whole path on real input: what the source holds is what the isolated side holds, and nothing more."""
import collections
import json
import subprocess
import tarfile

import pytest

from pair import EVERYTHING, Pair

# What the corpus's own loader cannot be asked about: files that are no event, or are refused with a reason.
EVENT_SETS = ["misp-feeds/eset-derived", "misp-events/eset-as-published", "misp-events/pymisp-tests",
              "misp-events/stalkerware"]


def cross(tmp_path, bins, sources, exit_code=0):
    pair = Pair(tmp_path, bins)
    pair.configure_export(sources, **EVERYTHING)
    pair.export("collect", expect=exit_code)
    pair.bundle()
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)
    return pair


def events_of(path):
    """Every event in a file, unwrapped, by an independent reading; none if it is no JSON."""
    try:
        content = json.loads(path.read_text())
    except (ValueError, UnicodeDecodeError):
        return
    while isinstance(content, dict) and "response" in content:
        content = content["response"]
    for item in content if isinstance(content, list) else [content]:
        if isinstance(item, dict):
            event = item.get("Event", item)
            if isinstance(event, dict) and "uuid" in event and "info" in event:
                yield event


def flag(value):
    return value in (True, 1, "1", "true")


def tags_of(row):
    return sorted(tag["name"] for tag in row.get("Tag") or []
                  if not flag(tag.get("local")) and tag.get("exportable", True) not in (False, 0, "0"))


def text(value):
    return "" if value is None else str(value)


def number(value):
    return int(value) if value not in (None, "") else 0


def level(row):
    return None if row.get("distribution") in (None, "") else int(row["distribution"])


def attribute_key(event, attribute, obj):
    return (event["uuid"].lower(), attribute["uuid"].lower(), text(obj and obj["uuid"]).lower(), attribute["type"],
            text(attribute.get("category")), attribute["value"], text(attribute.get("comment")),
            text(attribute.get("object_relation")), text(attribute.get("first_seen")),
            text(attribute.get("last_seen")), number(attribute.get("timestamp")), level(attribute),
            flag(attribute.get("to_ids")), flag(attribute.get("disable_correlation")), tuple(tags_of(attribute)))


def dumped_attribute(row):
    return (row["event"], row["uuid"], row.get("object", ""), row["type"], row.get("category", ""), row["value"],
            row.get("comment", ""), row.get("object_relation", ""), row.get("first_seen", ""), row.get("last_seen", ""),
            row.get("timestamp", 0), row.get("distribution"), row["to_ids"], row.get("disable_correlation", False),
            tuple(sorted(tag["name"] for tag in row.get("tags", []))))


def in_group(*rows):
    """Shared with a sharing group, which no site of these tests is in."""
    return any(level(row) == 4 for row in rows)


def expected_rows(events):
    """What must arrive, by kind: all that is not deleted and not for a sharing group; of two rows with one UUID the
    first."""
    rows = collections.defaultdict(dict)

    def add(kind, key, row):
        rows[kind].setdefault(key, row)

    for event in events:
        uuid = event["uuid"].lower()
        if in_group(event):
            continue
        add("event", uuid, (uuid, event["info"], text(event.get("date")), number(event.get("timestamp")),
                            level(event), text((event.get("Orgc") or {}).get("name")), tuple(tags_of(event))))
        held_back = set()
        for obj in [None, *(event.get("Object") or [])]:
            attributes = (event if obj is None else obj).get("Attribute") or []
            if obj is not None and (flag(obj.get("deleted")) or in_group(obj)):
                held_back.add(obj["uuid"].lower())
                continue
            if obj is not None:
                add("object", (uuid, obj["uuid"].lower()),
                    (uuid, obj["uuid"].lower(), obj["name"], text(obj.get("comment")), number(obj.get("timestamp"))))
            for attribute in attributes:
                if flag(attribute.get("deleted")) or in_group(attribute):
                    held_back.add(text(attribute.get("uuid")).lower())
                elif "uuid" in attribute:
                    add("attribute", (uuid, attribute["uuid"].lower()), attribute_key(event, attribute, obj))
        for obj in event.get("Object") or []:
            for ref in obj.get("ObjectReference") or []:
                ends = {obj["uuid"].lower(), ref["referenced_uuid"].lower()}
                if "uuid" in ref and not flag(ref.get("deleted")) and not ends & held_back:
                    add("reference", (uuid, ref["uuid"].lower()),
                        (uuid, ref["uuid"].lower(), obj["uuid"].lower(), ref["referenced_uuid"].lower(),
                         text(ref.get("relationship_type")), text(ref.get("comment"))))
    return {kind: set(by_key.values()) for kind, by_key in rows.items()}


def lacks_uuids(events):
    """Rows that the source gave no UUID get one here, which no independent reading can know."""
    return any("uuid" not in row for event in events
               for row in [*(event.get("Attribute") or []), *(event.get("Object") or []),
                           *(a for o in event.get("Object") or [] for a in o.get("Attribute") or []),
                           *(r for o in event.get("Object") or [] for r in o.get("ObjectReference") or [])])


def arrived_rows(dump):
    rows = collections.defaultdict(set)
    for row in dump:
        if row["kind"] == "event":
            rows["event"].add((row["event"], row["info"], row.get("date", ""), row.get("timestamp", 0),
                               row.get("distribution"), row.get("orgc_name", ""),
                               tuple(sorted(tag["name"] for tag in row.get("tags", [])))))
        elif row["kind"] == "attribute":
            rows["attribute"].add(dumped_attribute(row))
        elif row["kind"] == "object":
            rows["object"].add((row["event"], row["uuid"], row["name"], row.get("comment", ""),
                                row.get("timestamp", 0)))
        elif row["kind"] == "reference":
            rows["reference"].add((row["event"], row["uuid"], row["object"], row["referenced_uuid"],
                                   row.get("relationship_type", ""), row.get("comment", "")))
    return rows


@pytest.mark.parametrize("folder", EVENT_SETS)
def test_every_event_of_the_corpus_arrives_as_it_is(folder, tmp_path, bins, corpus):
    """Oracle: Python's own JSON reading of each event file."""
    files = sorted(path for path in (corpus / folder).glob("*.json") if path.name != "manifest.json")
    compared = 0
    for i, file in enumerate(files):
        events = [event for event in events_of(file) if not event.get("Event")]
        pair = Pair(tmp_path / str(i), bins)
        pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(file), "default_tlp": "clear"}],
                              **EVERYTHING)
        done = pair.export("collect", expect=None)
        if done.returncode != 0:
            # Refused with a reason: it must then be no sound event.
            assert done.returncode in (5, 9), (file, done.stderr)
            assert file.name in done.stderr
            continue
        pair.bundle()
        pair.open_site(clearance="red")
        pair.import_("import", pair.medium)
        arrived = arrived_rows(pair.dump())
        expected = expected_rows(events)
        for kind in ("event", "object", "attribute", "reference"):
            missing = expected.get(kind, set()) - arrived[kind]
            assert not missing, (file.name, kind, sorted(missing, key=str)[:3])
            unexpected = arrived[kind] - expected.get(kind, set())
            assert not unexpected or lacks_uuids(events), (file.name, kind, sorted(unexpected, key=str)[:3])
        compared += len(expected.get("attribute", ()))
    assert compared > 50


def feed_counts(dump):
    counts = collections.Counter()
    for row in dump:
        if row["kind"] == "attribute" and row["to_ids"]:
            counts[row["event"], row["type"]] += 1
    return counts


def expected_counts(corpus, folder):
    counts = collections.Counter()
    for line in (corpus / "expected" / "events.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["file"].startswith(folder + "/"):
            for kind, count in entry["to_ids_by_type"].items():
                counts[entry["uuid"], kind] += count
    return counts


def feeds(corpus):
    return ["misp-feeds/eset-derived",
            *[f"misp-feeds/crowdsec-sensor/{path.name}" for path in
              sorted((corpus / "misp-feeds" / "crowdsec-sensor").iterdir())]]


def test_feeds_go_the_whole_way_and_every_attribute_is_accounted_for(tmp_path, bins, corpus):
    """Oracle: expected/events.jsonl, counted by an independent script."""
    for i, folder in enumerate(feeds(corpus)):
        pair = cross(tmp_path / str(i), bins,
                     [{"name": "feed", "kind": "misp-feed", "path": str(corpus / folder), "default_tlp": "green"}])
        assert feed_counts(pair.dump()) == expected_counts(corpus, folder), folder
        attributes = sum(row["kind"] == "attribute" for row in pair.dump())
        pair.configure_import(clearance="red", destinations=[
            {"name": name, "format": name, "clearance": "red"} for name in ("suricata", "wazuh", "sigma")])
        said = [json.loads(line) for line in pair.import_("generate", "--json").stdout.splitlines()]
        assert len(said) == 3
        for destination in said:
            left_out = sum(entry["count"] for entry in destination["left_out"])
            assert destination["attributes"] == attributes
            assert destination["used"] + left_out == attributes, (folder, destination)
        look_into_the_artifacts(pair)


# What each of these formats must name, whatever a rule around it looks like.
NAMED = {"suricata": {"ip-src", "ip-dst", "domain", "hostname"},
         "wazuh": {"ip-src", "ip-dst", "domain", "hostname", "md5", "sha1", "sha256"},
         "sigma": {"ip-src", "ip-dst", "domain", "hostname", "md5", "sha1", "sha256"}}


def look_into_the_artifacts(pair):
    """Without conditions on age, publication and lists every such value of the input stands in the files."""
    rows = [row for row in pair.dump() if row["kind"] == "attribute"]
    ages = dict.fromkeys({row["type"] for row in rows}, 0)
    pair.configure_import(clearance="red", use_warninglists=False, guards={"shrink_percent": 100, "grow_percent": 100000},
                          destinations=[{"name": name, "format": name, "clearance": "red", "max_age_days": ages,
                                         "require_published": False, "require_to_ids": False} for name in NAMED])
    pair.import_("generate", "--accept-change")
    for name, types in NAMED.items():
        files = [file for file in (pair.isolated / "artifacts" / name / "current").rglob("*")
                 if file.is_file() and file.name != "manifest.json"]
        text = "\n".join(file.read_text() for file in files).lower()
        values = {row["value"].lower() for row in rows if row["type"] in types}
        assert values and not {value for value in values if value not in text}, name


def test_states_of_a_feed_follow_each_other(tmp_path, bins, corpus):
    """States 0 … 5 of one feed, collected in turn: after each the isolated side equals a site that starts there."""
    states = sorted((corpus / "misp-feeds" / "crowdsec-sensor").iterdir())
    pair = Pair(tmp_path / "days", bins)
    for i, state in enumerate(states):
        source = [{"name": "feed", "kind": "misp-feed", "path": str(state), "default_tlp": "green"}]
        pair.configure_export(source, **EVERYTHING)
        pair.export("collect")
        pair.bundle()
        if i == 0:
            pair.open_site(clearance="red")
        pair.import_("import", pair.medium)
        fresh = cross(tmp_path / f"fresh{i}", bins, source)
        assert pair.dump() == fresh.dump(), state


SECRETS = ["LOCALTAGMARK", "NOEXPORTMARK", "DATAMARK", "PROPOSALMARK", "RELATEDMARK", "creator.mark@corp.example",
           "REDMARK", "OWNERMARK"]


def secret_event():
    def attribute(n, value, **more):
        return {"uuid": f"00000000-0000-4000-8000-00000000000{n}", "type": "domain", "category": "Network activity",
                "to_ids": True, "value": value, "timestamp": "1790000000", **more}
    return {"Event": {
        "uuid": "aaaaaaaa-0000-4000-8000-000000000001", "info": "what crosses", "date": "2026-08-01",
        "published": True, "timestamp": "1790000000", "event_creator_email": "creator.mark@corp.example",
        "Org": {"name": "OWNERMARK", "uuid": "bbbbbbbb-0000-4000-8000-000000000001"},
        "Orgc": {"name": "Maker", "uuid": "bbbbbbbb-0000-4000-8000-000000000002"},
        "Tag": [{"name": "tlp:green"}, {"name": "note:LOCALTAGMARK", "local": True},
                {"name": "note:NOEXPORTMARK", "exportable": False}],
        "RelatedEvent": [{"Event": {"info": "RELATEDMARK"}}],
        "ShadowAttribute": [{"type": "domain", "value": "PROPOSALMARK.example"}],
        "Attribute": [
            attribute(1, "stays.example", Tag=[{"name": "mine:LOCALTAGMARK", "local": 1}], data="REFUQU1BUksK"
                      "DATAMARK"),
            attribute(2, "REDMARK.example", Tag=[{"name": "TLP:Red"}]),
        ]}}


def test_what_must_not_cross_is_in_no_byte_of_the_bundle(tmp_path, bins, oracle):
    event = tmp_path / "event.json"
    event.write_text(json.dumps(secret_event()))
    pair = Pair(tmp_path / "pair", bins)
    pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(event)}], clearance="green")
    pair.export("collect")
    said = pair.bundle()
    assert said["rows"]["attribute"] == 1
    with tarfile.open(said["path"]) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}
    stored = b"".join(members[name] for name in sorted(members) if name.startswith("payload/"))
    plain = subprocess.run([oracle("zstd"), "-dc"], input=stored, capture_output=True, check=True).stdout
    assert b"stays.example" in plain
    everything = plain + b"".join(members.values())
    for secret in SECRETS:
        assert secret.encode() not in everything, secret
        assert secret.lower().encode() not in everything, secret
    # The mirror knows them all: they were read, and held back.
    assert said["held_back"]["attribute"][0]["reason"] == "tlp-above-clearance"


TLP_CASES = {
    "untagged, source default amber": ([], "amber"),
    "red": (["tlp:red"], "red"),
    "two": (["tlp:green", "tlp:amber"], "amber"),
    "unknown": (["tlp:yellow"], "red"),
    "unclear": (["tlp:unclear"], "red"),
    "mixed case": (["TLP:Green"], "green"),
    "tlp 1 white": (["TLP:WHITE"], "clear"),
    "strict": (["tlp:amber+strict"], "amber+strict"),
}
ORDER = ["clear", "green", "amber", "amber+strict", "red"]


@pytest.mark.parametrize("clearance", ORDER)
def test_tlp_decides_on_both_sides(clearance, tmp_path, bins):
    """Each case crosses exactly to clearances at or above it; a site below refuses it even though it is signed."""
    events = []
    for i, (name, (tags, _)) in enumerate(TLP_CASES.items()):
        events.append({"Event": {
            "uuid": f"aaaaaaaa-0000-4000-8000-00000000000{i}", "info": name, "date": "2026-08-01", "published": True,
            "Tag": [{"name": tag} for tag in tags],
            "Attribute": [{"uuid": f"00000000-0000-4000-8000-00000000000{i}", "type": "domain",
                           "category": "Network activity", "to_ids": True, "value": f"case{i}.example"}]}})
    source = tmp_path / "events.json"
    source.write_text(json.dumps(events))
    allowed = {name for name, (_, tlp) in TLP_CASES.items() if ORDER.index(tlp) <= ORDER.index(clearance)}

    pair = Pair(tmp_path / "out", bins)
    pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(source), "default_tlp": "amber"}],
                          clearance=clearance, unencrypted=True)
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)
    assert {row["info"] for row in pair.dump() if row["kind"] == "event"} == allowed

    # The other way round: everything is signed, the site holds back.
    pair = Pair(tmp_path / "in", bins)
    pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(source), "default_tlp": "amber"}],
                          clearance="red", unencrypted=True)
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance=clearance)
    said = json.loads(pair.import_("import", pair.medium, "--json").stdout)
    assert {row["info"] for row in pair.dump() if row["kind"] == "event"} == allowed
    refused = sum(entry["count"] for entry in said["refused"].get("event", []))
    assert refused == len(TLP_CASES) - len(allowed)


@pytest.mark.parametrize("default,clearance", [("amber", "green"), ("amber", "amber"), ("red", "amber"), ("clear", "green")])
def test_no_part_goes_where_its_event_may_not(default, clearance, tmp_path, bins):
    """Tags of events and of their attributes together: on both sides, and in the artifacts of a destination."""
    events, tlps, event_tlps = [], {}, {}
    for i, whole in enumerate([None, "clear", "green", "amber", "red"]):
        uuid = f"aaaaaaaa-0000-4000-8000-0000000000{i:02}"
        event_tlps[uuid] = whole or default
        attributes = []
        for k, part in enumerate([None, "clear", "green", "amber", "red"]):
            value = f"e{i}a{k}.example"
            tlps[value] = max(whole or default, part or "clear", key=ORDER.index)
            attributes.append({"uuid": f"00000000-0000-4000-8000-0000000{i:02}0{k:02}", "type": "domain", "to_ids": True,
                               "category": "Network activity", "value": value, "timestamp": "1785000000",
                               "Tag": [{"name": f"tlp:{part}"}] if part else []})
        events.append({"Event": {"uuid": uuid, "info": uuid, "date": "2026-08-01", "published": True, "Attribute": attributes,
                                 "timestamp": "1785000000", "Tag": [{"name": f"tlp:{whole}"}] if whole else []}})
    source = tmp_path / "events.json"
    source.write_text(json.dumps(events))

    def within(levels):
        return {name for name, tlp in levels.items() if ORDER.index(tlp) <= ORDER.index(clearance)}

    for sent, held in ((clearance, "red"), ("red", clearance), ("red", "red")):
        pair = Pair(tmp_path / f"{sent}-{held}", bins)
        pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(source), "default_tlp": default}],
                              clearance=sent, unencrypted=True)
        pair.export("collect")
        pair.bundle()
        pair.open_site(clearance=held, destinations=[
            {"name": format_, "format": format_, "clearance": clearance, "max_age_days": {"domain": 0}}
            for format_ in ("csv", "suricata")] + [{"name": "feed", "format": "misp-feed", "clearance": clearance}])
        pair.import_("run", pair.medium)
        if (sent, held) != ("red", "red"):
            rows = pair.dump()
            assert {row["value"] for row in rows if row["kind"] == "attribute"} == within(tlps)
            assert {row["info"] for row in rows if row["kind"] == "event"} == within(event_tlps)
        for name in ("csv", "suricata", "feed"):
            folder = pair.isolated / "artifacts" / name / "current"
            text = "".join(file.read_text() for file in sorted(folder.rglob("*"))
                           if file.is_file() and (name == "feed" or file.name != "manifest.json"))
            assert {value for value in tlps if value in text} == within(tlps), name
            assert {uuid for uuid in event_tlps if uuid in text} == within(event_tlps), name


def test_the_same_state_gives_the_same_bytes(tmp_path, bins, corpus):
    """Two homes with the same keys and mirror, the same clock: identical volumes."""
    import os
    import shutil
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1790000000"}
    pair = Pair(tmp_path / "a", bins)
    pair.configure_export([{"name": "feed", "kind": "misp-feed", "path": str(corpus / "misp-feeds/eset-derived")}],
                          **EVERYTHING)
    pair.export("collect")
    shutil.copytree(pair.connected, tmp_path / "copy")
    one = pair.bundle(env)
    pair.connected = tmp_path / "copy"
    pair.medium = tmp_path / "medium2"
    two = pair.bundle(env)
    assert [part["blake2b"] for part in one["volumes"]] == [part["blake2b"] for part in two["volumes"]]
    assert one["state_digest"] == two["state_digest"]
