"""`enrich`: each alert of Suricata is told which event it is about; nothing else in eve.json changes.

The oracles are Suricata 7 and 8 reading the captures, and made-event-expect.jsonl, which says which attribute each of
them shows (told by tshark).
"""
import json
import os
import re
import select
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from engines import engine, may_name, replay, side_by_side  # noqa: F401, a fixture
from pair import Pair

EVENT = "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c41"
SECRET = "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c42"


def attribute(number, kind, value, **more):
    return {"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f7d{number:02}", "type": kind, "value": value, "to_ids": True,
            "category": "Network activity", "timestamp": "1794182400", **more}


def event(uuid, info, tlp, attributes):
    return {"Event": {
        "uuid": uuid, "info": info, "date": "2026-11-01", "timestamp": "1794182400", "published": True,
        "threat_level_id": "2", "analysis": "2", "Tag": [{"name": f"tlp:{tlp}"}], "Attribute": attributes}}


def open_site(folder, bins, events, destinations):
    pair = Pair(folder / "pair", bins)
    pair.events = folder / "events"
    pair.events.mkdir()
    for number, one in enumerate(events):
        (pair.events / f"{number}.json").write_text(json.dumps(one))
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(pair.events)}], clearance="green")
    pair.export("collect")
    pair.bundle()
    pair.open_site(clearance="green", destinations=destinations)
    pair.import_("run", pair.medium)
    return pair


def rules(pair, destination):
    return pair.isolated / "artifacts" / destination / "current" / "misp.rules"


def enrich(pair, text, *arguments, expect=0):
    """What comes out for these bytes, as lines."""
    done = subprocess.run([pair.bins / "gapferry-import", "--home", pair.isolated, "enrich", *arguments], input=text,
                          capture_output=True, timeout=120)
    assert done.returncode == expect, done.stderr.decode()
    return done.stdout.split(b"\n")[:-1]


def told(line):
    return json.loads(line)["gapferry"]


SETS = {"literal_limit": 0}


@pytest.fixture(scope="module")
def captured(tmp_path_factory, bins, corpus):
    made = json.loads((corpus / "detection" / "made-event.json").read_text())
    return open_site(tmp_path_factory.mktemp("captured"), bins, [made], [
        {"name": "literal", "format": "suricata", "clearance": "clear", "suricata": {"literal_limit": 5000}},
        {"name": "datasets", "format": "suricata", "clearance": "clear", "suricata": SETS}])


@pytest.mark.parametrize("destination", ["literal", "datasets"])
def test_every_alert_of_the_captures_names_its_attribute(engine, captured, corpus, destination, tmp_path):
    detection = corpus / "detection"
    captures = json.loads((detection / "made-event-pcaps.json").read_text())["must_alert"]
    if destination == "literal":
        captures = captures[::6]  # no field of the alert is read for these; test_suricata replays all of them

    def read(name):
        folder = tmp_path / name
        replay(engine, rules(captured, destination), detection / "pcaps" / name, folder,
               "--set", "stream.midstream=true", "--set", "stream.async-oneside=true")
        return (folder / "eve.json").read_bytes().split(b"\n")[:-1]

    with ThreadPoolExecutor(side_by_side()) as pool:
        lines = [(name, line) for name, eve in zip(captures, pool.map(read, captures)) for line in eve]
    after = enrich(captured, b"".join(line + b"\n" for _, line in lines), "--destination", destination)

    wanted = set()
    for line in (detection / "made-event-expect.jsonl").read_text().splitlines():
        one = json.loads(line)
        if one["must_fire"]:
            wanted.update((capture, one["value"]) for capture, _ in one["seen_in"] if capture in captures)
    found, nameless = set(), []
    assert len(lines) == len(after)
    for (capture, old), new in zip(lines, after):
        parsed = json.loads(old)
        if parsed["event_type"] != "alert":
            assert old == new
            continue
        assert new.startswith(old[:-1] + b',"gapferry":{')
        matched = told(new)["matched"]
        if not matched:
            nameless.append((told(new), parsed.get("http")))
        for value in matched:
            for one in value["attributes"]:
                assert one["event"] == "f29541e6-7962-5c61-8f6c-2c86de7ca13e" and one["used"] and one["tlp"] == "clear"
                found.add((capture, one["value"]))
    # The host of one URL and the path of another are in both sets: a match of no URL.
    assert [one for one, _ in nameless if one.get("set") != "url-host"] == []
    assert wanted - found == set()
    may = may_name(detection)
    assert [one for one in found if not may(*one)] == []


@pytest.fixture(scope="module")
def site(tmp_path_factory, bins):
    open_ = event(EVENT, "the open event", "clear", [
        attribute(1, "domain", "evil.example", comment="seen by us", first_seen="2026-10-01T00:00:00+00:00"),
        attribute(2, "hostname", "one.host.example"), attribute(3, "ip-dst", "203.0.113.7"),
        attribute(4, "ip-src", "198.51.100.0/24"), attribute(5, "url", "http://web.example:8080/a?b=c"),
        attribute(6, "ja3-fingerprint-md5", "e7d705a3286e19ea42f587b344ee6865"),
        attribute(7, "x509-fingerprint-sha1", "00112233445566778899aabbccddeeff00112233"),
        attribute(8, "sha256", "ab" * 32), attribute(9, "user-agent", "Evil/1.0"),
        attribute(10, "ip-src", "2001:db8:1::/48")])
    secret = event(SECRET, "the secret event", "green", [
        attribute(11, "domain", "evil.example", comment="a secret comment"),
        attribute(12, "domain", "secret.example")])
    return open_site(tmp_path_factory.mktemp("enrich"), bins, [open_, secret], [
        {"name": "ids", "format": "suricata", "clearance": "clear", "suricata": SETS,
         "canary": {"type": "domain", "value": "canary.example"}},
        {"name": "green", "format": "suricata", "clearance": "green", "suricata": {"sid_base": 1600000}}])


def sid(pair, destination, pattern):
    found = [re.search(r"sid:(\d+);", line)[1] for line in rules(pair, destination).read_text().splitlines()
             if re.search(pattern, line)]
    assert found, pattern
    return int(found[0])


def alert(number, **fields):
    return json.dumps({"timestamp": "2026-11-02T00:00:00.000000+0000", "event_type": "alert", "src_ip": "192.0.2.9",
                       "dest_ip": "192.0.2.10", "dest_port": 8080, **fields,
                       "alert": {"gid": 1, "signature_id": number, "rev": 1}}, separators=(",", ":")).encode() + b"\n"


SEEN = [
    ("alert dns.*misp-domain-2", {"dns": {"query": [{"type": "query", "rrname": "www.EVIL.example"}]}}, "evil.example"),
    ("alert dns.*misp-domain-2", {"dns": {"version": 3, "queries": [{"rrname": "evil.example"}]}}, "evil.example"),
    ("alert dns.*misp-domain-2", {"dns": {"rrname": "a b.evil.example"}}, "evil.example"),
    ("alert tls.*misp-domain-2", {"tls": {"sni": "evil.example"}}, "evil.example"),
    ("alert http.*misp-domain-2", {"http": {"hostname": "evil.example.:80", "url": "/"}}, "evil.example"),
    ("alert quic.*misp-hostname", {"quic": {"sni": "one.host.example"}}, "one.host.example"),
    ("alert http.*misp-url-host", {"http": {"hostname": "web.example", "url": "/a?b=c"}},
     "http://web.example:8080/a?b=c"),
    ("alert http.*misp-url-host", {"http": {"hostname": "web.example", "url": "http://web.example:8080/a?b=c"}},
     "http://web.example:8080/a?b=c"),
    ("misp-ip-to-v4", {"dest_ip": "203.0.113.7"}, "203.0.113.7"),
    ("alert ip \\[.*198.51.100.0/24", {"src_ip": "198.51.100.77"}, "198.51.100.0/24"),
    ("alert ip \\[.*198.51.100.0/24", {"src_ip": "2001:0db8:0001:0000:0000:0000:0000:0005"}, "2001:db8:1::/48"),
    ("misp-ja3", {"tls": {"ja3": {"hash": "e7d705a3286e19ea42f587b344ee6865"}}}, "e7d705a3286e19ea42f587b344ee6865"),
    ("misp-x509", {"tls": {"fingerprint": "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33"}},
     "00112233445566778899aabbccddeeff00112233"),
    ("misp-sha256", {"fileinfo": {"sha256": "ab" * 32}}, "ab" * 32),
    ("misp-sha256", {"files": [{"filename": "/x", "sha256": "ab" * 32}]}, "ab" * 32),
    ("misp-user-agent", {"http": {"http_user_agent": "Evil/1.0"}}, "Evil/1.0"),
]


@pytest.mark.parametrize("rule,fields,value", SEEN, ids=[f"{rule} {json.dumps(fields)[:40]}" for rule, fields, _ in SEEN])
def test_the_value_is_read_from_the_field_that_the_rule_looks_into(site, rule, fields, value):
    line = alert(sid(site, "ids", rule), **fields)
    (out,) = enrich(site, line, "--destination", "ids")
    assert out.startswith(line[:-2] + b',"gapferry":')
    (matched,) = told(out)["matched"]
    assert [one["value"] for one in matched["attributes"]] == [value]
    assert matched["attributes"][0]["event"] == EVENT and matched["attributes"][0]["info"] == "the open event"


@pytest.mark.parametrize("destination", ["literal", "datasets"])
def test_an_alert_at_a_port_names_the_event_of_that_port(bins, destination, tmp_path):
    events = [event(EVENT[:-2] + f"{60 + number}", f"event {number}", "clear",
                    [attribute(60 + number, "ip-dst|port", f"45.66.77.88|{8000 + 2 * number}")]) for number in range(4)]
    pair = open_site(tmp_path, bins, events, [
        {"name": "literal", "format": "suricata", "clearance": "clear"},
        {"name": "datasets", "format": "suricata", "clearance": "clear", "suricata": {**SETS, "prefix": "sets"}}])
    folder = pair.isolated / "artifacts" / destination / "current"
    text = "".join(path.read_text() for path in folder.glob("*.rules"))
    for number in range(4):
        port = 8000 + 2 * number
        wanted = r"alert tcp any any -> 45\S+ \[8000,8002,8004,8006\]" if destination == "literal" else f"port-{port}"
        rule = next(line for line in text.splitlines() if re.search(wanted, line))
        if destination == "literal":
            assert 'msg:"MISP address 45.66.77.88: event 0 (and 3 more attributes)"' in rule
        number_of_rule = int(re.search(r"sid:(\d+)", rule)[1])
        line = alert(number_of_rule, src_ip="10.0.0.9", src_port=4000, dest_ip="45.66.77.88", dest_port=port)
        (matched,) = told(enrich(pair, line, "--destination", destination)[0])["matched"]
        assert [one["info"] for one in matched["attributes"]] == [f"event {number}"]


def test_nothing_above_the_clearance_is_named(site):
    (out,) = enrich(site, alert(sid(site, "ids", "alert dns.*misp-domain-2"), dns={"rrname": "evil.example"}),
                    "--destination", "ids")
    assert b"secret" not in out and SECRET.encode() not in out
    (one,) = told(out)["matched"][0]["attributes"]
    assert one["comment"] == "seen by us" and one["first_seen"] == "2026-10-01T00:00:00+00:00"
    (out,) = enrich(site, alert(sid(site, "ids", "alert dns.*misp-domain-2"), dns={"rrname": "secret.example"}),
                    "--destination", "ids")
    assert told(out)["matched"] == []
    (out,) = enrich(site, alert(sid(site, "green", "alert dns.*evil.example")), "--destination", "green")
    assert [(one["event"], one["tlp"]) for one in told(out)["matched"][0]["attributes"]] == [
        (EVENT, "clear"), (SECRET, "green")]


def test_the_canary_says_that_it_is_one(site):
    (out,) = enrich(site, alert(sid(site, "ids", "alert dns.*misp-domain-2"), dns={"rrname": "canary.example"}),
                    "--destination", "ids")
    assert told(out)["canary"] is True


def test_which_destination_must_be_clear(site):
    assert b"" == b"".join(enrich(site, b"", expect=2))
    enrich(site, b"", "--destination", "nope", expect=7)


def test_what_is_no_alert_of_ours_passes_byte_for_byte(site):
    number = sid(site, "ids", "alert dns.*misp-domain-2")
    mine = alert(number, dns={"rrname": "evil.example"})
    passed = [
        b'{"event_type":"dns","dns":{"rrname":"evil.example"}}\n', alert(7, dns={"rrname": "evil.example"}),
        b'{ "alert" : {"signature_id": -1} }\r\n', b'{"alert":{"signature_id":"x"}}\n', b'{"alert":[]}\n', b"\n",
        json.dumps({"alert": {"gid": 3, "signature_id": number}}).encode() + b"\n",
        enrich(site, mine, "--destination", "ids")[0] + b"\n",
    ]
    out = enrich(site, b"".join(passed) + mine, "--destination", "ids")
    assert b"\n".join(out[:-1]) + b"\n" == b"".join(passed)
    assert told(out[-1])["matched"]


def test_hostile_lines_pass_and_are_counted(site):
    mine = alert(sid(site, "ids", "alert dns.*misp-domain-2"), dns={"rrname": "evil.example"})
    hostile = [
        b"\x00\x01\x02\n", b'{"alert":"\xff\xfe"}\n', b'{"alert":' + b"[" * 100000 + b"}\n",
        b'{"alert":{"signature_id":1},"alert":{}}\n', b'{"alert":{"signature_id":1}\n', b"\x1b]0;title\x07\n",
        b'{"alert":"' + b"x" * (10 << 20) + b'"}\n',
    ]
    done = subprocess.run([site.bins / "gapferry-import", "--home", site.isolated, "enrich", "--destination", "ids"],
                          input=b"".join(hostile) + mine + b'{"cut', capture_output=True, timeout=120)
    assert done.returncode == 5 and b"7 of 9 lines are no event; the first is line 1" in done.stderr
    assert b"\x1b" not in done.stderr
    head = b"".join(hostile)
    assert done.stdout.startswith(head + mine[:-2]) and done.stdout.endswith(b'\n{"cut')
    assert told(done.stdout[len(head):].split(b"\n")[0])["matched"]


def test_a_file_is_read_and_a_pipe_must_be_given_as_input(site, tmp_path):
    (tmp_path / "eve.json").write_bytes(alert(sid(site, "ids", "misp-ip-to-v4"), dest_ip="203.0.113.7"))
    (out,) = enrich(site, b"", "--destination", "ids", tmp_path / "eve.json")
    assert told(out)["matched"]
    os.mkfifo(tmp_path / "pipe")
    enrich(site, b"", "--destination", "ids", tmp_path / "pipe", expect=4)
    enrich(site, b"", "--destination", "ids", tmp_path / "nothing", expect=7)


def test_a_stream_is_answered_at_once_and_a_new_generation_is_noticed(site):
    line = alert(sid(site, "ids", "alert dns.*misp-domain-2"), dns={"rrname": "fresh.example"})
    with subprocess.Popen([site.bins / "gapferry-import", "--home", site.isolated, "enrich", "--destination", "ids"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as stream:
        def ask():
            stream.stdin.write(line)
            assert select.select([stream.stdout], [], [], 60)[0]
            return told(stream.stdout.readline())["matched"]
        assert ask() == []
        (site.events / "2.json").write_text(json.dumps(event(
            "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c43", "fresh", "clear", [attribute(13, "domain", "fresh.example")])))
        site.export("collect")
        site.bundle()
        site.import_("run", site.medium, "--accept-change")
        for _ in range(20):
            matched = ask()
            if matched:
                break
            select.select([], [], [], 0.5)
        assert [one["info"] for one in matched[0]["attributes"]] == ["fresh"]
        stream.stdin.close()
        assert stream.wait(60) == 0
