"""Killed at any request of a later round, from a MISP as from a feed: the next run ends with the mirror of a run that
nobody interrupted. The first round is in test_misp.py. The servers are made up."""
import os
import shutil
import signal
import subprocess

import pytest

from misp_server import KEY, Made, Server, event, kill_at, mirror
from pair import Pair
from test_web_feed import Files, feed

NOW = {**os.environ, "SOURCE_DATE_EPOCH": "1790001000"}


class Rounds:
    """A home after a first round, and copies of it for the second."""

    def __init__(self, folder, bins, backend, key, source):
        self.program = str(bins / "gapferry-export")
        self.folder = folder
        self.server = Server(backend, key)
        pair = Pair(folder / "first", bins)
        pair.configure_export([{"name": "one", "url": self.server.url + source.pop("at", ""), "default_tlp": "amber",
                                "attempts": 1, **source}], clearance="green")
        pair.export("collect", env=NOW)
        self.home = pair.connected
        self.command = [self.program, "--home", "", "collect"]

    def copy(self):
        home = self.folder / "copy"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.home, home)
        self.server.log.clear()
        self.command[2] = str(home)
        return home

    def collect(self, expect=0):
        done = subprocess.run(self.command, env=NOW, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == expect, done.stderr

    def killed_at(self, stop):
        assert kill_at(self.server, stop, self.command, env=NOW) == -signal.SIGKILL, stop

    def check(self, least):
        before = mirror(self.home)
        home = self.copy()
        self.collect()
        whole, requests = mirror(home), len(self.server.log)
        assert whole != before and requests >= least
        for stop in range(1, requests + 1):
            home = self.copy()
            self.killed_at(stop)
            assert mirror(home) == before or stop == requests, "written at once, at the end"
            self.server.log.clear()
            self.collect()
            assert mirror(home) == whole, stop
            assert len(self.server.log) <= requests + 1


@pytest.fixture
def rounds(tmp_path, bins):
    made = []

    def make(backend, secret=None, **source):
        (tmp_path / "first").mkdir()
        made.append(Rounds(tmp_path, bins, backend, secret, source))
        return made[-1]
    yield make
    for one in made:
        one.server.stop()


@pytest.mark.parametrize("hidden", [False, True], ids=["by-view", "by-search"])
def test_a_second_round_of_a_misp(rounds, tmp_path, hidden):
    (tmp_path / "misp.key").write_text(KEY)
    (tmp_path / "misp.key").chmod(0o600)
    backend = Made(events=8)
    if hidden:
        backend.tags = [{"name": "held", "exportable": False, "count": 1, "attribute_count": 0}]
    here = rounds(backend, KEY, kind="misp", key=f"file:{tmp_path}/misp.key")
    rows = list(backend.events.values())
    for row in rows[:3]:  # changed
        row.update(timestamp="1790000500", info="new")
    del backend.events[rows[3]["uuid"]]  # deleted
    rows[4]["published"] = False  # withdrawn
    rows[5].update(published=False, timestamp="1790000900")  # being edited
    rows[6]["Attribute"][0]["Sighting"] = [{"id": "1", "type": "0", "date_sighting": "1790000001"}]
    backend.events[event(9)["uuid"]] = event(9)
    backend.lists["7"].update(version="4", list=["a.example", "b.example"])
    backend.lists["8"]["enabled"] = True
    here.check(least=15)


def test_a_second_round_of_a_feed(rounds):
    events = [event(number) for number in range(1, 6)]
    backend = Files(feed(events))
    here = rounds(backend, kind="misp-feed", at="/feed")
    events[0].update(timestamp="1790000700", info="x")
    events[1].update(timestamp="1790000700", info="y")
    events[2].update(protected=True, timestamp="1790000701")
    del events[3]
    events.append(event(9))
    backend.files = feed(events)
    here.check(least=5)


def test_a_second_round_of_a_list(rounds):
    backend = Files({"/list.txt": b"evil1.com\nevil2.com\n"})
    here = rounds(backend, kind="freetext", at="/list.txt")
    backend.files["/list.txt"] = b"evil2.com\nevil3.com\n"
    here.check(least=1)
