"""Alert rates: Suricata keeps to them on traffic, sids stay, `rev` rises once; Snort's filters name each rule."""
import json
import re
import subprocess

import pytest

from engines import engine, replay  # noqa: F401, a fixture
from pair import Pair
from test_deploy import event
from test_suricata_values import query, scapy

NAMES = ["a.example", "b.example"]


class Site:
    def __init__(self, folder, bins, change=lambda document: None):
        self.pair = Pair(folder / "pair", bins)
        source = folder / "event.json"
        document = event(NAMES)
        change(document)
        source.write_text(json.dumps(document))
        self.pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(source)}], clearance="green")
        self.pair.export("collect")
        self.pair.bundle()
        self.pair.open_site(clearance="green")
        self.pair.import_("import", self.pair.medium)

    def generate(self, form, rate=None, **options):
        destination = {"name": "ids", "format": form, "clearance": "green", **options}
        if rate:
            destination["alert_rate"] = rate
        self.pair.configure_import(clearance="green", destinations=[destination])
        self.pair.import_("generate")
        return (self.pair.isolated / "artifacts" / "ids" / "current").resolve()


@pytest.fixture
def site(tmp_path, bins):
    return Site(tmp_path, bins)


def ids(folder):
    """rev by sid."""
    return {int(sid): int(rev) for sid, rev in re.findall(r"sid:(\d+); rev:(\d+);", (folder / "misp.rules").read_text())}


@pytest.mark.parametrize("limit", [5000, 0], ids=["literal", "datasets"])
@pytest.mark.parametrize("per,expected", [("host", 4), ("rule", 2)])
def test_suricata_keeps_to_the_rate(engine, site, tmp_path, limit, per, expected):
    # Two hosts ask for one name ten times each, within a few seconds of the capture.
    packets = []
    for at in range(10):
        for host in ("10.9.8.7", "10.9.8.8"):
            packet = query(3000 + at, "a.example")[0]
            packet.src, packet.time = host, 1_700_000_000 + at * 0.1
            packets.append(packet)
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), packets)
    options = {"suricata": {"literal_limit": limit}}
    free = site.generate("suricata", **options)
    assert len(replay(engine, free / "misp.rules", capture, tmp_path / "free")) == 20
    limited = site.generate("suricata", {"per": per, "count": 2, "seconds": 60}, **options)
    assert len(replay(engine, limited / "misp.rules", capture, tmp_path / "limited")) == expected
    check = subprocess.run([engine, "-T", "-S", limited / "misp.rules", "-l", tmp_path], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_a_second_victim_of_one_server_shows(engine, tmp_path, bins):
    """The server is the source of what such a rule looks at, for all victims alike."""
    def from_a_server(document):
        document["Event"]["Attribute"][0].update(type="ip-src", value="81.2.69.160")

    site = Site(tmp_path / "site", bins, from_a_server)
    packets = []
    for at, host in enumerate(("10.9.8.7", "10.9.8.8", "10.9.8.7")):
        packet = scapy.Ether() / scapy.IP(src="81.2.69.160", dst=host) / scapy.UDP(sport=4000, dport=3000 + at) / b"x"
        packet.time = 1_700_000_000 + at
        packets.append(packet)
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), packets)
    limited = site.generate("suricata", {"per": "host", "count": 1, "seconds": 60})
    alerts = replay(engine, limited / "misp.rules", capture, tmp_path / "limited")
    assert sorted(alert["dest_ip"] for alert in alerts) == ["10.9.8.7", "10.9.8.8"]


def test_a_changed_rate_moves_rev_once(site):
    first = ids(site.generate("suricata"))
    second = ids(site.generate("suricata", {"per": "host", "count": 1, "seconds": 60}))
    assert second == {sid: rev + 1 for sid, rev in first.items()}
    assert ids(site.generate("suricata", {"per": "host", "count": 1, "seconds": 60})) == second
    third = ids(site.generate("suricata", {"per": "host", "count": 1, "seconds": 90}))
    assert third == {sid: rev + 1 for sid, rev in second.items()}


@pytest.mark.parametrize("form,name,line", [
    ("snort2", "misp-event-filter.conf",
     r"event_filter gen_id 1, sig_id (\d+), type limit, track by_src, count 3, seconds 60"),
    ("snort3", "misp-event-filter.lua", r"  \{ gid = 1, sid = (\d+), type = 'limit', track = 'by_src', count = 3, seconds = 60 \},"),
])
def test_snort_has_a_filter_for_each_rule(site, form, name, line):
    rules = ids(site.generate(form))
    limited = site.generate(form, {"per": "host", "count": 3, "seconds": 60})
    assert ids(limited) == rules, "the rules are the same"
    lines = (limited / name).read_text().splitlines()
    if form == "snort3":
        assert lines[:2] == ["event_filter =", "{"] and lines.pop() == "}"
        lines = lines[2:]
    found = [re.fullmatch(line, text) for text in lines]
    assert all(found) and [int(one[1]) for one in found] == list(rules)


def test_sigma_says_that_it_cannot(site):
    folder = site.generate("sigma", {"per": "host", "count": 3, "seconds": 60})
    said = json.loads((folder / "manifest.json").read_text())["alert_rate"]
    assert (said["per"], said["count"], said["seconds"]) == ("host", 3, 60) and "not expressible" in said["how"]
