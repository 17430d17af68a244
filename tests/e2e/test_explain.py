"""`explain --site` says for a row of the mirror whether it crosses; what it says is what `bundle` does."""

import json
import uuid

import pytest

from pair import Pair


def attribute(number, **fields):
    return {"uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"attribute-{number}")), "type": "domain",
            "category": "Network activity", "value": f"a{number}.example", "to_ids": True,
            "timestamp": "1794182400", **fields}


def tag(name):
    return {"name": name}


EVENT = {
    "uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c01", "info": "explained", "date": "2026-11-01",
    "threat_level_id": "2", "analysis": "2", "timestamp": "1794182400", "published": True,
    "Orgc": {"name": "Example", "uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c02"},
    "Tag": [tag("tlp:green")],
    "Attribute": [
        attribute(1),
        attribute(2, Tag=[tag("tlp:red")]),
        attribute(3, distribution="0"),
        attribute(4, category="Person", type="text", value="somebody"),
        attribute(5, type="domain|ip", value="a5.example|192.0.2.5"),
    ],
}


REPORTED = {
    **EVENT, "uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c03", "info": "not published", "published": False,
    "Attribute": [attribute(6)],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory, bins):
    folder = tmp_path_factory.mktemp("explain")
    made = Pair(folder, bins)
    (folder / "events").mkdir()
    for number, event in enumerate((EVENT, REPORTED)):
        (folder / "events" / f"{number}.json").write_text(json.dumps({"Event": event}))
    made.configure_export([{"name": "feed", "kind": "misp-event", "path": str(folder / "events")},
                           {"name": "other", "kind": "misp-event", "path": str(folder / "events" / "0.json")}],
                          clearance="green", sources=["feed"])
    made.export("collect")
    made.bundle()
    made.open_site(clearance="green")
    made.import_("import", made.medium)
    return made


def explain(site, asked, expect=0):
    out = site.export("--json", "explain", "--site", site.site, asked, expect=expect)
    return json.loads(out.stdout.splitlines()[-1])["rows"]


def test_what_is_said_to_cross_is_what_crossed(site):
    there = {row["uuid"] for row in site.dump() if row.get("kind") == "attribute"}
    assert there
    for event in (EVENT, REPORTED):
        for one in event["Attribute"]:
            rows = {row["source"]: row for row in explain(site, one["uuid"])}
            assert rows["feed"]["crosses"] == (one["uuid"] in there), rows
            if event is EVENT:
                assert not rows["other"]["crosses"] and not rows["other"]["source_wanted"]


@pytest.mark.parametrize("asked, reason", [
    ("a1[.]example", "allowed"),
    ("A2.example", "tlp-above-clearance"),
    ("a3.example", "distribution-own-organisation"),
    ("somebody", "category-excluded"),
    ("192.0.2.5", "allowed"),
    ("a6.example", "unpublished"),
    (REPORTED["uuid"], "unpublished"),
    (EVENT["uuid"].upper(), "allowed"),
])
def test_reasons(site, asked, reason):
    rows = [row for row in explain(site, asked) if row["source"] == "feed"]
    assert [row["reason"] for row in rows] == [reason], rows


def test_what_is_not_there_is_said(site):
    done = site.export("explain", "--site", site.site, "nowhere.example", expect=7)
    assert "nowhere.example is not in the mirror" in done.stderr


def test_exit_codes_are_explained_too(site):
    assert "bad-signature" in site.export("explain", "bad-signature").stdout
