"""`sources report`: its counts are those that Python makes of the same files; the page is a page."""

import collections
import html.parser
import json
import os
import random
import time

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
        meant = [one for one in live if one["to_ids"]] or live
        values[name] = {one["value"].lower() for one in meant if one["type"].startswith("ip-")}
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


# --- sources that are one list of values

DAY = 86400
START = 1764547200  # 2025-12-01


def quality(pair, day):
    said = pair.export("--json", "sources", "report", env=at(day)).stdout
    return {row["source"]: row for row in map(json.loads, said.splitlines()) if row["message_type"] == "source_quality"}


def at(day):
    return {**os.environ, "SOURCE_DATE_EPOCH": str(START + day * DAY)}


def stamp(day):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + day * DAY))


@pytest.mark.parametrize("kind", ["freetext", "csv"])
def test_a_list_that_nobody_changes_grows_old(tmp_path, bins, kind):
    pair = Pair(tmp_path, bins)
    (tmp_path / "list.txt").write_text("".join(f"evil{i}.com\n" for i in range(30))
                                       + "".join(f"203.0.113.{i}\n" for i in range(20)))
    pair.configure_export([{"name": "static", "kind": kind, "path": str(tmp_path / "list.txt"),
                            "default_tlp": "clear"}], clearance="green")
    for day in range(0, 361, 10):
        pair.export("collect", env=at(day))
    row = quality(pair, 360)["static"]
    assert row["newest"] == stamp(0) and row["counted"] == "values" and row["churn_percent"] == 0
    assert row["ages"] == {"up to 7 days": 0, "up to 30 days": 0, "up to 90 days": 0, "up to a year": 50, "older": 0,
                           "no time given": 0}
    # Addresses live 180 days, names 730.
    assert row["dead"] == 20 and row["advice"] == "review"
    assert any("nothing new for 360 days" in reason for reason in row["reasons"]), row["reasons"]
    row = quality(pair, 731)["static"]
    assert row["dead"] == 50 and row["advice"] == "drop"
    assert any("100 % of what it offers to sensors is past the life" in reason for reason in row["reasons"])
    said = pair.export("sources", "report", env=at(360)).stdout
    assert "0 % of its values move a run" in said and "newest 2025-12-01" in said


@pytest.mark.parametrize("merge", [True, False], ids=["delta-merge", "kept"])
def test_churn_and_age_are_those_of_the_values(tmp_path, bins, merge):
    """The oracle is the list of lists itself: who came and went, and since when each is there."""
    chance = random.Random(5)
    pair = Pair(tmp_path, bins)
    file = tmp_path / "list.txt"
    pair.configure_export([{"name": "moving", "kind": "freetext", "path": str(file), "default_tlp": "clear",
                            "feed": {"delta_merge": merge, "keep_days": 20}}], clearance="green")
    listed, since, gone, moved, days = set(), {}, {}, [], list(range(0, 300, 12))
    for day in days:
        now = {f"198.51.100.{chance.randrange(256)}" for _ in range(8)} | set(
            chance.sample(sorted(listed), len(listed) * 9 // 10))
        file.write_text("\n".join(sorted(now)) + "\n")
        pair.export("collect", env=at(day))
        came, left = 0, 0
        for value in now:
            if value in gone:  # kept, and news again; nothing came
                since[value] = day
                del gone[value]
            elif value not in since:
                since[value] = day
                came += 1
        for value in sorted(since.keys() - now):
            gone.setdefault(value, day)
            if merge or day - gone[value] >= 20:
                del since[value], gone[value]
                left += 1
        moved.append(came + left)
        listed = now
    end = days[-1] + 100
    row = quality(pair, end)["moving"]
    assert row["attributes"] == row["values"] == len(since)
    assert row["newest"] == stamp(max(since.values()))
    assert row["dead"] == sum(end - day > 180 for day in since.values()) > 0
    assert [run["added"] + run["removed"] for run in row["runs"]] == moved
    churn = 100 * sum(moved[1:]) / (len(since) * (len(days) - 1))
    assert abs(row["churn_percent"] - churn) <= 0.5 and row["churn_percent"] > 0
    for name, low, high in (("up to 7 days", -1, 7), ("up to 90 days", 30, 90), ("up to a year", 90, 365)):
        assert row["ages"][name] == sum(low < end - day <= high for day in since.values())


def test_churn_of_events_is_that_of_the_files(tmp_path, bins):
    pair = Pair(tmp_path, bins)
    (tmp_path / "events").mkdir()
    pair.configure_export([{"name": "events", "kind": "misp-event", "path": str(tmp_path / "events")}], clearance="green")

    def put(number, day):
        event = {"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6e{number:02x}", "info": "e", "date": "2025-12-01",
                 "timestamp": str(START + day * DAY), "published": True, "threat_level_id": "2", "analysis": "2",
                 "Attribute": [{"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6d{number:02x}", "type": "ip-dst",
                                "value": f"203.0.113.{number}", "category": "Network activity", "to_ids": True,
                                "timestamp": str(START + day * DAY)}]}
        (tmp_path / "events" / f"{number}.json").write_text(json.dumps({"Event": event}))
    for number in range(10):
        put(number, number)
    pair.export("collect", env=at(20))
    put(0, 21)
    put(10, 21)
    (tmp_path / "events" / "1.json").unlink()
    pair.export("collect", env=at(21))
    pair.export("collect", env=at(22))
    row = quality(pair, 184)["events"]
    # Three of ten moved in the first of two runs after the first.
    assert row["churn_percent"] == 15 and row["counted"] == "events"
    assert row["newest"] == stamp(21) and row["dead"] == 2, "days 2 and 3 of 2 to 9 and twice 21"
