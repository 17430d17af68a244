"""Suricata 7 and 8: where they are, and what they say about a capture."""
import json
import os
import shutil
import subprocess

import pytest

ENGINES = {
    "suricata7": shutil.which("suricata"),
    "suricata8": shutil.which("/opt/gapferry-oracles/bin/suricata8"),
}


def missing(why):
    """Where the oracles are required a missing one is a failure, never a skip."""
    (pytest.fail if os.environ.get("GAPFERRY_REQUIRE_ORACLES") else pytest.skip)(why)


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
        missing(f"{request.param} is not installed")
    return ENGINES[request.param]
