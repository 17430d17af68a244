"""Several sites in one configuration: `bundle --all`, `run --due`, and a site that fails."""

import json
import os
import pathlib
import subprocess

import pytest

from pair import Pair

DAY = 86400
START = 1794268800  # 2026-11-10
UNITS = pathlib.Path(__file__).parents[2] / "packaging" / "systemd"


def at(day):
    return {**os.environ, "SOURCE_DATE_EPOCH": str(START + int(day * DAY))}


@pytest.fixture
def sites(tmp_path, bins):
    """Two sites: one weekly, one that wants a bundle every day."""
    pair = Pair(tmp_path, bins, "north")
    pair.export("init", "--site", "south")
    event = {"uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c11", "info": "e", "date": "2026-11-01", "timestamp": "1794182400",
             "published": True, "threat_level_id": "2", "analysis": "2", "Tag": [{"name": "tlp:clear"}],
             "Attribute": [{"uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c12", "type": "domain", "value": "a.example",
                            "category": "Network activity", "to_ids": True, "timestamp": "1794182400"}]}
    (tmp_path / "event.json").write_text(json.dumps({"Event": event}))
    config = {"sources": [{"name": "feed", "kind": "misp-event", "path": str(tmp_path / "event.json")}],
              "sites": [{"name": "north", "clearance": "green", "days_between": 7, "to": str(tmp_path / "north")},
                        {"name": "south", "clearance": "green", "days_between": 1, "to": str(tmp_path / "south")}]}
    (pair.connected / "export.yml").write_text(json.dumps(config))
    for name in ("north", "south"):
        (tmp_path / name).mkdir()
    pair.config = config
    return pair


def written(done):
    said = (json.loads(line) for line in done.stdout.splitlines())
    return {line["site"]: line["seq"] for line in said if line["message_type"] == "bundle"} if done.stdout else {}


def test_all_sites_get_a_bundle(sites):
    sites.export("collect")
    assert written(sites.export("bundle", "--all", "--json", env=at(0))) == {"north": 1, "south": 1}
    for name in ("north", "south"):
        assert list((sites.folder / name).glob(f"{name}-000001-full.gfb"))
    assert "north 1.2 full, south 1.2 full" in sites.export("bundle", "--all", "--kind", "full", env=at(1)).stdout


def test_all_is_for_all(sites):
    sites.export("collect")
    assert "exclude" in sites.export("bundle", "--all", "--site", "north", expect=2).stderr
    assert "name one with --site" in sites.export("bundle", expect=2).stderr


def test_only_sites_that_are_due_are_served(sites):
    assert written(sites.export("run", "--due", "--json", env=at(0))) == {"north": 1, "south": 1}
    assert written(sites.export("run", "--due", "--json", env=at(0.5))) == {}
    # The timer may fire a little early.
    assert written(sites.export("run", "--due", "--json", env=at(1 - 0.01))) == {"south": 2}
    assert "no site is due" in sites.export("run", "--due", env=at(1.5)).stdout
    assert written(sites.export("run", "--due", "--json", env=at(7))) == {"north": 2, "south": 3}
    assert written(sites.export("run", "--json", env=at(7))) == {"north": 3, "south": 4}


def test_a_site_that_fails_keeps_no_other_from_its_bundle(sites):
    sites.export("collect")
    sites.config["sites"][0]["to"] = str(sites.folder / "event.json")  # no folder
    (sites.connected / "export.yml").write_text(json.dumps(sites.config))
    done = sites.export("bundle", "--all", expect=5)
    assert "north FAILED, south 1.1 full" in done.stdout
    assert "site north" in done.stderr and "1 of 2 sites got no bundle" in done.stderr
    assert list((sites.folder / "south").glob("south-000001-full.gfb"))


def test_the_units_are_units(tmp_path, bins, oracle):
    analyze = oracle("systemd-analyze")
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/usr/bin/gapferry-export", str(bins / "gapferry-export"))
        (tmp_path / unit.name).write_text("\n".join(l for l in text.splitlines() if not l.startswith("Documentation=")))
    done = subprocess.run([analyze, "verify", *map(str, tmp_path.iterdir())], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
