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


def test_what_a_selection_may_have_left_out_is_not_called_away(site, tmp_path, bins):
    made = Pair(tmp_path, bins)
    (tmp_path / "event.json").write_text(json.dumps({"Event": EVENT}))
    path = str(tmp_path / "event.json")
    made.configure_export([{"name": "feed", "kind": "misp-event", "path": path, "select": {"types": ["domain|ip"]}},
                           {"name": "whole", "kind": "warninglists", "path": str(tmp_path)}], clearance="green")
    made.export("collect", "--source", "feed")
    for asked in ("a1.example", EVENT["Attribute"][0]["uuid"]):
        done = made.export("explain", "--site", made.site, asked, expect=7)
        assert "source feed has a `select`, and may have left it out" in done.stderr and "whole" not in done.stderr
    made.configure_export([{"name": "feed", "kind": "misp-event", "path": path, "select": {"published": "only"}}],
                          clearance="green")
    assert "of source feed only published events are taken" in made.export(
        "explain", "--site", made.site, "a1.example", expect=7).stderr
    assert "`select`" not in site.export("explain", "--site", site.site, "nowhere.example", expect=7).stderr


def test_warninglists_that_hold_a_value_are_named(tmp_path, bins):
    made = Pair(tmp_path, bins)
    (tmp_path / "event.json").write_text(json.dumps({"Event": EVENT}))
    for name, types, entries in (("Top sites", ["domain", "hostname", "url"], ["a1.example", "a3.example"]),
                                 ("List of known dynamic DNS names", ["domain", "hostname", "url"], ["a1.example"]),
                                 ("Own networks", ["ip-src", "ip-dst", "domain|ip"], ["192.0.2.0/24"])):
        folder = tmp_path / "lists" / name.replace(" ", "-")
        folder.mkdir(parents=True)
        (folder / "list.json").write_text(json.dumps({
            "name": name, "type": "cidr" if "net" in name else "hostname", "version": 1, "description": "d",
            "matching_attributes": types, "list": entries}))
    made.configure_export([{"name": "feed", "kind": "misp-event", "path": str(tmp_path / "event.json")},
                           {"name": "lists", "kind": "warninglists", "path": str(tmp_path)}], clearance="green")
    made.export("collect")

    def lists(asked, expect=0):
        said = made.export("--json", "explain", "--site", made.site, asked, expect=expect)
        return [(row["name"], row["default_mode"]) for row in json.loads(said.stdout.splitlines()[-1])["warninglists"]]
    both = [("List of known dynamic DNS names", "mark"), ("Top sites", "drop")]
    assert lists("a1[.]example") == both
    assert lists(EVENT["Attribute"][0]["uuid"]) == both
    assert lists("a3.example") == [("Top sites", "drop")]
    assert lists("192.0.2.5") == [("Own networks", "drop")] == lists(EVENT["Attribute"][4]["uuid"])
    assert lists("a5.example") == []
    assert lists("192.0.2.77", expect=7) == [("Own networks", "drop")], "also of a value that nobody shares"
    said = made.export("explain", "--site", made.site, "a1.example").stdout
    assert "crosses" in said and 'on warninglist "Top sites", which holds nothing back here' in said


def test_exit_codes_are_explained_too(site):
    assert "bad-signature" in site.export("explain", "bad-signature").stdout
