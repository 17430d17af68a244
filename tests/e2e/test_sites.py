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
    done = sites.export("bundle", "--all", expect=4)
    assert "north FAILED, south 1.1 full" in done.stdout
    assert "site north" in done.stderr and "1 of 2 sites got no bundle" in done.stderr
    assert list((sites.folder / "south").glob("south-000001-full.gfb"))


@pytest.mark.parametrize("gone", [("north",), ("south",), ("north", "south")])
def test_a_site_without_its_medium_is_an_alarm(sites, gone):
    sites.export("collect")
    for name in gone:
        (sites.folder / name).rmdir()
    done = sites.export("run", "--due", env=at(0), expect=7)
    assert f"{len(gone)} of 2 sites got no bundle" in done.stderr
    for name in {"north", "south"} - set(gone):
        assert list((sites.folder / name).glob(f"{name}-000001-full.gfb"))
    unit = (UNITS / "gapferry-export.service").read_text()
    assert "SuccessExitStatus=5\n" in unit, "what the service calls success"


def test_signatures_that_are_missing_hide_no_source_that_is(sites, tmp_path):
    sites.export("collect")
    sites.export("key", "new", "second", "--to", tmp_path, "--no-passphrase")
    sites.export("root", "change", "--add-content", tmp_path / "second.pub", "--site", "north",
                 "--content-threshold", "2", "--key", sites.connected / "keys" / "root.key")
    assert "UNFINISHED" in last_run(sites.export("run", "--site", "north", env=at(0), expect=5))
    (sites.folder / "event.json").unlink()
    done = sites.export("run", "--site", "north", "--replace", env=at(0), expect=7)
    assert "source feed" in done.stderr and "signed by 1 of the 2" in done.stderr


# --- what a log gets

def service_command(bins):
    """What the shipped unit starts, in a list of words."""
    unit = (UNITS / "gapferry-export.service").read_text()
    line, = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    words = line.removeprefix("ExecStart=").split()
    assert words[0] == "/usr/local/bin/gapferry-export"
    return [str(bins / "gapferry-export"), *words[1:]]


def last_run(done):
    """The line for a log is the last one of the result; with --json an object."""
    line = done.stdout.splitlines()[-1]
    return json.loads(line) if line.startswith("{") else line


def test_a_run_says_in_one_line_what_it_did(sites):
    assert last_run(sites.export("run", "--due", env=at(0))) == (
        "run: sources 1 ok; events and lists 1 new, 0 changed, 0 gone; bundles north 1.1 full, south 1.1 full; "
        "next north 2026-11-17, south 2026-11-11")
    listed = sites.folder / "list.txt"
    listed.write_text("evil1.com\n203.0.113.1\n")
    sites.config["sources"] += [{"name": "list", "kind": "freetext", "path": str(listed)},
                                {"name": "away", "kind": "freetext", "path": str(sites.folder / "nowhere.txt")}]
    sites.config["sites"][0]["to"] = str(sites.folder / "event.json")  # no folder
    (sites.connected / "export.yml").write_text(json.dumps(sites.config))
    # Before its first good run, a source that fails is missing in each bundle.
    done = sites.export("run", env=at(1), expect=4)
    assert last_run(done) == (
        "run: sources 2 ok (1 unchanged), 1 failed (away); events and lists 1 new, 0 changed, 0 gone; "
        "values 2 new, 0 gone; bundles north FAILED, south 1.2 delta+full; next north 2026-11-17, south 2026-11-12; "
        "warnings 2")
    listed.write_text("203.0.113.1\n203.0.113.2\nevil2.com\n")
    row = last_run(sites.export("--json", "run", "--site", "south", env=at(1.5), expect=5))
    assert row == {
        "message_type": "run", "sources": {"ok": 2, "unchanged": 1, "failed": ["away"]}, "added": 0, "changed": 1,
        "removed": 0, "values_added": 2, "values_gone": 1, "refused": 0,
        "sites": [{"site": "south", "failed": False, "epoch": 1, "seq": 3, "kinds": ["delta", "full"]}],
        "next": {"north": "2026-11-17T00:00:00Z", "south": "2026-11-12T12:00:00Z"}, "warnings": 1, "warned": [], "code": 5}
    nothing = last_run(sites.export("run", "--due", env=at(1.6), expect=5))
    assert "sources 2 ok (2 unchanged)" in nothing and "; bundles none; " in nothing


def test_the_line_for_a_log_names_the_sources_that_warn(sites):
    (sites.folder / "event.json").write_text('{"Event": {"uuid": 7}}')
    good = sites.folder / "list.txt"
    good.write_text("evil1.com\n203.0.113.1\n")
    sites.config["sources"] = [{"name": "broken", "kind": "misp-event", "path": str(sites.folder / "event.json")},
                               {"name": "list", "kind": "freetext", "path": str(good)}]
    (sites.connected / "export.yml").write_text(json.dumps(sites.config))
    assert last_run(sites.export("run", env=at(0), expect=5)).endswith("; warnings 1 (broken)")
    row = last_run(sites.export("--json", "run", env=at(1), expect=5))
    assert (row["warnings"], row["warned"]) == (1, ["broken"])


def test_the_service_hides_no_warning(sites, bins):
    sites.config["sources"].append({"name": "away", "kind": "freetext", "path": str(sites.folder / "nowhere.txt")})
    (sites.connected / "export.yml").write_text(json.dumps(sites.config))
    words = service_command(bins)
    assert "--quiet" in words

    def serve(*more, expect=5):
        done = subprocess.run([*words, *more], env={**at(0), "GAPFERRY_EXPORT_HOME": str(sites.connected)},
                              capture_output=True, text=True, check=False)
        assert done.returncode == expect, done.stderr
        return done
    done = serve()
    assert "error: source away" in done.stderr
    assert "warning: not collected yet, so not in the bundle for north: away" in done.stderr
    (sites.folder / "event.json").write_text('{"Event": {"uuid": 7}}')
    sites.config["sources"][1] = {"name": "other", "kind": "misp-event", "path": str(sites.folder / "event.json")}
    (sites.connected / "export.yml").write_text(json.dumps(sites.config))
    rows = [json.loads(line) for line in serve("--json").stderr.splitlines()]
    told = [row["message"] for row in rows if row["message_type"] == "warning"]
    assert any(line.startswith("refused: ") and "event.json" in line for line in told), rows
    assert any("1 refused events keep their earlier state" in line for line in told), rows
    assert not [row for row in rows if row["message_type"] == "note"]


# --- a selection of one site

def attribute(number, kind, value, day, **more):
    return {"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6d{number:02x}", "type": kind, "value": value, "to_ids": True,
            "category": "Network activity", "timestamp": str(START + day * DAY), **more}


def event(number, day, attributes, **more):
    stamp = str(START + day * DAY)
    return {"Event": {"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6e{number:02x}", "info": f"event {number}",
                      "date": "2026-11-01", "timestamp": stamp, "publish_timestamp": stamp, "published": True,
                      "threat_level_id": "2", "analysis": "2", "Tag": [{"name": "tlp:clear"}],
                      "Attribute": attributes, **more}}


@pytest.fixture
def chosen(tmp_path, bins):
    """A site, and a function that gives it a selection and says which values are there after the next bundle."""
    events = [
        event(1, -40, [attribute(1, "domain", "old.example", -40)]),
        event(2, -1, [attribute(2, "domain", "a.example", -1), attribute(3, "ip-dst", "203.0.113.9", -1),
                      attribute(4, "domain", "noise.example", -1, Tag=[{"name": "quality:low"}])],
              Object=[{"uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6f01", "name": "ip-port", "timestamp": str(START),
                       "meta-category": "network", "template_uuid": "9f8cea74-16fe-4968-a2b4-026676949ac6",
                       "template_version": "8",
                       "Attribute": [attribute(5, "ip-dst", "203.0.113.10", -1, object_relation="ip")]}]),
        event(3, -1, [attribute(6, "ip-dst", "203.0.113.11", -1)], Orgc={"name": "CERT South", "uuid": ""}),
    ]
    folder = tmp_path / "events.json"
    folder.write_text(json.dumps(events))
    pair = Pair(tmp_path, bins, "north")
    source = [{"name": "feed", "kind": "misp-event", "path": str(folder)}]
    pair.configure_export(source, clearance="green")
    pair.export("collect", env=at(-1))

    def choose(select, day, **site):
        pair.configure_export(source, clearance="green", select=select, **site)
        pair.bundles("--kind", "auto", env=at(day))
        if not pair.isolated.exists():
            pair.open_site(clearance="green")
        pair.import_("import", pair.medium, env=at(day))
        rows = pair.dump()
        values = {row["value"] for row in rows if row["kind"] == "attribute"}
        return values, rows

    pair.choose = choose
    return pair


def test_a_site_gets_what_it_selects(chosen):
    everything = {"old.example", "a.example", "noise.example", "203.0.113.9", "203.0.113.10", "203.0.113.11"}
    assert chosen.choose({}, 0)[0] == everything
    values, rows = chosen.choose({"types": ["domain"], "not_tags": ["quality:*"]}, 0.1)
    assert values == {"old.example", "a.example"}
    kinds = [row["kind"] for row in rows]
    assert kinds.count("event") == 2 and "object" not in kinds, "what is emptied does not cross"
    assert chosen.choose({"types": ["ip-dst"]}, 0.2)[0] == {"203.0.113.9", "203.0.113.10", "203.0.113.11"}
    assert chosen.choose({"not_orgs": ["cert south"], "to_ids": True}, 0.3)[0] == everything - {"203.0.113.11"}
    assert chosen.choose({"to_ids": False}, 0.4)[0] == set()
    assert chosen.choose({}, 0.5)[0] == everything


def test_what_grows_too_old_is_taken_back_though_nothing_changed(chosen):
    assert "old.example" in chosen.choose({"last": "41d"}, 0)[0]
    assert "old.example" not in chosen.choose({"last": "41d"}, 2)[0]
    assert "a.example" in chosen.choose({"last": "41d"}, 3)[0]


def test_what_decays_is_taken_back_unless_it_was_seen_again(chosen):
    # 100 * (1 - age / 45 days) falls below 10 when 40.5 days have passed.
    decay = {"decay": {"lifetime_days": 45, "decay_speed": 1, "threshold": 10, "base_score": 100}}
    events = chosen.folder / "events.json"
    known = json.loads(events.read_text())
    seen = attribute(7, "domain", "seen.example", -40,
                     Sighting=[{"type": "0", "date_sighting": str(START - 2 * DAY), "org_id": "1"}])
    called_false = attribute(8, "domain", "false.example", -40,
                             Sighting=[{"type": "1", "date_sighting": str(START - 2 * DAY), "org_id": "1"}])
    known[0]["Event"]["Attribute"] += [seen, called_false]
    events.write_text(json.dumps(known))
    chosen.export("collect", env=at(-0.9))
    assert {"old.example", "seen.example", "false.example"} <= chosen.choose(decay, 0)[0]
    values = chosen.choose(decay, 2)[0]
    assert {"seen.example", "a.example"} <= values and not {"old.example", "false.example"} & values
    said = chosen.export("explain", "--site", "north", "old.example", "--json", env=at(2), expect=None).stdout
    assert [(row["reason"], row["detail"]) for row in json.loads(said)["rows"]] == [("not-selected", "decay")]
    assert "seen.example" not in chosen.choose(decay, 40)[0]


def test_explain_names_the_condition(chosen):
    chosen.configure_export([{"name": "feed", "kind": "misp-event", "path": str(chosen.folder / "events.json")}],
                            clearance="green", select={"types": ["domain"], "not_tags": ["quality:*"]})

    def reasons(asked):
        said = json.loads(chosen.export("explain", "--site", "north", asked, "--json", env=at(0), expect=None).stdout)
        return {(row["reason"], row["detail"]) for row in said["rows"]}

    assert reasons("203.0.113.9") == {("not-selected", "types")}
    assert reasons("noise.example") == {("not-selected", "not_tags")}
    assert reasons("203.0.113.11") == {("not-selected", "types")}
    assert reasons("7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6e03") == {("not-selected", "none of its attributes is selected")}
    assert {reason for reason, _ in reasons("a.example")} == {"allowed"}


def test_a_wrong_key_of_a_selection_is_told(chosen):
    chosen.configure_export([], clearance="green", select={"typs": ["domain"]})
    assert "types" in chosen.export("status", expect=3).stderr


def test_the_units_are_units(tmp_path, bins, oracle):
    analyze = oracle("systemd-analyze")
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/usr/local/bin/gapferry-export", str(bins / "gapferry-export"))
        (tmp_path / unit.name).write_text("\n".join(l for l in text.splitlines() if not l.startswith("Documentation=")))
    done = subprocess.run([analyze, "verify", *map(str, tmp_path.iterdir())], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
