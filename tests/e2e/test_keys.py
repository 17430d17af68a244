"""Keys, roots, epochs and time, from ceremony to emergency, with minisign itself in our place."""
import json
import os
import shutil
import stat
import subprocess

import pytest
from pair import EVERYTHING, Pair

CLOCK = 1_790_000_000


@pytest.fixture
def pair(tmp_path, bins):
    pair = Pair(tmp_path, bins)
    feed = tmp_path / "feed"
    feed.mkdir()
    (feed / "event.json").write_text(json.dumps({"Event": {
        "uuid": "5a3b4c5d-0000-4000-8000-000000000001", "info": "one event", "date": "2026-09-01",
        "timestamp": "1789000000", "published": True, "analysis": "2", "threat_level_id": "2", "distribution": "3",
        "Tag": [{"name": "tlp:green"}],
        "Attribute": [{"uuid": "5a3b4c5d-0000-4000-8000-000000000002", "type": "domain", "category": "Network activity",
                       "value": "bad.example", "to_ids": True, "timestamp": "1789000000", "distribution": "5"}]}}))
    pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(feed)}], **EVERYTHING)
    pair.export("collect")
    return pair


def json_of(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def keys(pair):
    return {key["id"]: key for key in json_of(pair.export("key", "show", "--json"))}


def root(pair, *arguments):
    return json_of(pair.export("root", "show", *arguments, "--json"))[-1]


def content_id(pair):
    return next(iter(root(pair)["streams"][0]["keys"]))


def elsewhere(pair, home, *arguments, expect=0):
    """The importer of another site."""
    return pair._call("gapferry-import", home, arguments, expect)


def minisign(*arguments, cwd=None, text=None):
    return subprocess.run(["minisign", *map(str, arguments)], cwd=cwd, input=text, capture_output=True, text=True)


def failing(done, code, *names):
    assert done.returncode == code, done.stderr
    for name in names:
        assert name in done.stderr, done.stderr


# Passphrases

def test_init_encrypts_the_root_key_and_minisign_opens_it(tmp_path, bins, oracle):
    oracle("minisign")
    home = tmp_path / "home"
    call = lambda *words, **more: subprocess.run([bins / "gapferry-export", "--home", home, *words],
                                                 capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    made = json.loads(call("--json", "init", "--site", "plant").stdout)
    passphrase = made["root_passphrase"]
    assert len(passphrase.split("-")) == 6 and len(passphrase.replace("-", "")) == 24
    for name, mode in (("root.key", 0o600), ("content.key", 0o600)):
        assert stat.S_IMODE((home / "keys" / name).stat().st_mode) == mode
    assert passphrase not in (home / "keys" / "root.key").read_text()
    (tmp_path / "m").write_text("m")
    signed = minisign("-S", "-s", home / "keys" / "root.key", "-m", tmp_path / "m", text=passphrase + "\n")
    assert signed.returncode == 0, signed.stderr
    assert minisign("-V", "-p", home / "keys" / "root.pub", "-m", tmp_path / "m").returncode == 0

    # Nothing, a file, a credential: the three that the hint names, save the terminal.
    failing(call("init", "--site", "lab"), 33, "--passphrase-file", "gapferry-root-passphrase", "terminal")
    wrong = tmp_path / "wrong"
    wrong.write_text("no\n")
    failing(call("init", "--site", "lab", "--passphrase-file", wrong), 33, "does not open")
    assert not (home / "keys" / "draft" / "root-0002.json").exists()
    (tmp_path / "gapferry-root-passphrase").write_text(passphrase)
    done = call("init", "--site", "lab", env={**os.environ, "CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert done.returncode == 0, done.stderr


def test_an_encrypted_content_key_signs_with_its_passphrase(tmp_path, bins):
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    call = lambda *words, **more: subprocess.run([bins / "gapferry-export", "--home", tmp_path / "home", *words],
                                                 capture_output=True, text=True, stdin=subprocess.DEVNULL, **more)
    assert call("init", "--no-passphrase", "--content-passphrase-file", secret).returncode == 0
    (tmp_path / "event.json").write_text(json.dumps(
        {"uuid": "5a3b4c5d-0000-4000-8000-000000000001", "info": "e", "date": "2026-09-01", "timestamp": "1789000000"}))
    (tmp_path / "home" / "export.yml").write_text(json.dumps({
        "sources": [{"name": "feed", "kind": "misp-event", "path": str(tmp_path / "event.json")}],
        "sites": [{"name": "site", "clearance": "green"}]}))
    assert call("collect").returncode == 0
    (tmp_path / "medium").mkdir()
    failing(call("bundle", "--to", tmp_path / "medium"), 33, "gapferry-content-passphrase")
    assert call("bundle", "--to", tmp_path / "medium", "--passphrase-file", secret).returncode == 0


# Ceremony

def test_two_of_three_over_three_folders(pair, tmp_path):
    pair.bundle()
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)
    for name in ("alice", "bob"):
        pair.export("key", "new", name, "--to", tmp_path / name, "--no-passphrase")
    change = pair.export("root", "change", "--add-root", tmp_path / "alice" / "alice.pub", "--add-root",
                         tmp_path / "bob" / "bob.pub", "--root-threshold", "2", "--review-by", "2020-01-01")
    assert "root sign" in change.stdout
    draft = pair.connected / "keys" / "draft" / "root-0002.json"
    failing(pair.export("root", "accept", expect=None), 13, "root sign")
    status = pair.export("status").stderr
    assert "root 2 is a draft" in status and "root discard" in status

    # Each holder signs a copy of its own, without a home.
    nowhere = {**os.environ, "GAPFERRY_EXPORT_HOME": str(tmp_path / "nowhere")}
    copies = []
    for name, key in (("root", pair.connected / "keys" / "root.key"), ("alice", tmp_path / "alice" / "alice.key")):
        copy = tmp_path / f"stick-{name}" / draft.name
        copy.parent.mkdir()
        shutil.copy(draft, copy)
        subprocess.run([pair.bins / "gapferry-export", "root", "sign", copy, "--key", key], env=nowhere, check=True,
                       capture_output=True)
        copies.append(copy)
    again = subprocess.run([pair.bins / "gapferry-export", "root", "sign", copies[1], "--key",
                            tmp_path / "alice" / "alice.key"], env=nowhere, capture_output=True, text=True)
    failing(again, 2, "has signed")
    failing(pair.export("root", "accept", copies[0], expect=None), 14, "1 of the 2")
    failing(pair.export("root", "accept", copies[1], expect=None), 13)
    accepted = pair.export("root", "accept", copies[0], "--copy", copies[1])
    assert "version 2" in accepted.stdout and "REVIEW" in accepted.stdout
    assert not draft.exists()
    status = pair.export("status").stderr
    assert "draft" not in status and "review of root 2 was due" in status

    # One key alone no longer makes a root.
    pair.export("init", "--site", "lab")
    failing(pair.export("root", "accept", expect=None), 14, "1 of the 2")
    pair.export("root", "discard")

    pair.export("bundle", "--to", pair.medium)
    pair.import_("import", pair.medium)
    shown = json_of(pair.import_("root", "show", "--json"))[-1]
    assert shown["root_version"] == 2 and shown["root"]["threshold"] == 2 and shown["review_due"]
    assert any(w["code"] == "review-due" for w in json_of(pair.import_("status", "--json"))[0]["warnings"])


def test_minisign_signs_roots_and_manifests_in_our_place(pair, tmp_path, oracle):
    oracle("minisign")
    pair.bundle()
    pair.open_site(clearance="red")
    assert minisign("-G", "-W", "-p", "carol.pub", "-s", "carol.key", cwd=tmp_path).returncode == 0
    pair.export("root", "change", "--add-content", tmp_path / "carol.pub", "--site", "ot-plant",
                "--content-threshold", "2")
    draft = pair.connected / "keys" / "draft" / "root-0002.json"
    signed = minisign("-S", "-s", pair.connected / "keys" / "root.key", "-m", draft, "-t", "root:2")
    assert signed.returncode == 0, signed.stderr
    pair.export("root", "accept")

    (pair.folder / "lacking").mkdir()
    lacking = pair.export("--quiet", "bundle", "--to", pair.folder / "lacking", expect=5)
    assert "1 of the 2" in lacking.stderr and "sign" in lacking.stderr
    shutil.rmtree(pair.folder / "lacking")
    (pair.folder / "lacking").mkdir()
    lacking = [line for line in json_of(pair.export("--json", "run", "--to", pair.folder / "lacking", expect=5))
               if line["message_type"] == "bundle"][-1]
    assert (len(lacking["signatures"]), lacking["threshold"], lacking["missing"]) == (1, 2, 1)
    assert "1 of the 2 signatures" in pair.export("status").stdout
    failing(pair.import_("import", pair.folder / "lacking", expect=None), 14, "1 of the 2")
    shutil.copy(tmp_path / "carol.key", pair.connected / "keys" / "content-carol.key")
    said = pair.bundle()
    assert (len(said["signatures"]), said["threshold"], said["missing"]) == (2, 2, 0)
    last = [line for line in json_of(pair.export("--json", "status")) if line["message_type"] == "site"][0]["last"]
    assert last["signatures"] == said["signatures"] and last["threshold"] == 2
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "xf", said["path"], "-C", unpacked], check=True)
    manifests = sorted(path.name for path in unpacked.glob("manifest.json*.minisig"))
    assert len(manifests) == 2
    publics = {content_id: pair.connected / "keys" / "content.pub", "carol": tmp_path / "carol.pub"}
    for public in publics.values():
        assert any(minisign("-V", "-p", public, "-m", unpacked / "manifest.json", "-x", unpacked / name).returncode == 0
                   for name in manifests)

    # The manifest signed anew by minisign; tar writes the very bytes that a volume must have.
    for key, name in ((pair.connected / "keys" / "content.key", "a"), (tmp_path / "carol.key", "b")):
        done = minisign("-S", "-s", key, "-m", "manifest.json", "-x", name, "-t",
                        f"stream:ot-plant epoch:1 seq:{said['seq']} kind:full", cwd=unpacked)
        assert done.returncode == 0, done.stderr
    key_id = lambda path: bytes(__import__("base64").b64decode(path.read_text().splitlines()[1])[2:10])[::-1].hex().upper()
    first, second = sorted((unpacked / "a", unpacked / "b"), key=key_id)
    for name in manifests:
        (unpacked / name).unlink()
    extra = f"manifest.json.{key_id(second)}.minisig"
    second.rename(unpacked / extra)
    first.rename(unpacked / "manifest.json.minisig")
    roots = sorted(path.name for path in unpacked.glob("root-*"))
    members = ["manifest.json", "manifest.json.minisig", extra, *roots, "payload/00000"]
    for name in members:
        (unpacked / name).chmod(0o644)
    volume = tmp_path / "again.gfb"
    subprocess.run(["tar", "--format=ustar", "-b1", "--numeric-owner", "--owner=0", "--group=0", "--mtime=@0", "-cf",
                    volume, *members], cwd=unpacked, check=True)
    pair.import_("import", volume)


# Rotation, revocation, epochs

def test_rotation_replaces_and_revokes_the_content_key(pair):
    old_medium = pair.bundle()["path"]
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)
    before = content_id(pair)
    pair.export("key", "rotate", "content")
    after = content_id(pair)
    assert before != after
    shown = keys(pair)
    assert shown[before]["revoked"] and shown[after]["role"] == "bundles of ot-plant"
    assert not (pair.connected / "keys" / "content.key").exists()
    second = pair.bundle()
    pair.import_("import", second["path"])
    failing(pair.import_("import", old_medium, "--allow-rollback", "--reason", "test", expect=None), 29, before, "root 2")
    listed = {key["id"]: key for key in json_of(pair.import_("key", "show", "--json"))}
    assert listed[before]["revoked"] and not listed[after]["revoked"]


def test_a_root_comes_without_its_bundle(pair):
    old = pair.bundle()["path"]
    pair.open_site(clearance="red")
    pair.export("key", "rotate", "content")
    second = pair.bundle()["path"]
    damaged = pair.folder / "damaged.gfb"
    content = bytearray(open(second, "rb").read())
    content[content.find(b"payload/00000") + 600] ^= 1
    damaged.write_bytes(content)
    pair.import_("import", damaged, expect=11)
    assert json_of(pair.import_("root", "show", "--json"))[-1]["root_version"] == 2
    failing(pair.import_("import", old, expect=None), 29)

    other = pair.folder / "other"
    elsewhere(pair, other, "init", "--root", pair.medium / "root-0001.json", "--fingerprint", pair.fingerprint)
    stick = pair.folder / "roots"
    stick.mkdir()
    assert "NOTHING NEWER" in elsewhere(pair, other, "root", "import", stick).stdout
    for path in (pair.connected / "keys").glob("root-*.json*"):
        shutil.copy(path, stick)
    assert "ROOT 1 → 2" in elsewhere(pair, other, "root", "import", stick).stdout
    assert "NOTHING NEWER" in elsewhere(pair, other, "root", "import", damaged).stdout
    pair.export("root", "change", "--max-life-days", "40", "--key", pair.connected / "keys" / "root.key")
    pair.export("root", "change", "--max-life-days", "41", "--key", pair.connected / "keys" / "root.key")
    failing(elsewhere(pair, other, "root", "import", pair.connected / "keys" / "root-0004.json", expect=None), 30,
            "root 4", "root 2")


def test_a_site_added_later_pins_the_newest_root(pair):
    made = json.loads(pair.export("init", "--site", "lab", "--json").stdout)
    assert made["root_version"] == 2
    pair.bundle()
    site = pair.folder / "lab"
    elsewhere(pair, site, "init", "--root", pair.medium / "root-0002.json", "--fingerprint", made["fingerprint"],
                 "--stream", "lab")
    done = elsewhere(pair, site, "init", "--root", pair.medium / "root-0001.json", "--fingerprint",
                        pair.fingerprint, "--stream", "lab", expect=None)
    assert done.returncode == 2
    # At a kiosk the number that each site knows is enough.
    for version, known in ((1, pair.fingerprint), (2, made["fingerprint"])):
        assert f"root-000{version}.json (fingerprint" in pair.import_("verify", pair.medium, "--fingerprint", known).stdout
    failing(pair.import_("verify", pair.medium, "--fingerprint", "0" * 32, expect=None), 13, "0000 0000")


def test_a_new_epoch_begins_with_the_root_and_number_one(pair):
    for _ in range(3):
        last = pair.bundle()
    pair.open_site(clearance="red")
    pair.import_("import", last["path"])
    pair.export("root", "change", "--new-epoch", "--key", pair.connected / "keys" / "root.key")
    first = pair.bundle()
    assert (first["epoch"], first["seq"], first["kind"]) == (2, 1, "full")
    pair.import_("import", first["path"])
    failing(pair.import_("import", last["path"], expect=None), 16, "epoch 1", "epoch 2")


def test_a_lost_mirror_needs_a_new_epoch(pair):
    pair.bundle()
    for path in pair.connected.glob("mirror.db*"):
        path.unlink()
    pair.export("root", "adopt")
    failing(pair.export("bundle", "--to", pair.medium, expect=None), 8, "--new-epoch")
    pair.export("root", "change", "--new-epoch", "--key", pair.connected / "keys" / "root.key")
    pair.export("collect")
    assert pair.bundle()["epoch"] == 2


def test_changes_that_make_no_sense_are_refused(pair, tmp_path):
    key = ("--key", pair.connected / "keys" / "root.key")
    failing(pair.export("root", "change", *key, expect=None), 2, "change nothing")
    failing(pair.export("root", "change", "--root-threshold", "2", *key, expect=None), 2, "could not work")
    failing(pair.export("root", "change", "--remove", "0" * 16, *key, expect=None), 7, "0" * 16)
    failing(pair.export("root", "change", "--new-epoch", "--site", "ot-plan", *key, expect=None), 7, "ot-plant")
    failing(pair.export("root", "change", "--add-content", pair.connected / "keys" / "root.pub", *key, expect=None), 2,
            "both roots and the bundles")
    assert root(pair)["root_version"] == 1


# Backup and restore

def test_the_exporter_is_restored_into_a_new_epoch(pair, tmp_path):
    for _ in range(2):
        pair.bundle()
    backup = tmp_path / "export.tar"
    pair.export("backup", "--to", backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    names = subprocess.run(["tar", "tf", backup], check=True, capture_output=True, text=True).stdout.split()
    assert "keys/root-0001.json" in names and not any(name.endswith(".key") for name in names)
    pair.export("backup", "--to", backup, "--with-keys")
    late = pair.bundle()
    pair.open_site(clearance="red")
    pair.import_("import", late["path"])

    pair.export("restore", backup, expect=2)
    shutil.rmtree(pair.connected)
    pair.export("restore", backup)
    pair.export("collect")
    failing(pair.export("bundle", "--to", pair.medium, expect=None), 8, "--new-epoch")
    pair.export("root", "change", "--new-epoch", "--key", pair.connected / "keys" / "root.key")
    first = pair.bundle()
    assert (first["epoch"], first["seq"]) == (2, 1)
    pair.import_("import", first["path"])
    done = pair._call("gapferry-import", tmp_path / "x", ["restore", backup], None)
    failing(done, 2, "gapferry-export", "gapferry-import")
    cut = tmp_path / "cut.tar"
    cut.write_bytes(backup.read_bytes()[:-600])
    failing(pair._call("gapferry-export", tmp_path / "y", ["restore", cut], None), 10)
    assert not (tmp_path / "y").exists()


def test_a_restored_site_is_healed_by_the_next_bundle(pair, tmp_path):
    paths = [pair.bundle()["path"] for _ in range(4)]
    pair.open_site(clearance="red")
    pair.import_("import", paths[1])
    backup = tmp_path / "site.tar"
    pair.import_("backup", "--to", backup)
    dump = pair.dump()
    pair.import_("import", paths[2])
    shutil.rmtree(pair.isolated)
    assert "highest number 1.2" in pair.import_("restore", backup).stdout
    assert pair.dump() == dump
    failing(pair.import_("import", paths[0], expect=None), 16)
    pair.import_("import", paths[3])
    failing(pair.import_("import", paths[2], expect=None), 16)


# Emergency and time, on the isolated side

def test_emergency_revocation(pair):
    path = pair.bundle()["path"]
    pair.open_site(clearance="red")
    key = content_id(pair)
    failing(pair.import_("key", "revoke", key, expect=None), 2, "reason")
    failing(pair.import_("key", "revoke", "0" * 16, "--reason", "x", expect=None), 7, "0" * 16)
    said = pair.import_("key", "revoke", key, "--reason", "call from Ms Roe")
    assert "no bundle can be imported" in said.stdout
    failing(pair.import_("import", path, expect=None), 29, key, "this site")
    assert "call from Ms Roe" in pair.import_("key", "show").stdout
    assert key in pair.import_("status").stdout
    pair.export("key", "rotate", "content")
    pair.import_("import", pair.bundle()["path"])
    pair.import_("key", "revoke", key, "--undo", "--reason", "was a drill")
    assert key not in pair.import_("status").stdout


def test_time_reset_repairs_what_a_wrong_clock_did(pair):
    at = lambda time: {**os.environ, "SOURCE_DATE_EPOCH": str(time)}
    day = 86400
    pair.bundle(env=at(CLOCK))
    pair.import_("init", "--root", pair.medium / "root-0001.json", "--fingerprint", pair.fingerprint, env=at(CLOCK))
    pair.configure_import(clearance="red")
    pair.import_("time", "reset", "--reason", "pinned under today's clock", env=at(CLOCK))
    pair.import_("import", pair.medium, env=at(CLOCK + day))
    fresh = pair.bundle(env=at(CLOCK + 8 * day))["path"]
    wrong = at(CLOCK + 1000 * day)
    pair.import_("import", fresh, "--accept-expired", "--reason", "clock", env=wrong)
    shown = json_of(pair.import_("time", "show", "--json", env=at(CLOCK + 9 * day)))[0]
    assert shown["verdict"] == "behind"
    newest = pair.bundle(env=at(CLOCK + 9 * day))["path"]
    failing(pair.import_("import", newest, expect=None, env=at(CLOCK + 9 * day)), 15)
    failing(pair.import_("time", "reset", expect=None), 2, "reason")
    pair.import_("time", "reset", "--reason", "clock stood in the future", env=at(CLOCK + 9 * day))
    pair.import_("import", newest, env=at(CLOCK + 9 * day))
    warned = json_of(pair.import_("status", "--json", env=at(CLOCK + 20 * day)))[0]["warnings"]
    assert [w["code"] for w in warned] == ["overdue"]
    warned = json_of(pair.import_("status", "--json", env=at(CLOCK + 60 * day)))[0]["warnings"]
    assert [w["code"] for w in warned] == ["expired"]
