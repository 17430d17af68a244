"""Media as couriers and attackers leave them: several volumes, several bundles, foreign things, too little room."""
import json
import os
import random
import shutil
import subprocess
from copy import copy as shallow_copy
from pathlib import Path

import pytest

from pair import EVERYTHING, Pair

MIB = 1 << 20


def event(path, attributes, value_bytes, seed):
    """Values that do not compress below half, so that the payload's size can be chosen."""
    numbers = random.Random(seed)
    rows = [{"uuid": f"00000000-0000-4000-8000-{i:012x}", "type": "text", "category": "Other", "to_ids": False,
             "value": numbers.randbytes(value_bytes).hex()} for i in range(attributes)]
    path.write_text(json.dumps({"Event": {
        "uuid": "aaaaaaaa-0000-4000-8000-000000000001", "info": "one", "date": "2026-08-01", "published": True,
        "timestamp": str(seed), "Attribute": rows}}))


def make_pair(folder, bins, attributes, value_bytes, **site):
    folder.mkdir(exist_ok=True)
    event(folder / "event.json", attributes, value_bytes, 1)
    pair = Pair(folder / "pair", bins)
    pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(folder / "event.json")}], **site,
                          **EVERYTHING)
    pair.export("collect")
    return pair


@pytest.fixture(scope="module")
def big(tmp_path_factory, bins):
    """A bundle of 30 MB as three volumes, written once."""
    pair = make_pair(tmp_path_factory.mktemp("big"), bins, 500, 60_000, volume_size="16M")
    pair.said = pair.bundle()
    assert len(pair.said["volumes"]) == 3
    pair.open_site(clearance="red")
    return pair


@pytest.fixture
def copy(big, tmp_path):
    """Its medium, to be spoilt."""
    return Path(shutil.copytree(big.medium, tmp_path / "copy"))


@pytest.fixture
def small(tmp_path, bins):
    pair = make_pair(tmp_path / "small", bins, 3, 100)
    pair.said = pair.bundle()
    pair.volume = Path(pair.said["path"])
    pair.open_site(clearance="red")
    return pair


def volumes(folder):
    return sorted(folder.glob("*.gfb"))


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def unpack(paths, folder):
    folder.mkdir()
    for path in paths:
        subprocess.run(["tar", "xf", path, "-C", folder], check=True)
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


# --- several volumes

def test_three_volumes_are_one_bundle(big):
    assert all(volume["bytes"] <= 16 * MIB for volume in big.said["volumes"])
    assert sum(volume["bytes"] for volume in big.said["volumes"]) == big.said["bytes"]
    big.import_("verify", big.medium)
    big.import_("import", big.medium)
    assert sum(row["kind"] == "attribute" for row in big.dump()) == 500


def test_what_volumes_are_called_decides_nothing(big, copy):
    first, second, third = volumes(copy)
    first.rename(copy / "swap")
    second.rename(first)
    third.rename(second)
    (copy / "swap").rename(third)
    assert "INTACT" in big.import_("verify", copy).stdout


def test_each_volume_can_be_verified_alone(big, copy):
    words = ["volume 1 of 3: intact; volumes 2 and 3 ",
             "volume 2 of 3: intact; volumes 1 and 3 ",
             "volume 3 of 3: intact; volumes 1 and 2 "]
    for number, (volume, said) in enumerate(zip(volumes(copy), words)):
        apart = copy / f"disc{number}"
        apart.mkdir()
        shutil.copy(volume, apart)
        for path, where in ((volume, "lie beside it and were not looked at"), (apart, "are not here"),
                            (apart / volume.name, "are not here")):
            done = big.import_("verify", path, "--json", expect=10)
            assert said + where in done.stderr
            assert json.loads(done.stdout)["verdict"] == "incomplete"
    flip(volumes(copy)[1], 5 * MIB)
    done = big.import_("verify", volumes(copy)[1], expect=11)
    assert "v2of3.gfb is damaged" in done.stderr and "intact" not in done.stderr
    assert "volumes 1 and 3 lie beside it" in done.stderr


def test_resplit_gives_the_same_bundle_without_a_key(big, copy, tmp_path, bins):
    for program, size, count in (("gapferry-export", "fat32", 1), ("gapferry-import", "20M", 2)):
        there, back = tmp_path / f"there-{count}", tmp_path / f"back-{count}"
        there.mkdir()
        back.mkdir()
        command = [bins / program, "--home", tmp_path / "nowhere", "--json", "resplit"]
        done = subprocess.run([*command, copy, "--to", there, "--volume-size", size], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["signature_checked"] is False
        assert len(volumes(there)) == count
        big.import_("verify", there)
        subprocess.run([*command, volumes(there)[0], "--to", back, "--volume-size", "16M"], check=True)
        assert [file.name for file in volumes(back)] == [file.name for file in volumes(copy)]
        for once, again in zip(volumes(copy), volumes(back)):
            assert once.read_bytes() == again.read_bytes()
        for name in ("root-0001.json", "root-0001.json.minisig", "READ-ME-FIRST.txt"):
            assert (back / name).read_bytes() == (copy / name).read_bytes()
        assert unpack(volumes(there), tmp_path / f"a-{count}") == unpack(volumes(copy), tmp_path / f"b-{count}")


def test_resplit_copies_nothing_that_is_not_whole(big, copy, tmp_path):
    third = volumes(copy)[2]
    flip(third, MIB)
    (tmp_path / "out").mkdir()
    done = big.import_("resplit", copy, "--to", tmp_path / "out", "--volume-size", "fat32", expect=11)
    assert "v3of3" in done.stderr
    assert volumes(tmp_path / "out") == [] and not list((tmp_path / "out").glob("*.part"))
    third.unlink()
    big.import_("resplit", copy, "--to", tmp_path / "out", "--volume-size", "fat32", expect=10)
    done = big.import_("resplit", copy, "--to", tmp_path / "out", "--volume-size", "1M", expect=2)
    assert "too small" in done.stderr


def test_volumes_of_two_bundles_are_not_mixed(big, copy, tmp_path):
    event(big.folder.parent / "event.json", 500, 60_000, 2)
    big.export("collect")
    second = tmp_path / "second"
    second.mkdir()
    big.export("bundle", "--to", second, "--kind", "full")
    assert [file.name for file in volumes(second)][0] == "ot-plant-000002-full-v1of3.gfb"
    for file in volumes(second)[1:]:
        shutil.copy(file, copy)
    done = big.import_("verify", copy, expect=10)
    assert "volumes 2 and 3 of 3: intact; volume 1 is not here" in done.stderr
    # A volume of the other bundle in its place helps nothing.
    shutil.copy(volumes(copy)[0], copy / "ot-plant-000002-full-v1of3.gfb")
    big.import_("verify", copy, expect=10)
    for file in volumes(second):
        shutil.copy(file, copy)
    done = big.import_("verify", copy)
    assert "number 1.2" in done.stdout and "older, signed, not read: ot-plant 1.1 full" in done.stderr


def test_incomplete_damaged_and_altered_are_told_apart(big, copy):
    first, second, third = volumes(copy)
    whole = second.read_bytes()
    second.unlink()
    assert "volumes 1 and 3 of 3: intact; volume 2 is not here" in big.import_("verify", copy, expect=10).stderr
    second.write_bytes(whole[:5 * MIB])
    done = big.import_("verify", copy, expect=10)
    assert "v2of3.gfb has 5242880 of at least" in done.stderr
    second.write_bytes(whole)

    flip(first, MIB)
    flip(first, 9 * MIB)
    done = big.import_("verify", copy, expect=11)
    assert done.stderr.count("v1of3.gfb is damaged") == 2
    assert "chunk 0 of 8" in done.stderr and "chunk 2 of 8" in done.stderr and "v2of3" not in done.stderr

    flip(third, third.read_bytes().find(b'"created"') + 15)
    second.write_bytes(whole[:-1])
    done = big.import_("verify", copy, expect=12)
    assert "error: " in done.stderr and done.stderr.rstrip().splitlines()[-1].startswith(("error", "hint"))
    assert "v1of3.gfb is damaged" in done.stderr and "the copy was not finished" in done.stderr
    big.import_("import", copy, expect=None)
    assert sum(row["kind"] == "attribute" for row in big.dump()) in (0, 500)


# --- the label

def lines_to_run(folder):
    label = (folder / "READ-ME-FIRST.txt").read_bytes()
    label.decode("ascii")
    lines = label.decode().split("check=$(mktemp -d)")[1].splitlines()
    return "set -e\ncheck=$(mktemp -d)\n" + "\n".join(line.strip() for line in lines if line.startswith("    "))


def run_label(pair, folder, oracle, tmp_path):
    home = tmp_path / "person"
    home.mkdir(exist_ok=True)
    shutil.copy(pair.connected / "keys" / "content.pub", home)
    path = f"{Path(oracle('minisign')).parent}:{os.environ['PATH']}"
    return subprocess.run(["sh", "-c", lines_to_run(folder)], cwd=folder, capture_output=True, text=True,
                          env={"HOME": str(home), "PATH": path, "TMPDIR": str(tmp_path)})


def test_the_lines_of_the_label_verify_the_bundle(big, copy, small, oracle, tmp_path):
    done = run_label(big, copy, oracle, tmp_path)
    assert done.returncode == 0 and "INTACT" in done.stdout, done.stderr
    assert "stream:ot-plant epoch:1 seq:1 kind:full" in done.stdout
    label = (copy / "READ-ME-FIRST.txt").read_text()
    start = label.split("| cut -c1-16    # ")[1].split()[0]
    assert f"\n{start}\n" in "\n" + done.stdout
    assert max(len(line) for line in label.splitlines()) <= 80
    for words in ("ot-plant", "number 1.1", "full", big.fingerprint, "TLP:RED", "500 attributes",
                  "ot-plant-000001-full-v3of3.gfb"):
        assert words in label
    flip(volumes(copy)[1], 3 * MIB)
    done = run_label(big, copy, oracle, tmp_path)
    assert done.returncode != 0 and "INTACT" not in done.stdout

    done = run_label(small, small.medium, oracle, tmp_path)
    assert done.returncode == 0 and "INTACT" in done.stdout, done.stderr


def test_the_label_is_that_of_the_last_bundle_and_names_the_others(small):
    small.bundle()
    label = (small.medium / "READ-ME-FIRST.txt").read_text()
    assert "number 1.2" in label and "also here  ot-plant-0000" in label


# --- what lies on the medium already

def test_older_bundles_are_listed_and_go_only_when_asked(small):
    junk = small.medium / "ot-plant-000000-full.gfb"
    junk.write_text("named like one")
    other = small.medium / "lab-000001-full.gfb"
    shutil.copy(small.volume, other)
    left = small.medium / "ot-plant-000009-full-v1of2.gfb.part"
    left.write_text("half")
    done = small.export("bundle", "--to", small.medium, "--kind", "full")
    assert "older, still there: ot-plant-000001-full.gfb" in done.stdout
    assert "left by an interruption: ot-plant-000009-full-v1of2.gfb.part" in done.stdout
    assert small.volume.exists()
    said = json.loads(small.export("bundle", "--to", small.medium, "--kind", "full", "--replace", "--json").stdout)
    assert sorted(said["removed"]) == ["ot-plant-000001-full.gfb", "ot-plant-000002-full.gfb", left.name]
    assert said["older"] == [junk.name]
    assert volumes(small.medium) == [other, junk, small.medium / "ot-plant-000003-full.gfb"]
    assert "number 1.3" in small.import_("verify", small.medium).stdout


def test_foreign_things_are_counted_and_never_opened(small):
    medium = small.medium
    for i in range(30):
        (medium / f"holiday-{i:02}.jpg").write_text("x")
    for name in (b"a\x1b[2Jb", "a\u202egpj.exe".encode(), b"not-utf8-\xff\xfe", b"n" * 255, b"two\nlines",
                 b"OT-PLANT-000001-FULL.GFB", b"ot-plant-000001-full.gfb-wal"):
        Path(os.fsdecode(os.fsencode(medium) + b"/" + name)).write_text("x")
    os.mkfifo(medium / "ot-plant-000005-full.gfb")
    (medium / "ot-plant-000006-full.gfb").mkdir()
    (medium / "ot-plant-000007-full.gfb").symlink_to(small.volume)
    (medium / "ot-plant-000008-full.gfb").symlink_to("nowhere")
    (medium / "root-0002.json").symlink_to("/etc/passwd")
    os.mkfifo(medium / "root-0003.json")
    # A newer root could revoke a key; one that cannot be read is said to be there (5).
    done = small.import_("verify", medium, "--json", expect=5)
    said = json.loads(done.stdout)
    assert said["verdict"] == "intact" and said["foreign_count"] == 43 and len(said["foreign_files"]) == 20
    for command, code in (("verify", 5), ("inspect", 0), ("import", 5)):
        done = small.import_(command, medium, expect=code)
        assert "foreign    and 23 more, 43 in all" in done.stdout
        shown = done.stdout + done.stderr
        assert "\x1b" not in shown and "\u202e" not in shown and "a\\x1b[2Jb" in shown


def test_thousands_of_entries(small):
    for i in range(5000):
        (small.medium / f"{i:05}.tmp").touch()
    for i in range(5000):
        (small.medium / f"ot-plant-{i + 100:06}-delta.gfb").touch()
    done = small.import_("verify", small.medium, expect=10)
    assert len(done.stderr.splitlines()) < 100 and "more faults" in done.stderr
    said = json.loads(small.import_("verify", small.volume, "--json").stdout)
    assert said["verdict"] == "intact"


def test_a_sparse_giant_is_not_read(small):
    giant = small.medium / "ot-plant-000009-full.gfb"
    with giant.open("wb") as file:
        file.truncate(1 << 40)
    done = small.import_("verify", small.medium, expect=9)
    assert "begins with zeros: it holds no manifest" in done.stderr
    # Also one that begins like a bundle.
    shutil.copy(small.volume, giant)
    with giant.open("r+b") as file:
        file.truncate(1 << 40)
    done = small.import_("verify", giant, expect=9)
    assert "its content ends at" in done.stderr
    giant.rename(small.medium / "ot-plant-000000-full.gfb")
    done = small.import_("verify", small.medium, expect=9)


def test_damage_of_the_newest_is_said_although_an_older_one_is_whole(small):
    newest = Path(small.bundle()["path"])
    flip(newest, newest.stat().st_size - 2048)
    done = small.import_("verify", small.medium, expect=11)
    assert "older, signed, not read: ot-plant 1.1 full" in done.stderr
    flip(newest, newest.read_bytes().find(b'"created"') + 15)
    small.import_("verify", small.medium, expect=12)
    # The other way round: the older one's fault is a note, and the newest is intact.
    third = Path(small.bundle()["path"])
    done = small.import_("verify", small.medium)
    assert "number 1.3" in done.stdout and "older, unusable" in done.stderr
    assert third.exists()


def test_a_root_travels_without_a_bundle(small, tmp_path):
    small.export("init", "--site", "lab")
    bare = tmp_path / "bare"
    bare.mkdir()
    for name in ("root-0002.json", "root-0002.json.minisig"):
        shutil.copy(small.connected / "keys" / name, bare)
    small.import_("import", bare, expect=7)
    assert json.loads(small.import_("status", "--json").stdout)["root_version"] == 2
    flip(bare / "root-0002.json", 100)
    shutil.copy(small.volume, bare)
    assert "cannot be used" not in small.import_("verify", bare).stderr  # 2 is held already
    root = small.medium / "root-0001.json"
    done = small.import_("verify", bare, "--root", root, expect=5)
    assert "root 2 on this medium cannot be used" in done.stderr and "INTACT" in done.stdout


# --- room

@pytest.fixture
def tiny(tmp_path):
    """A file system of 2 MiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root: " + mounted.stderr.decode().strip())
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_too_little_room_is_said_before_anything_is_written(big, small, tiny):
    before = big.export("status").stdout
    for command in (("bundle", "--to", tiny), ("resplit", big.medium, "--to", tiny, "--volume-size", "dvd")):
        done = big.export(*command, expect=21)
        assert "bytes" in done.stderr and "are free" in done.stderr and "nothing was written" in done.stderr
        assert list(tiny.iterdir()) == []
    # The number was not spent.
    assert big.export("status").stdout == before
    small.export("bundle", "--to", tiny)
    subprocess.run(["mount", "-o", "remount,ro", tiny], check=True)
    done = small.export("bundle", "--to", tiny, expect=4)
    assert "mounted read-only" in done.stderr
    small.import_("import", tiny)


# --- a second signer

def test_a_second_signature_joins_every_volume(big, copy, tmp_path, bins, oracle):
    second = Pair(tmp_path / "second", bins)
    key = second.connected / "keys" / "content.key"
    inside = unpack(volumes(copy), tmp_path / "before")
    done = big.export("sign", copy, "--key", key, "--dry-run")
    assert "number 1.1" in done.stdout and unpack(volumes(copy), tmp_path / "dry") == inside
    assert "does not let the key" in big.export("sign", copy, "--key", key, expect=13).stderr
    big = shallow_copy(big)
    big.connected = tmp_path / "elsewhere"  # no home that could say whose signature counts
    assert "3 volumes" in big.export("sign", copy, "--key", key).stdout
    for number, volume in enumerate(volumes(copy)):
        members = unpack([volume], tmp_path / f"alone-{number}")
        assert len([name for name in members if name.endswith(".minisig")]) == 2
    after = unpack(volumes(copy), tmp_path / "after")
    assert {name: content for name, content in after.items() if not name.endswith(".minisig")} == \
           {name: content for name, content in inside.items() if not name.endswith(".minisig")}
    checked = [subprocess.run([oracle("minisign"), "-VHm", tmp_path / "after" / "manifest.json", "-x", signature,
                               "-p", second.connected / "keys" / "content.pub"], capture_output=True).returncode
               for signature in (tmp_path / "after").glob("*.minisig")]
    assert sorted(checked) == [0, 1]
    label = (copy / "READ-ME-FIRST.txt").read_text()
    assert label.count("signed by  ") == 2
    big.import_("verify", copy)
    done = big.export("sign", volumes(copy)[0], "--key", key, expect=2)
    assert "already" in done.stderr
    # One volume that an interruption left behind is brought up to the others.
    shutil.copy(big.medium / volumes(copy)[1].name, copy)
    assert "1 volumes" in big.export("sign", copy, "--key", key).stdout
    assert unpack(volumes(copy), tmp_path / "again") == after


def test_a_kiosk_checks_the_newest_bundle_of_every_stream(small, tmp_path):
    """Another site's bundle has the lower number, and is the damaged one."""
    small.export("init", "--site", "lab")
    config = json.loads((small.connected / "export.yml").read_text())
    config["sites"].append({**config["sites"][0], "name": "lab"})
    (small.connected / "export.yml").write_text(json.dumps(config))
    shutil.rmtree(small.medium, ignore_errors=True)
    small.medium.mkdir()
    for site in (small.site, small.site, "lab"):
        small.export("bundle", "--site", site, "--to", small.medium)
    root = small.connected / "keys" / "root-0001.json"
    done = small._call("gapferry-import", tmp_path / "nowhere", ("verify", small.medium, "--root", root), 0)
    assert "lab" in done.stdout
    damaged = next(small.medium.glob("lab-000001-full*.gfb"))
    flip(damaged, damaged.stat().st_size - 2000)
    done = small._call("gapferry-import", tmp_path / "nowhere", ("verify", small.medium, "--root", root), None)
    assert done.returncode == 11 and damaged.name in done.stderr
