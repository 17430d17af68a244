"""Every class of refusal, through the command; the exit code and the message say which, and nothing is changed."""
import hashlib
import json
import os
import shutil
import subprocess

import pytest

from pair import EVERYTHING, Pair

EVENT = {"Event": {
    "uuid": "aaaaaaaa-0000-4000-8000-000000000001", "info": "one", "date": "2026-08-01", "published": True,
    "Attribute": [{"uuid": "00000000-0000-4000-8000-000000000001", "type": "domain", "category": "Network activity",
                   "to_ids": True, "value": "evil.example"}]}}


@pytest.fixture
def pair(tmp_path, bins):
    """One bundle on the medium, a site that has not imported it yet."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT))
    pair = Pair(tmp_path / "pair", bins)
    pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(event)}], **EVERYTHING)
    pair.export("collect")
    pair.said = pair.bundle()
    pair.volume = pair.medium / os.path.basename(pair.said["path"])
    pair.open_site(clearance="red")
    return pair


def refuse(pair, code, words, *arguments):
    """`verify` and `import` both refuse, and the store stays as it is."""
    before = pair.dump()
    for command in ("verify", "import"):
        done = pair.import_(command, pair.volume, *arguments, expect=code)
        assert words in done.stderr, done.stderr
    assert pair.dump() == before


def rewrite(path, change):
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)


def offset_of(path, needle):
    at = path.read_bytes().find(needle)
    assert at > 0
    return at


def test_a_flipped_byte_of_the_payload_is_damage(pair):
    size = pair.volume.stat().st_size
    rewrite(pair.volume, lambda content: content.__setitem__(size - 2048, content[size - 2048] ^ 1))
    refuse(pair, 11, "damaged")


def test_a_flipped_byte_of_the_manifest_is_an_alteration(pair):
    at = offset_of(pair.volume, b'"created"') + 15
    rewrite(pair.volume, lambda content: content.__setitem__(at, content[at] ^ 1))
    refuse(pair, 12, "")


def test_a_flipped_byte_of_the_signature_is_an_alteration(pair):
    at = offset_of(pair.volume, b"trusted comment: stream:") + 40
    rewrite(pair.volume, lambda content: content.__setitem__(at, content[at] ^ 1))
    refuse(pair, 12, "")


def test_an_unfinished_copy_says_so(pair):
    whole = pair.volume.read_bytes()
    pair.volume.write_bytes(whole[:len(whole) - 4096])
    refuse(pair, 10, "")
    pair.volume.write_bytes(b"")
    refuse(pair, 10, "")


def test_a_file_that_is_no_bundle(pair):
    pair.volume.write_bytes(b"PK\x03\x04" + bytes(4096))
    refuse(pair, 9, "")


def test_a_stranger_signs_a_bundle_for_this_site(pair, tmp_path, bins):
    stranger = Pair(tmp_path / "stranger", bins, site=pair.site)
    stranger.configure_export([{"name": "one", "kind": "misp-event", "path": str(tmp_path / "event.json")}],
                              **EVERYTHING)
    stranger.export("collect")
    shutil.copy(stranger.bundle()["path"], pair.volume)
    refuse(pair, 13, "")


def test_a_bundle_for_another_site_of_the_same_exporter(pair):
    pair.export("init", "--site", "lab")
    config = json.loads((pair.connected / "export.yml").read_text())
    config["sites"].append({**config["sites"][0], "name": "lab"})
    (pair.connected / "export.yml").write_text(json.dumps(config))
    said = json.loads(pair.export("bundle", "--site", "lab", "--to", pair.medium, "--json").stdout)
    done = pair.import_("import", said["path"], expect=18)
    assert "made for stream lab" in done.stderr
    # The new root that came with it has been learnt, so that its own stream goes on.
    pair.export("bundle", "--site", pair.site, "--to", pair.medium)
    pair.import_("import", pair.medium)


def test_an_older_bundle_is_a_rollback_and_the_same_one_is_not(pair):
    pair.bundle()
    pair.import_("import", pair.medium)
    done = pair.import_("import", pair.medium)
    assert "ALREADY IMPORTED" in done.stdout
    done = pair.import_("import", pair.volume, expect=16)
    assert "1" in done.stderr and "2" in done.stderr
    pair.import_("import", pair.volume, "--allow-rollback", expect=2)
    pair.import_("import", pair.volume, "--allow-rollback", "--reason", "the new one was bad")
    assert "rollback allowed: the new one was bad" in pair.import_("status").stdout


def test_an_expired_bundle_and_one_from_the_future(pair):
    late = {**os.environ, "SOURCE_DATE_EPOCH": str(1_900_000_000)}
    done = pair.import_("import", pair.volume, expect=15, env=late)
    assert "2030-03-17" in done.stderr
    pair.bundle(env=late)
    done = pair.import_("import", pair.medium, expect=24)
    assert "2030-03-17" in done.stderr


def test_a_link_and_a_device_are_not_opened(pair):
    moved = pair.medium / "elsewhere.bin"
    pair.volume.rename(moved)
    pair.volume.symlink_to(moved)
    pair.import_("verify", pair.volume, expect=4)
    done = pair.import_("verify", pair.medium, expect=7)
    assert "no bundle" in done.stderr
    pair.import_("verify", "/dev/zero", expect=4)


def test_foreign_files_are_named_and_escapes_are_not_printed(pair):
    (pair.medium / "autorun.inf").write_text("x")
    (pair.medium / "a\x1b[2Jb").write_text("x")
    done = pair.import_("verify", pair.medium)
    assert "autorun.inf" in done.stdout
    assert "\\x1b[2J" in done.stdout and "\x1b" not in done.stdout


def test_the_unsigned_comment_may_change_and_is_never_shown(pair):
    at = offset_of(pair.volume, b"untrusted comment: ") + len("untrusted comment: ")
    rewrite(pair.volume, lambda content: content.__setitem__(slice(at, at + 6), b"HACKED"))
    done = pair.import_("verify", pair.volume)
    assert "HACKED" not in done.stdout + done.stderr
    done = pair.import_("inspect", pair.volume)
    assert "HACKED" not in done.stdout + done.stderr


def test_minisign_and_b2sum_agree(pair, oracle, tmp_path):
    """Third parties take a bundle apart without us."""
    subprocess.run(["tar", "xf", pair.volume, "-C", tmp_path], check=True)
    checked = subprocess.run([oracle("minisign"), "-VHm", tmp_path / "manifest.json",
                              "-p", pair.connected / "keys" / "content.pub"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert f"stream:{pair.site} epoch:1 seq:1 kind:full" in checked.stdout
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    chunk = (tmp_path / "payload" / "00000").read_bytes()
    digest = hashlib.blake2b(chunk).hexdigest()
    assert digest in json.dumps(manifest)


def test_a_medium_that_cannot_be_looked_at_is_an_error_with_a_cause(pair, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    pair.isolated = tmp_path / "nowhere"
    done = pair.import_("verify", tmp_path / "loop" / "x.gfb", expect=8)
    assert "symbolic link" in done.stderr and "unexpected" not in done.stderr


def test_a_folder_without_a_bundle_is_the_wrong_one(pair, tmp_path):
    (tmp_path / "empty").mkdir()
    for home in (pair.isolated, tmp_path / "nowhere"):
        pair.isolated = home
        done = pair.import_("verify", tmp_path / "empty", expect=7)
        assert "there is no bundle" in done.stderr and "is the right medium mounted?" in done.stderr


def test_a_kiosk_without_state_says_what_it_did_not_check(pair, tmp_path):
    kiosk = tmp_path / "nowhere"
    pair.isolated = kiosk
    done = pair.import_("verify", pair.medium, expect=13)
    assert pair.fingerprint in done.stdout and "SIGNER UNKNOWN" in done.stdout
    done = pair.import_("verify", pair.medium, "--fingerprint", pair.fingerprint)
    assert "replay and revocation were not checked" in done.stdout
    pair.import_("verify", pair.medium, "--fingerprint", "0" * 32, expect=13)
    assert not kiosk.exists()


def test_init_believes_no_root_with_another_fingerprint(pair, tmp_path):
    pair.isolated = tmp_path / "other"
    done = pair.import_("init", "--root", pair.medium / "root-0001.json", "--fingerprint", "0" * 32, expect=13)
    assert pair.fingerprint in done.stderr
    assert not (pair.isolated / "import.yml").exists()


def test_a_wrong_key_in_the_configuration(pair):
    (pair.isolated / "import.yml").write_text("clearance: green\nclearence: red\n")
    done = pair.import_("status", expect=3)
    assert 'import.yml:2: clearence: unknown key; did you mean "clearance"?' in done.stderr
    (pair.connected / "export.yml").write_text("sources: []\nsites:\n  - name: a\n    clearance: gren\n")
    done = pair.export("status", expect=3)
    assert "export.yml:4" in done.stderr and 'did you mean "green"' in done.stderr
