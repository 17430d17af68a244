"""A recall: what should never have crossed does not come back, by no way that the site has itself."""
import json
import os
import shutil
import tarfile

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
        days(pair, [("domain", SECRET), ("domain", f"day{number}.example")])
        pair.bundle()
        if number == 0:
            pair.open_site(clearance="red", destinations=[
                {"name": name, "format": name, "clearance": "red"} for name in ("edl", "misp-feed")])
        pair.import_("run", pair.medium, "--accept-change")
    return pair


def days(pair, values):
    write_event(pair.feed / "event.json", values)
    event = json.loads((pair.feed / "event.json").read_text())
    pair.stamp = getattr(pair, "stamp", 1785542400) + 1
    event["Event"]["timestamp"] = str(pair.stamp)
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
    assert "2 kept states were removed" in done.stderr
    assert holding_the_secret(pair.isolated) == []
    assert "states.purged" in events(pair)
    pair.import_("audit", "verify")
    pair.import_("fsck")

    failing(pair.import_("rollback", "--reason", "test", expect=None), 8, "no earlier state")
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


def test_a_lost_bundle_hides_no_recall(pair):
    recall(pair)
    shutil.rmtree(pair.medium)
    days(pair, [("domain", "later.example")])
    assert pair.bundle()["recalled"] == {"epoch": 1, "seq": 3}
    pair.import_("run", pair.medium, "--accept-change")
    assert holding_the_secret(pair.isolated) == []


def test_a_purge_that_a_crash_cut_is_made_up_for(pair):
    kept = sorted((pair.isolated / "states").glob("*.db"))[0]
    copy = pair.folder / kept.name
    shutil.copy(kept, copy)
    recall(pair)
    pair.import_("import", pair.medium)
    for command in (["import", pair.medium], ["rollback", "--reason", "test"]):
        shutil.copy(copy, kept)
        shutil.copy(copy, kept.with_name("keeping"))
        pair.import_(*command, expect=None)
        assert not kept.exists() and not kept.with_name("keeping").exists()


def test_generations_go_even_where_the_new_one_is_refused(pair):
    recall(pair)
    good = json.loads((pair.isolated / "import.yml").read_text())
    refusing = [{**destination, "check": ["/bin/false"]} for destination in good["destinations"]]
    pair.configure_import(**{**good, "destinations": refusing})
    failing(pair.import_("run", pair.medium, expect=None), 23)
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
    failing(pair.export("bundle", "--to", pair.medium, "--recall", expect=None), 8, "nothing to recall")
    failing(pair.export("bundle", "--to", pair.medium, "--recall", "--kind", "heartbeat", expect=None), 2, "new state")
    pair.bundle()
    done = pair.export("bundle", "--to", pair.medium, "--recall")
    assert "nothing has changed" in done.stderr and "recalls numbers up to 1.1" in done.stdout


def test_the_manifest_follows_its_schema(pair):
    recall(pair)
    newest = sorted(pair.medium.glob("*.gfb"))[-1]
    with tarfile.open(newest) as volume:
        document = json.load(volume.extractfile("manifest.json"))
    assert document["recalled"] == {"epoch": 1, "seq": 3}
    jsonschema.validate(document, schema("manifest"))
