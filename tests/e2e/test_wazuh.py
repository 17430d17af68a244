"""Wazuh: what its rules look up is what Suricata logs, key for key. The manager itself is packaged nowhere."""
import json
import subprocess
import xml.etree.ElementTree as xml

import pytest

from engines import built, engine, missing  # noqa: F401, a fixture
from events import DRIVER, generate
from test_suricata_values import scapy

pytestmark = built(DRIVER)


def read_list(path):
    """key → value as the list compiler of 4.14 reads them: a quoted key ends at the next quote, any other at the first
    colon; the first of two equal keys counts, and a line without a colon or with a stray quote is dropped."""
    table = {}
    for line in path.read_bytes().split(b"\n")[:-1]:
        line = line.replace(b"\r", b"")
        if line.startswith(b'"'):
            key, quote, rest = line[1:].partition(b'"')
            assert quote and rest.startswith(b":"), line
            value = rest[1:]
        else:
            key, colon, value = line.partition(b":")
            assert colon and b'"' not in key, line
        table.setdefault(key, value)
    return table


def rules(folder):
    """(parents, field, lookup, list) of each rule."""
    tree = xml.fromstring("<x>" + (folder / "misp_rules.xml").read_text() + "</x>")
    return [(rule.find("if_sid").text.split(","), rule.find("list").get("field"), rule.find("list").get("lookup"),
             rule.find("list").text.rsplit("/", 1)[1]) for rule in tree.iter("rule")]


def smtp(sender):
    """A mail with this path in MAIL FROM."""
    ends, ports = ("10.9.8.7", "45.66.77.88"), (2000, 25)
    packets, seq = [], [100, 500]

    def send(side, flags, data=b""):
        other = 1 - side
        head = scapy.IP(src=ends[side], dst=ends[other]) / scapy.TCP(
            sport=ports[side], dport=ports[other], flags=flags, seq=seq[side], ack=0 if flags == "S" else seq[other])
        packets.append(head / data if data else head)
        seq[side] += len(data) + ("S" in flags or "F" in flags)
    for side, flags in ((0, "S"), (1, "SA"), (0, "A")):
        send(side, flags)
    for side, data in ((1, "220 x ESMTP"), (0, "EHLO h"), (1, "250 x"), (0, f"MAIL FROM:<{sender}> SIZE=10"), (1, "250 ok"),
                       (0, "RCPT TO:<a@b.example>"), (1, "250 ok"), (0, "DATA"), (1, "354 go"),
                       (0, "Subject: hi\r\n\r\nbody\r\n."), (1, "250 ok"), (0, "QUIT"), (1, "221 bye")):
        send(side, "PA", data.encode() + b"\r\n")
    for side, flags in ((0, "FA"), (1, "FA"), (0, "A")):
        send(side, flags)
    return packets


def test_the_sender_that_suricata_logs_is_a_key(engine, tmp_path):
    folder, _ = generate(tmp_path / "gen", "wazuh", [("email-src", "bad+x@evil.example")])
    (parents, field, lookup, name), = [rule for rule in rules(folder) if rule[3] == "misp-emails"]
    assert lookup == "match_key"
    table = read_list(folder / name)
    for sender, listed in (("bad+x@evil.example", True), ("xbad+x@evil.example", False)):
        capture, out = tmp_path / "t.pcap", tmp_path / sender
        scapy.wrpcap(str(capture), smtp(sender))
        out.mkdir()
        subprocess.run([engine, "-r", capture, "-k", "none", "-S", "/dev/null", "-l", out, "--runmode", "single"], check=True,
                       capture_output=True)
        logged = [json.loads(line) for line in (out / "eve.json").read_text().splitlines()]
        found = []
        for line in logged:
            value = line
            for step in field.split("."):
                value = value.get(step, {}) if isinstance(value, dict) else {}
            if isinstance(value, str):
                found.append((line["event_type"], value.encode() in table))
        assert ("smtp", listed) in found, found
    # 86600 is the manager's rule for every line of EVE that no other rule of it takes.
    assert "86600" in parents
