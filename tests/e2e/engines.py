"""Suricata 7 and 8: where they are, and what they say about a capture."""
import functools
import json
import os
import re
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


def built(program):
    """A mark: without this program there is nothing to test. Where the oracles are required it fails instead."""
    required = os.environ.get("GAPFERRY_REQUIRE_ORACLES")
    return pytest.mark.skipif(not program.exists() and not required, reason=f"{program} is not built")


@functools.cache
def small(engine):
    """Settings of an engine that reads one small capture and ends: tables of no size, and no counters, for whose thread
    it waits a second at its end. What it detects is as it is configured."""
    lines = subprocess.run([engine, "--dump-config"], check=True, capture_output=True, text=True).stdout.splitlines()
    counters = [line.removesuffix(" = stats") for line in lines if re.fullmatch(r"outputs\.\d+\.eve-log\.types\.\d+ = stats", line)]
    assert len(counters) == 1, counters
    settings = [f"{counters[0]}.stats.enabled=no", "stats.enabled=no", "max-pending-packets=64",
                "flow.hash-size=1024", "flow.prealloc=16", "stream.prealloc-sessions=16", "defrag.hash-size=1024",
                "defrag.trackers=64", "defrag.prealloc=no", "host.hash-size=64", "host.prealloc=16",
                "ippair.hash-size=64", "ippair.prealloc=16"]
    return [word for setting in settings for word in ("--set", setting)]


def side_by_side():
    """How many engines to run at once: each waits half its time for threads of its own."""
    return 2 * os.cpu_count()


def replay(engine, rules, capture, folder, *settings):
    """The alerts that this capture gives."""
    folder.mkdir(parents=True)
    subprocess.run(
        [engine, "-r", capture, "-k", "none", "-S", rules, "-l", folder, *small(engine),
         "--set", "packet-alert-max=255", "--runmode", "single", *settings],
        check=True, capture_output=True, timeout=120)
    lines = (folder / "eve.json").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event_type"] == "alert"]


@pytest.fixture(params=sorted(ENGINES))
def engine(request):
    if ENGINES[request.param] is None:
        missing(f"{request.param} is not installed")
    return ENGINES[request.param]


def may_name(folder):
    """Whether an alert of a capture may name a value: what tshark read there, and domains above those names."""
    seen = {}
    for line in (folder / "pcap-truth.jsonl").read_text().splitlines():
        truth = json.loads(line)
        seen[truth["file"]] = truth

    def may(capture, value):
        truth = seen[capture]
        names = {name.lower().rstrip(".") for key in ("dns", "host", "sni") for name in truth[key]}
        return value in truth["url"] or any(f".{name}".endswith(f".{value.lower()}") for name in names)
    return may
