"""From the id in an alert back to the value and its event, also when the rule is gone."""

import json
import re
import subprocess

import pytest

from pair import Pair

EVENT = "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c21"
SIGMA = ("title: Own rule\n{}logsource:\n    category: dns\n"
         "detection:\n    s:\n        query: {}\n    condition: s\n")
AUTHORS_ID = "0f06a3a5-6a09-513f-8743-e6cf35561297"
LOST_ID = "1f06a3a5-6a09-413f-8743-e6cf35561297"  # of version 4, which no stored rule may have
VALUES = [("domain", "evil.example"), ("ip-dst", "203.0.113.7"), ("url", "http://evil.example/a|b"), ("ip-dst", "198.51.100.0/24"),
          ("sigma", SIGMA.format("", "a.example")), ("sigma", SIGMA.format(f"id: {AUTHORS_ID.upper()}\n", "b.example")),
          ("sigma", SIGMA.format(f"id: {LOST_ID}\n", "c.example")), ("sigma", SIGMA.format(f"id: {AUTHORS_ID}\n", "d.example")),
          ("suricata", 'alert dns any any -> any any (msg:"own"; dns.query; content:"evil"; sid:7; rev:4;)')]


def event(values):
    return {"Event": {
        "uuid": EVENT, "info": "the event behind", "date": "2026-11-01", "timestamp": str(1794182400 + len(values)),
        "published": True, "threat_level_id": "2", "analysis": "2", "Tag": [{"name": "tlp:green"}],
        "Attribute": [{"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f7c{n:02}", "type": type_, "value": value, "to_ids": True,
                       "category": "Network activity", "timestamp": "1794182400"}
                      for n, (type_, value) in enumerate(values)]}}


@pytest.fixture(scope="module")
def site(tmp_path_factory, bins):
    folder = tmp_path_factory.mktemp("alert")
    pair = Pair(folder / "pair", bins)
    pair.event = folder / "event.json"
    pair.event.write_text(json.dumps(event(VALUES)))
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(pair.event), "accept_older": True}],
                          clearance="green")
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="green", destinations=[
        {"name": "ids", "format": "suricata", "clearance": "green"},
        {"name": "hunt", "format": "sigma", "clearance": "green"},
        {"name": "siem", "format": "wazuh", "clearance": "green"},
        {"name": "own", "format": "stored-rules", "clearance": "green", "types": ["suricata", "sigma"]}])
    pair.import_("run", pair.medium)
    pair.current = {name: pair.isolated / "artifacts" / name / "current" for name in ("ids", "hunt", "siem", "own")}
    return pair


def explain_all(site, kind, id_):
    return [json.loads(line) for line in site.import_("--json", "explain", kind, id_).stdout.splitlines()]


def explain(site, kind, id_):
    (said,) = explain_all(site, kind, id_)
    return said


def sids(site):
    rules = (site.current["ids"] / "misp.rules").read_text().splitlines()
    return {re.search(r"sid:(\d+);", rule)[1]: rule for rule in rules if not rule.startswith("#")}


def test_every_sid_leads_to_its_value_and_event(site):
    rules = sids(site)
    assert len(rules) >= 4
    found = set()
    for sid, rule in rules.items():
        said = explain(site, "sid", sid)
        assert said["in_use"] and said["destination"] == "ids" and f"rev:{said['rev']};" in rule
        if said["value"]:
            assert {one["event"] for one in said["occurrences"]} == {EVENT}, said
            found |= {one["value"] for one in said["occurrences"]}
        else:
            assert said["set"]
    assert {"evil.example", "203.0.113.7", "http://evil.example/a|b"} <= found


def test_sigma_and_wazuh_rules_too(site):
    for path in site.current["hunt"].rglob("*.yml"):
        id_ = re.search(r"^id: (\S+)", path.read_text(), re.M)[1]
        said = explain(site, "sigma", id_)
        assert said["in_use"] and [one["event"] for one in said["events"]] == [EVENT]
        (one,) = said["events"]
        assert one["tlp"] == "green" and one["used"] == 4 and sum(row["attributes"] for row in one["left_out"]) == 5
        assert all(row["reason"] for row in one["left_out"])
        assert "TLP:green" in (said := site.import_("explain", "sigma", id_).stdout) and "4 are used here" in said
    ids = re.findall(r'<rule id="(\d+)"', (site.current["siem"] / "misp_rules.xml").read_text())
    assert ids
    for id_ in ids:
        said = explain(site, "wazuh", id_)
        assert said["in_use"] and said["set"]


def test_a_stored_rule_leads_to_the_attribute_that_carries_it(site):
    rule = (site.current["own"] / "stored-suricata.rules").read_text()
    said = explain(site, "sid", re.search(r"sid:(\d+);", rule)[1])
    assert said["in_use"] and said["destination"] == "own" and 'msg:"own"' in said["rule"]
    assert said["attribute"] == f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f7c{len(VALUES) - 1:02}"
    assert [one["event"] for one in said["events"]] == [EVENT]


# Its own id, or the one that it is given.
def test_a_stored_sigma_rule_leads_to_its_attribute_too(site):
    ids = {}
    for path in site.current["own"].glob("stored_sigma_*.yml"):
        ids[re.search(r"^id: '(\S+)'", path.read_text(), re.M)[1]] = path.stem.split("_", 2)[2].replace("_", "-")
    assert len(ids) == 4 and AUTHORS_ID in ids and LOST_ID not in ids
    for id_, attribute in ids.items():
        if id_ == AUTHORS_ID:
            continue  # of two rules
        said = explain(site, "sigma", id_.upper())
        assert said["id"] == id_ and id_ in said["rule"]
        assert said["in_use"] and said["destination"] == "own" and said["attribute"] == attribute
        assert [one["event"] for one in said["events"]] == [EVENT]
        (one,) = said["occurrences"]
        assert (one["tlp"], one["type"], one["source"], one["date"]) == ("green", "sigma", "feed", "2026-11-01")
        decisions = {row["destination"]: row for row in one["decisions"]}
        assert decisions["own"]["used"] and decisions["ids"]["reason"] == "type-not-detectable"
        shown = site.import_("explain", "sigma", id_).stdout
        assert f"carried by attribute {attribute}, type sigma, of 2026-11-09  TLP:green" in shown
        assert re.search(r"own +used", shown) and "not used: type-not-detectable" in shown


# Also a rule that had to have another, because of its version or because another rule has it.
def test_the_id_of_an_author_leads_to_the_rule(site):
    for id_, wanted in ((LOST_ID, [6]), (AUTHORS_ID, [5, 7])):
        found = explain_all(site, "sigma", id_.upper())
        assert [int(one["attribute"][-2:]) for one in found] == wanted
        for one in found:
            name = f"stored_sigma_{one['attribute'].replace('-', '_')}.yml"
            assert one["in_use"] and one["rule"].startswith(f"{name}: id: '")


def test_an_alert_of_a_stored_rule_names_its_attribute(site):
    rule = (site.current["own"] / "stored-suricata.rules").read_text()
    sid = int(re.search(r"sid:(\d+);", rule)[1])
    alert = json.dumps({"event_type": "alert", "alert": {"gid": 1, "signature_id": sid, "signature": "own"}})
    done = subprocess.run([site.bins / "gapferry-import", "--home", site.isolated, "enrich", "--destination", "ids"],
                          input=alert + "\n", capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)["gapferry"]
    assert told["destination"] == "own"
    assert [one["kind"] for one in told["matched"]] == ["rule"] and "value" not in told["matched"][0]
    (one,) = told["matched"][0]["attributes"]
    assert one["event"] == EVENT and one["type"] == "suricata" and one["used"] and "value" not in one
    assert one["attribute"] == explain(site, "sid", str(sid))["attribute"]


def test_what_is_wrong_is_said(site):
    assert "ever had the sid 7" in site.import_("explain", "sid", "7", expect=7).stderr
    assert "is no number" in site.import_("explain", "sid", "x", expect=2).stderr
    assert "is no UUID" in site.import_("explain", "sigma", "7", expect=2).stderr
    assert "give its id" in site.import_("explain", "sid", expect=2).stderr
    assert "bad-signature" in site.import_("explain", "12").stdout


def test_a_rule_that_is_gone_is_explained(site):
    before = sids(site)
    site.event.write_text(json.dumps(event(VALUES[1:])))
    site.export("collect")
    site.bundle()
    site.import_("run", site.medium, "--accept-change")
    gone = set(before) - set(sids(site))
    assert gone
    for sid in gone:
        said = explain(site, "sid", sid)
        assert not said["in_use"] and said["value"] == "evil.example"
