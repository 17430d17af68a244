"""Collecting from MISP. Oracles: what a real MISP 2.5.1 answered, and what its own database said of the same state
(EXPECT.json of the recordings); and, for faults that were not recorded, a run without them."""
import json
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from misp_server import (KEY, OPERATOR_KEY, Made, Recorded, Server, attribute, document, event, failure, kill_at, mirror,
                         tag)
from pair import Pair
from plain import places


def recordings():
    """GAPFERRY_RECORDINGS, else beside the corpus."""
    folder = os.environ.get("GAPFERRY_RECORDINGS")
    if folder is None:
        corpus = os.environ.get("GAPFERRY_CORPUS")
        folder = Path(corpus).parent / "misp-recordings-sync" if corpus else None
    if folder is None or not Path(folder).is_dir():
        pytest.skip("no recordings of a MISP: GAPFERRY_RECORDINGS names none")
    return Path(folder)


class Site:
    """A home with one source of kind misp that asks `backend`."""

    def __init__(self, folder, bins, backend, **source):
        self.pair = Pair(folder, bins)
        self.home = self.pair.connected
        self.server = Server(backend)
        self.key_file = folder / "misp.key"
        self.key_file.write_text(KEY + "\n")
        self.key_file.chmod(0o600)
        self.configure(**source)

    def configure(self, **source):
        self.pair.configure_export(
            [{"name": "misp", "kind": "misp", "url": self.server.url, "key": f"file:{self.key_file}",
              "default_tlp": "amber", **source}], clearance="green")

    def collect(self, expect=0, env=None):
        done = self.pair.export("collect", "--json", expect=expect, env=env)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        done.report = lines[0] if lines else None
        return done

    def mirror(self):
        return mirror(self.home)

    def uuids(self):
        return {fields["uuid"].hex() for _, fields in self.mirror()["event"]}


@pytest.fixture
def site(tmp_path, bins):
    sites = []

    def make(backend, name="pair", **source):
        sites.append(Site(tmp_path / name, bins, backend, **source))
        return sites[-1]
    (tmp_path / "pair").mkdir()
    yield make
    for made in sites:
        made.server.stop()


def requests(site):
    """Without those for the list of sightings, which every run asks for."""
    return [f"{method} {path.split('/deleted')[0]}" for method, path, _ in site.server.log
            if not path.startswith("/sightings/")]


# --- the recorded run

def check_against(expect, tables, listed, all_tags):
    """The mirror holds exactly the listed events, as the server's own database described them."""
    events = {fields["uuid"].hex(): fields for _, fields in tables["event"]}
    rows = {uuid.replace("-", ""): row for uuid, row in expect.items() if uuid in listed}
    assert events.keys() == rows.keys()
    for uuid, row in rows.items():
        head = events[uuid]
        assert (head["timestamp"], head["published"], head["distribution"], head["orgc_name"]) == (
            row["timestamp"], row["published"], row["distribution"], row["orgc"]), row["id"]
        expected = sorted((t["name"], bool(t["local"]), bool(t["exportable"])) for t in row["tags"]
                          if t["exportable"] or all_tags)
        assert head["tags"] == expected, row["id"]
        attributes = [fields for owner, fields in tables["attribute"] if owner[1] == uuid]
        seen = row["reader_visible"]
        live = [fields for fields in attributes if not fields["flags"] & 2]
        assert len(live) == seen["attributes_live"], row["id"]
        # Views never show another organisation's soft-deleted attributes.
        assert len(attributes) - len(live) <= seen["attributes_deleted"], row["id"]
        objects = [fields for owner, fields in tables["object"] if owner[1] == uuid and not fields["deleted"]]
        assert len(objects) == seen["objects_live"], row["id"]
        by_attribute = {}
        for t in row["attribute_tags"]:
            if not t["attribute_deleted"] and (t["exportable"] or all_tags):
                by_attribute.setdefault(t["attribute_uuid"].replace("-", ""), []).append(
                    (t["name"], bool(t["local"]), bool(t["exportable"])))
        for fields in live:
            assert fields["tags"] == sorted(by_attribute.get(fields["uuid"].hex(), [])), row["id"]


@pytest.mark.parametrize("hidden_tags", [True, False], ids=["by-search", "by-view"])
def test_the_mirror_is_what_the_database_says(site, hidden_tags):
    folder = recordings()
    expect = json.loads((folder / "EXPECT.json").read_text())
    backend = Recorded(folder, hidden_tags)
    here = site(backend)
    done = here.collect()
    listed = {row["uuid"] for row in backend.index()}
    check_against(expect["before"], here.mirror(), listed, hidden_tags)
    notes = " ".join(done.report["notes"])
    assert "MISP 2.5.1, role Read Only, organisation PARTNER-CERT" in notes
    assert ("holdout:no-export" in notes) == hidden_tags
    assert len({row[0] for row in here.mirror()["list"]}) == len(Recorded.lists)

    # Nothing new: the index is not sent again, and no event is asked for.
    here.server.log.clear()
    done = here.collect()
    assert done.report["unchanged"] == len(listed) and done.report["changed"] == 0
    assert not [line for line in requests(here) if "events/view" in line or "restSearch" in line or "export" in line]

    before = here.mirror()
    backend.round2 = True
    here.server.log.clear()
    done = here.collect()
    listed = {row["uuid"] for row in backend.index()}
    check_against(expect["after"], here.mirror(), listed, hidden_tags)
    # Events 66, 58 and 68 were published again; 67 was deleted and 71 unpublished, and only they were asked for.
    assert done.report["changed"] == 3 and done.report["removed"] == 2
    assert done.report["gone"] == {"deleted": 1, "unpublished": 1}
    assert len([line for line in requests(here) if "events/view" in line or "restSearch" in line]) == 5
    assert here.mirror() != before


def test_an_event_whose_answer_is_missing_does_not_stop_the_rest(site):
    backend = Recorded(recordings())
    backend.without_body = set()
    here = site(backend, attempts=1)  # the search answers nothing for it
    done = here.collect(expect=5)
    assert done.report["refused_count"] == 1 and "6b0d8bfe-6a8e-4961-a39d-55f11eba22aa" in str(done.report["refused"])
    assert len(here.uuids()) == len(backend.index()) - 1


# --- from here on, a server that is made up

def test_events_come_and_go(site):
    backend = Made()
    here = site(backend)
    here.collect()
    assert len(here.uuids()) == 6
    rows = list(backend.events.values())
    rows[0]["Attribute"][0]["value"] = "changed.example"
    rows[0]["timestamp"] = "1790000500"
    rows[1]["published"] = False                                    # withdrawn: its timestamp stays
    del backend.events[rows[2]["uuid"]]
    backend.unlisted.add(rows[3]["uuid"])                           # a faulty index
    done = here.collect()
    assert done.report["gone"] == {"deleted": 1, "unpublished": 1}
    assert "1 events are missing in the server's index" in " ".join(done.report["notes"])
    assert here.uuids() == {rows[i]["uuid"].replace("-", "") for i in (0, 3, 4, 5)}
    assert any(fields["value"] == "changed.example" for _, fields in here.mirror()["attribute"])


def test_an_event_that_is_edited_stays_as_it_was_published(site):
    """MISP takes an event out of its index while it is edited (recording 248)."""
    backend = Made()
    here = site(backend)
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1790001000"}
    here.collect(env=env)
    before = here.mirror()
    row = next(iter(backend.events.values()))
    row["published"], row["timestamp"] = False, "1790000900"
    row["Attribute"][0]["value"] = "draft.example"
    done = here.collect(env=env)
    assert here.mirror() == before and "1 events are being edited" in " ".join(done.report["notes"])
    # Nobody publishes it for longer than edit_grace_days.
    done = here.collect(env={**env, "SOURCE_DATE_EPOCH": str(1790000900 + 8 * 86400)})
    assert done.report["gone"] == {"unpublished": 1} and len(here.uuids()) == 5
    row["published"], row["timestamp"] = True, "1790001000"
    here.collect(env=env)
    assert len(here.uuids()) == 6


def test_the_same_mirror_after_an_interruption_at_any_request(site, tmp_path, bins):
    backend = Made(events=4)
    backend.tags = [{"name": "held", "exportable": False, "count": 1, "attribute_count": 0}]
    whole = site(backend, "whole")
    whole.collect()
    count = len(whole.server.log)
    assert count > 8
    for stop in range(1, count + 1):
        (tmp_path / f"cut{stop}").mkdir()
        here = site(backend, f"cut{stop}")
        command = [str(bins / "gapferry-export"), "--home", str(here.home), "collect"]
        assert kill_at(here.server, stop, command) == -signal.SIGKILL, stop
        here.server.log.clear()
        here.collect()
        assert here.mirror() == whole.mirror(), stop
        # What was fetched before is not fetched again.
        assert len(here.server.log) <= count + 1


# What a server does in passing: one fault, then it behaves.
@pytest.mark.parametrize("fault", ["drop", "cut", "truncated", "html", "empty", 429, 500, 502, 503])
@pytest.mark.parametrize("at", ["/servers/getVersion", "/tags/index", "/events/index", "/events/view",
                                "/warninglists/index", "/warninglists/export"])
def test_a_fault_in_passing_changes_nothing(site, fault, at):
    backend = Made(events=2)
    here = site(backend)
    hit = []

    def once(number, method, path):
        if path.startswith(at) and not hit:
            hit.append(number)
            return fault
        return None
    here.server.fault = once
    here.collect()
    assert hit and len(here.uuids()) == 2 and len(here.mirror()["list"]) == 1


# What does not pass: code, and a part of the message.
@pytest.mark.parametrize("fault, code, message", [
    (403, 32, "403"), (404, 7, "404"), (405, 32, "405"), ("login", 31, "302 to http"), ("html", 9, "a page of HTML"),
    (500, 31, "500"), (429, 31, "429"), ("drop", 31, "127.0.0.1"), ("truncated", 9, "/servers/getVersion"),
    ("echo", 32, "***")])
def test_a_fault_that_stays_leaves_the_mirror_as_it_was(site, fault, code, message):
    backend = Made(events=2)
    here = site(backend, attempts=2)
    here.collect()
    before = here.mirror()
    here.server.fault = lambda number, method, path: fault
    done = here.collect(expect=code)
    error = json.loads(done.stderr.splitlines()[-1])
    assert message in error["message"] and error["hints"], done.stderr
    assert KEY not in done.stderr and here.mirror() == before


@pytest.mark.parametrize("fault", [500, "truncated", "html", "drop", "cut", "stall", 400, 403, 405, "login", 429])
def test_one_event_that_fails_stays_as_it_was(site, fault):
    backend = Made()
    here = site(backend, attempts=2, stall_timeout=1)
    here.collect()
    rows = list(backend.events.values())
    for row in rows[:2]:
        row["timestamp"] = "1790000500"
        row["info"] = "new"

    def spoil(number, method, path):
        # Where views are closed a search is tried.
        if f"/events/view/{rows[0]['uuid']}" not in path and '"eventid":[1]' not in here.server.log[number - 1][2]:
            return None
        if fault == "stall":
            time.sleep(3)
            return "drop"
        return fault
    here.server.fault = spoil
    done = here.collect(expect=5)
    assert done.report["changed"] == 1 and done.report["kept"] == 1 and rows[0]["uuid"] in str(done.report["refused"])
    infos = {fields["uuid"].hex(): fields["info"] for _, fields in here.mirror()["event"]}
    assert (infos[rows[0]["uuid"].replace("-", "")], infos[rows[1]["uuid"].replace("-", "")]) == ("event 1", "new")
    here.server.fault = lambda number, method, path: None
    assert here.collect().report["changed"] == 1


@pytest.mark.parametrize("fault, code", [("drop", 31), (403, 32), (400, 31)])
def test_five_events_in_a_row_end_the_run_whatever_is_wrong(site, fault, code):
    here = site(Made(events=20), attempts=1, connections=1)
    here.server.fault = lambda number, method, path: fault if path.startswith(("/events/view", "/events/rest")) else None
    done = here.collect(expect=code)
    assert "5 events in a row failed" in done.stderr
    # Each once: libcurl itself repeats what was sent into a connection that turns out to be closed.
    assert len({line for line in requests(here) if "events/view" in line}) == 5


def test_a_key_that_is_refused_ends_the_run_at_once(site):
    here = site(Made(events=20), connections=1)
    here.server.fault = lambda number, method, path: 401 if "/events/view" in path else None
    here.collect(expect=32)
    assert len([line for line in requests(here) if "events/view" in line]) == 1


def test_a_server_that_refuses_one_event_after_another_is_left_alone(site):
    here = site(Made(events=20), attempts=1)
    here.server.fault = lambda number, method, path: 500 if "/events/view" in path else None
    here.collect(expect=31)
    # Four at once, before the first failed; then one by one, until five in a row did.
    assert len([line for line in requests(here) if "events/view" in line]) <= 4 + 5
    one_by_one = site(Made(events=20), name="other", attempts=1, connections=1)
    one_by_one.server.fault = here.server.fault
    one_by_one.collect(expect=31)
    assert len([line for line in requests(one_by_one) if "events/view" in line]) == 5


def test_a_closed_index_is_replaced_by_a_search(site):
    backend = Made(events=1100)
    backend.closed = {"/events/index"}
    backend.settings = []
    here = site(backend)
    done = here.collect()
    assert len(here.uuids()) == 1100
    assert "found by search" in " ".join(done.report["notes"])
    pages = [json.loads(body)["page"] for _, path, body in here.server.log if path == "/events/restSearch"]
    assert pages == [1, 2, 3]


def test_where_views_are_closed_too_events_are_read_by_search(site):
    backend = Made()
    backend.closed = {"/events/index", "/events/view"}
    here = site(backend)
    here.collect()
    assert len(here.uuids()) == 6


@pytest.mark.parametrize("count", [1, 3, 4000])
def test_a_wrong_count_is_named_and_removes_nothing(site, count):
    backend = Made()
    here = site(backend)
    here.collect()
    backend.events["e0000000-0000-4000-8000-000000000001"]["timestamp"] = "1790000500"
    backend.result_count = count
    done = here.collect()
    assert len(here.uuids()) == 6
    assert f"its index has {count} events, and sent 6" in " ".join(done.report["notes"])
    # Nothing changed, and it is still so.
    assert f"its index has {count} events, and sent 6" in " ".join(here.collect().report["notes"])
    backend.result_count = None
    assert "its index has" not in " ".join(here.collect().report["notes"])


def test_search_pages_that_repeat_are_an_error_and_duplicates_are_not(site):
    backend = Made(events=1000)
    backend.closed = {"/events/index"}
    uuids = list(backend.events)
    backend.pages = lambda page: set(uuids[:500])
    here = site(backend)
    done = here.collect(expect=9)
    assert "page 2 of the search repeats earlier ones" in done.stderr
    backend.pages = lambda page: set(uuids[(page - 1) * 499:(page - 1) * 499 + 500])  # each page begins with the last
    done = here.collect()
    assert len(here.uuids()) == 1000 and "twice" in " ".join(done.report["notes"])


def test_search_pages_that_never_end_are_an_error(site):
    backend = Made()
    backend.closed = {"/events/index"}
    here = site(backend)
    made = []

    def more(status, headers, content):
        made.append(0)
        rows = [{"Event": {"id": str(i), "uuid": f"e0000000-0000-4000-8000-{len(made) * 500 + i:012d}", "timestamp": "1"}}
                for i in range(500)]
        return 200, headers, json.dumps({"response": rows}).encode()
    here.server.fault = lambda number, method, path: more if path == "/events/restSearch" else None
    done = here.collect(expect=9)
    assert "its search has 6 events, and sent 1000" in done.stderr and len(made) == 2


def test_an_empty_page_in_the_middle_is_asked_again(site):
    backend = Made(events=1000)
    backend.closed = {"/events/index"}
    here = site(backend)
    emptied = []

    def once(number, method, path):
        if path == "/events/restSearch" and not emptied and here.server.log.count((method, path, here.server.log[-1][2])) \
                and json.loads(here.server.log[-1][2])["page"] == 2:
            emptied.append(number)
            return lambda status, headers, content: (status, headers, b'{"response": []}')
        return None
    here.server.fault = once
    here.collect()
    assert emptied and len(here.uuids()) == 1000


# --- who may collect

def test_a_site_admin_does_not_collect(site):
    backend = Made()
    backend.role = {"name": "admin", "perm_site_admin": True, "perm_sync": True}
    here = site(backend)
    done = here.collect(expect=32)
    assert "site admin (role admin)" in done.stderr and "read-only role" in done.stderr
    assert not any("/events" in line for line in requests(here))


def test_what_the_key_cannot_see_is_said(site):
    backend = Made()
    backend.role = {**backend.role, "name": "sync user", "perm_sync": True, "enforce_rate_limit": True}
    backend.settings = [{"UserSetting": {"setting": "default_restsearch_parameters", "value": {"tags": ["x"]}}}]
    here = site(backend)
    here.server.fault = lambda number, method, path: (lambda status, headers, content: (
        status, {**headers, "X-Auth-Key-Expiration": "2026-01-15T00:00:00+00:00"}, content)) if "users" in path else None
    notes = " ".join(here.collect().report["notes"])
    for part in ("perm_sync", "default_restsearch_parameters", '{"tags":["x"]}', "limited in number", "expires on 2026-01-15"):
        assert part in notes, notes


def test_filters_of_the_user_may_not_thin_out_a_search(site):
    backend = Made()
    backend.tags = [{"name": "held", "exportable": False, "count": 1, "attribute_count": 0}]
    backend.settings = [{"setting": "default_restsearch_parameters", "value": '{"tags":["x"]}'}]
    done = site(backend).collect(expect=3)
    assert "default_restsearch_parameters thins out every search" in done.stderr


def test_tags_that_are_not_exportable_decide_and_stay(site):
    backend = Made()
    backend.tags = [{"name": "tlp:red", "exportable": False, "count": 1, "attribute_count": 1}]
    rows = list(backend.events.values())
    rows[0]["Tag"].append(tag("tlp:red", exportable=False))
    rows[1]["Attribute"][0]["Tag"] = [tag("tlp:red", exportable=False)]
    here = site(backend)
    here.collect()
    tagged = [fields["tags"] for _, fields in here.mirror()["event"] if ("tlp:red", False, False) in fields["tags"]]
    assert len(tagged) == 1
    crossed = here.pair.bundle()
    # 6 events of 2 attributes, less the red event and the red attribute.
    assert crossed["rows"] == {"source": 1, "event": 5, "attribute": 9, "warninglist": 1, "warninglist-entry": 1}, crossed


# --- selection

@pytest.mark.parametrize("select, events, attributes", [
    ({}, 6, 12), ({"published": "any"}, 7, 14), ({"types": ["domain"]}, 6, 11), ({"types": ["ip-dst"]}, 1, 1),
    ({"to_ids": False}, 1, 1), ({"from": "2026-10-02"}, 1, 2), ({"to": "2026-10-01"}, 5, 10),
    ({"tags": ["kept*"]}, 2, 3), ({"not_tags": ["kept*"]}, 5, 9), ({"orgs": ["demo"]}, 5, 10),
    ({"not_orgs": ["0c000000-0000-4000-8000-000000000001"]}, 1, 2), ({"threat_levels": [1]}, 1, 2),
    ({"distributions": [1]}, 1, 2), ({"max_tlp": "green"}, 4, 7), ({"last": "1d"}, 1, 2)])
def test_a_selection_is_applied_here_whatever_the_server_does(site, select, events, attributes):
    backend = Made()
    backend.ignores_filters = True  # it sends all that it has
    rows = list(backend.events.values())
    rows[0]["Attribute"][0].update(type="ip-dst", value="192.0.2.1", to_ids=False)
    rows[1].update(date="2026-10-02", publish_timestamp="1790086400")
    rows[2]["Tag"] = [tag("kept:here")]
    rows[3]["Attribute"][1]["Tag"] = [tag("Kept:There"), tag("tlp:red")]
    rows[4].update(threat_level_id="1", distribution="1", Orgc={"uuid": "0c000000-0000-4000-8000-000000000002", "name": "Other"})
    rows[5]["Tag"] = [tag("tlp:red")]
    backend.events["draft"] = {**event(7), "published": False, "date": "2026-09-01", "publish_timestamp": "1"}
    backend.events = {row["uuid"]: row for row in backend.events.values()}
    here = site(backend, select=select)
    done = here.collect(env={**os.environ, "SOURCE_DATE_EPOCH": "1790100000"})
    tables = here.mirror()
    assert (len(tables["event"]), len(tables["attribute"])) == (events, attributes), done.report
    if select.get("published") != "any":
        assert "the server ignored its filters" in " ".join(done.report["warnings"])
        quiet = here.pair.export("--quiet", "collect", env={**os.environ, "SOURCE_DATE_EPOCH": "1790100000"})
        assert "warning: misp: the server ignored its filters" in quiet.stderr
        assert "sees what is shared" not in quiet.stderr, "a note"
    assert done.report["left_out_events"] == 7 - events
    # It is said as long as it is so, also of events that did not change.
    again = here.collect(env={**os.environ, "SOURCE_DATE_EPOCH": "1790100000"}).report["notes"]
    assert [line for line in again if "filters" in line] == [
        line for line in done.report["notes"] if "filters" in line]
    # What is selected is judged again when the selection changes, without asking for any event.
    here.configure(select={"published": "any"})
    here.server.log.clear()
    here.collect(env={**os.environ, "SOURCE_DATE_EPOCH": "1790100000"})
    assert len(here.uuids()) == 7 and not [line for line in requests(here) if "/events/view" in line]


@pytest.mark.parametrize("how", ["deleted", "unpublished", "not found"])
def test_events_do_not_vanish_all_at_once(site, how):
    backend = Made(events=20)
    here = site(backend)
    here.collect()
    before = here.mirror()
    rows = list(backend.events.values())
    for row in rows[:19]:
        if how == "deleted":
            del backend.events[row["uuid"]]
        elif how == "unpublished":
            row["published"] = False
        else:
            row["timestamp"] = "1790000500"  # listed, but not there
    if how == "not found":
        gone = {row["uuid"] for row in rows[:19]}
        here.server.fault = lambda number, method, path: 404 if any(uuid in path for uuid in gone) else None
    done = here.collect(expect=9)
    assert "no longer has 19 of 20 events" in done.stderr and "allow_empty" in done.stderr
    assert here.mirror() == before
    here.configure(allow_empty=True)
    here.collect()
    assert len(here.uuids()) == 1


def test_nine_of_ten_events_may_vanish(site):
    backend = Made(events=20)
    here = site(backend)
    here.collect()
    for uuid in list(backend.events)[:18]:
        del backend.events[uuid]
    here.collect()
    assert len(here.uuids()) == 2
    # A small source is nothing to wonder at.
    backend.events.clear()
    here.collect()
    assert not here.uuids()


def test_a_selection_may_take_everything(site):
    here = site(Made(events=20))
    here.collect()
    here.configure(select={"from": "2027-01-01"})
    here.collect()
    assert not here.uuids()


@pytest.mark.parametrize("listed", [True, False])
def test_a_server_that_hides_its_tags_empties_no_selection(site, listed):
    backend = Made(events=20)
    here = site(backend, select={"tags": ["tlp:*"]})
    here.collect()
    before = here.mirror()
    for row in backend.events.values():
        row["Tag"] = []
        row["timestamp"] = "1790000500"
    backend.unlisted = set() if listed else set(backend.events)
    done = here.collect(expect=9)
    assert "no longer has 20 of 20 events; 20 of those are there, but `select`" in done.stderr
    assert here.mirror() == before
    # With another selection it is the user's own wish.
    here.configure(select={"tags": ["tlp:*", "other"]})
    here.collect()
    assert not here.uuids()


def test_what_becomes_too_old_leaves_the_mirror(site):
    backend = Made()
    here = site(backend, select={"last": "30d"})
    here.collect(env={**os.environ, "SOURCE_DATE_EPOCH": "1790100000"})
    assert len(here.uuids()) == 6
    done = here.collect(env={**os.environ, "SOURCE_DATE_EPOCH": str(1790100000 + 31 * 86400)})
    assert not here.uuids() and done.report["gone"] == {"not selected": 6}


# --- warninglists

def test_warninglists_come_along(site):
    backend = Made()
    here = site(backend)
    here.collect()
    assert here.mirror()["list"] == [("Demo list", 3, "string", "domain", "good.example")]
    backend.lists["7"].update(version="4", list=["good.example", "better.example"])
    backend.lists["8"]["enabled"] = True
    done = here.collect()
    assert len(here.mirror()["list"]) == 3
    assert [(row["name"], row["change"], row["entries_added"]) for row in done.report["lists"]] == [
        ("Demo list", "changed", 1), ("Other list", "new", 1)]
    here.server.fault = lambda number, method, path: 500 if "export/7" in path else None
    backend.lists["7"]["version"] = "5"
    backend.lists["8"]["enabled"] = False
    here.configure(attempts=1)
    here.collect(expect=5)
    assert len(here.mirror()["list"]) == 3, "with one list refused, none is removed"
    here.server.fault = lambda number, method, path: None
    here.collect()
    assert {row[1] for row in here.mirror()["list"]} == {5}
    here.configure(warninglists="none")
    here.collect()


def test_an_index_that_counts_no_entries_is_no_warning(site):
    backend = Made()
    here = site(backend)
    uncounted = lambda status, headers, content: (  # noqa: E731
        status, headers, content.replace(b'"warninglist_entry_count"', b'"another_key"'))
    here.server.fault = lambda number, method, path: uncounted if path == "/warninglists/index" else None
    for version in ("3", "4"):
        backend.lists["7"]["version"] = version
        done = here.collect()
        assert {(row[0], row[1]) for row in here.mirror()["list"]} == {("Demo list", int(version))}
        assert not [note for note in done.report["notes"] if "entries" in note]
    # One that counts is still believed.
    backend.lists["7"]["version"] = "5"
    here.server.fault = lambda number, method, path: (
        lambda status, headers, content: (status, headers, content.replace(b'"good.example"', b"")))\
        if "export/7" in path else None
    done = here.collect(expect=5)
    assert "the server says 1 entries, and sent 0" in str(done.report["refused"])


@pytest.mark.parametrize("fault", [500, 400, 401, 403, "html", "drop", "truncated", "empty", "large"])
@pytest.mark.parametrize("at, note", [("/sightings/restSearch/event", "sightings"),
                                      ("/warninglists/index", "warninglists could not be listed")])
def test_what_is_extra_holds_up_no_event(site, at, note, fault):
    backend = Made()
    rows = list(backend.events.values())
    rows[0]["Attribute"][0]["Sighting"] = [{"id": "1", "type": "0", "date_sighting": "1790000001"}]
    here = site(backend, attempts=1)
    here.collect()
    lists = here.mirror()["list"]
    assert len(lists) == 1 and len(here.mirror()["sighting"]) == 1
    rows[1]["timestamp"] = "1790000500"
    backend.lists["7"].update(version="4", list=["better.example"])
    here.server.log.clear()
    large = lambda status, headers, content: (200, headers, b" " * (65 << 20))  # noqa: E731
    here.server.fault = lambda number, method, path: (large if fault == "large" else fault) if path == at else None
    done = here.collect()
    assert done.report["changed"] == 1
    assert note in " ".join(done.report["notes"]), done.report["notes"]
    # The event that was sighted is not read again for it.
    assert len([line for line in requests(here) if "/events/view" in line]) == 1
    assert len(here.mirror()["sighting"]) == 1
    assert (here.mirror()["list"] == lists) == (at == "/warninglists/index")
    here.server.fault = lambda number, method, path: None
    assert not [line for line in here.collect().report["notes"] if note in line]


def test_sightings_that_are_too_many_are_asked_for_in_parts(site):
    backend = Made(events=7)
    next(iter(backend.events.values()))["Attribute"][0]["Sighting"] = [
        {"id": "1", "type": "0", "date_sighting": "1790000001"}]
    here = site(backend)
    sizes = []

    def spoil(number, method, path):
        if path != "/sightings/restSearch/event":
            return None
        sizes.append(len(json.loads(here.server.log[number - 1][2])["uuid"]))
        return (lambda status, headers, content: (200, headers, b" " * (65 << 20))) if sizes[-1] > 3 else None
    here.server.fault = spoil
    done = here.collect()
    assert not [line for line in done.report["notes"] if "sightings" in line]
    assert max(sizes) == 7 and sum(size for size in sizes if size <= 3) == 7


@pytest.mark.parametrize("fault", ["drop", 500, 403, "html"])
def test_a_list_that_fails_is_refused_by_name(site, fault):
    here = site(Made(), attempts=1)
    here.server.fault = lambda number, method, path: fault if path.startswith("/warninglists/export") else None
    done = here.collect(expect=5)
    assert "warninglist 7" in str(done.report["refused"]) and len(here.uuids()) == 6


# --- secrets

def everything_under(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


MARKER = "a comment of an attribute that crosses"


def assert_is_nowhere(here, scratch, *needles):
    """Neither in the home nor on the medium, also where that is compressed; a search that finds what is there."""
    known = places(here.home, here.pair.medium, scratch, MARKER.encode())
    for where in ("mirror.db: attribute.comment", ".sqlite: attribute.comment", "cache/misp/events"):
        assert [place for place in known if where in place], (where, known)
    assert places(here.home, here.pair.medium, scratch, *needles) == []


@pytest.mark.parametrize("place", ["file", "env", "credential"])
def test_the_key_shows_nowhere(site, tmp_path, place):
    here = site(Made())
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "misp").write_text(KEY)
    env = {**os.environ, "MISP_KEY": KEY, "CREDENTIALS_DIRECTORY": str(folder)}
    where = {"file": f"file:{here.key_file}", "env": "env:MISP_KEY", "credential": "credential:misp"}[place]
    here.configure(key=where, attempts=1)
    seen = []

    def look(number, method, path):
        for process in Path("/proc").iterdir():
            try:
                seen.append((process / "cmdline").read_bytes())
            except OSError:
                pass
        return None
    here.server.fault = look
    here.server.backend.events["e0000000-0000-4000-8000-000000000001"]["Attribute"][0]["comment"] = MARKER
    told = [here.collect(env=env)]
    for fault in ("echo", 403, "login", "drop"):
        here.server.fault = lambda number, method, path, fault=fault: fault
        told.append(here.collect(expect=None, env=env))
    assert here.server.headers[0]["Authorization"] == KEY and seen
    assert all(KEY not in done.stdout + done.stderr for done in told)
    assert not any(KEY.encode() in line for line in seen)
    here.pair.bundle()
    assert_is_nowhere(here, tmp_path, KEY.encode())


def test_an_answer_that_holds_the_key_is_thrown_away(site):
    backend = Made()
    backend.events["e0000000-0000-4000-8000-000000000001"]["info"] = f"see {KEY}"
    here = site(backend, attempts=1)
    here.collect(expect=5)
    assert len(here.uuids()) == 5
    assert not any(KEY.encode() in content for content in everything_under(here.home).values())


def escaped(content):
    """The key with an escape of JSON for each of its characters, which says the same to whoever reads it."""
    return content.replace(KEY.encode(), "".join(f"\\u{ord(c):04x}" for c in KEY).encode())


@pytest.mark.parametrize("every", [True, False], ids=["every", "some"])
def test_a_key_that_comes_back_in_a_url_is_thrown_away(site, tmp_path, every):
    spelled = "".join(f"%{ord(c):02{'X' if every else 'x'}}" if every or n % 3 == 0 else c for n, c in enumerate(KEY))
    backend = Made()
    row = backend.events["e0000000-0000-4000-8000-000000000001"]["Attribute"][0]
    row.update(type="url", value=f"https://h.example/?key={spelled}&x=1")
    backend.events["e0000000-0000-4000-8000-000000000002"]["Attribute"][0]["comment"] = MARKER
    here = site(backend, attempts=1)
    done = here.collect(expect=5)
    assert len(here.uuids()) == 5 and "holds the key that was sent" in str(done.report["refused"])
    # An error that quotes it is shown without it.
    here.server.fault = lambda number, method, path: (
        lambda *_: (403, {"Content-Type": "application/json"}, json.dumps({"message": f"no: ?key={spelled}"}).encode()))
    done = here.collect(expect=None)
    assert "?key=***" in done.stderr and spelled not in done.stdout + done.stderr
    here.pair.bundle()
    assert_is_nowhere(here, tmp_path, KEY.encode(), spelled.encode())


def test_a_key_that_comes_back_escaped_is_thrown_away(site, tmp_path):
    backend = Made()
    backend.events["e0000000-0000-4000-8000-000000000001"]["Attribute"][0]["comment"] = f"see {KEY}"
    backend.events["e0000000-0000-4000-8000-000000000002"]["Attribute"][0]["comment"] = MARKER
    here = site(backend, attempts=1)
    taxonomies = json.dumps([{"Taxonomy": {"namespace": "demo", "description": KEY, "enabled": True}}]).encode()

    def fault(number, method, path):
        if path == "/taxonomies/index":
            return lambda status, headers, content: (200, {"Content-Type": "application/json"}, escaped(taxonomies))
        return lambda status, headers, content: (status, headers, escaped(content))
    here.server.fault = fault
    done = here.collect(expect=5)
    assert len(here.uuids()) == 5 and "holds the key that was sent" in str(done.report["refused"])
    assert "taxonomies: could not be read" in " ".join(done.report["notes"])
    here.pair.bundle()
    assert_is_nowhere(here, tmp_path, KEY.encode(), escaped(KEY.encode()))


def test_a_key_that_others_can_read_is_not_used(site):
    here = site(Made())
    here.key_file.chmod(0o640)
    done = here.collect(expect=3)
    assert "others than its owner may use" in done.stderr and f"chmod 600 {here.key_file}" in done.stderr
    here.key_file.chmod(0o600)
    here.key_file.write_text("too short")
    done = here.collect(expect=3)
    assert "9 characters, not 40" in done.stderr and "too short" not in done.stderr
    assert not here.server.log


def test_what_is_kept_is_for_its_owner_only(site):
    here = site(Made())
    here.collect()
    cache = here.home / "cache" / "misp"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert all(not stat.S_IMODE(path.stat().st_mode) & 0o077 for path in cache.rglob("*") if path.is_file())


# --- looking after an instance

@pytest.fixture
def operated(site, tmp_path):
    here = site(Made())
    key = tmp_path / "operator.key"
    key.write_text(OPERATOR_KEY)
    key.chmod(0o600)
    here.configure(operator_key=f"file:{key}")
    return here


def misp(here, *words, expect=0):
    done = here.pair.export("misp", *words, "--json", expect=expect)
    return [json.loads(line) for line in done.stdout.splitlines()] if expect == 0 else done


def test_collecting_never_reads_the_operators_key(operated):
    operated.collect()
    assert all(headers["Authorization"] == KEY for headers in operated.server.headers)
    operated.server.headers.clear()
    misp(operated, "feeds", "list")
    assert all(headers["Authorization"] == OPERATOR_KEY for headers in operated.server.headers)


def test_nothing_is_changed_with_the_collecting_key(site):
    here = site(Made())
    assert misp(here, "feeds", "list")[0]["name"] == "Demo feed"
    done = misp(here, "feeds", "enable", "1", expect=3)
    assert "has no operator_key" in done.stderr


def test_warninglists_are_switched_by_name_pattern_and_id(operated):
    backend = operated.server.backend
    assert misp(operated, "warninglists", "enable", "OTHER*", "--dry-run")[0]["changed"] == ["8"]
    assert not backend.lists["8"]["enabled"]
    misp(operated, "warninglists", "enable", "*list")
    assert backend.lists["7"]["enabled"] and backend.lists["8"]["enabled"]
    misp(operated, "warninglists", "disable", "8")
    assert not backend.lists["8"]["enabled"]
    assert [row["enabled"] for row in misp(operated, "warninglists", "list")] == [True, False]
    done = misp(operated, "warninglists", "enable", "Other lst", expect=7)
    assert 'did you mean "Other list"' in json.loads(done.stderr)["message"]
    # It says yes and does nothing (status 200): looked at afterwards.
    operated.server.fault = lambda number, method, path: (lambda status, headers, content: (
        200, headers, b'{"saved":true,"success":"1 warninglist(s) enabled"}')) if "toggle" in path else None
    operated.server.backend.toggle = lambda *_: (200, {}, b"{}")
    assert "MISP did not change list" in misp(operated, "warninglists", "enable", "8", expect=32).stderr


def test_feeds_are_added_switched_cached_and_fetched(operated):
    backend = operated.server.backend
    misp(operated, "feeds", "add", "New feed", "https://feeds.example/misp", "--provider", "CERT", "--dry-run")
    assert len(backend.feeds) == 1
    added = misp(operated, "feeds", "add", "New feed", "https://feeds.example/misp", "--provider", "CERT")[0]
    assert (added["id"], added["enabled"], backend.feeds["2"]["provider"]) == ("2", False, "CERT")
    misp(operated, "feeds", "add", "Again", "https://feeds.example/misp", expect=2)
    # MISP says "done" to both, with status 200, and does neither.
    assert "not cached" in misp(operated, "feeds", "cache", "Demo*", expect=8).stderr
    assert "not enabled" in misp(operated, "feeds", "fetch", "Demo*", expect=8).stderr
    misp(operated, "feeds", "enable", "Demo feed", "--caching")
    assert backend.feeds["1"]["enabled"] and backend.feeds["1"]["caching_enabled"]
    assert misp(operated, "feeds", "cache", "1")[0]["end"] == "done"
    assert misp(operated, "feeds", "fetch", "1")[0]["end"] == "done"
    misp(operated, "feeds", "enable", "2")
    assert "has failed" in misp(operated, "feeds", "fetch", "2", expect=31).stderr
    backend.jobs = [{"id": "9", "job_type": "fetch_feeds", "job_input": "Feed: 1", "status": "4", "progress": "100",
                     "message": "an older one", "failed": False}]
    operated.server.log.clear()
    assert misp(operated, "feeds", "fetch", "1")[0]["end"] == "done"
    assert len([path for _, path, _ in operated.server.log if path == "/jobs/index"]) == 3
    # A job that is not done in time, and one that this key may not watch.
    backend.job_index = lambda *_: document([{"Job": {**job, "status": "2", "progress": "10"}} for job in backend.jobs])
    done = misp(operated, "feeds", "fetch", "1", "--wait", "0", expect=34)
    assert json.loads(done.stdout)["end"] == "still running" and "--wait" in done.stderr
    backend.job_index = lambda path, *_: failure(403, "not for you", path)
    done = misp(operated, "feeds", "cache", "1", expect=34)
    assert "may not watch jobs" in json.loads(done.stdout)["end"]
    misp(operated, "feeds", "disable", "*", "--caching")
    assert not any(row["enabled"] or row["caching_enabled"] for row in backend.feeds.values())


def test_feeds_that_are_off_are_passed_over_where_all_are_meant(operated):
    backend = operated.server.backend
    backend.feeds["2"] = {**backend.feeds["1"], "id": "2", "name": "Other feed"}
    backend.feeds["1"].update(enabled=True, caching_enabled=True)
    for work in ("fetch", "cache"):
        done = operated.pair.export("misp", "feeds", work, "*", "--dry-run", "--json")
        assert [(row["id"], row["dry_run"]) for row in map(json.loads, done.stdout.splitlines())] == [("1", True)]
        assert "passed over" in done.stderr and "Other feed" in done.stderr
        (row,) = misp(operated, "feeds", work, "*")
        assert (row["id"], row["end"], row["dry_run"]) == ("1", "done", False)


@pytest.mark.parametrize("url", [
    "https://feeds.example/misp/", "https://feeds.example/misp//", "HTTPS://Feeds.Example/misp"])
def test_one_address_is_one_feed(operated, url):
    misp(operated, "feeds", "add", "New feed", "https://feeds.example/misp")
    assert "already has this url" in misp(operated, "feeds", "add", "Again", url, expect=2).stderr
    misp(operated, "feeds", "add", "Another", "https://feeds.example/MISP")


def test_a_table_is_added_with_its_settings(operated):
    """As MISP takes them: feed-add-csv of the recordings."""
    added = misp(operated, "feeds", "add", "Table", "https://feeds.example/t.csv", "--format", "csv", "--columns", "2,3",
                 "--delimiter", ";", "--exclude", "/^#/")[0]
    assert (added["columns"], added["delimiter"], added["exclude"]) == ("2,3", ";", "/^#/")
    held = operated.server.backend.feeds[added["id"]]
    assert held["settings"] == {"csv": {"value": "2,3", "delimiter": ";"}, "common": {"excluderegex": "/^#/"}}
    assert held["fixed_event"] is True and held["enabled"] is False
    misp(operated, "feeds", "add", "List", "https://feeds.example/l.txt", "--format", "freetext", "--exclude", "/^#/")
    for words, said in ((("--columns", "2"), "are for --format csv"), (("--exclude", "/a/"), "is for --format csv"),
                        (("--format", "csv", "--columns", "ip"), "MISP wants numbers")):
        done = misp(operated, "feeds", "add", "No", "https://feeds.example/n", *words, expect=2)
        assert said in done.stderr
    assert len(operated.server.backend.feeds) == 3
    tabs = misp(operated, "feeds", "add", "Tabs", "https://feeds.example/tabs", "--format", "csv", "--delimiter", "tab")[0]
    assert operated.server.backend.feeds[tabs["id"]]["settings"]["csv"]["delimiter"] == "\\t"


@pytest.mark.parametrize("option, value", [
    ("--columns", "0"), ("--columns", "1,,2"), ("--columns", "9" * 20), ("--columns", "1,"), ("--delimiter", ";;"),
    ("--exclude", "/^(/"), ("--exclude", "^#"), ("--exclude", "/a"), ("--exclude", "//")])
def test_settings_that_mean_nothing_are_not_sent(operated, option, value):
    done = misp(operated, "feeds", "add", "No", "https://feeds.example/n", "--format", "csv", option, value, expect=2)
    assert option in done.stderr
    misp(operated, "feeds", "add", " ", "https://feeds.example/n", expect=2)
    misp(operated, "feeds", "fetch", "1", "--wait", "-1", expect=2)
    assert len(operated.server.backend.feeds) == 1
    # Of PCRE's own, MISP is the judge.
    misp(operated, "feeds", "add", "Yes", "https://feeds.example/n", "--format", "csv", "--exclude", "/(?!a)b/i")


def test_a_feed_that_was_added_is_looked_at(operated):
    backend = operated.server.backend
    add = backend.feed_add
    backend.feed_add = lambda path, headers, asked: document({"Feed": {"id": "77", **asked["Feed"]}})
    done = misp(operated, "feeds", "add", "New", "https://feeds.example/m", expect=32)
    assert "has no feed 77" in done.stderr and not done.stdout
    for key, other, said in (("enabled", True, "switched on"), ("source_format", "csv", "format"), ("name", "x", "name"),
                             ("settings", '{"csv":{"value":"9","delimiter":";"}}', "columns")):
        def changed(path, headers, asked):
            asked["Feed"][key] = other
            return add(path, headers, asked)
        backend.feed_add = changed
        form = "csv" if key == "settings" else "misp"
        done = misp(operated, "feeds", "add", "New", f"https://feeds.example/{key}", "--format", form,
                    *(("--columns", "2") if form == "csv" else ()), expect=32)
        assert said in done.stderr
    # As MISP itself writes them.
    def as_text(path, headers, asked):
        asked["Feed"]["settings"] = json.dumps(asked["Feed"]["settings"])
        return add(path, headers, asked)
    backend.feed_add = as_text
    said = misp(operated, "feeds", "add", "Text", "https://feeds.example/t", "--format", "csv", "--columns", "2,3",
                "--exclude", "/^#/")[0]
    assert (said["columns"], said["exclude"]) == ("2,3", "/^#/")


def test_what_began_and_cannot_be_watched_is_unfinished(operated):
    backend = operated.server.backend
    backend.feeds["1"].update(enabled=True, caching_enabled=True)
    backend.jobs = []
    index, looks = backend.job_index, []

    def breaks(path, *more):
        looks.append(path)
        return index(path, *more) if len(looks) == 1 else failure(400, "broken", path)
    backend.job_index = breaks
    done = misp(operated, "feeds", "fetch", "1", "--wait", "1", expect=34)
    assert "second time" in done.stderr and len(backend.jobs) == 1


@pytest.mark.parametrize("work, answer", [
    ("fetch", {"result": "The fetch was unsuccessful."}), ("cache", {"saved": True, "success": False, "name": "Caching"}),
    ("cache", {"saved": True, "success": True, "name": "Caching the feeds has failed."})])
def test_words_that_only_hold_success_are_none(operated, work, answer):
    backend = operated.server.backend
    backend.feeds["1"].update(enabled=True, caching_enabled=True)
    backend.feed_job = lambda *_: document(answer)
    misp(operated, "feeds", work, "1", expect=31)


def test_one_key_is_not_for_both(operated):
    operated.configure(operator_key=f"file:{operated.key_file}")
    assert "operator_key: is the key that collects" in operated.collect(expect=3).stderr


def test_one_key_in_two_files_is_not_for_both_either(operated, tmp_path):
    copy = tmp_path / "copy.key"
    copy.write_text(KEY)
    copy.chmod(0o600)
    operated.configure(operator_key=f"file:{copy}")
    for words in (("feeds", "list"), ("feeds", "enable", "1")):
        assert "operator_key holds the key that collects" in misp(operated, *words, expect=3).stderr
    operated.collect()  # never reads it


@pytest.mark.parametrize("url, form, said", [
    ("feeds.example/misp", "misp", "no address of a feed"), ("ftp://feeds.example/misp", "misp", "no address"),
    ("https:///misp", "misp", "no address"), ("https://feeds.example/m", "stix", "it can be misp, csv or freetext")])
def test_a_feed_that_is_none_is_not_added(operated, url, form, said):
    assert said in misp(operated, "feeds", "add", "New", url, "--format", form, expect=2).stderr
    assert len(operated.server.backend.feeds) == 1


def test_addresses_of_feeds_are_shown_without_what_is_secret(operated):
    secret = "s3/cr#et"
    operated.server.backend.feeds["1"]["url"] = f"https://user:{secret}@feeds.example/f?key=t0ken"
    for words in (("feeds", "list"), ("feeds", "list", "--json"),
                  ("feeds", "add", "New", f"https://user:{secret}@feeds.example/g?key=t0ken", "--json")):
        said = operated.pair.export("misp", *words)
        assert "https://feeds.example/" in said.stdout
        assert not any(part in said.stdout + said.stderr for part in ("s3", "et@", "t0ken", "user")), said


def test_the_state_of_what_is_fetched(operated):
    said = operated.pair.export("status").stdout
    assert f"{operated.server.url}): not collected yet" in said and "PATH IS NOT THERE" not in said
    operated.collect()
    broken = operated.home / "cache" / "misp" / "context.json"
    for content in ("{", "[" * 100000):
        broken.write_text(content)
        done = operated.pair.export("status", "--json")
        row = next(row for row in map(json.loads, done.stdout.splitlines()) if row.get("source") == "misp")
        assert row["url"] == operated.server.url and row["path_there"] is None and row["path"] is None
        assert row["collected"] and row["last_collected"] and row["context"] is None
        assert "context is left out" in done.stderr
    value = next(iter(operated.server.backend.events.values()))["uuid"]
    assert "context is left out" in operated.pair.export("explain", "--site", operated.pair.site, value).stderr
