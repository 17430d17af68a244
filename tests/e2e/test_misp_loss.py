"""What a MISP leaves out by fault must not be taken for gone: warninglists, pages of a search, states of an event. The
server is made up; oracle: what it held."""
import json

import pytest

from misp_server import KEY, Made, event, tag
from test_misp import requests, site  # noqa: F401


def with_lists(count=30, entries=20):
    backend = Made(events=2)
    for i in range(10, 10 + count):
        backend.lists[str(i)] = {
            "name": f"List {i}", "type": "string", "version": "3", "description": "demo", "matching_attributes": ["domain"],
            "list": [f"good{i}-{k}.example" for k in range(entries)], "enabled": True}
    return backend


def answer(at, change):
    """A fault: answers of this path, changed."""
    def fault(number, method, path):
        if not path.startswith(at):
            return None
        return lambda status, headers, content: (status, headers, json.dumps(change(json.loads(content))).encode())
    return fault


@pytest.mark.parametrize("left", [0, 3, 20])
def test_an_index_that_leaves_lists_out_removes_none(site, left):  # noqa: F811
    backend = with_lists()
    here = site(backend, attempts=1)
    here.collect()
    before = here.mirror()["list"]
    assert len({row[0] for row in before}) == 31
    here.server.fault = answer("/warninglists/index", lambda said: {"Warninglists": said["Warninglists"][:left]})
    for _ in range(2):
        done = here.collect(expect=5)
        assert here.mirror()["list"] == before and len(here.uuids()) == 2
        assert "the index is not whole" in str(done.report["refused"])
    here.server.fault = lambda *_: None
    here.collect()
    assert here.mirror()["list"] == before


def test_lists_do_not_vanish_all_at_once(site):  # noqa: F811
    backend = with_lists()
    here = site(backend, attempts=1)
    here.collect()
    before = here.mirror()["list"]
    kept = dict(backend.lists)
    backend.lists = {"7": kept["7"]}
    done = here.collect(expect=5)
    assert "no longer has 30 of 31 warninglists: List 10, " in str(done.report["refused"])
    assert here.mirror()["list"] == before
    here.configure(allow_empty=True)
    done = here.collect()
    assert len(here.mirror()["list"]) == 1 and done.report["lists"][0]["change"] == "removed"
    assert "list List 10: gone, with 20 entries" not in done.stdout  # JSON alone


def test_a_list_that_came_in_part_is_not_taken_and_asked_for_again(site):  # noqa: F811
    backend = with_lists(count=1)
    here = site(backend, attempts=1)
    here.collect()
    before = here.mirror()["list"]
    backend.lists["10"].update(version="4", list=backend.lists["10"]["list"] + ["new.example"])
    here.server.fault = answer("/warninglists/export/10", lambda said: {**said, "list": said["list"][:1]})
    done = here.collect(expect=5)
    assert "says 21 entries, and sent 1" in str(done.report["refused"]) and here.mirror()["list"] == before
    here.server.fault = lambda *_: None
    done = here.collect()
    assert len(here.mirror()["list"]) == len(before) + 1
    # A new version that the server counts so too is what it is, unless a single entry is left.
    before = here.mirror()["list"]
    backend.lists["10"].update(version="5", list=["new.example"])
    assert "has 1 entries, and had 21 before" in str(here.collect(expect=5).report["refused"])
    assert here.mirror()["list"] == before
    backend.lists["10"].update(version="5", list=["new.example", "newer.example"])
    done = here.collect()
    assert done.report["lists"][0]["entries_removed"] == 20 and len(here.mirror()["list"]) == len(before) - 19


def test_an_older_or_an_empty_list_is_not_taken(site):  # noqa: F811
    backend = with_lists(count=1)
    row = backend.lists["10"]
    here = site(backend, attempts=1)
    here.collect()
    before = here.mirror()["list"]
    first = dict(row)
    # The export lags behind the index.
    row.update(version="4", list=["new.example"])
    here.server.fault = answer("/warninglists/export/10", lambda said: {**said, "version": "3", "list": first["list"]})
    done = here.collect(expect=5)
    assert "says version 4, and sent 3" in str(done.report["refused"]) and here.mirror()["list"] == before
    here.server.fault = lambda *_: None
    # Both are older than what the mirror has.
    for worse, said in (({**first, "version": "2"}, "version 2, and was version 3 before"),
                        ({**first, "version": "9", "list": []}, "has 0 entries, and had 20 before")):
        row.update(worse)
        for _ in range(2):
            done = here.collect(expect=5)
            assert said in str(done.report["refused"]) and here.mirror()["list"] == before
    row.update(first, version="2")
    here.configure(accept_older=True)
    assert here.collect().report["lists"][0]["new_version"] == 2


def test_an_event_that_does_not_say_whether_it_is_published_is_refused(site):  # noqa: F811
    backend = Made(events=3)
    here = site(backend, attempts=1)
    here.collect()
    before = here.mirror()
    row = next(iter(backend.events.values()))
    row["timestamp"] = "1790000500"

    def silent(said):
        del said["Event"]["published"]
        return said
    here.server.fault = answer(f"/events/view/{row['uuid']}", silent)
    done = here.collect(expect=5)
    assert "whether it is published" in str(done.report["refused"]) and here.mirror() == before
    here.configure(select={"published": "any"})
    here.collect()


def test_a_search_goes_on_by_the_servers_own_limit(site):  # noqa: F811
    backend = Made(events=230)
    backend.closed = {"/events/index"}
    backend.page_limit = 100
    here = site(backend)
    here.collect()
    assert len(here.uuids()) == 230
    asked = [json.loads(body) for _, path, body in here.server.log if path == "/events/restSearch"]
    assert [(page["page"], page["limit"]) for page in asked] == [(1, 500), (2, 100), (3, 100)]


def test_a_search_without_a_count_ends_with_an_empty_page(site):  # noqa: F811
    backend = Made(events=230)
    backend.closed = {"/events/index"}
    backend.page_limit = 100
    here = site(backend)

    def uncounted(number, method, path):
        if path != "/events/restSearch":
            return None
        return lambda status, headers, content: (
            status, {key: value for key, value in headers.items() if key != "X-Result-Count"}, content)
    here.server.fault = uncounted
    here.collect()
    assert len(here.uuids()) == 230


@pytest.mark.parametrize("count", [0, 100, "rows"])
def test_a_full_page_is_not_the_last_whatever_the_count_says(site, count):  # noqa: F811
    backend = Made(events=250)
    backend.closed = {"/events/index"}
    backend.page_limit = 100
    here = site(backend)

    def counted(number, method, path):
        return None if path != "/events/restSearch" else lambda status, headers, content: (
            status, {**headers, "X-Result-Count": str(len(json.loads(content)["response"]) if count == "rows" else count)},
            content)
    here.server.fault = counted
    done = here.collect()
    assert len(here.uuids()) == 250
    said = 50 if count == "rows" else count
    assert f"its search has {said} events, and sent 250; all are taken" in " ".join(done.report["notes"])
    for number in range(251, 261):
        row = event(number)
        backend.events[row["uuid"]] = row
    assert here.collect().report["added"] == 10


def test_all_of_a_short_list_may_come_on_every_page(site):  # noqa: F811
    backend = Made(events=30)
    backend.closed = {"/events/index"}
    backend.pages = lambda page: set(backend.events)
    here = site(backend)
    assert "the same 30 events for every page" in " ".join(here.collect().report["notes"])
    assert len(here.uuids()) == 30


def test_a_search_that_is_not_whole_removes_nothing(site):  # noqa: F811
    backend = Made(events=1000)
    backend.closed = {"/events/index"}
    here = site(backend)
    here.collect()
    before = here.mirror()
    gone = next(iter(backend.events))
    backend.events[gone]["info"] = "changed"
    backend.events[gone]["timestamp"] = "1790000500"

    def empty(number, method, path):
        if path == "/events/restSearch" and json.loads(here.server.log[number - 1][2]).get("page") == 2:
            return lambda status, headers, content: (status, headers, b'{"response": []}')
        return None
    here.server.fault = empty
    done = here.collect(expect=5)
    assert "its search has 1000 events, and sent 500" in str(done.report["refused"])
    assert (done.report["changed"], done.report["removed"], len(here.uuids())) == (1, 0, 1000)
    here.server.fault = lambda *_: None
    here.collect()
    assert len(here.mirror()["event"]) == len(before["event"])


def test_an_older_state_does_not_replace_a_newer_one(site):  # noqa: F811
    backend = Made(events=3)
    here = site(backend, attempts=1)
    here.collect()
    before = here.mirror()
    row = next(iter(backend.events.values()))
    row["timestamp"], row["info"] = "1790000700", "new"
    stale = {**row, "timestamp": "1600000000", "info": "ancient"}
    here.server.fault = answer(f"/events/view/{row['uuid']}", lambda said: {"Event": stale})
    for _ in range(2):  # it is asked for again
        done = here.collect(expect=5)
        assert "shows a state of" in str(done.report["refused"]) and done.report["kept"] == 1
        assert here.mirror() == before
    here.server.fault = lambda *_: None
    assert here.collect().report["changed"] == 1
    # The same where the index leaves the event out.
    backend.unlisted.add(row["uuid"])
    here.server.fault = answer(f"/events/view/{row['uuid']}", lambda said: {"Event": stale})
    here.collect(expect=5)
    assert "new" in {fields["info"] for _, fields in here.mirror()["event"]}


@pytest.mark.parametrize("closed", [set(), {"/events/index", "/events/view"}])
def test_an_old_snapshot_does_not_roll_the_mirror_back(site, closed):  # noqa: F811
    """Index and event are of the same age: only the mirror knows better."""
    backend = Made(events=3)
    backend.closed = closed
    here = site(backend, attempts=1)
    here.collect()
    row = next(iter(backend.events.values()))
    old = {**row}
    row.update(timestamp="1790009999", info="new")
    assert here.collect().report["changed"] == 1
    before = here.mirror()
    row.update(old)
    for _ in range(2):
        done = here.collect(expect=5)
        assert done.report["kept"] == 1 and row["uuid"] in str(done.report["refused"])
        assert "before the one of" in str(done.report["refused"]) and "accept_older" in str(done.report["refused"])
        assert here.mirror() == before
    # A server that was restored has nothing else to show.
    here.configure(accept_older=True)
    assert here.collect().report["changed"] == 1
    assert "new" not in {fields["info"] for _, fields in here.mirror()["event"]}


def test_a_tag_that_can_only_be_local_is_local(site):  # noqa: F811
    backend = Made(events=1)
    row = next(iter(backend.events.values()))
    row["Tag"] += [{"name": "inside:one", "exportable": True, "local_only": True}, {**tag("inside:two"), "local_only": True},
                   {**tag("outside"), "local_only": False}, {**tag("inside:three", local=True), "local_only": False}]
    here = site(backend)
    here.collect()
    tags = dict((name, local) for name, local, _ in here.mirror()["event"][0][1]["tags"])
    assert tags == {"tlp:green": False, "outside": False, "inside:one": True, "inside:two": True, "inside:three": True}


def test_the_index_is_sent_again_only_when_it_changed(site):  # noqa: F811
    backend = Made()
    here = site(backend)
    sent = []

    def note(number, method, path):
        if path != "/events/index":
            return None

        def look(status, headers, content):
            sent.append((here.server.headers[number - 1].get("If-None-Match"), status, headers.get("ETag")))
            return status, headers, content
        return look
    here.server.fault = note
    here.collect()
    here.collect()
    etag = sent[0][2]
    assert sent == [('""', 200, etag), (etag, 304, None)] and etag
    assert len(here.uuids()) == 6
    # A file that was damaged since stands for nothing.
    (here.home / "cache" / "misp" / "index.json").write_bytes(b"[]")
    here.collect()
    assert sent[2][:2] == ('""', 200) and len(here.uuids()) == 6


@pytest.mark.parametrize("disguise", ["base64", "utf-16-le", "utf-16-be", "long"])
def test_a_key_that_comes_back_in_disguise_is_masked(site, disguise):  # noqa: F811
    import base64
    shown = {"base64": base64.b64encode(f"x{KEY}yz".encode()), "utf-16-le": KEY.encode("utf-16-le"),
             "utf-16-be": KEY.encode("utf-16-be"), "long": b"." * 270 + KEY.encode()}[disguise]
    here = site(Made(), attempts=1)
    here.server.fault = lambda *_: lambda status, headers, content: (
        403, {"Content-Type": "text/plain", "X-Echo": KEY}, b"no access with " + shown)
    done = here.collect(expect=32)
    assert KEY not in done.stderr and KEY[:20] not in done.stderr
    assert base64.b64encode(f"x{KEY}yz".encode()).decode()[4:40] not in done.stderr
    here.server.fault = lambda number, method, path: (
        (lambda status, headers, content: (200, headers, content.replace(b'"DEMO-CERT"', b'"' + shown + b'"')))
        if path == "/users/view/me" else None)
    done = here.collect(expect=9)
    assert "holds the key that was sent" in done.stderr
