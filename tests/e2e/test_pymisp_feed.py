"""A feed that PyMISP's own generator made: events through MISPEvent.to_feed, manifest.json and hashes.csv through
feed_meta_generator. Oracle: the same events as they were published."""
import json
import os

import pytest

from misp_server import mirror
from pair import Pair

if not os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
    pytest.importorskip("pymisp")
from pymisp import MISPEvent  # noqa: E402
from pymisp.tools import feed_meta_generator  # noqa: E402

# PyMISP writes times without fractions where these are 0, and an offset with a colon.
TIMES = {"first_seen", "last_seen"}


def generate(folder, events):
    for event in events:
        (folder / f"{event.uuid}.json").write_text(json.dumps(event.to_feed(with_distribution=True), default=str))
    feed_meta_generator(folder)
    return events


def load(path):
    event = MISPEvent()
    event.load_file(str(path))
    return event


def collect(pair, path):
    pair.configure_export([{"name": "feed", "kind": "misp-feed", "path": str(path), "default_tlp": "clear"}],
                          clearance="green")
    return json.loads(pair.export("--json", "collect").stdout.splitlines()[0])


def same_time(text):
    return text and text.replace(".000000", "").replace("+0000", "+00:00")


def plain(fields):
    """Without `extra`, which is what the mirror keeps of numbers that mean something on one instance only."""
    row = {name: value for name, value in fields.items() if name != "extra"}
    row.update({name: same_time(row[name]) for name in TIMES & row.keys()})
    if row.get("type") == "datetime":
        row["value"] = same_time(row["value"])
    return row


@pytest.mark.parametrize("feed", ["eset-derived", "crowdsec-sensor/5-99f906d"])
def test_pymisps_feed_is_the_feed_it_was_made_of(tmp_path, bins, corpus, feed):
    original = corpus / "misp-feeds" / feed
    folder = tmp_path / "feed"
    folder.mkdir()
    events = generate(folder, [load(path) for path in sorted(original.glob("*-*-*-*-*.json"))])
    assert len(events) > 1 and (folder / "hashes.csv").stat().st_size > 0
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    whole, made = Pair(tmp_path / "ours", bins), Pair(tmp_path / "theirs", bins)
    assert collect(whole, original)["added"] == collect(made, folder)["added"] == len(events)
    ours, theirs = mirror(whole.connected), mirror(made.connected)
    for table in ("event", "object", "attribute", "reference", "report", "sighting"):
        assert [(owner, plain(fields)) for owner, fields in ours[table]] == [
            (owner, plain(fields)) for owner, fields in theirs[table]], table
    assert len(ours["attribute"]) > 100
    # What PyMISP says itself of the events that it wrote.
    held = {fields["uuid"].hex(): fields for _, fields in theirs["event"]}
    for event in events:
        row = held[event.uuid.replace("-", "")]
        rows = event.attributes + [one for thing in event.objects for one in thing.attributes]
        assert (row["info"], row["timestamp"]) == (event.info, int(event.timestamp.timestamp()))
        assert len([1 for owner, _ in theirs["attribute"] if owner[1] == row["uuid"].hex()]) == len(rows)


def test_what_pymisp_writes_anew_is_read_anew(tmp_path, bins, corpus):
    folder = tmp_path / "feed"
    folder.mkdir()
    events = generate(folder, [load(path) for path in sorted(
        (corpus / "misp-feeds/eset-derived").glob("*-*-*-*-*.json"))[:5]])
    (tmp_path / "pair").mkdir()
    pair = Pair(tmp_path / "pair", bins)
    assert collect(pair, folder)["added"] == 5
    events[0].add_attribute("domain", "new.example", to_ids=True, distribution=5)
    events[0].timestamp = int(events[0].timestamp.timestamp()) + 60
    (folder / f"{events[1].uuid}.json").unlink()
    generate(folder, [events[0]])
    told = collect(pair, folder)
    assert (told["changed"], told["removed"], told["unchanged"]) == (1, 1, 3)
    values = [fields["value"] for _, fields in mirror(pair.connected)["attribute"] if fields["type"] == "domain"]
    assert "new.example" in values
    # hashes.csv decides nothing: neither what is read, nor what is believed.
    (folder / "hashes.csv").write_text("00000000000000000000000000000000," + events[0].uuid + "\n")
    assert collect(pair, folder)["unchanged"] == 4
