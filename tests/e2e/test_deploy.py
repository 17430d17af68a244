"""Reload commands, the way back when one fails, `generate --diff` and `--only`."""

import json
import os

import pytest

from pair import Pair


def event(names):
    return {"Event": {
        "uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c31", "info": "e", "date": "2026-11-01", "published": True,
        "timestamp": str(1794182400 + len(names)), "threat_level_id": "2", "analysis": "2", "Tag": [{"name": "tlp:green"}],
        "Attribute": [{"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f8c{n:02}", "type": "domain", "value": name, "to_ids": True,
                       "category": "Network activity", "timestamp": "1794182400"} for n, name in enumerate(names)]}}


class Site:
    """Two destinations; the reload of one copies what it finds under `current` and ends as told by a file."""

    def __init__(self, folder, bins):
        self.folder = folder
        self.pair = Pair(folder / "pair", bins)
        self.event = folder / "event.json"
        self.pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(self.event)}], clearance="green")
        self.state(["a.example"])
        self.loaded, self.verdict = folder / "loaded.rules", folder / "verdict"
        script = folder / "reload"
        script.write_text(f'#!/bin/sh\ncp "$1/misp.rules" {self.loaded}\necho called >>{folder}/calls\n'
                          f'test ! -e {self.verdict} || {{ rm {self.verdict}; echo no; exit 1; }}\n')
        script.chmod(0o755)
        self.pair.open_site(clearance="green", destinations=[
            {"name": "ids", "format": "suricata", "clearance": "green", "reload": [str(script), "{}"]},
            {"name": "lists", "format": "edl", "clearance": "green"}])

    def state(self, names):
        self.event.write_text(json.dumps(event(names)))
        self.pair.export("collect")
        self.pair.bundle()

    def run(self, *arguments, expect=0):
        self.pair.import_("import", self.pair.medium, expect=None)
        return self.pair.import_("generate", *arguments, expect=expect)

    def rules(self, name="ids", file="misp.rules"):
        return (self.pair.isolated / "artifacts" / name / "current" / file).read_text()

    def calls(self):
        file = self.folder / "calls"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def site(tmp_path, bins):
    return Site(tmp_path, bins)


def test_the_consumer_is_told_when_something_changed_and_only_then(site):
    site.run()
    assert site.loaded.read_text() == site.rules() and site.calls() == 1
    site.run()
    assert site.calls() == 1
    site.state(["a.example", "b.example"])
    site.run()
    assert site.calls() == 2 and "b.example" in site.loaded.read_text()


def test_a_reload_that_fails_brings_the_generation_before_back(site):
    site.run()
    before = site.rules()
    site.state(["a.example", "b.example"])
    site.verdict.touch()
    done = site.run(expect=23)
    assert "the reload of ids failed" in done.stderr and "the generation before is in use again" in done.stderr
    assert site.rules() == before == site.loaded.read_text(), "the consumer has what it had"
    assert site.calls() == 3
    assert "b.example" in site.rules("lists", "misp-domain.txt"), "the other destination goes on"
    site.run()
    assert "b.example" in site.rules() and "b.example" in site.loaded.read_text()


def test_without_a_generation_before_nothing_is_in_use(site):
    site.verdict.touch()
    site.run(expect=23)
    assert not os.path.lexists(site.pair.isolated / "artifacts" / "ids" / "current")
    site.run()
    assert site.rules() == site.loaded.read_text()


def test_a_reload_that_a_crash_kept_away_is_made_up_for(site):
    site.run()
    (site.pair.isolated / "artifacts" / "ids" / "reload.pending").touch()
    site.run()
    assert site.calls() == 2
    site.run()
    assert site.calls() == 2


def test_a_preview_changes_nothing(site):
    site.run()
    before = {path: path.read_bytes() for path in (site.pair.isolated / "artifacts").rglob("*") if path.is_file() and path.name != "lock"}
    site.state(["a.example", "b.example", "c.example"])
    said = site.run("--diff", "--accept-change", "--json").stdout
    lists = next(json.loads(line) for line in said.splitlines() if '"lists"' in line)
    assert lists["outcome"] == "would change"
    change = next(one for one in lists["changes"] if one["file"] == "misp-domain.txt")
    assert change["lines_removed"] == 0 and sorted(change["added"]) == ["*.b.example", "*.c.example", "b.example", "c.example"]
    after = {path: path.read_bytes() for path in (site.pair.isolated / "artifacts").rglob("*") if path.is_file() and path.name != "lock"}
    assert after == before and site.calls() == 1
    # Ids that a preview gave are given again.
    site.run("--accept-change")
    new = set(site.rules().splitlines()) - set(before[next(path for path in before if path.name == "misp.rules")].decode().splitlines())
    ids = next(json.loads(line) for line in said.splitlines() if '"ids"' in line)
    assert set(next(one for one in ids["changes"] if one["file"] == "misp.rules")["added"]) <= new


def test_only_what_was_named(site):
    site.run("--only", "lists")
    assert (site.pair.isolated / "artifacts" / "lists" / "current").exists()
    assert not (site.pair.isolated / "artifacts" / "ids").exists()
    assert 'did you mean "lists"' in site.run("--only", "list", expect=7).stderr
