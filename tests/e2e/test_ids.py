"""Ids of rules run out, and two destinations get into each other's way: both are said before it hurts."""
import json

from pair import Pair


def write(folder, names):
    folder.mkdir(exist_ok=True)
    (folder / "event.json").write_text(json.dumps({"Event": {
        "uuid": "f29541e6-7962-4c61-8f6c-2c86de7ca13e", "info": "made", "date": "2026-08-01", "timestamp": "1785542400",
        "threat_level_id": "1", "published": True, "Tag": [{"name": "tlp:clear"}], "Attribute": [
            {"uuid": f"d1a482e7-54b9-43e7-870a-{number:012}", "type": "domain", "category": "Network activity",
             "to_ids": True, "timestamp": "1785542400", "value": name} for number, name in enumerate(names)]}}))


def site(tmp_path, bins, names, destinations):
    pair = Pair(tmp_path / "pair", bins)
    write(tmp_path / "events", names)
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(tmp_path / "events")}], clearance="red",
                          unencrypted=True)
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="red", destinations=destinations)
    pair.import_("import", pair.medium)
    return pair


def notes(pair):
    return json.loads(pair.import_("status", "--json").stdout.splitlines()[-1])["notes"]


def test_a_range_of_sids_is_told_to_be_nearly_used_up(tmp_path, bins):
    pair = site(tmp_path, bins, [f"a{number}.com" for number in range(19)],
                [{"name": "s", "format": "suricata", "clearance": "red", "suricata": {"sid_count": 100}}])
    assert "sids" not in pair.import_("generate").stderr and notes(pair) == []
    write(tmp_path / "events", [f"b{number}.com" for number in range(2)])
    pair.export("collect")
    pair.bundle()
    pair.import_("import", pair.medium)
    text = "destination s: 84 of its 100 sids are used"
    assert text in pair.import_("generate", "--accept-change").stderr
    assert [note for note in notes(pair) if text in note] == notes(pair) != []


def test_what_two_destinations_of_one_sensor_share_is_told(tmp_path, bins):
    several = {"hashes": ["md5", "sha256"], "sid_base": 2500000}
    pair = site(tmp_path, bins, ["a.com"], [
        {"name": "a", "format": "suricata", "clearance": "red"},
        {"name": "b", "format": "suricata", "clearance": "red", "suricata": several},
        {"name": "c", "format": "suricata", "clearance": "red", "suricata": {"prefix": "more", "sid_base": 3500000}}])
    said = pair.import_("generate").stderr
    told = notes(pair)
    assert len(told) == 2 and all(note in said for note in told)
    assert "destinations a and b both name their sets `misp`" in told[0] and "destination b: " in told[1]
