"""From a bundle to rules through the commands; what warninglists take out, and that `why` names the list."""
import json
import re
import subprocess

import pytest

from pair import EVERYTHING, Pair

# Begin with their handshake, so that a sensor with its stock configuration reads them.
CAPTURES = ["datasets-04-http-dns__input.pcap", "datasets-match-subdomain__input.pcap",
            "detect-dotprefix-01__input.pcap", "dns__bug-1158__input.pcap", "bug-5758__input.pcap"]


@pytest.fixture
def pair(tmp_path, bins, corpus):
    pair = Pair(tmp_path / "pair", bins)
    pair.configure_export(
        [{"name": "made", "kind": "misp-event", "path": str(corpus / "detection/made-event.json")},
         {"name": "lists", "kind": "warninglists", "path": str(corpus / "warninglists")}], **EVERYTHING)
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)
    return pair


def generate(pair, warninglists, code=0):
    pair.configure_import(clearance="red", use_warninglists=warninglists, destinations=[
        {"name": "ids", "format": "suricata", "clearance": "clear"}])
    done = pair.import_("generate", "--json", "--accept-change", expect=code)
    return json.loads(done.stdout.splitlines()[0]), pair.isolated / "artifacts/ids/current"


def sids(rules):
    """What each rule looks for, with its sid and rev."""
    found = {}
    for line in (rules / "misp.rules").read_text().splitlines():
        if line.startswith("alert"):
            sid = re.search(r"sid:(\d+); rev:(\d+)", line)
            found[line.split("sid:")[0]] = (sid[1], sid[2])
    return found


def test_rules_fire_through_the_commands(pair, corpus, oracle, tmp_path):
    said, rules = generate(pair, warninglists=False)
    assert said["used"] == 146 and said["left_out"] == []
    suricata = oracle("suricata")
    checked = subprocess.run([suricata, "-T", "-S", rules / "misp.rules", "-l", tmp_path], capture_output=True,
                             text=True)
    assert checked.returncode == 0, checked.stderr
    for capture in CAPTURES:
        out = tmp_path / capture
        out.mkdir()
        subprocess.run([suricata, "-r", corpus / "detection/pcaps" / capture, "-k", "none", "-S",
                        rules / "misp.rules", "-l", out, "--runmode", "single"], check=True, capture_output=True)
        assert '"event_type":"alert"' in (out / "eve.json").read_text(), capture


def test_warninglists_take_popular_names_out_and_why_names_the_list(pair, corpus):
    generate(pair, warninglists=False)
    said, rules = generate(pair, warninglists=True)
    by_list = {entry["detail"]: entry["count"] for entry in said["left_out"] if entry["reason"] == "warninglist"}
    assert sum(by_list.values()) > 20
    lists = {one["name"]: one for one in map(json.loads, (path.read_text() for path in corpus.glob("warninglists/*/list.json")))}
    literal = "".join(file.read_text() for file in rules.iterdir() if file.suffix in (".rules", ".lst"))
    event = json.loads((corpus / "detection/made-event.json").read_text())["Event"]
    held_back = 0
    for attribute in event["Attribute"]:
        if attribute["type"] not in ("domain", "hostname"):
            continue
        value = attribute["value"].lower().rstrip(".")
        why = json.loads(pair.import_("why", attribute["value"], "--json").stdout)
        mine, = (one for one in why["occurrences"] if one["attribute"] == attribute["uuid"])
        decision = mine["decisions"][0]
        if decision["reason"] != "warninglist":
            continue
        held_back += 1
        assert decision["detail"] in by_list and f'content:"{value}"' not in literal, value
        named = lists[decision["detail"]]
        labels = value.split(".")
        above = {".".join(labels[n:]) for n in range(len(labels))}
        if named["type"] in ("hostname", "string"):
            entries = {entry.lower().strip(".") for entry in named["list"]}
            assert (above if named["type"] == "hostname" else {value}) & entries, (value, decision)
    assert held_back > 10
    for spelling in ("www[.]apple[.]com", "WWW.APPLE.COM."):
        said = pair.import_("why", spelling).stdout
        assert "warninglist" in said and any(name in said for name in by_list), said


def test_a_list_that_is_not_there_is_named(pair):
    for name, expected in (("Top 1000 websites from Alexa", 'did you mean "Top 1000 website from Alexa"?'), ("No such list", "")):
        pair.configure_import(clearance="red", warninglists={name: "off"}, destinations=[
            {"name": "ids", "format": "suricata", "clearance": "clear", "warninglists": {"Top 1000 website from Alexa": "mark"}}])
        said = pair.import_("generate", "--accept-change").stderr
        assert f'names the warninglist "{name}", which is not here' in said and expected in said
        assert said.count("which is not here") == 1


def test_ids_stay_when_a_value_goes_and_comes_back(pair):
    _, rules = generate(pair, warninglists=False)
    before = sids(rules)
    generate(pair, warninglists=True)
    between = sids(pair.isolated / "artifacts/ids/current")
    assert len(between) < len(before)
    _, rules = generate(pair, warninglists=False)
    after = sids(rules)
    assert after == before
    assert all(after[rule] == ids for rule, ids in between.items())


def test_the_same_input_twice_switches_nothing(pair):
    first, rules = generate(pair, warninglists=False)
    target = rules.resolve()
    second, rules = generate(pair, warninglists=False)
    assert (first["outcome"], second["outcome"]) == ("switched", "unchanged")
    assert rules.resolve() == target


def test_a_failing_check_leaves_the_old_generation_live(pair):
    generate(pair, warninglists=False)
    live = (pair.isolated / "artifacts/ids/current").resolve()
    pair.configure_import(clearance="red", destinations=[
        {"name": "ids", "format": "suricata", "clearance": "clear", "check": ["false"]}])
    pair.import_("generate", "--accept-change", expect=23)
    assert (pair.isolated / "artifacts/ids/current").resolve() == live


def test_a_check_may_use_sockets_although_the_importer_may_not(pair):
    """A consumer's own check is no part of the importer: suricata -T and rule managers talk to their sockets."""
    code = "import socket; socket.socket(socket.AF_UNIX)"
    pair.configure_import(clearance="red", destinations=[
        {"name": "ids", "format": "suricata", "clearance": "clear", "check": ["python3", "-c", code]}])
    pair.import_("generate")


def test_a_destination_holds_nothing_above_its_clearance(tmp_path, bins):
    def event(n, tlp, value):
        return {"Event": {
            "uuid": f"aaaaaaaa-0000-4000-8000-00000000000{n}", "info": f"about {tlp} things", "date": "2026-08-01",
            "published": True, "Tag": [{"name": f"tlp:{tlp}"}],
            "Attribute": [{"uuid": f"0000000{n}-0000-4000-8000-00000000000{i}", "type": "domain", "to_ids": True,
                           "category": "Network activity", "value": v}
                          for i, v in enumerate([value, "shared.example"])]}}
    source = tmp_path / "events.json"
    source.write_text(json.dumps([event(1, "green", "open.example"), event(2, "red", "closed.example")]))
    pair = Pair(tmp_path / "pair", bins)
    pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(source)}], **EVERYTHING)
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="red", destinations=[
        {"name": name, "format": name, "clearance": "green"} for name in ("suricata", "wazuh", "sigma")])
    pair.import_("run", pair.medium)
    for name in ("suricata", "wazuh", "sigma"):
        folder = (pair.isolated / "artifacts" / name / "current").resolve()
        everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert b"shared.example" in everything, name
        for secret in (b"closed.example", b"red things", b"aaaaaaaa-0000-4000-8000-000000000002"):
            assert secret not in everything, (name, secret)
