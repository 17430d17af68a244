"""What the connected side must not do: sign nothing as everything, go on from what was never written, forget where it
stands, leave a home that nothing can mend."""
import json
import os
import signal
import subprocess

import pytest

from pair import Pair

START = 1794268800  # 2026-11-10
DAY = 86400


def at(day):
    return {**os.environ, "SOURCE_DATE_EPOCH": str(START + int(day * DAY))}


def uuid(number):
    return f"7d8e1d0c-0f2c-4c0e-9a51-{number:012x}"


def event(number, tlp, domains):
    return {"Event": {
        "uuid": uuid(number << 8), "info": f"event {number}", "date": "2026-11-01", "timestamp": str(START + number),
        "published": True, "threat_level_id": "2", "analysis": "2", "Tag": [{"name": f"tlp:{tlp}"}],
        "Attribute": [{"uuid": uuid((number << 8) + i + 1), "type": "domain", "value": domain, "to_ids": True,
                       "category": "Network activity", "timestamp": str(START)} for i, domain in enumerate(domains)]}}


class Site(Pair):
    def __init__(self, folder, bins):
        super().__init__(folder, bins)
        self.events = folder / "events"
        self.events.mkdir()
        self.configure()

    def configure(self, **more):
        source = {"name": "feed", "kind": "misp-event", "path": str(self.events)}
        self.configure_export([source], clearance="green", **more)

    def write(self, number, tlp="green", domains=("a.example",)):
        (self.events / f"{number}.json").write_text(json.dumps(event(number, tlp, domains)))

    def failing(self, code, *said, command, env=None):
        done = self.export(*command, expect=code, env=env)
        for text in said:
            assert text in done.stderr, done.stderr
        return done


@pytest.fixture
def site(tmp_path, bins):
    return Site(tmp_path, bins)


def test_nothing_is_signed_before_anything_is_collected(site):
    site.failing(8, "nothing was collected yet", "collect", command=("bundle", "--to", site.medium))
    assert not list(site.medium.glob("*.gfb"))
    site.write(1)
    site.export("collect")
    done = site.export("bundle", "--to", site.medium)
    assert "nothing has changed" not in done.stdout


def test_a_restored_home_wants_its_sources_again(site, tmp_path, bins):
    site.write(1)
    site.export("collect")
    site.export("bundle", "--to", site.medium)
    site.export("backup", "--to", tmp_path / "b.tar", "--with-keys")
    site.connected = tmp_path / "restored"
    site.export("restore", tmp_path / "b.tar")
    site.failing(8, "--new-epoch", "collect", command=("bundle", "--to", site.medium))
    site.export("root", "change", "--new-epoch", "--key", "keys/root.key")
    site.failing(8, "nothing was collected yet", command=("bundle", "--to", site.medium))
    site.export("collect")
    (line,) = site.bundles()
    assert (line["epoch"], line["seq"], line["rows"]["attribute"]) == (2, 1, 1)


def test_one_source_less_is_no_first_bundle_of_an_epoch(site, tmp_path):
    site.write(1)
    other = {"name": "other", "kind": "misp-event", "path": str(tmp_path / "absent")}
    feed = {"name": "feed", "kind": "misp-event", "path": str(site.events)}
    site.configure_export([feed, other], clearance="green")
    site.export("collect", expect=5)
    # Of a first epoch the site holds nothing that could go.
    assert "not collected yet" in site.export("bundle", "--to", site.medium).stderr
    site.export("root", "change", "--new-epoch", "--key", "keys/root.key")
    site.failing(8, "not collected yet: other", "epoch 2", command=("bundle", "--to", site.medium))


def test_no_delta_starts_from_a_full_that_was_never_written(site):
    site.configure(full="never")
    site.write(1)
    site.export("collect")
    site.bundles()  # 1, full
    site.open_site(clearance="green")
    site.import_("import", site.medium)
    site.write(1, domains=("a.example", "b.example"))
    site.export("collect")
    # In the way of the file that is written first, but not of its final name, which is looked at before.
    blocked = site.medium / "ot-plant-000002-full.gfb.part"
    blocked.mkdir()
    site.failing(4, "number 1.2 is spent", "bundle --site ot-plant",
                 command=("bundle", "--to", site.medium, "--kind", "full"))
    blocked.rmdir()
    assert not list(site.medium.glob("*000002*"))
    assert "1.2 is spent, and was never written" in site.export("status").stdout
    site.failing(8, "never written", command=("bundle", "--to", site.medium, "--kind", "heartbeat"))
    (line,) = site.bundles()
    assert (line["seq"], line["kind"], line["base_seq"]) == (3, "delta", 1)
    site.import_("import", site.medium)
    assert sum(row["kind"] == "attribute" for row in site.dump()) == 2


def test_an_unwritten_bundle_stays_due(site):
    site.configure(days_between=7, to=str(site.medium))
    site.write(1)
    (site.medium / "ot-plant-000001-full.gfb.part").mkdir()
    site.export("run", "--due", expect=4, env=at(0))
    (site.medium / "ot-plant-000001-full.gfb.part").rmdir()
    assert "bundle 1.2, full" in site.export("run", "--due", env=at(1)).stdout
    assert "no site is due" in site.export("run", "--due", env=at(2)).stdout


def test_what_is_held_back_is_counted_once(site):
    site.write(1)
    site.write(2, "red", ("x.example", "y.example"))
    site.export("collect")

    def held():
        kinds = site.bundles()[-1]["held_back"]
        return {kind: sum(row["count"] for row in rows) for kind, rows in kinds.items()}

    first = held()
    assert first["attribute"] == 2 and first["event"] == 1
    assert held() == first == held()
    (site.events / "2.json").unlink()
    site.export("collect")
    assert held() == {}


def with_object(tlp, comment="of a raid on BRAVO"):
    """An event with an attribute, and an object whose only attribute has this TLP."""
    made = event(1, "green", ["a.example"])
    owner = {"uuid": uuid(9001), "name": "file", "meta-category": "file", "comment": comment, "distribution": "5",
             "timestamp": str(START), "Attribute": [
                 {"uuid": uuid(9002), "type": "filename", "object_relation": "filename", "value": "secret.exe",
                  "category": "Payload delivery", "to_ids": True, "timestamp": str(START),
                  "Tag": [{"name": f"tlp:{tlp}"}]}]}
    bare = {"uuid": uuid(9003), "name": "note", "meta-category": "misc", "comment": "", "distribution": "5",
            "timestamp": str(START), "Attribute": [], "ObjectReference": [
                {"uuid": uuid(9004), "referenced_uuid": uuid(9001), "object_uuid": uuid(9003),
                 "relationship_type": "explains", "timestamp": str(START)}]}
    made["Event"]["Object"] = [owner, bare]
    return made


def test_an_object_stays_where_all_its_attributes_stay(site):
    def carry(tlp):
        (site.events / "1.json").write_text(json.dumps(with_object(tlp)))
        site.export("collect")
        return site.bundles("--kind", "delta" if site.isolated.exists() else "full")[-1]

    def imported():
        site.import_("import", site.medium)
        rows = site.import_("dump").stdout
        return [number for number in (9001, 9002, 9003, 9004) if uuid(number) in rows], rows
    held = carry("red")["held_back"]
    assert [(row["reason"], row["count"]) for row in held["object"]] == [("attribute-held-back", 1)]
    assert [(row["reason"], row["count"]) for row in held["reference"]] == [("object-held-back", 1)]
    said = site.export("explain", "--site", site.site, uuid(9001)).stdout
    assert "does not cross: attribute-held-back (none of its attributes crosses)" in said
    site.open_site(clearance="green")
    there, rows = imported()
    assert there == [9003] and "BRAVO" not in rows
    assert "object" not in carry("green")["held_back"]
    assert imported()[0] == [9001, 9002, 9003, 9004]
    carry("red")
    assert imported()[0] == [9003]


def test_a_source_that_left_the_configuration_crosses_no_more(site):
    def sources(*names):
        site.configure_export([{"name": name, "kind": "misp-event", "path": str(site.events / f"{number}.json")}
                               for number, name in enumerate(names, 1)], clearance="green")
    site.write(1, domains=["one.example"])
    site.write(2, domains=["two.example"])
    sources("one", "two")
    site.export("collect")
    site.bundles()
    site.open_site(clearance="green")
    site.import_("import", site.medium)
    assert "two.example" in site.import_("dump").stdout
    sources("one")
    note = "source two is in the mirror and no longer in export.yml: nothing of it crosses"
    assert note in site.export("status").stderr
    assert note in site.export("run", "--to", site.medium).stderr
    site.import_("import", site.medium)
    rows = site.import_("dump").stdout
    assert "one.example" in rows and "two.example" not in rows
    assert "does not cross: the site takes nothing of two" in site.export(
        "explain", "--site", site.site, "two.example").stdout
    site.failing(2, "is in export.yml", command=("sources", "remove", "one", "--yes"))
    site.failing(7, "did you mean", command=("sources", "remove", "twp", "--yes"))
    site.failing(2, "--yes", command=("sources", "remove", "two"))
    site.export("sources", "remove", "two", "--yes")
    assert note not in site.export("status").stderr
    site.export("bundle", "--to", site.medium)
    site.import_("import", site.medium)
    assert "one.example" in site.import_("dump").stdout


def test_where_all_sources_fail_the_first_one_says_how(site, tmp_path):
    def sources(*paths):
        site.configure_export([{"name": f"s{number}", "kind": "misp-event", "path": str(path)}
                               for number, path in enumerate(paths)], clearance="green")
    site.write(1)
    sources(site.events)
    site.export("run", "--to", site.medium, env=at(1))
    collected = json.loads(next(line for line in site.export("status", "--json").stdout.splitlines()
                                if '"path_there"' in line))
    assert (collected["collected"], collected["path_there"]) == (True, True)
    # One source or several: the bundle is written from what the mirror holds, and the code is the first one's.
    absent = tmp_path / "absent"
    for paths in ([absent], [absent, absent]):
        sources(*paths)
        site.failing(7, "source s0", "there is no", command=("collect",))
        done = site.failing(7, "there is no", command=("run", "--to", site.medium), env=at(2))
        assert "bundle 1." in done.stdout
    site.failing(7, "source s1", command=("collect", "--source", "s1"))
    sources(absent, site.events)
    site.failing(5, "source s0", command=("collect",))
    sources()
    site.failing(8, "no source is configured", command=("run", "--to", site.medium))


def test_an_empty_folder_removes_nothing(site):
    site.write(1)
    site.export("collect")
    site.events.rename(site.events.with_name("away"))
    site.events.mkdir()
    site.failing(7, "holds no *.json", "mounted", command=("collect",))
    (site.events / "below").mkdir()
    site.failing(7, "folders below", command=("collect",))
    assert "1 events" in site.export("status").stdout


def test_the_label_says_the_strictest_of_the_medium(tmp_path, bins):
    pair = Pair(tmp_path, bins, "s")
    pair.export("init", "--site", "g")
    (tmp_path / "e.json").write_text(json.dumps(event(1, "clear", ["a.example"])))
    (pair.connected / "export.yml").write_text(json.dumps({
        "sources": [{"name": "feed", "kind": "misp-event", "path": str(tmp_path / "e.json")}],
        "sites": [{"name": "s", "clearance": "amber", "unencrypted": True}, {"name": "g", "clearance": "green"}]}))
    pair.export("run", "--to", pair.medium)
    label = (pair.medium / "READ-ME-FIRST.txt").read_text()
    assert "TLP        up to TLP:AMBER\n" in label
    assert "this bundle alone up to TLP:GREEN" in label
    assert "s-000001-full.gfb  up to TLP:AMBER" in label
    # What cannot be read might be anything.
    (pair.medium / "s-000009-full.gfb").write_bytes(b"?")
    pair.export("bundle", "--site", "g", "--to", pair.medium)
    assert "NOT KNOWN" in (pair.medium / "READ-ME-FIRST.txt").read_text()


@pytest.mark.parametrize("name", ["X", "../x", "", "a" * 50, "-a", "a b"])
def test_sites_get_no_name_that_cannot_work(tmp_path, bins, name):
    pair = Pair(tmp_path, bins)
    done = pair.export("init", f"--site={name}", expect=2)
    assert "is no name for a site" in done.stderr or "TEXT missing" in done.stderr
    pair.connected = tmp_path / "other"
    pair.export("init", f"--site={name}", expect=2)
    assert not pair.connected.exists()


def test_sites_are_named_once(tmp_path, bins):
    pair = Pair(tmp_path, bins)
    pair.connected = tmp_path / "other"
    pair.export("init", "--site", "x", "--site", "x", expect=2)
    assert not pair.connected.exists()
    pair.export("init", "--site", "x", "--no-passphrase")


def test_a_discarded_rotation_can_be_begun_again(site):
    keys = site.connected / "keys"
    site.export("key", "new", "bob", "--no-passphrase")
    site.export("root", "change", "--add-root", keys / "bob.pub", "--key", "keys/root.key")
    site.export("root", "change", "--root-threshold", "2", "--key", "keys/root.key")
    site.export("root", "discard")
    site.failing(7, "there is no draft", command=("root", "accept"))
    site.failing(7, "there is no draft", command=("root", "sign", "--key", keys / "bob.key"))
    site.export("root", "change", "--root-threshold", "2")
    site.export("root", "sign", "--key", keys / "root.key")
    site.export("root", "sign", "--key", keys / "bob.key")
    site.export("root", "accept")
    for _ in range(2):
        site.export("key", "rotate", "content")
        made = list(keys.glob("content-root*"))
        assert len(made) == 2
        assert made[0].stem in site.export("root", "discard").stdout
        assert not list(keys.glob("content-root*"))
    assert (keys / "content.key").exists()


def test_an_interrupted_init_begins_again(site, tmp_path, bins, oracle):
    """Killed before each rename, of which every file that counts is one."""
    strace = oracle("strace")
    for number in range(1, 40):
        home = tmp_path / f"killed-{number}"
        done = subprocess.run([strace, "-qq", "-o", "/dev/null", "-e", f"inject=rename:signal=SIGKILL:when={number}",
                               "--", str(bins / "gapferry-export"), "--home", str(home), "init", "--site", "x",
                               "--no-passphrase"], capture_output=True, text=True)
        site.connected = home
        if done.returncode == 0:
            break
        assert done.returncode in (-signal.SIGKILL, 137), done.stderr
        site.failing(8, "init", command=("status",))
        site.export("init", "--site", "y", "--no-passphrase")
        assert "y" in site.export("status").stdout
    else:
        pytest.fail("init never came to its end")
    assert number > 5  # keys, root, configuration


def test_a_lost_configuration_is_written_anew(site):
    site.write(1)
    site.export("collect")
    site.bundles()
    (site.connected / "export.yml").unlink()
    site.failing(8, "lost its configuration", "init", command=("status",))
    assert "not lab" in site.failing(2, command=("init", "--site", "lab")).stderr
    site.export("init")
    assert "bundle 1.1 of" in site.export("status").stdout


def test_keys_of_another_origin_are_not_replaced(tmp_path, bins, site):
    keys = tmp_path / "new" / "keys"
    keys.mkdir(parents=True)
    (keys / "root.key").write_text("mine")
    site.connected = tmp_path / "new"
    for _ in range(2):
        site.failing(2, "of which no root knows", "move it", command=("init",))
    assert (keys / "root.key").read_text() == "mine"


def test_a_home_that_may_not_be_read_is_said_to_be(site, bins):
    if os.geteuid() != 0:
        pytest.skip("needs root, to run as somebody else")
    site.connected.chmod(0o700)
    for program in ("gapferry-export", "gapferry-import"):
        reach = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", str(bins / program), "--version"],
                               capture_output=True)
        if reach.returncode != 0:
            pytest.skip("the programs lie where nobody else may run them")
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", str(bins / program), "--home",
                               str(site.connected), "status"], capture_output=True, text=True)
        assert done.returncode == 4 and "ermission denied" in done.stderr, done.stderr


def test_a_lost_mirror_adopts_its_root(site):
    site.write(1)
    site.export("collect")
    (site.connected / "mirror.db").unlink()
    site.failing(8, "root adopt", command=("run", "--to", site.medium))
    site.export("root", "adopt")
    site.failing(8, "--new-epoch", command=("bundle", "--to", site.medium))


def test_the_clock_does_not_go_back(site):
    site.write(1)
    site.export("collect", env=at(10))
    site.bundles(env=at(10))
    site.bundles(env=at(10))
    site.failing(24, "2026-11-19T", "2026-11-20T", "number 1.2", command=("bundle", "--to", site.medium), env=at(9))
    assert not list(site.medium.glob("*000003*"))
    site.export("root", "change", "--new-epoch", "--key", "keys/root.key")
    site.bundles(env=at(9))
    for wrong in ("soon", "", "-1", "1.5", "9" * 30):
        site.failing(2, "SOURCE_DATE_EPOCH", command=("status",), env={**os.environ, "SOURCE_DATE_EPOCH": wrong})


def test_small_refusals(site, tmp_path):
    site.write(1)
    site.export("collect")
    site.failing(2, "numbers begin at 1", command=("bundle", "--to", site.medium, "--since", "0"))
    site.failing(2, "42-7KQ3-9XWP", command=("receipt", "add", "--site", "ot-plant", "--code", "blah"))
    site.failing(7, "there is no folder", "mkdir", command=("bundle", "--to", tmp_path / "absent"))
    assert not (tmp_path / "absent").exists()
    assert "done" in site.export("explain", "0").stdout
    site.bundles()
    done = site.export("bundle", "--to", site.medium, "--kind", "delta", "--replace")
    assert "from number 1.1 on" in done.stdout and "would remove" not in done.stderr
    status = site.export("status").stdout
    assert "bundle 1.2 of" in status and "deltas start from number 1.1" in status
    site.events.rename(site.events.with_name("away"))
    assert "PATH IS NOT THERE" in site.export("status").stdout


def test_a_result_that_does_not_get_out_is_an_error(site, bins):
    for program, arguments in (("gapferry-export", ["status"]), ("gapferry-export", ["--help"]),
                               ("gapferry-import", ["explain"]), ("gapferry-import", ["manual"])):
        with open("/dev/full", "w") as full:
            done = subprocess.run([str(bins / program), "--home", str(site.connected), *arguments], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        assert done.returncode in (4, 21) and "standard output" in done.stderr, (program, arguments, done)


def test_init_says_how_the_root_key_is_kept(site, tmp_path):
    site.connected = tmp_path / "open"
    said = site.export("init", "--no-passphrase").stdout
    assert "NO passphrase" in said and "its passphrase" not in said


def test_minisign_and_root_sign_leave_each_other_alone(site, tmp_path, oracle):
    """The lines of docs/key-ceremony.md, §2."""
    minisign = oracle("minisign")
    keys = site.connected / "keys"
    for name in ("alice", "bob"):
        site.export("key", "new", name, "--to", tmp_path, "--no-passphrase")
    site.export("root", "change", "--add-root", tmp_path / "alice.pub", "--add-root", tmp_path / "bob.pub",
                "--root-threshold", "2")
    draft = keys / "draft" / "root-0002.json"
    site.export("root", "sign", draft, "--key", keys / "root.key")
    site.export("root", "sign", draft, "--key", tmp_path / "alice.key")
    subprocess.run([minisign, "-S", "-s", tmp_path / "bob.key", "-m", draft, "-t", "root:2"], check=True,
                   capture_output=True)
    assert len(list(draft.parent.glob("*.minisig"))) == 3
    site.export("root", "accept")
    assert "version      2" in site.export("root", "show").stdout or "2" in site.export("root", "show").stdout


def test_sign_takes_every_bundle_of_the_newest_number(site, tmp_path):
    site.write(1)
    site.export("collect")
    site.bundles()
    site.write(2)
    site.export("collect")
    assert [line["kind"] for line in site.bundles()] == ["delta", "full"]
    second = tmp_path / "second"
    site.export("key", "new", "second", "--to", second, "--no-passphrase")
    # Nobody would count it.
    site.failing(13, "does not let the key", command=("sign", site.medium, "--key", second / "second.key"))
    site.failing(13, "which signs roots", command=("sign", site.medium, "--key", site.connected / "keys" / "root.key"))
    site.export("root", "change", "--add-content", second / "second.pub", "--key", "keys/root.key")
    said = site.export("sign", site.medium, "--key", second / "second.key", "--json").stdout
    paths = [path for line in map(json.loads, said.splitlines()) for path in line["volumes"]]
    assert sorted(path.rsplit("/", 1)[1] for path in paths) == ["ot-plant-000002-delta.gfb", "ot-plant-000002-full.gfb"]
    site.failing(2, "already", command=("sign", site.medium, "--key", second / "second.key"))


def test_completion_offers_values(tmp_path, bins):
    for program in ("gapferry-export", "gapferry-import"):
        script = subprocess.run([str(bins / program), "completion"], capture_output=True, text=True, check=True).stdout
        (tmp_path / program).write_text(script)

    def propose(*words):
        shell = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _${1//-/_}; echo "${COMPREPLY[*]}"')
        done = subprocess.run(["bash", "-c", shell, "bash", tmp_path / words[0], *words], capture_output=True, text=True,
                              cwd=tmp_path)
        return done.stdout.split()

    assert propose("gapferry-export", "bundle", "--kind", "") == ["auto", "full", "delta", "heartbeat"]
    assert propose("gapferry-export", "run", "--volume-size", "d") == ["dvd"]
    assert propose("gapferry-export", "key", "rotate", "c") == ["content"]
    assert {"0", "12", "bad-signature"} <= set(propose("gapferry-export", "explain", ""))
    assert "passphrase" in propose("gapferry-import", "explain", "p")
    assert propose("gapferry-export", "bundle", "--he").count("--help") == 1


def test_the_manual_is_the_same_for_everyone(bins):
    for program, variable in (("gapferry-export", "GAPFERRY_EXPORT_HOME"), ("gapferry-import", "GAPFERRY_IMPORT_HOME")):
        pages = {subprocess.run([str(bins / program), "manual"], capture_output=True, text=True, check=True,
                                env={**os.environ, variable: home}).stdout for home in ("/a/home", "/another")}
        assert len(pages) == 1 and f"${variable}" in pages.pop()
