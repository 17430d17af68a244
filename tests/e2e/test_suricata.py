"""Rules and datasets against the real engine: every capture that must alert does, every other stays quiet.

The oracle is Suricata itself, reading captures whose content tshark told (corpus/detection).
"""
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engines import built, engine, replay, side_by_side  # noqa: F401, a fixture

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GAPFERRY_CORPUS", ROOT / ".." / "shared" / "corpus")).resolve()
DETECTION = CORPUS / "detection"
DRIVER = Path(os.environ.get("GAPFERRY_BIN", ROOT / "build" / "release" / "bin")) / "detect_driver"
pytestmark = [
    pytest.mark.skipif(not DETECTION.is_dir(), reason=f"no corpus at {CORPUS}"),
    built(DRIVER),
]


def generate(folder, *events, literal_limit=5000, clearance="clear"):
    """The rule file of a generation made from these events."""
    subprocess.run([DRIVER, folder, "suricata", str(literal_limit), clearance, *events], check=True)
    return folder / "artifacts" / "suricata" / "current" / "misp.rules"


# Some captures begin within a connection or hold one side of it; a sensor reads them if it is told to.
PARTIAL = ["--set", "stream.midstream=true", "--set", "stream.async-oneside=true"]


@pytest.mark.parametrize("literal_limit", [5000, 0], ids=["literal", "datasets"])
def test_captures(engine, literal_limit, tmp_path):
    rules = generate(tmp_path / "gen", DETECTION / "made-event.json", literal_limit=literal_limit)
    check = subprocess.run([engine, "-T", "-S", rules, "-l", tmp_path], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr

    truth = json.loads((DETECTION / "made-event-pcaps.json").read_text())
    captures = truth["must_alert"] + truth["must_stay_quiet"]

    def read(name):
        # Three of the quiet ones do name example.com, but within a connection that begins elsewhere.
        settings = PARTIAL if name in truth["must_alert"] else []
        return replay(engine, rules, DETECTION / "pcaps" / name, tmp_path / "out" / name, *settings)

    with ThreadPoolExecutor(side_by_side()) as pool:
        alerts = dict(zip(captures, pool.map(read, captures)))

    assert [name for name in truth["must_alert"] if not alerts[name]] == []
    assert [name for name in truth["must_stay_quiet"] if alerts[name]] == []
    if literal_limit == 0:
        return
    # With a rule for each value the message names what was seen.
    missing = []
    for line in (DETECTION / "made-event-expect.jsonl").read_text().splitlines():
        expected = json.loads(line)
        if not expected["must_fire"]:
            continue
        for capture, where in expected["seen_in"]:
            named = f"MISP {expected['type']} {expected['value']}"[:100].replace(";", ",")
            if expected["type"] != "url":
                named = named.lower().replace("misp", "MISP")
            else:
                named = named.replace("foobar.com:80", "foobar.com")
            if not any(alert["alert"]["signature"].startswith(named) for alert in alerts[capture]):
                missing.append((capture, where, named))
    assert missing == []


def event(path, values):
    """A MISP event with these values as a file."""
    attributes = [
        {"uuid": f"d1a482e7-54b9-43e7-870a-{number:012}", "type": kind, "category": "Network activity",
         "to_ids": True, "timestamp": "1785542400", "value": value}
        for number, (kind, value) in enumerate(values)]
    path.write_text(json.dumps({"Event": {
        "uuid": "f29541e6-7962-4c61-8f6c-2c86de7ca13e", "info": "made", "date": "2026-08-01",
        "timestamp": "1785542400", "threat_level_id": "1", "published": True,
        "Tag": [{"name": "tlp:clear"}], "Attribute": attributes}}))
    return path


# Kind, a value that the capture holds, one that it only nearly holds, the capture, whether sets may hold it.
SEEN = [
    ("email-src", "gurpartap@patriots.in", "artap@patriots.in", "bug-3616-smtp__input.pcap", False),
    ("email-dst", "raj_deol2002in@yahoo.co.in", "raj_deol2002in@yahoo.co", "bug-3616-smtp__input.pcap", False),
    ("user-agent", "Go-http-client/1.1", "Go-http-client/1", "http-request-header-multi__input.pcap", True),
    ("ip-dst", "104.16.253.120", "104.16.253.12", "bug-8336-01-default-track-only__input.pcap", True),
    ("ip-src", "10.230.69.185", "104.16.253.121", "bug-8336-01-default-track-only__input.pcap", True),
    ("ip-dst", "2001:4860:4860::8888", "2001:4860:4860::8889", "community-id-ipv6__input.pcap", True),
    ("ip-dst", "104.16.240.0/20", "104.16.0.0/20", "bug-8336-01-default-track-only__input.pcap", True),
    ("ip-dst|port", "104.16.253.120|443", "104.16.253.120|80", "bug-8336-01-default-track-only__input.pcap", False),
    ("sha256", "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", "00" * 32,
     "http-evader__http-evader-241__input.pcap", True),
]


@pytest.mark.parametrize("kind,seen,unseen,capture,listed", SEEN, ids=[f"{kind} {seen}" for kind, seen, *_ in SEEN])
def test_kinds(engine, kind, seen, unseen, capture, listed, tmp_path):
    for literal_limit in [5000] + [0] * listed:
        for value, fires in ((seen, True), (unseen, False)):
            folder = tmp_path / f"{literal_limit}-{fires}"
            folder.mkdir()
            rules = generate(folder, event(folder / "event.json", [(kind, value)]), literal_limit=literal_limit)
            alerts = replay(engine, rules, DETECTION / "pcaps" / capture, folder / "out")
            assert bool(alerts) == fires, (value, literal_limit)
            # One infected host must not flood: at most one alert a flow and direction.
            assert len(alerts) <= 2 * len({alert["flow_id"] for alert in alerts})


@pytest.mark.parametrize("literal_limit", [100000, 0], ids=["literal", "datasets"])
def test_awkward_values_load(engine, literal_limit, tmp_path):
    """Every byte in every place that takes text, and values at the limits of length."""
    values = []
    for byte in list(range(1, 128)) + [0xE9, 0x20AC]:
        values += [("user-agent", f"agent {chr(byte)} x"), ("user-agent", f"x{chr(byte)}"),
                   ("url", f"http://a.example/{chr(byte)}x"), ("url", f"http://a.example/x?{chr(byte)}")]
    values += [("url", "http://a.example/" + "a" * 764), ("url", "http://a.example/" + "a" * 765),
               ("user-agent", "\u20ac" * 255), ("user-agent", "b" * 765), ("user-agent", "!neg"),
               ("domain", ".".join(["a" * 60] * 4)), ("domain", "-x_y.example"), ("hostname", "xn--bcher-kva.example"),
               ("url", "http://[2001:db8::1]:8080/x"), ("url", "http://198.51.100.1/"),
               ("ja3-fingerprint-md5", "0" * 32), ("x509-fingerprint-sha1", "a" * 40)]
    rules = generate(tmp_path, event(tmp_path / "event.json", values), literal_limit=literal_limit)
    check = subprocess.run([engine, "-T", "-vvv", "-S", rules, "-l", tmp_path], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr
    assert "W: " not in check.stdout + check.stderr
    # -T passes over lines that it cannot read, so what it loaded is compared with what was written.
    log = check.stdout + check.stderr
    for path in Path(rules).parent.glob("*.lst"):
        lines = path.read_bytes().split(b"\n")
        assert lines.pop() == b"" and max(map(len, lines)) < 1024
        loaded = re.search(rf"dataset: {path.stem} loaded (\d+) records", log)
        if loaded:  # version 8 does not say
            assert int(loaded.group(1)) == len(lines), path.name
