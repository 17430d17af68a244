"""The format misp-csv against the CSV that a real MISP made of the same events, and against what PyMISP reads in them."""
import csv
import io
import json
import os
from pathlib import Path

import pytest

from test_misp_feed import feed_of, site

if not os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
    pytest.importorskip("pymisp")
from pymisp import MISPEvent  # noqa: E402

SHARED = Path(__file__).resolve().parents[3] / "shared"


def table(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def written(pair):
    with (pair.isolated / "artifacts/misp/current/misp.csv").open(newline="", encoding="utf-8") as file:
        return file.read()


def views(folder):
    """The events as one reader saw them, the last of each."""
    found = {}
    for body in sorted(folder.glob("*-view-reader-ev*/response.body")):
        try:
            event = json.loads(body.read_text())["Event"]
        except (ValueError, KeyError, TypeError):
            continue
        found[event["uuid"]] = event
    return found


def test_it_is_what_misp_writes(tmp_path, bins):
    theirs = SHARED / "misp-recordings/export-events-csv-holdout/response.body"
    if not theirs.exists():
        pytest.skip("no recordings of a MISP beside the repository")
    events = views(SHARED / "misp-recordings-sync")
    feed = tmp_path / "feed"
    feed.mkdir()
    manifest = {}
    for uuid, event in events.items():
        (feed / f"{uuid}.json").write_text(json.dumps({"Event": event}))
        manifest[uuid] = {"info": event["info"], "date": event["date"], "timestamp": event["timestamp"],
                          "threat_level_id": event["threat_level_id"], "analysis": event["analysis"], "Orgc": event["Orgc"]}
    (feed / "manifest.json").write_text(json.dumps(manifest))
    pair = site(tmp_path / "pair", bins, [{"name": "misp", "kind": "misp-feed", "path": str(feed)}], format="misp-csv")
    with theirs.open(newline="", encoding="utf-8") as file:
        recorded = file.read()
    ours = written(pair)
    assert ours.splitlines()[0] == recorded.splitlines()[0]
    mine = {row["uuid"]: row for row in table(ours)}
    # The recorded reader does not see all events; numbers of an instance do not cross.
    common = [row for row in table(recorded) if row["uuid"] in mine]
    assert len(common) > 150
    assert {row["uuid"]: {**row, "event_id": ""} for row in common} == {
        row["uuid"]: {**mine[row["uuid"]], "event_id": ""} for row in common}


def test_it_holds_what_pymisp_reads_in_the_events(tmp_path, bins, corpus):
    pair = site(tmp_path, bins, [{"name": "eset", "kind": "misp-feed", "path": str(corpus / "misp-feeds/eset-derived")}])
    expected = {}
    for path in feed_of(pair).glob("*-*.json"):
        event = MISPEvent()
        event.load_file(str(path))
        parts = [(None, row) for row in event.attributes] + [(thing, row) for thing in event.objects for row in thing.attributes]
        for thing, row in parts:
            value = row.value.strftime("%Y-%m-%dT%H:%M:%S.%f%z") if row.type == "datetime" else row.value
            expected[row.uuid] = (event.uuid, row.category, row.type, value, row.comment or "", row.to_ids,
                                  {tag.name for tag in row.tags}, thing.uuid if thing else "", thing.name if thing else "")
    pair.configure_import(clearance="red", destinations=[
        {"name": "misp", "format": "misp-csv", "clearance": "red", "require_published": False}])
    pair.import_("generate")
    rows = table(written(pair))
    assert len(rows) == len(expected) > 1000
    assert {row["uuid"]: (row["event_id"], row["category"], row["type"], row["value"], row["comment"], row["to_ids"] == "1",
                          set(filter(None, row["attribute_tag"].split(","))), row["object_uuid"], row["object_name"])
            for row in rows} == expected
