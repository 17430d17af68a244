"""Rules and datasets against the real engine: every capture that must alert does, every other stays quiet.

The oracle is Suricata itself, reading captures whose content tshark told (corpus/detection).
"""
import json
import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GAPFERRY_CORPUS", ROOT / ".." / "shared" / "corpus")).resolve()
DETECTION = CORPUS / "detection"
DRIVER = Path(os.environ.get("GAPFERRY_BIN", ROOT / "build" / "release" / "bin")) / "detect_driver"
ENGINES = {
    "suricata7": shutil.which("suricata"),
    "suricata8": shutil.which("/opt/gapferry-oracles/bin/suricata8"),
}

pytestmark = [
    pytest.mark.skipif(not DETECTION.is_dir(), reason=f"no corpus at {CORPUS}"),
    pytest.mark.skipif(not DRIVER.exists(), reason=f"{DRIVER} is not built"),
]


def generate(folder, *events, literal_limit=5000, clearance="clear"):
    """The rule file of a generation made from these events."""
    subprocess.run([DRIVER, folder, "suricata", str(literal_limit), clearance, *events], check=True)
    return folder / "artifacts" / "suricata" / "current" / "misp.rules"


# Some captures begin within a connection or hold one side of it; a sensor reads them if it is told to.
PARTIAL = ["--set", "stream.midstream=true", "--set", "stream.async-oneside=true"]


def replay(engine, rules, capture, folder, *settings):
    """The alerts that this capture gives."""
    folder.mkdir(parents=True)
    subprocess.run(
        [engine, "-r", capture, "-k", "none", "-S", rules, "-l", folder,
         "--set", "packet-alert-max=255", "--runmode", "single", *settings],
        check=True, capture_output=True, timeout=120)
    lines = (folder / "eve.json").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event_type"] == "alert"]


@pytest.fixture(params=sorted(ENGINES))
def engine(request):
    if ENGINES[request.param] is None:
        pytest.skip(f"{request.param} is not installed")
    return ENGINES[request.param]


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

    with ThreadPoolExecutor(os.cpu_count()) as pool:
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
