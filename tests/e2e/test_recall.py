"""A recall: what should never have crossed does not come back, by no way that the site has itself."""
import json
import os
import random
import shutil
import tarfile
import uuid

import jsonschema
import pytest
from events import write_event
from pair import EVERYTHING, Pair
from test_keys import failing, json_of
from test_schema import schema

SECRET = "never-should-have-crossed.example"


@pytest.fixture(params=["full", "delta"])
def pair(request, tmp_path, bins):
    """A site with two states that hold the secret, kept and in use, and two generations made from them."""
    pair = Pair(tmp_path, bins)
    pair.feed = tmp_path / "feed"
    pair.feed.mkdir()
    pair.way = request.param
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(pair.feed)}],
                          **EVERYTHING, full="always" if request.param == "full" else "never")
    for number in range(3):
        days(pair, [("domain", SECRET), ("domain", f"day{number}.example")], [f'case:name="{SECRET}"'])
        pair.bundle()
        if number == 0:
            pair.open_site(clearance="red", destinations=[
                {"name": name, "format": name, "clearance": "red"} for name in ("edl", "misp-feed")])
        pair.import_("run", pair.medium, "--accept-change")
    return pair


def days(pair, values, tags=()):
    write_event(pair.feed / "event.json", values)
    event = json.loads((pair.feed / "event.json").read_text())
    pair.stamp = getattr(pair, "stamp", 1785542400) + 1
    event["Event"]["timestamp"] = str(pair.stamp)
    event["Event"]["Tag"] += [{"name": tag} for tag in tags]
    event["Event"]["Attribute"][0]["Tag"] = [{"name": "of:attribute=" + tag} for tag in tags]
    (pair.feed / "event.json").write_text(json.dumps(event))
    pair.export("collect")


def holding_the_secret(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                  if path.is_file() and SECRET.encode() in path.read_bytes())


def events(pair):
    return [json.loads(line)["event"] for line in (pair.isolated / "audit.log").read_text().splitlines()]


def recall(pair, *arguments):
    days(pair, [("domain", "harmless.example")])
    return pair.export("bundle", "--to", pair.medium, "--recall", "--json", *arguments)


def test_nothing_of_what_was_recalled_stays(pair):
    before = holding_the_secret(pair.isolated)
    assert "store.db" in before and len([path for path in before if path.startswith("states/")]) == 2
    assert len([path for path in before if path.startswith("artifacts/")]) >= 4
    old = pair.folder / "old"
    old.mkdir()
    for path in sorted(pair.medium.glob("*.gfb"))[:1]:
        shutil.copy(path, old)

    said = json_of(recall(pair))[-1]
    assert said["recalled"] == {"epoch": 1, "seq": 3} and said["changed"] is True
    if pair.way == "delta":
        assert said["kind"] == "delta"
    assert "recalls    numbers up to 1.3" in pair.import_("inspect", pair.medium).stdout
    assert "recalls" in pair.import_("diff", pair.medium).stdout and holding_the_secret(pair.isolated) == before
    done = pair.import_("run", pair.medium, "--accept-change")
    assert "Kept states removed: 2" in done.stderr
    assert holding_the_secret(pair.isolated) == []
    assert "recall" in events(pair)
    assert "recalled   numbers up to 1.3" in pair.import_("status").stdout
    pair.import_("audit", "verify")
    pair.import_("fsck")

    failing(pair.import_("rollback", "--reason", "test", expect=None), 8, "no earlier state",
            "no option takes numbers up to 1.3")
    failing(pair.import_("import", old, "--allow-rollback", "--reason", "test", expect=None), 16, "was recalled",
            "no option")
    # What came after is kept again.
    days(pair, [("domain", "more.example")])
    pair.bundle()
    pair.import_("run", pair.medium, "--accept-change")
    assert len(list((pair.isolated / "states").glob("*.db"))) == 1
    pair.import_("rollback", "--reason", "test")
    assert "harmless" in pair.import_("dump").stdout
    assert len(list((pair.isolated / "artifacts/edl/generations").iterdir())) >= 2


def test_pages_that_were_split_keep_no_copies(tmp_path, bins):
    """Rows that come in between others move those to new pages, and their old bytes stay where they were."""
    pair = Pair(tmp_path, bins)
    pair.feed = tmp_path / "feed"
    pair.feed.mkdir()
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(pair.feed)}], **EVERYTHING,
                          full="never")
    chance = random.Random(5)
    kept, secret = [], []

    def day(attributes):
        days(pair, [("domain", "first.example")])
        path = pair.feed / "event.json"
        event = json.loads(path.read_text())
        event["Event"]["Attribute"] += attributes
        path.write_text(json.dumps(event))
        pair.export("collect")

    def attribute(value, comment):
        return {"uuid": str(uuid.UUID(int=chance.getrandbits(128), version=4)), "type": "domain", "to_ids": True,
                "category": "Network activity", "timestamp": "1785542400", "value": value, "comment": comment}

    for number in range(3):
        kept += [attribute(f"kept{number}x{place}.example", "") for place in range(200)]
        secret += [attribute(f"{number}x{place}.{SECRET}", "c" * chance.randrange(200) + SECRET)
                   for place in range(400)]
        day(kept + secret)
        pair.bundle()
        if number == 0:
            pair.open_site(clearance="red", destinations=[])
        pair.import_("import", pair.medium)
    assert "store.db" in holding_the_secret(pair.isolated)
    day(kept)
    assert json_of(pair.export("bundle", "--to", pair.medium, "--recall", "--json"))[-1]["kind"] == "delta"
    pair.import_("import", pair.medium)
    assert holding_the_secret(pair.isolated) == []
    assert (pair.isolated / "store.db").stat().st_mode & 0o777 == 0o600
    assert not list((pair.isolated / "work").iterdir())
    pair.import_("fsck")


def test_what_stays_on_the_medium_is_named(pair):
    first = sorted(path.name for path in pair.medium.glob("*.gfb"))[0]
    days(pair, [("domain", "harmless.example")])
    done = pair.export("bundle", "--to", pair.medium, "--recall", "--replace")
    left = sorted(path.name for path in pair.medium.glob("*.gfb"))
    if pair.way == "full":
        assert left == ["ot-plant-000004-delta.gfb", "ot-plant-000004-full.gfb"]
        assert "with what is recalled" not in done.stderr
        return
    assert first in left and f"with what is recalled: {first}" in done.stderr
    pair.export("bundle", "--to", pair.medium, "--kind", "full", "--replace")
    assert len(list(pair.medium.glob("*.gfb"))) == 1
    pair.import_("import", pair.medium)
    assert holding_the_secret(pair.isolated / "states") == [] and SECRET not in pair.import_("dump").stdout


def test_a_lost_bundle_hides_no_recall(pair):
    recall(pair)
    shutil.rmtree(pair.medium)
    days(pair, [("domain", "later.example")])
    assert pair.bundle()["recalled"] == {"epoch": 1, "seq": 3}
    pair.import_("run", pair.medium, "--accept-change")
    assert holding_the_secret(pair.isolated) == []


def test_a_heartbeat_tells_of_a_recall(pair):
    """Of one that was lost; what is in use stays until the newer state comes, and says what it is."""
    old = pair.folder / "old"
    shutil.copytree(pair.medium, old)
    recall(pair)
    shutil.rmtree(pair.medium)
    pair.bundles("--kind", "heartbeat")
    done = pair.import_("import", pair.medium, expect=8)
    assert "Kept states removed: 2" in done.stderr and not list((pair.isolated / "states").glob("*.db"))
    assert "WARNING    number 1.3 in use was recalled" in pair.import_("status").stdout
    failing(pair.import_("rollback", "--reason", "test", expect=None), 8)
    failing(pair.import_("import", old, expect=None), 16, "was recalled")
    pair.bundle()
    pair.import_("run", pair.medium, "--accept-change")
    assert holding_the_secret(pair.isolated) == []


def test_the_exporter_keeps_a_recall_whatever_fails(pair):
    days(pair, [("domain", "harmless.example")])
    # The decision stands though no bundle could be written.
    failing(pair.export("bundle", "--to", pair.folder / "nowhere", "--recall", expect=None), 7)
    assert pair.bundle()["recalled"] == {"epoch": 1, "seq": 3}
    pair.export("backup", "--to", pair.folder / "b.tar", "--with-keys")
    shutil.rmtree(pair.connected)
    pair.export("restore", pair.folder / "b.tar")
    pair.export("root", "change", "--new-epoch", "--key", pair.connected / "keys" / "root.key")
    pair.export("collect")
    said = pair.bundle()
    assert said["epoch"] == 2 and said["recalled"] == {"epoch": 1, "seq": 3}
    pair.import_("run", pair.medium, "--accept-change")
    assert holding_the_secret(pair.isolated) == []


def test_a_purge_that_a_crash_cut_is_made_up_for(pair):
    kept = sorted((pair.isolated / "states").glob("*.db"))[0]
    copy = pair.folder / kept.name
    shutil.copy(kept, copy)
    recall(pair)
    pair.import_("import", pair.medium)
    work = pair.isolated / "work" / "backup.db"
    shutil.copy(copy, work)
    for command in (["import", pair.medium], ["generate", "--accept-change"], ["rollback", "--reason", "test"]):
        shutil.copy(copy, kept)
        shutil.copy(copy, kept.with_name("keeping"))
        pair.import_(*command, expect=None)
        assert not kept.exists() and not kept.with_name("keeping").exists()
        assert not work.exists()


def test_generations_go_even_where_the_new_one_is_refused(pair):
    recall(pair)
    good = json.loads((pair.isolated / "import.yml").read_text())
    refusing = [{**destination, "check": ["/bin/false"]} for destination in good["destinations"]]
    pair.configure_import(**{**good, "destinations": refusing})
    failing(pair.import_("run", pair.medium, expect=None), 23, "made from a state that was recalled")
    left = [path for path in holding_the_secret(pair.isolated) if path.startswith("artifacts/edl/generations")]
    current = os.readlink(pair.isolated / "artifacts/edl/current")
    assert left and all(f"artifacts/edl/{current}/" in path for path in left)
    pair.configure_import(**good)
    pair.import_("generate")
    assert holding_the_secret(pair.isolated) == []


def test_a_recall_that_recalls_nothing_says_so(tmp_path, bins):
    pair = Pair(tmp_path, bins)
    feed = tmp_path / "feed"
    feed.mkdir()
    write_event(feed / "event.json", [("domain", "a.example")])
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(feed)}], **EVERYTHING)
    pair.export("collect")
    assert json_of(pair.export("bundle", "--to", pair.medium, "--recall", "--json"))[-1]["recalled"] is None
    failing(pair.export("bundle", "--to", pair.medium, "--recall", "--kind", "heartbeat", expect=None), 2, "new state")
    done = pair.export("bundle", "--to", pair.medium, "--recall")
    assert "nothing has changed" in done.stderr and "recalls numbers up to 1.1" in done.stdout


def test_the_manifest_follows_its_schema(pair):
    recall(pair)
    newest = sorted(pair.medium.glob("*.gfb"))[-1]
    with tarfile.open(newest) as volume:
        document = json.load(volume.extractfile("manifest.json"))
    assert document["recalled"] == {"epoch": 1, "seq": 3}
    jsonschema.validate(document, schema("manifest"))
