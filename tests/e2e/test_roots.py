"""Roots that are bad, forked or older than they should be: on a medium, at a site, after a restore."""
import json
import os
import shutil
import subprocess
import time

import pytest
from test_keys import content_id, elsewhere, failing, json_of, keys, minisign, pair, root  # noqa: F401

DAY = 86400
CLOCK = int(time.time()) + 3600


def at(clock):
    return {**os.environ, "SOURCE_DATE_EPOCH": str(clock)}


def root_key(pair):
    return pair.connected / "keys" / "root.key"


def restored(pair, backup):
    """What the connected side becomes if the backup is all that is left."""
    shutil.rmtree(pair.connected)
    pair.export("restore", backup)
    pair.export("collect")


def next_roots(pair, count=1):
    for _ in range(count):
        days = root(pair)["streams"][0]["max_life_days"] + 1
        pair.export("root", "change", "--max-life-days", days, "--key", root_key(pair))


@pytest.fixture
def rotated(pair, tmp_path):
    """A backup at root 1; then roots 2 and 3 revoke the content key and begin epoch 2; the site follows."""
    pair.bundle()
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])
    pair.import_("import", pair.medium)
    pair.backup = tmp_path / "b.tar"
    pair.export("backup", "--to", pair.backup, "--with-keys")
    pair.old = content_id(pair)
    pair.export("key", "rotate", "content")
    pair.export("root", "change", "--new-epoch", "--key", root_key(pair))
    pair.bundle()
    said = pair.import_("import", pair.medium)
    assert "ROOT 1 → 3" in said.stdout and f"revoked: {pair.old}" in said.stdout
    entry = [json.loads(line) for line in (pair.isolated / "audit.log").read_text().splitlines()]
    accepted = [line["detail"] for line in entry if line["event"] == "root.accepted"][-1]
    assert accepted["fingerprint"] == root(pair)["fingerprint"] and f"revoked: {pair.old}" in accepted["changes"]
    pair.last_medium = tmp_path / "last"
    shutil.copytree(pair.medium, pair.last_medium)
    shutil.rmtree(pair.medium)
    return pair


def test_a_restored_exporter_cannot_undo_a_revocation(rotated):
    pair = rotated
    restored(pair, pair.backup)
    for _ in range(3):
        pair.export("root", "change", "--new-epoch", "--key", root_key(pair))
    pair.bundle()
    fork = json_of(pair.import_("root", "show", "--json"))[-1]["fingerprint"]
    for command in ("import", "run", "verify", "diff", "inspect"):
        failing(pair.import_(command, pair.medium, expect=None), 17, "two different roots 3", fork)
    failing(pair.import_("root", "import", pair.medium, expect=None), 17, "two different roots 3")
    failing(pair.import_("root", "import", pair.connected / "keys" / "root-0003.json", expect=None), 17)
    # Even if nothing shows the fork.
    failing(pair.import_("root", "import", pair.connected / "keys" / "root-0004.json", expect=None), 29, pair.old,
            "root 4", "root 3")
    assert json_of(pair.import_("root", "show", "--json"))[-1]["revoked"] == [pair.old]
    assert "import.refused" in (pair.isolated / "audit.log").read_text()

    # And the home itself sees that it went another way.
    failing(pair.export("root", "adopt", pair.last_medium, expect=None), 17, "two different roots 2")


def test_a_restored_exporter_adopts_the_roots_of_the_last_medium(rotated):
    pair = rotated
    shutil.rmtree(pair.connected)
    said = pair.export("restore", pair.backup).stdout
    assert said.index("root adopt MEDIUM") < said.index("--new-epoch")
    adopted = pair.export("root", "adopt", pair.last_medium).stdout
    assert "root 1 → 3" in adopted and "content-new" in adopted
    assert root(pair)["root_version"] == 3
    assert not (pair.connected / "keys" / "content.key").exists()
    assert (pair.connected / "keys" / f"revoked-{pair.old}.key").exists()
    pair.export("collect")
    # Epoch 2 is another's: nobody here knows its numbers.
    failing(pair.export("bundle", "--to", pair.folder, expect=None), 8, "--new-epoch")
    lost = content_id(pair)
    pair.export("key", "new", "content-new")
    change = [line for line in adopted.splitlines() if "root change" in line][0].split()[1:]
    change[change.index("KEY")] = str(root_key(pair))
    pair.export(*change)
    first = pair.bundle()
    assert (first["epoch"], first["seq"]) == (3, 1)
    said = pair.import_("run", pair.medium)
    assert "ROOT 3 → 4" in said.stdout
    shown = json_of(pair.import_("root", "show", "--json"))[-1]
    assert set(shown["revoked"]) == {pair.old, lost}


def test_roots_that_were_copied_by_hand_are_checked(rotated):
    pair = rotated
    shutil.rmtree(pair.connected)
    pair.export("restore", pair.backup)
    for path in pair.last_medium.glob("root-0003.json*"):
        shutil.copy(path, pair.connected / "keys")
    failing(pair.export("root", "adopt", expect=None), 30, "root-0003.json", "root-0002.json", "root adopt MEDIUM")
    bundle = sorted(pair.last_medium.glob("*.gfb"))[-1]
    subprocess.run(["tar", "xf", bundle, "-C", pair.connected / "keys", "--wildcards", "root-*"], check=True)
    pair.export("root", "adopt")
    assert root(pair)["root_version"] == 3


# Roots without a bundle

def altered(pair, stick):
    path = stick / "root-0002.json"
    path.write_text(path.read_text().replace('"gapferry-root"', '"gapferry-toor"'))


def truncated(pair, stick):
    path = stick / "root-0002.json"
    path.write_bytes(path.read_bytes()[:-40])


def unsigned(pair, stick):
    (stick / "root-0002.json.minisig").unlink()


def crlf(pair, stick):
    path = stick / "root-0002.json.minisig"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def skipped(pair, stick):
    for path in list(stick.iterdir()):
        path.unlink()
    for path in (pair.connected / "keys").glob("root-0003.json*"):
        shutil.copy(path, stick)


def linked(pair, stick):
    (stick / "root-0002.json").unlink()
    (stick / "root-0002.json").symlink_to(pair.connected / "keys" / "root-0002.json")


def below_threshold(pair, stick):
    pair.export("key", "new", "alice", "--to", stick.parent / "alice", "--no-passphrase")
    pair.export("root", "change", "--add-root", stick.parent / "alice" / "alice.pub", "--root-threshold", "2")
    draft = pair.connected / "keys" / "draft" / "root-0004.json"
    pair.export("root", "sign", draft, "--key", root_key(pair))
    for number in (2, 3):
        for path in (pair.connected / "keys").glob(f"root-000{number}.json*"):
            shutil.copy(path, stick)
    pair.import_("root", "import", stick)
    for path in list(stick.iterdir()):
        path.unlink()
    for path in draft.parent.iterdir():
        shutil.copy(path, stick)


@pytest.mark.parametrize("harm, code, file, words", [
    (altered, 12, "root-0002.json", ["does not fit"]), (truncated, 12, "root-0002.json", ["does not fit"]),
    (unsigned, 13, "root-0002.json", ["signed by nobody"]), (crlf, 9, "root-0002.json", ["signature file"]),
    (skipped, 30, "root-0003.json", ["root 2", "root 1"]), (below_threshold, 14, "root-0004.json", ["1 of the 2"]),
    (linked, 4, "root-0002.json", ["symbolic link"]),
], ids=lambda value: getattr(value, "__name__", None))
def test_a_bad_root_without_a_bundle_has_the_code_of_its_fault(pair, tmp_path, harm, code, file, words):
    pair.bundle()
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])
    next_roots(pair, 2)
    stick = tmp_path / "stick"
    stick.mkdir()
    for path in (pair.connected / "keys").glob("root-0002.json*"):
        shutil.copy(path, stick)
    harm(pair, stick)
    failing(pair.import_("root", "import", stick / file, expect=None), code, *words)
    failing(pair.import_("root", "import", stick, expect=None), code, *words)
    for command in ("run", "verify"):
        done = pair.import_(command, stick, "--quiet", expect=None)
        assert done.returncode != 0 and "no bundle" in done.stderr, done.stderr
        assert all(word in done.stderr for word in words), done.stderr

    # Beside a good bundle it does not stop the import, and is not passed over.
    for path in pair.medium.glob("*.gfb"):
        shutil.copy(path, stick)
    for command in ("import", "run", "verify"):
        failing(pair.import_(command, stick, "--quiet", expect=None), 5, "cannot be used", *words)
    assert json_of(pair.import_("status", "--json"))[0]["applied"]["seq"] == 1


def test_what_is_no_signature_hides_no_root(pair, tmp_path):
    pair.bundle()
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])
    pair.import_("run", pair.medium)
    next_roots(pair, 2)
    stick = tmp_path / "stick"
    stick.mkdir()
    for path in (pair.connected / "keys").glob("root-000[23].json*"):
        shutil.copy(path, stick)
    (stick / "root-0002.json.0000000000000000.minisig").write_text("junk")
    for number in range(30):
        (stick / f"root-0003.json.{number:016X}.minisig").write_bytes((stick / "root-0003.json.minisig").read_bytes())
    said = pair.import_("root", "import", stick)
    assert "ROOT 1 → 3" in said.stdout and "root-0002.json.0000000000000000.minisig" in said.stderr
    next_roots(pair)
    shutil.copy(pair.connected / "keys" / "root-0004.json", stick)
    shutil.copy(pair.connected / "keys" / "root-0004.json.minisig", stick)
    for number in range(200):
        (stick / f"root-0004.json.{number:016X}.minisig").write_text(f"junk {number}")
    pair.import_("root", "import", stick)
    assert json_of(pair.import_("root", "show", "--json"))[-1]["root_version"] == 4


def test_the_old_bundle_after_a_rotation_is_a_note(pair):
    old = pair.bundle()["path"]
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])
    pair.import_("run", pair.medium)
    before = content_id(pair)
    pair.export("key", "rotate", "content")
    pair.bundle()
    for command in ("verify", "run"):
        done = pair.import_(command, pair.medium)
        assert "older, unusable" in done.stderr and "error:" not in done.stderr
        assert f"signed by key {before}, which root 2 has revoked; only {content_id(pair)} may" in done.stderr
    done = pair.import_("run", old, expect=None)
    failing(done, 29, "which root 2 has revoked", "hint:")


def test_a_root_signed_without_a_trusted_comment_names_the_option(pair, tmp_path, oracle):
    oracle("minisign")
    pair.export("root", "change", "--max-life-days", "40")
    draft = pair.connected / "keys" / "draft" / "root-0002.json"
    subprocess.run(["minisign", "-S", "-s", root_key(pair), "-m", draft], check=True, capture_output=True)
    failing(pair.export("root", "accept", expect=None), 12, 'minisign -S -t "root:2"')
    failing(pair.export("root", "change", "--root-threshold", "3", "--key", root_key(pair), expect=None), 2, "is 3",
            "number of keys, 1")


# Time

def test_a_site_without_a_clock_takes_no_year_9000(pair):
    pair.bundle(env=at(CLOCK))
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])
    pair.import_("import", pair.medium, env=at(0))
    true_bundle = pair.bundle(env=at(CLOCK + DAY))["path"]
    soon = pair.bundle(env=at(CLOCK + 1000 * DAY))["path"]
    far = pair.bundle(env=at(CLOCK + 5000 * DAY))["path"]
    year = time.strftime("%Y", time.gmtime(CLOCK + 5000 * DAY))
    said = pair.import_("verify", far, env=at(0)).stdout
    assert "the clock here is not believed" in said and "days ago" not in said
    for clock in (0, CLOCK + 5000 * DAY):
        failing(pair.import_("import", far, expect=None, env=at(clock)), 24, year, "--trust-clock")
    failing(pair.import_("import", far, "--trust-clock", expect=None, env=at(CLOCK)), 2, "reason")
    pair.import_("import", true_bundle, env=at(0))

    # Within five years a thief can move the floor; what he moved is named, and comes back.
    pair.import_("import", soon, env=at(0))
    failing(pair.import_("time", "reset", "--reason", "floor is wrong", expect=None, env=at(CLOCK + 2 * DAY)), 8,
            "bundle 1.3", "rollback", "--trust-clock")
    assert "rollback" in pair.import_("status", env=at(CLOCK + 2 * DAY)).stdout
    pair.import_("rollback", "--reason", "forged time", env=at(CLOCK + 2 * DAY))
    pair.import_("time", "reset", "--reason", "forged time", env=at(CLOCK + 2 * DAY))
    failing(pair.import_("time", "reset", "--reason", "again", expect=None, env=at(CLOCK + 2 * DAY)), 8)
    shown = json_of(pair.import_("time", "show", "--json", env=at(CLOCK + 2 * DAY)))[0]
    assert shown["verdict"] == "plausible"


def test_a_clock_can_be_vouched_for(pair):
    pair.bundle(env=at(CLOCK))
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])
    pair.import_("import", pair.medium, env=at(CLOCK))
    later = CLOCK + 2500 * DAY
    late = pair.bundle(env=at(later))["path"]
    failing(pair.import_("import", late, expect=None, env=at(later)), 24)
    pair.import_("import", late, "--trust-clock", "--reason", "ten years in a drawer", env=at(later))
    assert "clock vouched for" in pair.import_("status", env=at(later)).stdout


# What the connected home stores of them

def stored(pair, version):
    """The signature files of a root in keys/, each checked by minisign under the key that it names."""
    found = {}
    for path in sorted((pair.connected / "keys").glob(f"root-{version:04}.json*.minisig")):
        for public in (pair.connected / "keys").glob("*.pub"):
            fits = minisign("-V", "-p", public, "-m", path.parent / f"root-{version:04}.json", "-x", path)
            if fits.returncode == 0:
                found[path.name] = fits.stdout
    return found


def sign_without_comment(pair, draft, at):
    key = root_key(pair)
    assert minisign("-S", "-s", key, "-m", draft, "-x", at).returncode == 0


def followed(pair, version):
    """The next bundle takes a fresh site to this root."""
    pair.bundle()
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])
    assert f"ROOT 1 → {version}" in pair.import_("import", pair.medium).stdout


@pytest.mark.parametrize("by_copy", [False, True], ids=["beside", "copied"])
def test_accept_stores_only_signatures_that_fit(pair, tmp_path, oracle, by_copy):
    oracle("minisign")
    pair.export("root", "change", "--max-life-days", "40", "--site", "ot-plant")
    draft = pair.connected / "keys" / "draft" / "root-0002.json"
    root_id = next(id for id, key in keys(pair).items() if key["file"].endswith("root.key"))
    sign_without_comment(pair, draft, f"{draft}.{root_id}.minisig")
    failing(pair.export("root", "accept", expect=None), 12, "root:2")
    good = draft
    if by_copy:
        (tmp_path / "copy").mkdir()
        good = tmp_path / "copy" / draft.name
        shutil.copy(draft, good)
    assert minisign("-S", "-s", root_key(pair), "-m", good, "-t", "root:2").returncode == 0
    said = pair.export("root", "accept", *(["--copy", good] if by_copy else []))
    assert "was not taken" in said.stderr and root_id in said.stderr
    assert [*stored(pair, 2)] == ["root-0002.json.minisig"] and "root:2" in stored(pair, 2)["root-0002.json.minisig"]
    followed(pair, 2)


def test_adopt_stores_only_signatures_that_fit(pair, tmp_path, oracle):
    oracle("minisign")
    pair.bundle()
    backup = tmp_path / "b.tar"
    pair.export("backup", "--to", backup, "--with-keys")
    next_roots(pair)
    stick = tmp_path / "stick"
    stick.mkdir()
    for path in (pair.connected / "keys").glob("root-0002.json*"):
        shutil.copy(path, stick)
    root_id = next(id for id, key in keys(pair).items() if key["file"].endswith("root.key"))
    sign_without_comment(pair, stick / "root-0002.json", stick / f"root-0002.json.{root_id}.minisig")
    shutil.rmtree(pair.connected)
    pair.export("restore", backup)
    assert "was not taken" in pair.export("root", "adopt", stick).stderr
    assert [*stored(pair, 2)] == ["root-0002.json.minisig"] and "root:2" in stored(pair, 2)["root-0002.json.minisig"]


@pytest.mark.parametrize("harm, taken, code, word", [
    ("altered", 2, 12, "root-0003.json"), ("gap", 2, 30, "root 4"), ("cut", 1, 10, ".gfb")])
def test_adopt_takes_what_is_good_and_says_what_is_not(pair, tmp_path, harm, taken, code, word):
    pair.bundle()
    backup = tmp_path / "b.tar"
    pair.export("backup", "--to", backup, "--with-keys")
    next_roots(pair, 3)
    stick = tmp_path / "stick"
    stick.mkdir()
    wanted = {"altered": (2, 3), "gap": (2, 4), "cut": ()}[harm]
    for number in wanted:
        for path in (pair.connected / "keys").glob(f"root-{number:04}.json*"):
            shutil.copy(path, stick)
    if harm == "altered":
        path = stick / "root-0003.json"
        path.write_text(path.read_text().replace('"gapferry-root"', '"gapferry-toor"'))
    if harm == "cut":
        pair.bundle()
        bundle = sorted(pair.medium.glob("*.gfb"))[-1]
        (stick / bundle.name).write_bytes(bundle.read_bytes()[:3000])
    shutil.rmtree(pair.connected)
    pair.export("restore", backup)
    failing(pair.export("root", "adopt", stick, expect=None), code, word, "make no root")
    assert root(pair)["root_version"] == taken


def test_a_signature_without_its_root_is_no_gap(pair):
    """What a kill leaves between the signature and the root."""
    keys_folder = pair.connected / "keys"
    shutil.copy(keys_folder / "root-0001.json.minisig", keys_folder / "root-0002.json.minisig")
    pair.export("root", "adopt")
    next_roots(pair)
    pair.export("root", "adopt")
    assert [*stored(pair, 2)] == ["root-0002.json.minisig"]


def test_a_signature_that_does_not_fit_is_replaced(pair, tmp_path):
    """Of its own key, but of something else: as when a draft was changed after it was signed."""
    pair.export("key", "new", "second", "--to", tmp_path, "--no-passphrase")
    pair.export("root", "change", "--add-root", tmp_path / "second.pub", "--root-threshold", "2", "--key", root_key(pair))
    draft = next(pair.connected.glob("**/root-0002.json"))
    pair.export("root", "sign", draft, "--key", tmp_path / "second.key")
    beside = [path for path in draft.parent.glob("root-0002.json.*.minisig")]
    mine = [path for path in beside if pair.export("key", "show").stdout.find(path.name.split(".")[2]) < 0]
    assert mine, beside
    failing(pair.export("root", "sign", draft, "--key", tmp_path / "second.key", expect=None), 2, "has signed")
    other = tmp_path / "other"
    other.write_text("other")
    assert minisign("-S", "-s", tmp_path / "second.key", "-m", other, "-x", mine[0], "-t", "x").returncode == 0
    pair.export("root", "sign", draft, "--key", tmp_path / "second.key")
    # Of the draft, but without the comment that a root demands.
    assert minisign("-S", "-s", tmp_path / "second.key", "-m", draft, "-x", mine[0]).returncode == 0
    pair.export("root", "sign", draft, "--key", tmp_path / "second.key")
    pair.export("root", "accept")
    assert root(pair)["root_version"] == 2
