"""STIX 2.1 §3.6: an object that changes keeps its id and gets a later `modified`; one that does not keeps its bytes."""
import json
import re

import pytest

from pair import Pair
from test_enrich import EVENT, attribute, event

TIMES = ["1794182400", "1794200000"]


class Site:
    def __init__(self, folder, bins):
        self.pair = Pair(folder / "pair", bins)
        self.events = folder / "events"
        self.events.mkdir()
        self.pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(self.events)}], clearance="green")
        self.opened = False

    def state(self, attributes, info="first", tlp="green", **more):
        """The objects of the bundle after this event went the whole way."""
        one = event(EVENT, info, tlp, attributes)
        one["Event"].update(more)
        (self.events / "event.json").write_text(json.dumps(one))
        self.pair.export("collect")
        self.pair.bundle()
        if not self.opened:
            self.pair.open_site(clearance="green", destinations=[{"name": "cti", "format": "stix", "clearance": "green"}])
            self.opened = True
        self.pair.import_("import", self.pair.medium)
        self.pair.import_("generate", "--accept-change")
        return self.read()

    def read(self):
        path = self.pair.isolated / "artifacts" / "cti" / "current" / f"{EVENT}.json"
        return {one["id"]: one for one in json.loads(path.read_text())["objects"] if "modified" in one}


ROWS = [attribute(1, "domain", "old.example", timestamp=TIMES[0]), attribute(2, "domain", "new.example", timestamp=TIMES[1])]
TECHNIQUE = {"name": 'misp-galaxy:mitre-attack-pattern="DNS - T1071.004"'}


def check(before, after):
    """Each object that is in both has a later `modified` if and only if anything in it differs."""
    changed = set()
    for name in set(before) & set(after):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", after[name]["modified"])
        assert after[name]["modified"] >= after[name]["created"] == before[name]["created"]
        if before[name] == after[name]:
            continue
        assert after[name]["modified"] > before[name]["modified"], (before[name], after[name])
        changed.add(name.split("--")[0])
    return changed


@pytest.fixture
def site(tmp_path, bins):
    return Site(tmp_path, bins)


def test_what_changes_is_newer_and_what_does_not_stays(site):
    first = site.state(ROWS)
    again = site.state(ROWS + [attribute(3, "domain", "more.example", timestamp=TIMES[0])])
    assert check(first, again) == {"report"}
    # The newest attribute goes, and the event has another name.
    less = site.state(ROWS[:1], info="second")
    assert check(again, less) == {"report"}
    back = site.state(ROWS, info="first")
    assert check(less, back) == {"report"}


def test_other_markings_are_a_change(site):
    tags = [{"name": "tlp:green"}, TECHNIQUE]
    first = site.state(ROWS, Tag=tags)
    wider = site.state(ROWS, Tag=[{"name": "tlp:clear"}, TECHNIQUE])
    assert check(first, wider) == {"report", "indicator", "attack-pattern"}
    back = site.state(ROWS, Tag=tags)
    assert check(wider, back) == {"report", "indicator", "attack-pattern"}


def test_two_changes_with_one_bundle_are_two_versions(site):
    seen = [site.state([ROWS[0], {**ROWS[1], "Tag": [{"name": "tlp:green"}]}], tlp="clear")]
    for clearance, changes in (("clear", {"report"}), ("green", {"report"}), ("green", set())):
        site.pair.configure_import(clearance="green", destinations=[
            {"name": "cti", "format": "stix", "clearance": clearance}])
        site.pair.import_("generate", "--accept-change")
        seen.append(site.read())
        assert check(*seen[-2:]) == changes


def test_a_time_that_is_yet_to_come_is_not_gone_back_from(site):
    first = site.state([attribute(1, "domain", "old.example", timestamp="4102444800"), ROWS[1]])
    after = site.state([attribute(1, "domain", "old.example", timestamp=TIMES[0]), ROWS[1]])
    assert check(first, after) >= {"indicator"}
