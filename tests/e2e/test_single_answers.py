"""Collecting what single calls to a real MISP answered: events, warninglists, what it says of itself, and its errors.
The oracle is the recorded text itself, read by Python."""
import ipaddress
import json
import os
from pathlib import Path

import pytest

from single_answers import SingleAnswers
from test_misp import site  # noqa: F401  (the fixture)

# What MISP refuses, cannot find, or fails at: the exit code by status (docs/misp.md, "When it fails").
CODES = {302: 31, 400: 31, 403: 32, 404: 7, 405: 32, 429: 31, 500: 31}


@pytest.fixture(scope="module")
def backend():
    folder = os.environ.get("GAPFERRY_SINGLE_RECORDINGS")
    if folder is None:
        corpus = os.environ.get("GAPFERRY_CORPUS")
        folder = Path(corpus).parent / "misp-recordings" if corpus else None
    if folder is None or not Path(folder).is_dir():
        pytest.skip("no single recordings of a MISP: GAPFERRY_SINGLE_RECORDINGS names none")
    return SingleAnswers(folder)


def text_of(fields):
    """A value as it is written; the mirror keeps addresses and digests in bytes."""
    value = fields["value"]
    if isinstance(value, str):
        return value
    return str(ipaddress.ip_address(value)) if fields["type"].startswith("ip-") else value.hex()


def tags_of(row):
    return sorted((tag["name"], bool(tag["local"]), bool(tag["exportable"])) for tag in row.get("Tag", []))


def attribute_of(row):
    flags = bool(row["to_ids"]) | bool(row["deleted"]) << 1 | bool(row["disable_correlation"]) << 2
    return (row["type"], row["category"], row["value"], row["comment"] or "", int(row["timestamp"]), flags, tags_of(row))


def test_the_mirror_is_what_was_recorded(site, backend):  # noqa: F811
    here = site(backend)
    done = here.collect()
    assert done.report["refused_count"] == 0
    tables = here.mirror()
    events = {fields["uuid"].hex(): fields for _, fields in tables["event"]}
    recorded = {event["uuid"].replace("-", ""): event for event in backend.published()}
    assert len(recorded) == 5 and events.keys() == recorded.keys(), "two of seven were never published"
    for uuid, event in recorded.items():
        head = events[uuid]
        assert (head["info"], head["date"], head["timestamp"], head["publish_timestamp"], head["threat_level"],
                head["analysis"], head["distribution"], head["orgc_name"], head["tags"]) == (
            event["info"], event["date"], int(event["timestamp"]), int(event["publish_timestamp"]),
            int(event["threat_level_id"]), int(event["analysis"]), int(event["distribution"]), event["Orgc"]["name"],
            tags_of(event)), event["id"]
        objects = event.get("Object", [])
        rows = event["Attribute"] + [row for thing in objects for row in thing["Attribute"]]
        held = [fields for owner, fields in tables["attribute"] if owner[1] == uuid]
        assert {fields["uuid"].hex(): (fields["type"], fields["category"], text_of(fields), fields["comment"],
                                       fields["timestamp"], fields["flags"], fields["tags"]) for fields in held} == {
            row["uuid"].replace("-", ""): attribute_of(row) for row in rows}, event["id"]
        assert {fields["uuid"].hex(): (fields["name"], bool(fields["deleted"])) for owner, fields in tables["object"]
                if owner[1] == uuid} == {
            thing["uuid"].replace("-", ""): (thing["name"], bool(thing["deleted"])) for thing in objects}
    assert any(tag[1] for fields in events.values() for tag in fields["tags"]), "local tags were recorded"
    enabled = [row["Warninglist"]["id"] for row in backend.list_index() if row["Warninglist"]["enabled"]]
    assert len(enabled) >= 5
    expected = {(one["name"], one["version"], one["type"], "\n".join(one["matching_attributes"]), value)
                for one in map(backend.exported, enabled) for value in one["list"]}
    assert set(tables["list"]) == expected
    said = json.loads(here.pair.export("--json", "context").stdout.splitlines()[0])["parts"]
    assert len(said["taxonomies"]["rows"]) == len(backend.answers["taxonomies-index"].json())
    assert len(said["feeds"]["rows"]) == len(backend.answers["feeds-index-reader-forbidden"].json())
    assert said["types"]["rows"].keys() == set(backend.answers["describeTypes"].json()["result"]["types"])
    assert len(said["galaxies"]["rows"]) == len(backend.answers["galaxies-index"].json())


def distinct(answers):
    kept = {}
    for answer in answers:
        kept.setdefault((answer.status, answer.body[:100]), answer)
    return list(kept.values())


def test_recorded_errors_leave_the_mirror_as_it_was(site, backend):  # noqa: F811
    here = site(backend, attempts=1, stall_timeout=5)
    here.collect()
    before = here.mirror()
    errors = distinct(answer for answer in backend.answers.values() if answer.status != 200)
    assert {answer.status for answer in errors} == CODES.keys() - {429} and len(errors) >= 25
    many = (429, {"Content-Type": "application/json"}, b'{"name":"Rate limit exceeded.","url":"/"}')  # MADE UP
    for name, raw in [*((answer.name, answer.raw()) for answer in errors), ("too many", many)]:
        # Whatever is asked; and where the instance answers, but no event can be had.
        here.server.fault = lambda number, method, path, raw=raw: lambda *_: raw
        done = here.collect(expect=CODES[raw[0]])
        assert "misp" in done.stderr and here.mirror() == before, name
    for event in backend.published():
        event["timestamp"] = str(int(event["timestamp"]) + 1)
    try:
        for answer in {answer.status: answer for answer in errors if answer.status != 404}.values():
            here.server.fault = lambda number, method, path, answer=answer: (
                lambda *_: answer.raw()) if path.startswith(("/events/view", "/events/restSearch")) else None
            here.collect(expect=None)
            assert here.mirror() == before, answer.name
    finally:
        for event in backend.published():
            event["timestamp"] = str(int(event["timestamp"]) - 1)


def test_a_right_answer_to_another_question_leaves_the_mirror_as_it_was(site, backend):  # noqa: F811
    """Status 200, and JSON, text, XML or HTML of another call: where the index, an event or a list should be."""
    here = site(backend, attempts=1, stall_timeout=5)
    here.collect()
    before = here.mirror()
    others = distinct(answer for answer in backend.answers.values() if answer.status == 200)
    strange = {}
    for answer in others:  # one of each kind of content
        content = answer.json()
        shape = (answer.headers.get("Content-Type"), type(content).__name__,
                 tuple(sorted(content))[:4] if isinstance(content, dict) else None)
        if content != [] and not answer.events() and not answer.name.startswith("events-index"):
            strange.setdefault(shape, answer)
    assert len(strange) >= 20
    for answer in strange.values():
        here.server.fault = lambda number, method, path, answer=answer: (
            lambda *_: answer.raw()) if path == "/events/index" else None
        done = here.collect(expect=None)
        assert done.returncode == 9 and here.mirror() == before, (answer.name, done.returncode, done.stderr)
    victim = backend.published()[0]
    victim["timestamp"] = str(int(victim["timestamp"]) + 1)
    try:
        for answer in strange.values():
            here.server.fault = lambda number, method, path, answer=answer: (
                lambda *_: answer.raw()) if victim["uuid"] in path else None
            done = here.collect(expect=None)
            assert done.returncode == 5 and victim["uuid"] in done.stdout, (answer.name, done.stderr)
            assert here.mirror() == before, answer.name
    finally:
        victim["timestamp"] = str(int(victim["timestamp"]) - 1)


def test_a_body_that_was_too_large_to_be_recorded_is_one_that_was_cut_off(site):  # noqa: F811
    """Of the coherent run: event 87 has the headers of 2.4 MB, and nothing follows them."""
    from misp_server import Recorded
    from test_misp import recordings
    folder = recordings()
    backend = Recorded(folder, hidden_tags=False)
    backend.without_body = set()
    uuid = "6b0d8bfe-6a8e-4961-a39d-55f11eba22aa"
    here = site(backend, attempts=1)
    length = next(line for line in next(folder.glob("083-*")).joinpath("response.headers").read_text().splitlines()
                  if line.lower().startswith("content-length"))
    assert int(length.split()[1]) > 600 << 10
    here.server.fault = lambda number, method, path: "cut" if uuid in path else None
    answer = backend.answer

    def large(method, path, headers, body):
        if uuid in path:
            return 200, {"Content-Type": "application/json; charset=UTF-8"}, b" " * int(length.split()[1])
        return answer(method, path, headers, body)
    backend.answer = large
    done = here.collect(expect=5)
    assert done.report["refused_count"] == 1 and uuid in str(done.report["refused"])
    assert len(here.uuids()) == len(backend.index()) - 1
    assert f"warning: refused: {uuid}" in here.pair.export("collect", "--quiet", expect=5).stderr
