"""`test`: which artifacts in use would match a value, a capture or a log.

The oracles: for values, what each consumer is documented to do with an entry and the bytes of the files themselves; for
captures, Suricata 7 and 8; for logs, lines in the forms that Squid, BIND, Zeek and others write.
"""
import gzip
import json
import os
import subprocess

import pytest

from engines import engine, may_name, replay  # noqa: F401, a fixture
from test_enrich import EVENT, attribute, event, open_site, rules

FORMATS = ["suricata", "snort3", "sigma", "wazuh", "zeek", "rpz", "hosts", "dnsmasq", "unbound", "nftables", "ipset",
           "squid", "edl", "csv", "stix", "ecs", "splunk", "snort-reputation"]
VALUES = [
    ("domain", "evil.example"), ("hostname", "one.host.example"), ("ip-dst", "45.66.77.88"),
    ("ip-dst", "45.66.80.0/24"), ("url", "http://web.example/a?b=c"), ("sha256", "ab" * 32),
    ("email-src", "someone@mail.example"), ("user-agent", "Evil/1.0 (x)"), ("filename", "dropper.exe"),
    ("ip-dst|port", "45.66.90.1|8443"), ("md5", "cd" * 16), ("sha1", "ef" * 20), ("mutex", "Global\\it's mine"),
    ("regkey", "HKLM\\Software\\Evil"), ("filename", "sub\\odd 'one'.exe"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory, bins):
    one = event(EVENT, "the event behind", "clear", [
        attribute(number, kind, value) for number, (kind, value) in enumerate(VALUES)]
        + [attribute(20, "domain", "quiet.example", to_ids=False)])
    return open_site(tmp_path_factory.mktemp("test"), bins, [one], [
        {"name": name, "format": name, "clearance": "clear"} for name in FORMATS] + [
        {"name": "sets", "format": "suricata", "clearance": "clear", "suricata": {"literal_limit": 0},
         "canary": {"type": "domain", "value": "canary.example"}},
        {"name": "expand", "format": "sigma", "clearance": "clear", "sigma": {"values": "expand"}}])


def ask(site, *arguments, expect=0):
    said = site.import_("--json", "test", *arguments, expect=expect).stdout.splitlines()
    return [json.loads(line) for line in said]


def matches(site, value, expect=0):
    """Destination to its matches: (how, kind, value) of each."""
    return {said["destination"]: [(one["match"], one["kind"], one["value"]) for one in said["matches"]]
            for said in ask(site, value, expect=expect)}


# Formats that have an entry for the value.
LISTED = {
    "evil.example": {"suricata", "sets", "snort3", "sigma", "expand", "wazuh", "zeek", "rpz", "hosts", "dnsmasq", "unbound",
                     "squid", "edl", "csv", "stix", "ecs", "splunk"},
    "45.66.77.88": {"suricata", "sets", "snort3", "sigma", "expand", "wazuh", "zeek", "rpz", "nftables", "ipset", "squid", "edl",
                    "csv", "stix", "ecs", "splunk", "snort-reputation"},
    "ab" * 32: {"suricata", "sets", "sigma", "expand", "wazuh", "zeek", "csv", "stix", "ecs", "splunk"},
    "one.host.example": {"suricata", "sets", "snort3", "sigma", "expand", "wazuh", "zeek", "rpz", "hosts", "dnsmasq", "unbound",
                         "squid", "edl", "csv", "stix", "ecs", "splunk"},
    "someone@mail.example": {"suricata", "snort3", "wazuh", "zeek", "csv", "stix", "ecs", "splunk"},
    "Evil/1.0 (x)": {"suricata", "sets", "snort3", "sigma", "expand", "zeek", "csv", "stix", "splunk"},
    "dropper.exe": {"sigma", "expand", "zeek", "csv", "stix", "ecs", "splunk"},
    "http://web.example/a?b=c": {"suricata", "sets", "snort3", "sigma", "expand", "wazuh", "zeek", "squid", "edl", "csv", "stix",
                                 "ecs", "splunk"},
    "cd" * 16: {"sigma", "expand", "wazuh", "zeek", "csv", "stix", "ecs", "splunk"},
    "ef" * 20: {"sigma", "expand", "wazuh", "zeek", "csv", "stix", "ecs", "splunk"},
    "Global\\it's mine": {"csv", "stix", "ecs"},
    "HKLM\\Software\\Evil": {"csv", "stix", "ecs"},
    "sub\\odd 'one'.exe": {"sigma", "expand", "zeek", "csv", "stix", "ecs", "splunk"},
}


@pytest.mark.parametrize("value", sorted(LISTED))
def test_every_format_that_lists_a_value_matches_it_and_the_line_says_so(site, value):
    found = matches(site, value)
    assert {name for name, hits in found.items() if hits} == LISTED[value]
    assert all(hits == [("exact", hits[0][1], value)] for hits in found.values() if hits)
    for said in ask(site, value):
        for hit in said["matches"]:
            assert hit["attributes"][0]["event"] == EVENT and hit["entries"]
            for entry in hit["entries"]:
                lines = (site.isolated / "artifacts" / said["destination"] / "current" / entry["file"]
                         ).read_bytes().split(b"\n")
                assert entry["text"].encode() in lines[entry["line"] - 1]
    ids = {said["destination"]: [one for hit in said["matches"] for entry in hit["entries"] for one in entry["ids"]]
           for said in ask(site, value)}
    for name in {"suricata", "sets", "sigma", "wazuh", "stix"} & LISTED[value]:
        assert ids[name], name


def test_a_path_ends_with_a_file_in_sigma(site):
    for path in ("C:\\Users\\x\\dropper.exe", "dir\\dropper.exe"):
        found = matches(site, path)
        assert {name for name, hits in found.items() if hits} == {"sigma", "expand"}
        assert found["expand"] == [("end", "filename", "dropper.exe")]
        misses = {said["destination"]: [one["reason"] for one in said["misses"]] for said in ask(site, path)}
        assert misses["zeek"] == ["compares-whole-values"]
    assert matches(site, "C:\\sub\\odd 'one'.exe")["expand"] == [("end", "filename", "sub\\odd 'one'.exe")]
    assert not any(matches(site, "C:\\notdropper.exe", expect=7).values())


def test_one_destination_may_be_asked_alone(site, tmp_path):
    assert [said["destination"] for said in ask(site, "evil.example", "--destination", "zeek")] == ["zeek"]
    (tmp_path / "some.log").write_text("GET evil.example\n")
    hits = [said for said in ask(site, tmp_path / "some.log", "--destination", "edl") if said["message_type"] == "log_match"]
    assert {one["destination"] for said in hits for one in said["artifacts"]} == {"edl"}
    assert 'did you mean "zeek"' in site.import_("test", "evil.example", "--destination", "zek", expect=7).stderr


def test_names_below_match_where_the_consumer_does_so(site):
    found = matches(site, "www.evil.example")
    below = {name for name, hits in found.items() if ("below", "domain", "evil.example") in hits}
    assert below == {"suricata", "sets", "snort3", "sigma", "expand", "rpz", "dnsmasq", "unbound", "squid", "edl"}
    misses = {said["destination"]: [one["reason"] for one in said["misses"]] for said in ask(site, "www.evil.example")}
    assert misses["hosts"] == ["compares-whole-values"] and misses["zeek"] == ["compares-whole-values"]
    # A host name is that name only.
    assert not any(matches(site, "below.one.host.example", expect=7).values())
    assert not any(matches(site, "notevil.example", expect=7).values())


AT_PORT = "45.66.90.1"
WITH_PORTS = {"suricata", "sets", "snort3", "nftables", "ipset", "csv", "stix", "ecs"}


@pytest.mark.parametrize("asked,expect", [
    (AT_PORT, 0), (f"{AT_PORT}:8443", 0), (f"{AT_PORT}|8443", 0), (f"https://{AT_PORT}:8443/x", 0),
    (f"{AT_PORT}:80", 7), (f"{AT_PORT}|80", 7), (f"http://{AT_PORT}/x", 7)])
def test_an_address_that_is_listed_for_a_port_matches_there_only(site, asked, expect):
    said = {one["destination"]: one for one in ask(site, asked, expect=expect)}
    hits = {name: one["matches"][0]["at_ports"] for name, one in said.items() if one["matches"]}
    reached = WITH_PORTS - ({"csv", "ecs"} if "//" in asked else set())  # these compare whole values
    assert hits == ({} if expect else {name: [8443] for name in reached})
    missed = {name: one["misses"][0] for name, one in said.items() if one["misses"]}
    assert {miss["reason"] for name, miss in missed.items() if name not in WITH_PORTS} == {"format-cannot-express"}
    if expect:
        assert {name for name, miss in missed.items() if miss["reason"] == "other-port"} == WITH_PORTS
        assert all(miss["at_ports"] == [8443] for name, miss in missed.items() if name in WITH_PORTS)
        assert "listed, at port 8443 only" in site.import_("test", asked, expect=7).stdout
    else:
        assert ", at port 8443 only" in site.import_("test", asked).stdout


def test_a_log_line_matches_at_the_port_that_it_names(site, tmp_path):
    path = tmp_path / "some.log"
    path.write_text("".join(line + "\n" for line in [
        f"tcp 192.0.2.7:1025 -> {AT_PORT}:80", f"tcp 192.0.2.7:1025 -> {AT_PORT}:8443", f"from {AT_PORT} to somewhere",
        json.dumps({"dest_ip": AT_PORT, "dest_port": 80}), json.dumps({"dest_ip": AT_PORT, "dest_port": 8443}),
        "45.66.77.88:1 has no port in the list"]))
    said = ask(site, path)
    assert sorted(log_matches(said)) == [2, 3, 5, 6]
    for one in said[:-1]:
        at = {artifact["destination"]: artifact["at_ports"] for artifact in one["artifacts"]}
        assert at == ({name: [8443] for name in WITH_PORTS} if one["line"] != 6 else
                      {name: [] for name in LISTED["45.66.77.88"]})


def test_addresses_match_within_networks(site):
    found = matches(site, "45.66.80.77")
    within = {name for name, hits in found.items() if ("within", "network", "45.66.80.0/24") in hits}
    assert within == {"suricata", "sets", "snort3", "sigma", "wazuh", "zeek", "rpz", "nftables", "ipset", "squid", "edl",
                      "stix", "splunk", "snort-reputation"}
    assert not any(matches(site, "45.66.81.1", expect=7).values())


def test_the_host_of_a_url_matches_too(site):
    found = {said["destination"]: said["matches"] for said in ask(site, "https://www.evil.example/x")}
    assert [(one["match"], one["host"]) for one in found["rpz"]] == [("below", True)]
    assert found["csv"] == []


def test_spelling_does_not_matter(site):
    assert matches(site, "hxxp://WEB[.]example/a?b=c") == matches(site, "http://web.example/a?b=c")
    assert matches(site, " Evil[.]Example. ") == matches(site, "evil.example")


def test_what_does_not_match_is_explained(site):
    said = {one["destination"]: one for one in ask(site, "quiet.example", expect=7)}
    assert {miss["reason"] for miss in said["rpz"]["misses"]} == {"not-to-ids"}
    assert ask(site, "nowhere.example", expect=7)[0]["misses"] == []
    assert "no artifact in use matches nowhere.example" in site.import_("test", "nowhere.example", expect=7).stderr
    assert ask(site, " ", expect=2) == []
    canary = {one["destination"]: one["matches"] for one in ask(site, "canary.example")}
    assert canary["sets"][0]["canary"] and canary["suricata"] == []


def test_terminal_escapes_are_shown_as_text(site):
    out = site.import_("test", "\x1b[31mevil\x07.example", expect=7)
    assert "\x1b" not in out.stdout + out.stderr


@pytest.mark.parametrize("name", ["/no/such/capture.pcap", "./acess", "eve.json", "old.log.gz"])
def test_a_mistyped_file_is_no_value_that_nothing_matches(site, name):
    said = site.import_("test", name, expect=7).stderr
    assert f"there is no file {name}" in said and "--as value" in said
    assert "not in the store" in site.import_("test", "--as", "value", name, expect=7).stdout


def test_what_is_no_file_is_refused(site, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in site.import_("test", tmp_path / "pipe", expect=4).stderr
    site.import_("test", tmp_path, expect=4)
    site.import_("test", "--as", "picture", "x", expect=2)


# One line of each kind of log, and what must be found in it.
LOG = [
    ('1794182400.123     56 192.0.2.7 TCP_MISS/200 512 GET http://web.example/a?b=c - DIRECT/45.66.77.88 text/html',
     {"http://web.example/a?b=c", "45.66.77.88"}),
    ('1794182400.123     56 192.0.2.7 TCP_TUNNEL/200 512 CONNECT www.evil.example:443 - -', {"www.evil.example"}),
    ('client @0x7f 192.0.2.1#5353 (evil.example): query: evil.example IN A +E(0)K (192.0.2.53)', {"evil.example"}),
    ('1794182400.1\tCx\t192.0.2.1\t53\t45.66.80.77\t53\tudp\tone.host.example\tA', {"45.66.80.77", "one.host.example"}),
    ('{"hash":{"sha256":"' + "AB" * 32 + '"},"u":"http:\\/\\/web.example\\/a?b=c"}',
     {"ab" * 32, "http://web.example/a?b=c"}),
    ('192.0.2.1 - - [01/Nov/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "Evil/1.0 (x)"', {"Evil/1.0 (x)"}),
    ('postfix/qmgr[7]: 4F2: from=<someone@mail.example>, size=1', {"someone@mail.example"}),
    ('nothing of interest in www.good.example', set()),
    ('PACKET UDP Rcv 192.0.2.1 Q [0001 D NOERROR] A (3)www(4)evil(7)example(0)', {"www.evil.example"}),
]


def log_matches(said):
    found = {}
    for one in said:
        if one["message_type"] == "log_match":
            found.setdefault(one["line"], set()).add(one["value"])
    return found


@pytest.mark.parametrize("packed", [False, True])
def test_a_log_is_read_line_by_line(site, tmp_path, packed):
    text = "".join(line + "\n" for line, _ in LOG).encode()
    path = tmp_path / "some.log"
    # Rotated logs are often packed in several members.
    path.write_bytes(gzip.compress(text[:200]) + gzip.compress(text[200:]) if packed else text)
    said = ask(site, path)
    assert log_matches(said) == {number: values for number, (_, values) in enumerate(LOG, 1) if values}
    assert said[-1]["lines"] == len(LOG) and said[-1]["lines_matched"] == len(LOG) - 1
    first = next(one for one in said if one["value"] == "45.66.77.88")
    named = {one["destination"]: one["events"] for one in first["artifacts"]}
    assert set(named) == LISTED["45.66.77.88"] and named["rpz"][0]["event"] == EVENT
    shown = site.import_("test", path).stdout
    assert "1: 45.66.77.88" in shown and EVENT in shown and "the event behind" in shown


def test_a_hostile_log_does_no_harm(site, tmp_path):
    path = tmp_path / "hostile.log"
    path.write_bytes(
        b"\x00\x00evil.example\x00\n" + b"\xff\xfe\x80 45.66.77.88 \xc3\n" + b"\x1b]0;evil.example\x07\x1b[2J\n"
        + b"x" * (10 << 20) + b" evil.example\n" + b"{" * 100000 + b"\n" + b"[" * 1000 + b"evil.example\n"
        + b"http://" * 1000 + b"\n" + b"a.b:" * 100000 + b"\nwww.evil.example")
    said = ask(site, path)
    found = log_matches(said)
    assert {1, 2, 3, 4, 6, 9} <= set(found) and said[-1]["lines"] == 9 and said[-1]["lines_in_pieces"] == 1
    out = subprocess.run([site.bins / "gapferry-import", "--home", site.isolated, "test", path], capture_output=True)
    assert out.returncode == 0 and b"\x1b" not in out.stdout and b"\x00" not in out.stdout
    # Each would take minutes if its length were squared.
    path.write_bytes(b"evil[.]example " + b"[.]" * 300000 + b"\n" + b"y" * 500000 + b"\t" * 500000 + b"\n")
    assert 1 in log_matches(ask(site, path))
    path.write_bytes(gzip.compress(b"evil.example\n" * 1000)[:-20])
    assert "ends in the middle" in site.import_("test", path, expect=9).stderr
    path.write_bytes(b"")
    site.import_("test", path, expect=7)


def test_standard_input_is_a_log(site):
    done = subprocess.run([site.bins / "gapferry-import", "--home", site.isolated, "--json", "test", "-"],
                          input=b"a\nevil.example\n", capture_output=True)
    assert done.returncode == 0 and b'"line":2' in done.stdout


def test_as_overrules_the_content(site, tmp_path):
    (tmp_path / "evil.example").write_text("nothing\n")
    command = [site.bins / "gapferry-import", "--home", site.isolated, "test", "evil.example"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 7
    assert subprocess.run([*command, "--as", "value"], cwd=tmp_path, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def captured(tmp_path_factory, bins, corpus):
    made = json.loads((corpus / "detection" / "made-event.json").read_text())
    return open_site(tmp_path_factory.mktemp("captured"), bins, [made], [
        {"name": "literal", "format": "suricata", "clearance": "clear"},
        {"name": "datasets", "format": "suricata", "clearance": "clear", "suricata": {"literal_limit": 0}},
        {"name": "names", "format": "rpz", "clearance": "clear"}])


def expected_values(corpus):
    """Capture to the values that must fire in it, and where each is seen."""
    values = {}
    for line in (corpus / "detection" / "made-event-expect.jsonl").read_text().splitlines():
        one = json.loads(line)
        for capture, where in one["seen_in"]:
            if one["must_fire"]:
                values.setdefault(capture, set()).add((one["value"], where))
    return values


def test_a_capture_names_the_events_behind_its_alerts(captured, corpus, engine, tmp_path):
    truth = json.loads((corpus / "detection" / "made-event-pcaps.json").read_text())
    values = expected_values(corpus)
    may = may_name(corpus / "detection")
    # Whole connections: Suricata is run as it is configured, so not with those that begin in the middle.
    sample = [name for name in sorted(values) if name.startswith(("dns", "detect-dotprefix", "datasets"))][:6]
    assert len(sample) > 3
    for name in sample:
        capture = corpus / "detection" / "pcaps" / name
        said = ask(captured, "--suricata", engine, capture)
        assert {one["destination"] for one in said} == {"literal", "datasets"}
        for one in said:
            alerts = replay(engine, rules(captured, one["destination"]), capture,
                            tmp_path / f"{name}-{one['destination']}")
            assert one["alerts"] == len(alerts) == sum(row["alerts"] for row in one["rows"])
            assert {row["sid"] for row in one["rows"]} == {alert["alert"]["signature_id"] for alert in alerts}
            named = {attribute["value"] for row in one["rows"] for value in row["matched"]
                     for attribute in value["attributes"]}
            assert {value for value, where in values[name] if where == "dns"} <= named, (name, one["destination"])
            assert all(may(name, value) for value in named), (name, one["destination"])
    for name in truth["must_stay_quiet"][:4]:
        assert all(one["alerts"] == 0 for one in ask(
            captured, "--suricata", engine, corpus / "detection" / "pcaps" / name, expect=7))


def test_a_capture_that_is_cut_off_is_not_quiet_about_it(captured, corpus, engine, tmp_path):
    whole = (corpus / "detection" / "pcaps" / sorted(expected_values(corpus))[0]).read_bytes()
    (tmp_path / "cut.pcap").write_bytes(whole[:-7])
    done = captured.import_("--json", "test", "--suricata", engine, tmp_path / "cut.pcap", expect=None)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(any("cut off" in note for note in one["notes"]) for one in said if one["message_type"] == "test"), done.stderr


def test_alerts_that_the_sensor_would_drop_are_dropped_and_counted(bins, engine, tmp_path):
    """One query of a name for which more rules speak than Suricata keeps alerts for one packet (15)."""
    import scapy.all as scapy
    names = ["evil.example"]
    while len(names) < 20:
        names.append(f"n{len(names)}.{names[-1]}")
    site = open_site(tmp_path / "site", bins, [event(EVENT, "many", "clear", [
        attribute(number, "domain", name) for number, name in enumerate(names)])], [
        {"name": "literal", "format": "suricata", "clearance": "clear"}])
    capture = tmp_path / "one.pcap"
    scapy.wrpcap(str(capture), [scapy.Ether() / scapy.IP(src="10.0.0.5", dst="10.0.0.53") / scapy.UDP(sport=1025, dport=53)
                                / scapy.DNS(rd=1, qd=scapy.DNSQR(qname=names[-1]))])
    (tmp_path / "sensor").mkdir()
    subprocess.run([engine, "-r", capture, "-k", "none", "-S", rules(site, "literal"), "-l", tmp_path / "sensor"],
                   check=True, capture_output=True, timeout=120)
    sensor = sum('"event_type":"alert"' in line for line in (tmp_path / "sensor" / "eve.json").read_text().splitlines())
    said = ask(site, "--suricata", engine, capture)[0]
    assert said["alerts"] == sensor < len(names)
    assert [note for note in said["notes"] if note.startswith(f"{len(names) - sensor} alerts are missing")], said["notes"]


def test_suricata_comes_from_the_configuration_and_must_work(captured, corpus, tmp_path):
    capture = corpus / "detection" / "pcaps" / sorted(expected_values(corpus))[0]
    missing = captured.import_("test", "--suricata", tmp_path / "none", capture, expect=7)
    assert "cannot be started" in missing.stderr
    broken = tmp_path / "broken.pcap"
    broken.write_bytes(capture.read_bytes()[:10])
    # Suricata 7 says so and then waits a minute for its thread.
    said = captured.import_("test", "--timeout", "5", broken, expect=4)
    assert "truncated dump file" in said.stderr
    before = (captured.isolated / "import.yml").read_text()
    called = tmp_path / "called"
    fake = tmp_path / "fake"
    fake.write_text(f"#!/bin/sh\necho \"$@\" >{called}\nsleep 30\n")
    fake.chmod(0o755)
    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\necho engine out of order\nexit 1\n")
    failing.chmod(0o755)
    said = captured.import_("test", "--suricata", failing, capture, expect=4)
    assert "exit code 1" in said.stderr and "engine out of order" in said.stderr
    try:
        captured.configure_import(**{**json.loads(before), "suricata": str(fake)})
        slow = captured.import_("test", "--timeout", "1", "--destination", "literal", capture, expect=4)
        assert "no end within its time" in slow.stderr
        assert str(rules(captured, "literal").parent.parent / "current" / "misp.rules") in called.read_text()
    finally:
        (captured.isolated / "import.yml").write_text(before)
