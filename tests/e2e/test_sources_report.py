"""`sources report`: its counts are those that Python makes of the same files; the page is a page."""

import collections
import html.parser
import json

import pytest

from pair import Pair

FEEDS = {"eset": "misp-feeds/eset-derived", "early": "misp-feeds/crowdsec-sensor/0-c1e4a7e",
         "late": "misp-feeds/crowdsec-sensor/5-99f906d"}


@pytest.fixture(scope="module")
def report(tmp_path_factory, bins, corpus):
    folder = tmp_path_factory.mktemp("sources")
    pair = Pair(folder, bins)
    pair.configure_export([{"name": name, "kind": "misp-feed", "path": str(corpus / path)}
                           for name, path in FEEDS.items()], clearance="green")
    pair.export("collect")
    page = folder / "page.html"
    said = pair.export("--json", "sources", "report", "--html", page).stdout
    rows = [json.loads(line) for line in said.splitlines()]
    return {row["source"]: row for row in rows if row["message_type"] == "source_quality"}, page.read_text()


def attributes(folder):
    for path in folder.glob("*-*-*-*-*.json"):
        event = json.loads(path.read_text())["Event"]
        for one in event.get("Attribute", []):
            yield one
        for thing in event.get("Object", []):
            yield from thing.get("Attribute", [])


def test_counts_are_those_of_the_files(report, corpus):
    values = {}
    for name, path in FEEDS.items():
        live = [one for one in attributes(corpus / path) if not one.get("deleted")]
        said = report[0][name]
        assert said["attributes"] == len(live)
        assert said["to_ids"] == sum(bool(one["to_ids"]) for one in live)
        assert said["types"] == dict(collections.Counter(one["type"] for one in live))
        values[name] = {one["value"].lower() for one in live if one["type"].startswith("ip-")}
    # The days of one sensor hold addresses only, so that a set of Python's is the whole truth.
    for name in ("early", "late"):
        assert set(report[0][name]["types"]) <= {"ip-src", "ip-dst"}
        assert report[0][name]["values"] == len(values[name])
    assert report[0]["early"]["shared"]["late"] == len(values["early"] & values["late"])
    assert report[0]["late"]["unique"] == len(values["late"] - values["early"] - values["eset"])


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []
        self.tags = collections.Counter()

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_needs_nothing_but_itself(report):
    page = Page()
    page.feed(report[1])
    assert not page.open and page.tags["table"] == 5 and not page.tags["script"]
