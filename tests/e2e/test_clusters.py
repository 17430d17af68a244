"""What the galaxies of MITRE ATT&CK say of their clusters, in the snapshot of a MISP. The answer of /galaxies/view is
MADE UP as MISP's source has it; the clusters of the last test are recorded, and their tags are the oracle."""
import json
import re
from pathlib import Path

import pytest

from misp_server import Made, document, failure
from test_misp import site  # noqa: F401

SHARED = Path(__file__).resolve().parents[3] / "shared"


class Galaxies(Made):
    """`held`: of each galaxy its version and clusters."""

    def __init__(self):
        super().__init__(events=1)
        self.held = {"mitre-attack-pattern": ["1", [cluster("DNS - T1071.004", "T1071.004", ["attack-Windows:command-and-control"])]],
                     "tool": ["1", [cluster("X", "T9999", [], "tool")]]}
        self.viewed = []

    def answer(self, method, path, headers, body):
        if path == "/galaxies/index":
            return document([{"Galaxy": {"id": str(number), "uuid": f"uuid-{kind}", "name": kind, "type": kind, "version": version,
                                         "enabled": True}} for number, (kind, (version, _)) in enumerate(self.held.items())])
        match = re.fullmatch("/galaxies/view/uuid-(.*)", path)
        if match is None:
            return super().answer(method, path, headers, body)
        self.viewed.append(match[1])
        if match[1] not in self.held:
            return failure(404, "Invalid galaxy", path)
        return document({"Galaxy": {"uuid": f"uuid-{match[1]}"}, "GalaxyCluster": self.held[match[1]][1]})


def cluster(name, number, phases, kind="mitre-attack-pattern"):
    elements = [("external_id", number), *(("kill_chain", phase) for phase in phases), ("refs", "https://attack.example")]
    return {"value": name, "tag_name": f'misp-galaxy:{kind}="{name}"',
            "GalaxyElement": [{"key": key, "value": value} for key, value in elements]}


def clusters(here):
    said = json.loads(here.pair.export("--json", "context").stdout.splitlines()[0])
    return said["parts"]["clusters"]["rows"]


def test_clusters_are_read_again_only_where_a_version_changed(site):  # noqa: F811
    backend = Galaxies()
    here = site(backend)
    here.collect()
    tag = 'misp-galaxy:mitre-attack-pattern="DNS - T1071.004"'
    assert clusters(here) == {tag: {"name": "DNS - T1071.004", "attack": "T1071.004", "tactics": "command-and-control",
                                    "galaxy": "uuid-mitre-attack-pattern", "version": "1"}}
    here.collect()
    assert backend.viewed == ["mitre-attack-pattern"]
    backend.held["mitre-attack-pattern"] = ["2", [cluster("New - T1700", "T1700", [])]]
    backend.held["mitre-tool"] = ["1", [cluster("Mimikatz - S0002", "S0002", [], "mitre-tool")]]
    here.collect()
    assert [row["attack"] for row in clusters(here).values()] == ["T1700", "S0002"]
    assert "ATT&CK clusters  2" in here.pair.export("context").stdout
    del backend.held["mitre-tool"]
    here.collect()
    assert [row["attack"] for row in clusters(here).values()] == ["T1700"]
    assert backend.viewed.count("mitre-attack-pattern") == 2


def test_galaxies_that_cannot_be_read_stop_nothing(site):  # noqa: F811
    backend = Galaxies()
    here = site(backend, attempts=1)
    here.collect()
    before = clusters(here)
    backend.held["mitre-attack-pattern"][0] = "2"
    here.server.fault = lambda number, method, path: "truncated" if path.startswith("/galaxies/view") else None
    here.collect()
    assert clusters(here) == before and len(here.uuids()) == 1
    here.server.fault = lambda *_: None
    backend.viewed.clear()
    here.collect()
    assert backend.viewed == ["mitre-attack-pattern"]


def test_recorded_clusters_have_the_number_that_their_tag_has(site):  # noqa: F811
    folder = SHARED / "misp-recordings-sync"
    if not folder.is_dir():
        pytest.skip("no recordings of a MISP beside the repository")
    backend = Galaxies()
    backend.held = {}
    expected = {}
    for body in folder.glob("*-view-*/response.body"):
        try:
            galaxies = json.loads(body.read_bytes())["Event"]["Galaxy"]
        except (ValueError, KeyError, TypeError):
            continue
        for row in (row for galaxy in galaxies if galaxy["type"].startswith("mitre-") for row in galaxy["GalaxyCluster"]):
            number = re.search(r"- ([A-Z]+[0-9.]+)\"$", row["tag_name"])
            if number:
                backend.held.setdefault(row["type"], ["1", []])[1].append(row)
                expected[row["tag_name"]] = number[1]
    assert len(expected) > 50
    here = site(backend)
    here.collect()
    found = clusters(here)
    assert {tag: row["attack"] for tag, row in found.items()} == expected
    assert all(row["tactics"] for row in found.values() if "attack-pattern" in row["galaxy"])
