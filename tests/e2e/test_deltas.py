"""A feed's days as deltas: after each, the isolated store is the connected state, to the last row."""
import copy
import json
import os
import random
import shutil

import pytest

from pair import EVERYTHING, Pair

SOURCES = 2
# A day has 1 to 5 steps. `tools/test --long` walks 3,400 days, which is 10,000 steps, with each seed.
DAYS = 3400 if os.environ.get("GAPFERRY_LONG") else 8
STOPS = 8  # sites that stop on the way
COMPARE = 50 if os.environ.get("GAPFERRY_LONG") else 4  # days between two comparisons with a fresh full
# type -> category, a value that no other has
TYPES = {
    "domain": ("Network activity", "d{0}.example"),
    "hostname": ("Network activity", "h{0}.host.example"),
    "ip-dst": ("Network activity", "2001:db8::{0:x}"),
    "url": ("Network activity", "http://u{0}.example/a"),
    "sha256": ("Payload delivery", "{0:064x}"),
    "filename": ("Payload delivery", "file{0}.exe"),
    "email-src": ("Payload delivery", "m{0}@example.com"),
    "comment": ("Other", "remark {0}"),
}


def uuid(*numbers):
    return "{:08x}-{:04x}-4000-8000-{:012x}".format(*numbers)


class World:
    """What the connected side could collect, with a model of what must arrive. Two sources, a few events each."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.random = random.Random(seed)
        self.events = {}  # (source, number) -> event
        self.lists = {}  # folder -> warninglist
        self.stamp = 1_700_000_000
        for source in range(SOURCES):
            for number in range(4):
                self.events[source, number] = self.event(source, number)
        self.list_step()

    def event(self, source, number):
        event = {"uuid": uuid(source, number, 0), "info": f"event {number}", "date": "2026-01-01",
                 "timestamp": str(self.tick()), "published": True, "analysis": "2", "threat_level_id": "1",
                 "distribution": "3", "Tag": [{"name": "tlp:green"}], "Attribute": [], "Object": []}
        for attribute in range(self.random.randrange(1, 6)):
            event["Attribute"].append(self.attribute(source, number, attribute))
        inside = self.attribute(source, number, 100)
        event["Object"].append({
            "uuid": uuid(source, number, 200), "name": "file", "meta-category": "file", "description": "",
            "template_uuid": uuid(9, 9, 9), "template_version": "1", "timestamp": str(self.tick()),
            "Attribute": [inside],
            "ObjectReference": [{"uuid": uuid(source, number, 300), "referenced_uuid": uuid(source, number, 0x1000),
                                 "relationship_type": "contains", "timestamp": str(self.tick())}]})
        return event

    def attribute(self, source, number, attribute):
        """The first of an event is always a domain, for tests that give it a value of their own."""
        kind = self.random.choice(sorted(TYPES)) if attribute else "domain"
        return {"uuid": uuid(source, number, 0x1000 + attribute), "type": kind, "category": TYPES[kind][0],
                "value": self.value(kind), "timestamp": str(self.tick()), "to_ids": True, "comment": ""}

    def value(self, kind):
        return TYPES[kind][1].format(self.tick())

    def list_step(self):
        """A warninglist comes, changes or goes; one stays, as an empty folder is taken for a share that is not mounted."""
        name = f"list{self.random.randrange(4)}"
        if name not in self.lists or len(self.lists) == 1:
            self.lists.setdefault(name, {"name": f"List {name}", "type": "hostname", "description": "", "version": 0,
                                         "matching_attributes": ["domain", "hostname"], "list": ["a.example"]})
        elif self.random.random() < 0.3:
            del self.lists[name]
            return
        one = self.lists[name]
        one["version"] = self.tick()  # also of one that returns: an older one would be refused
        change = self.random.choice(["entry", "entry", "less", "attributes", "description"])
        if change == "entry" or len(one["list"]) == 1:
            one["list"].append(self.value("domain"))
        elif change == "less":
            one["list"].remove(self.random.choice(one["list"]))
        elif change == "attributes":
            one["matching_attributes"] = self.random.sample(["domain", "hostname", "url", "ip-dst"], 2)
        else:
            one["description"] = f"as of {self.tick()}"

    def tick(self):
        self.stamp += 1
        return self.stamp

    def step(self):
        """One change, as a feed makes them."""
        kind = self.random.choice(["add", "edit", "retag", "retag-event", "unpublish", "delete", "omit", "return", "sight",
                                   "sight", "forget-sightings", "list", "list"])
        if kind == "list":
            self.list_step()
            return
        if kind == "return" or not self.events:
            key = (self.random.randrange(SOURCES), self.random.randrange(6))
            self.events[key] = self.event(*key)
            return
        key = self.random.choice(sorted(self.events))
        event = self.events[key]
        event["timestamp"] = str(self.tick())
        attributes = event["Attribute"]
        if kind == "omit" and sum(source == key[0] for source, _ in self.events) == 1:
            kind = "unpublish"  # an empty folder is taken for a share that is not mounted
        if kind == "omit":
            del self.events[key]
        elif kind == "unpublish":
            event["published"] = not event["published"]
        elif kind == "retag-event":
            event["Tag"] = [{"name": self.random.choice(["tlp:clear", "tlp:green", "tlp:amber", "tlp:red"])}]
        elif kind == "add" or not attributes:
            attributes.append(self.attribute(*key, self.random.randrange(50)))
            event["Attribute"] = list({each["uuid"]: each for each in attributes}.values())
        elif kind == "delete":
            attributes.remove(self.random.choice(attributes))
        elif kind == "sight":
            seen = self.random.choice(attributes).setdefault("Sighting", [])
            seen.append({"type": self.random.choice(["0", "1", "2"]), "date_sighting": str(self.tick())})
        elif kind == "forget-sightings":
            self.random.choice(attributes).pop("Sighting", None)
        elif kind == "edit":
            changed = self.random.choice(attributes)
            changed["value"] = self.value(changed["type"])
        elif kind == "retag":
            self.random.choice(attributes)["Tag"] = [{"name": self.random.choice(["tlp:green", "tlp:amber", "tlp:red"])}]

    def write(self):
        for source in range(SOURCES):
            folder = self.folder / f"s{source}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for (owner, number), event in self.events.items():
                if owner == source:
                    (folder / f"{number}.json").write_text(json.dumps({"Event": event}))
        shutil.rmtree(self.folder / "lists", ignore_errors=True)
        for name, one in self.lists.items():
            (self.folder / "lists" / name).mkdir(parents=True)
            (self.folder / "lists" / name / "list.json").write_text(json.dumps(one))


def open_pair(folder, bins, world, clearance="green", site_clearance="red"):
    pair = Pair(folder, bins)
    pair.sources = [{"name": f"s{n}", "kind": "misp-event", "path": str(world.folder / f"s{n}"),
                     "default_tlp": "green"} for n in range(SOURCES)]
    pair.sources.append({"name": "lists", "kind": "warninglists", "path": str(world.folder / "lists")})
    pair.policy = {**EVERYTHING, "unpublished": "hold", "clearance": site_clearance, "full": "never"}
    pair.configure_export(pair.sources, **pair.policy)
    world.write()
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance=clearance)
    pair.import_("import", pair.medium)
    return pair


def state_of_a_full(pair, folder, clearance):
    """What a new site holds that takes a full of the present state: the oracle for every way of deltas. A copy of the
    exporter writes it, so that no number of the true one is spent."""
    medium, home = folder / "medium", folder / "home"
    shutil.rmtree(folder, ignore_errors=True)
    medium.mkdir(parents=True)
    shutil.copytree(pair.connected, folder / "connected")
    fresh = copy.copy(pair)
    fresh.connected, fresh.isolated, fresh.medium = folder / "connected", home, medium
    said = [json.loads(line) for line in
            fresh.export("bundle", "--to", medium, "--kind", "full", "--json").stdout.splitlines()]
    fresh.open_site(clearance=clearance)
    fresh.import_("import", medium)
    fresh.import_("fsck")
    return said[-1]["state_digest"], fresh.import_("dump").stdout


def change_policy(pair, chance):
    """One rule of the site, as its administrator changes them."""
    rule = chance.choice(["clearance", "exclude_types", "exclude_categories", "unpublished", "hold_back_tags", "sources"])
    pair.policy[rule] = {
        "clearance": lambda: chance.choice(["green", "amber", "red"]),
        "exclude_types": lambda: chance.sample(sorted(TYPES), chance.randrange(4)),
        "exclude_categories": lambda: chance.choice([[], ["Payload delivery"], ["Other"]]),
        "unpublished": lambda: chance.choice(["hold", "cross"]),
        "hold_back_tags": lambda: chance.choice([[], ["tlp:amber"]]),
        "sources": lambda: chance.choice([["s0", "s1", "lists"], ["s0", "lists"], ["s0", "s1"], ["s1", "lists"]]),
    }[rule]()
    pair.configure_export(pair.sources, **pair.policy)


@pytest.mark.parametrize("seed,clearance", [(1, "red"), (2, "green"), (3, "green")])
def test_random_walks_never_diverge(seed, clearance, tmp_path, bins):
    """Sites that hold any state since the base take the newest delta; all end as a fresh full would."""
    world = World(tmp_path / "world", seed)
    pair = open_pair(tmp_path / "pair", bins, world, clearance=clearance)
    held = []  # homes of sites that stopped at some number
    for day in range(DAYS):
        if day % (DAYS // STOPS) == 0:
            shutil.copytree(pair.isolated, tmp_path / f"site{day}")
            held.append(tmp_path / f"site{day}")
        for _ in range(world.random.randrange(1, 6)):
            world.step()
        if world.random.random() < 0.4:
            change_policy(pair, world.random)
        world.write()
        pair.export("collect")
        shutil.rmtree(pair.medium)
        made = pair.bundles("--kind", "delta")
        assert [one["kind"] for one in made] == ["delta"] and made[0]["base_seq"] == 1
        pair.import_("import", pair.medium)
        pair.import_("fsck")
        if day + 1 < DAYS and (day + 1) % COMPARE != 0:
            continue
        digest, dump = state_of_a_full(pair, tmp_path / "fresh", clearance)
        assert digest == made[0]["state_digest"]
        assert dump == pair.import_("dump").stdout
        for home in held:
            other = copy.copy(pair)
            other.isolated = tmp_path / "other"
            shutil.copytree(home, other.isolated)
            other.import_("import", pair.medium)
            other.import_("fsck")
            assert other.import_("dump").stdout == dump
            shutil.rmtree(other.isolated)


def feed_state(folder):
    """The rows that a folder of MISP's feed files stands for, read here from the JSON alone: what is in `manifest.json`
    is there. (kind, uuid, event, and the fields that decide)"""
    rows = set()
    for uuid_, head in json.loads((folder / "manifest.json").read_text()).items():
        event = json.loads((folder / f"{uuid_}.json").read_text())["Event"]
        assert event["uuid"] == uuid_ and event["info"] == head["info"]
        rows.add(("event", uuid_, event["info"], event["date"], int(event["timestamp"]), bool(event["published"]),
                  int(event["threat_level_id"]), int(event["analysis"]), int(event["distribution"]),
                  event["Orgc"]["uuid"], event["Orgc"]["name"], tags_of(event)))
        for thing in event.get("Object", []):
            if not thing.get("deleted"):
                rows.add(("object", thing["uuid"], uuid_, thing["name"], int(thing["timestamp"])))
                rows |= {attribute_row(one, uuid_, thing["uuid"]) for one in thing.get("Attribute", [])
                         if not one.get("deleted")}
        rows |= {attribute_row(one, uuid_, None) for one in event.get("Attribute", []) if not one.get("deleted")}
    return rows


def tags_of(thing):
    """Without those that stay on the instance that gave them."""
    return tuple(sorted(tag["name"] for tag in thing.get("Tag", []) if not tag.get("local")))


def attribute_row(one, event, thing):
    return ("attribute", one["uuid"], event, thing, one["type"], one["category"], one["value"], bool(one["to_ids"]),
            one.get("comment") or "", int(one["timestamp"]), int(one.get("distribution", 5)), tags_of(one))


def dumped_state(pair):
    """The same of what the isolated store holds."""
    rows = set()
    for row in pair.dump():
        if row["kind"] == "event":
            rows.add(("event", row["event"], row["info"], row["date"], row["timestamp"], row["published"],
                      row["threat_level_id"], row["analysis"], row["distribution"], row["orgc_uuid"], row["orgc_name"],
                      tags_of({"Tag": row.get("tags", [])})))
        elif row["kind"] == "object":
            rows.add(("object", row["uuid"], row["event"], row["name"], row["timestamp"]))
        elif row["kind"] == "attribute":
            rows.add(("attribute", row["uuid"], row["event"], row.get("object"), row["type"], row["category"], row["value"],
                      row["to_ids"], row.get("comment", ""), row["timestamp"], row["distribution"],
                      tags_of({"Tag": row.get("tags", [])})))
    return rows


def test_days_of_a_feed_cross_as_deltas(tmp_path, bins, corpus):
    days = sorted(corpus.glob("misp-feeds/crowdsec-sensor/*"))
    days = [day for day in days if day.is_dir()]
    feed = tmp_path / "feed"
    pair = Pair(tmp_path / "pair", bins)
    pair.configure_export([{"name": "crowdsec", "kind": "misp-feed", "path": str(feed), "default_tlp": "clear"}],
                          **EVERYTHING, full="never")
    skipping = None
    for number, day in enumerate(days):
        shutil.rmtree(feed, ignore_errors=True)
        shutil.copytree(day, feed)
        pair.export("collect")
        shutil.rmtree(pair.medium, ignore_errors=True)
        made = pair.bundles()
        assert [one["kind"] for one in made] == (["full"] if number == 0 else ["delta"])
        if number == 0:
            pair.open_site(clearance="red")
        pair.import_("import", pair.medium)
        pair.import_("fsck")
        expected = feed_state(day)
        assert len(expected) > 100 and dumped_state(pair) == expected, f"day {number}"
        if number == 0:
            skipping = copy.copy(pair)
            skipping.isolated = tmp_path / "skipping"
            shutil.copytree(pair.isolated, skipping.isolated)
    skipping.import_("import", pair.medium)
    assert skipping.import_("dump").stdout == pair.import_("dump").stdout
    digest, dump = state_of_a_full(pair, tmp_path / "fresh", "red")
    assert digest == made[0]["state_digest"] and dump == pair.import_("dump").stdout


def test_heartbeat_rollback_receipt_and_diff(tmp_path, bins):
    world = World(tmp_path / "world", 7)
    pair = open_pair(tmp_path / "pair", bins, world, clearance="red")
    before = pair.import_("dump").stdout
    shutil.rmtree(pair.medium)
    pair.bundles("--kind", "heartbeat")
    assert "STILL CURRENT" in pair.import_("import", pair.medium).stdout

    world.events[0, 0]["Attribute"][0]["value"] = "changed.example"
    world.events[0, 0]["timestamp"] = str(world.tick())
    world.write()
    pair.export("collect")
    pair.export("bundle", "--to", pair.medium, "--kind", "heartbeat", expect=8)
    pair.bundles("--kind", "delta")
    said = json.loads(pair.import_("diff", pair.medium, "--json").stdout)
    assert said["rows_changed"]["attribute"] == {"added": 0, "changed": 1, "removed": 0}
    assert pair.import_("dump").stdout == before, "diff changes nothing"
    pair.import_("import", pair.medium)
    after = pair.import_("dump").stdout
    assert "changed.example" in after

    pair.import_("rollback", expect=2)
    pair.import_("rollback", "--reason", "test")
    assert pair.import_("dump").stdout == before
    pair.import_("fsck")
    pair.import_("import", pair.medium)
    assert pair.import_("dump").stdout == after

    # A kept state takes the place of a store that is lost.
    store, lost = pair.isolated / "store.db", b"not a database" * 1000
    store.write_bytes(lost)
    for command in (["status"], ["import", pair.medium], ["rollback", "--reason", "test"]):
        said = pair.import_(*command, expect=11).stderr
        assert str(store) in said and "administrator-guide.md" in said, said
    assert store.read_bytes() == lost
    shutil.copy(max((pair.isolated / "states").glob("*.db")), store)
    pair.import_("fsck")
    pair.import_("import", pair.medium)
    assert pair.import_("dump").stdout == after

    code = json.loads(pair.import_("receipt", "--json").stdout)["code"]
    said = json.loads(pair.export("receipt", "add", "--site", pair.site, "--code", code.lower(), "--json").stdout)
    assert said["seq"] == 2
    pair.export("receipt", "add", "--site", pair.site, "--code", "2-0000-0000", expect=7)
    assert pair.bundles("--kind", "delta")[0]["base_seq"] == 2

    back = tmp_path / "back"
    pair.import_("receipt", "--to", back)
    receipt = next(back.glob("*.json"))
    pair.export("receipt", "add", receipt, expect=13)
    key = (pair.isolated / "keys" / "receipt.pub").read_text().splitlines()[1]
    pair.policy["receipt_key"] = key
    pair.configure_export(pair.sources, **pair.policy)
    pair.export("receipt", "add", receipt)
    pair.export("receipt", "add", receipt, expect=16)
    receipt.write_text(receipt.read_text().replace('"seq": 2', '"seq": 1'))
    pair.export("receipt", "add", receipt, expect=12)

    log = pair.isolated / "audit.log"
    assert "INTACT" in pair.import_("audit", "verify").stdout
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:1] + lines[2:]))
    pair.import_("audit", "verify", expect=11)


def test_what_an_administrator_changes_is_in_the_audit_log(tmp_path, bins):
    world = World(tmp_path / "world", 11)
    pair = open_pair(tmp_path / "pair", bins, world)
    pair.import_("time", "reset", "--reason", "clock was wrong", expect=None)  # it was imported a second later
    pair.import_("time", "reset", "--reason", "clock was wrong", expect=8)  # the bundle in use holds the floor
    key = json.loads(pair.import_("import", pair.medium, "--json", expect=0).stdout.splitlines()[-1])
    assert key["already_imported"]
    signer = json.loads((pair.isolated / "audit.log").read_text().splitlines()[0])["detail"]["signers"][0]
    pair.import_("key", "revoke", signer, "--reason", "stolen")
    shutil.rmtree(pair.medium)
    pair.bundle()
    pair.import_("import", pair.medium, expect=29)
    events = [json.loads(line) for line in (pair.isolated / "audit.log").read_text().splitlines()]
    events = [entry for entry in events if entry["event"] != "time.reset"]
    assert [entry["event"] for entry in events] == [
        "import.begin", "import.done", "key.revoked", "import.refused"]
    assert events[2]["detail"]["reason"] == "stolen" and events[2]["detail"]["key"] == signer
    assert events[3]["detail"]["kind"] == "revoked-signer"
    pair.import_("audit", "verify")


def steps(world, pair, count=6):
    for _ in range(count):
        world.step()
    world.write()
    pair.export("collect")


def as_dumped(pair):
    return sorted(json.dumps(row, sort_keys=True) for row in pair.dump())


def test_a_fresh_site_takes_everything_that_one_medium_holds(tmp_path, bins):
    world = World(tmp_path / "world", 11)
    pair = open_pair(tmp_path / "pair", bins, world)
    shutil.rmtree(pair.isolated)
    steps(world, pair)
    pair.bundles("--kind", "delta")
    pair.open_site(clearance="green")
    done = pair.import_("import", pair.medium)
    assert "first import: 1.1" in done.stdout and "1.1 → 1.2" in done.stdout
    assert json.loads(pair.import_("--json", "status").stdout)["applied"]["seq"] == 2
    pair.import_("fsck")


def test_a_fork_shows_by_what_a_delta_starts_from(tmp_path, bins):
    """Two exporters from one backup give different states the number 2; the delta to 3 of the second names its own 2."""
    world = World(tmp_path / "world", 12)
    pair = open_pair(tmp_path / "pair", bins, world)
    pair.policy["full"] = "never"
    shutil.copytree(pair.connected, tmp_path / "copy")
    steps(world, pair)
    pair.import_("import", pair.bundles("--kind", "full")[0]["path"])
    shutil.rmtree(pair.connected)
    shutil.copytree(tmp_path / "copy", pair.connected)
    shutil.rmtree(pair.medium)
    steps(world, pair)
    fork = pair.bundles("--kind", "full")[0]["path"]
    steps(world, pair)
    delta = pair.bundles("--kind", "delta")[0]["path"]
    before = as_dumped(pair)
    for path in (delta, pair.medium):
        done = pair.import_("import", path, expect=17)
        assert "starts from" in done.stderr or "two signed bundles" in done.stderr
    assert pair.import_("import", fork, expect=17)
    assert as_dumped(pair) == before


def test_clearance_raised_and_lowered(tmp_path, bins):
    world = World(tmp_path / "world", 13)
    for event in world.events.values():
        event["Attribute"][0]["Tag"] = [{"name": "tlp:amber"}]
    pair = open_pair(tmp_path / "pair", bins, world, clearance="green")
    low = as_dumped(pair)
    pair.configure_import(clearance="amber")
    steps(world, pair, 2)
    pair.configure_export(pair.sources, **{**pair.policy, "full": "always"})
    pair.bundles()
    done = pair.import_("import", pair.medium)
    assert "only a full bundle brings" in done.stderr, "the delta is passed over, and that is said"
    high = as_dumped(pair)
    amber = sum("tlp:amber" in row for row in high)
    assert amber and not any("tlp:amber" in row for row in low)

    pair.configure_import(clearance="green")
    steps(world, pair, 2)
    pair.bundles()
    pair.import_("import", pair.medium)
    assert not any("tlp:amber" in row for row in as_dumped(pair))
    pair.import_("rollback", "--reason", "test")
    assert not any("tlp:amber" in row for row in as_dumped(pair)), "what is above the clearance does not come back"
    pair.import_("fsck")


def test_a_missed_delivery_is_remembered(tmp_path, bins):
    world = World(tmp_path / "world", 14)
    pair = open_pair(tmp_path / "pair", bins, world)
    steps(world, pair)
    newer = pair.bundles("--kind", "full")[0]["path"]
    beat = pair.bundles("--kind", "heartbeat")[0]["path"]
    pair.import_("import", beat, expect=8)
    status = json.loads(pair.import_("--json", "status").stdout)
    assert "missed" in [warning["code"] for warning in status["warnings"]]
    pair.import_("import", newer)
    status = json.loads(pair.import_("--json", "status").stdout)
    assert "missed" not in [warning["code"] for warning in status["warnings"]]
