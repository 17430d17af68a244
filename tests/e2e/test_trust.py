"""What an attacker adds to a medium or a log hides nothing that is good and nothing that is bad."""
import base64
import json
import shutil

import pytest
from test_keys import content_id, failing, json_of, minisign, pair, root  # noqa: F401
from test_roots import next_roots, root_key

BLOCK = 512


def header(name, size):
    block = bytearray(BLOCK)
    for offset, text in ((0, name.encode()), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"),
                         (124, b"%011o\0" % size), (136, b"00000000000\0"), (148, b" " * 8), (156, b"0"),
                         (257, b"ustar\00000"), (329, b"0000000\0"), (337, b"0000000\0")):
        block[offset:offset + len(text)] = text
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pack(members):
    return b"".join(header(name, len(content)) + content + b"\0" * (-len(content) % BLOCK)
                    for name, content in members) + b"\0" * 2 * BLOCK


def unpack(path):
    data, at, members = path.read_bytes(), 0, []
    while data[at:at + BLOCK] != b"\0" * BLOCK:
        name, size = data[at:at + 100].rstrip(b"\0").decode(), int(data[at + 124:at + 135], 8)
        members.append((name, data[at + BLOCK:at + BLOCK + size]))
        at += BLOCK + size + -size % BLOCK
    return members


def site(pair):
    pair.open_site(clearance="red", destinations=[{"name": "edl", "format": "edl", "clearance": "red"}])


def applied(pair):
    return json_of(pair.import_("status", "--json"))[0]["applied"]["seq"]


def root_here(pair):
    return json_of(pair.import_("root", "show", "--json"))[-1]["root_version"]


def copy_roots(pair, stick, versions):
    for version in versions:
        for path in (pair.connected / "keys").glob(f"root-{version:04}.json*"):
            shutil.copy(path, stick)


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def strangers(tmp_path, oracle):
    """Signs any bytes with as many keys as are asked for, none of which anybody knows."""
    oracle("minisign")
    made = []

    def sign(content, comment, count):
        document = tmp_path / "document"
        document.write_bytes(content)
        while len(made) < count:
            key = tmp_path / f"stranger{len(made)}"
            assert minisign("-G", "-W", "-f", "-p", f"{key}.pub", "-s", f"{key}.key").returncode == 0
            made.append((key.with_suffix(".pub").read_text().splitlines()[0].split()[-1], f"{key}.key"))
        signatures = []
        for number, key in made[:count]:
            out = tmp_path / "signature"
            assert minisign("-S", "-s", key, "-m", document, "-x", out, "-t", comment).returncode == 0
            signatures.append((number.zfill(16), out.read_bytes()))
        return sorted(signatures)
    return sign


# Long chains

def test_a_long_chain_of_root_files_is_followed_to_its_end(pair, stick):
    pair.bundle()
    site(pair)
    next_roots(pair, 80)
    pair.export("key", "rotate", "content")
    last = root(pair)["root_version"]
    assert last > 66
    copy_roots(pair, stick, range(1, last + 1))
    for path in pair.medium.glob("*.gfb"):
        shutil.copy(path, stick)
    # The bundle is by the key that the last root revokes.
    failing(pair.import_("import", stick, expect=None), 29)
    assert root_here(pair) == last


# Roots without good bundles

@pytest.mark.parametrize("harm, code", [("cut", 10), ("text", 10), ("link", 4)])
def test_root_import_names_bundles_that_it_could_not_read(pair, stick, harm, code):
    pair.bundle()
    site(pair)
    next_roots(pair)
    pair.bundle()
    newest = sorted(pair.medium.glob("*.gfb"))[-1]
    bad = stick / newest.name
    if harm == "cut":
        bad.write_bytes(newest.read_bytes()[:3000])
    elif harm == "text":
        bad.write_text("no bundle")
    else:
        bad.symlink_to(newest)
    failing(pair.import_("root", "import", stick, expect=None), code, newest.name)
    copy_roots(pair, stick, [2])
    failing(pair.import_("root", "import", stick, expect=None), 5, newest.name)
    assert root_here(pair) == 2


# Added files

def test_signatures_of_strangers_hide_nothing(pair, stick, strangers):
    pair.bundle()
    site(pair)
    next_roots(pair)
    pair.bundle()
    newest = sorted(pair.medium.glob("*.gfb"))[-1]
    members = unpack(newest)
    for copy, part in (("a", slice(0, 15)), ("b", slice(15, 30))):
        altered = []
        for name, content in members:
            altered.append((name, content))
            if name.endswith(".json.minisig"):
                document = name.removesuffix(".minisig")
                comment = "root:2" if document.startswith("root") else "any"
                signatures = strangers(dict(members)[document], comment, 30)[part]
                altered += [(f"{document}.{number}.minisig", text) for number, text in signatures]
        (stick / newest.name.replace(".gfb", f"-v1of{2 if copy == 'a' else 3}.gfb")).write_bytes(pack(altered))
    pair.import_("verify", stick)
    pair.import_("import", stick)
    assert applied(pair) == 2 and root_here(pair) == 2


def test_signatures_of_strangers_hide_no_bare_root(pair, stick, strangers):
    pair.bundle()
    site(pair)
    next_roots(pair)
    copy_roots(pair, stick, [1, 2])
    for version in (1, 2):
        content = (stick / f"root-{version:04}.json").read_bytes()
        for number, text in strangers(content, f"root:{version}", 20):
            (stick / f"root-{version:04}.json.{number}.minisig").write_bytes(text)
        for number in range(40):
            (stick / f"root-{version:04}.json.{number:016X}.minisig").write_text("junk")
    pair.import_("root", "import", stick)
    assert root_here(pair) == 2
    for path in pair.medium.glob("*.gfb"):
        shutil.copy(path, stick)
    kiosk = stick.parent / "kiosk"
    pair._call("gapferry-import", kiosk, ["verify", stick, "--fingerprint", pair.fingerprint], 0)
    pair._call("gapferry-import", kiosk, ["init", "--root", stick / "root-0001.json", "--fingerprint",
                                          pair.fingerprint], 0)


def test_a_copy_with_an_altered_root_hides_no_bundle(pair, stick):
    pair.bundle()
    site(pair)
    next_roots(pair)
    pair.bundle()
    newest = sorted(pair.medium.glob("*.gfb"))[-1]
    shutil.copy(newest, stick)
    altered = [(name, content.replace(b'"revoked"', b'"Revoked"') if name == "root-0002.json" else content)
               for name, content in unpack(newest)]
    (stick / newest.name.replace(".gfb", "-v1of2.gfb")).write_bytes(pack(altered))
    pair.import_("import", stick)
    assert applied(pair) == 2 and root_here(pair) == 2


def test_thousands_of_empty_files_hide_nothing(pair, stick):
    pair.bundle()
    site(pair)
    pair.export("key", "rotate", "content")
    copy_roots(pair, stick, [2])
    for path in pair.medium.glob("*.gfb"):
        shutil.copy(path, stick)
    for number in range(4200):
        (stick / f"q-{number:06}-full.gfb.part").touch()
        (stick / f"q-{number:06}-full.gfb").touch()
    failing(pair.import_("import", stick, expect=None), 29)
    assert root_here(pair) == 2


@pytest.mark.parametrize("junk", ["empty", "cut", "altered"])
def test_what_promises_a_newer_number_and_cannot_be_used_is_an_error_of_its_own(pair, stick, junk):
    pair.bundle()
    site(pair)
    for path in pair.medium.glob("*"):
        shutil.copy(path, stick)
    good = next(stick.glob("*.gfb"))
    newer = stick / good.name.replace("000001", "000009")
    content = good.read_bytes()
    newer.write_bytes({"empty": b"", "cut": content[:700], "altered": content.replace(b'"seq"', b'"sEq"')}[junk])
    failing(pair.import_("import", stick, expect=None), 5, "1.9", newer.name)
    assert applied(pair) == 1
    failing(pair.import_("import", stick, expect=None), {"empty": 10, "cut": 10, "altered": 12}[junk])
    # With `run` what was good is also put into effect, and an older file is only worth a note.
    pair.bundle()
    newest = sorted(pair.medium.glob("*.gfb"))[-1]
    shutil.copy(newest, stick)
    failing(pair.import_("run", stick, expect=None), 5, "1.9")
    assert applied(pair) == 2 and list(pair.isolated.glob("artifacts/edl/current/*"))
    newer.rename(stick / good.name.replace("000001", "000000"))
    pair.bundle()
    shutil.copy(sorted(pair.medium.glob("*.gfb"))[-1], stick)
    assert "older, unusable" in pair.import_("import", stick).stderr


def test_of_many_unusable_files_only_the_first_are_named(pair, stick):
    pair.bundle()
    site(pair)
    for path in pair.medium.glob("*"):
        shutil.copy(path, stick)
    name = next(stick.glob("*.gfb")).name
    for number in range(300):
        (stick / name.replace("000001", f"{number + 2:06}")).touch()
    done = pair.import_("import", stick, expect=5)
    assert applied(pair) == 1 and len(done.stderr.splitlines()) < 100
    assert "279 further files cannot be used either" in done.stderr


def test_what_follows_and_is_damaged_leaves_what_came_before(pair, stick):
    pair.configure_export(json.loads((pair.connected / "export.yml").read_text())["sources"],
                          **{**json.loads((pair.connected / "export.yml").read_text())["sites"][0], "full": "never"})
    pair.bundle()
    site(pair)
    full = next(pair.medium.glob("*.gfb"))
    pair.bundle()
    delta = sorted(pair.medium.glob("*.gfb"))[-1]
    assert "delta" in delta.name
    shutil.copy(full, stick)
    content = bytearray(delta.read_bytes())
    content[-2000] ^= 1
    (stick / delta.name).write_bytes(content)
    failing(pair.import_("import", stick, expect=None), 5, "what follows on this medium cannot be used")
    assert applied(pair) == 1


def test_a_newer_delta_that_begins_elsewhere_is_named(pair, stick):
    config = json.loads((pair.connected / "export.yml").read_text())
    pair.configure_export(config["sources"], **{**config["sites"][0], "full": "never"})
    pair.bundle()
    site(pair)
    for path in pair.medium.glob("*"):
        shutil.copy(path, stick)
    pair.bundle()
    pair.bundle()
    delta = pair.bundles("--since", "2")[-1]["path"]
    shutil.copy(delta, stick)
    failing(pair.import_("run", stick, expect=None), 5, "number 1.4", "delta 4 applies to states 2 to 3", "missed")
    assert applied(pair) == 1


# A second signer

@pytest.fixture
def two_signers(pair, tmp_path):
    for name in ("second", "third"):
        pair.export("key", "new", name, "--to", tmp_path / name, "--no-passphrase")
    pair.export("root", "change", "--site", "ot-plant", "--add-content", tmp_path / "second" / "second.pub",
                "--add-content", tmp_path / "third" / "third.pub", "--content-threshold", "2", "--key", root_key(pair))
    done = pair.export("bundle", "--to", pair.medium, expect=5)
    pair.bundle_file = next(pair.medium.glob("*.gfb"))
    assert f"sign {pair.bundle_file} --key KEY" in done.stderr
    pair.second, pair.third = (tmp_path / name / f"{name}.key" for name in ("second", "third"))
    site(pair)
    return pair


def alter(path, change):
    path.write_bytes(pack([(name, change(name, content)) for name, content in unpack(path)]))


def later(name, content):
    if name != "manifest.json":
        return content
    manifest = json.loads(content)
    manifest["next_due"] = manifest["expires"]
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize("by", ["home", "root", "medium"])
def test_sign_refuses_what_nobody_vouches_for(two_signers, by):
    pair = two_signers
    options = []
    shown = pair.export("sign", pair.medium, "--key", pair.second, "--dry-run").stdout
    assert "signed by" in shown
    if by != "home":
        away = pair.connected.with_name("away")
        pair.connected.rename(away)
        if by == "root":
            options = ["--root", away / "keys" / "root-0002.json"]
    alter(pair.bundle_file, later)
    done = pair.export("sign", pair.medium, "--key", pair.second, *options, expect=12)
    assert "does not fit" in done.stderr
    assert "signed by" not in done.stdout
    pair.export("sign", pair.medium, "--key", pair.second, *options, "--unsigned")
    failing(pair.import_("import", pair.medium, expect=None), 12)


def test_sign_replaces_a_bad_signature_under_its_own_id(two_signers, tmp_path):
    pair = two_signers
    pair.export("sign", pair.medium, "--key", pair.second)
    signed = unpack(pair.bundle_file)
    # The second's signature, of something else.
    other = tmp_path / "other"
    other.write_text("other")
    second_id = next(line.split()[-1] for line in (pair.second.with_suffix(".pub")).read_text().splitlines()
                     if line.startswith("untrusted")).zfill(16)
    assert minisign("-S", "-s", pair.second, "-m", other, "-x", tmp_path / "junk", "-t", "x").returncode == 0
    junk = (tmp_path / "junk").read_bytes()
    names = [name for name, content in signed if name.startswith("manifest") and name.endswith(".minisig")]
    assert len(names) == 2
    key_of = lambda content: f"{int.from_bytes(base64.b64decode(content.splitlines()[1])[2:10], 'little'):016X}"
    swapped = [(name, junk if name in names and key_of(content) == second_id else content) for name, content in signed]
    assert swapped != signed
    pair.bundle_file.write_bytes(pack(swapped))
    failing(pair.import_("import", pair.medium, expect=None), 12)
    done = pair.export("sign", pair.medium, "--key", pair.second)
    assert second_id in done.stderr and "does not count" in done.stderr
    pair.import_("import", pair.medium)


def test_sign_of_a_folder_signs_what_it_may(pair, tmp_path):
    pair.export("init", "--site", "lab")
    for name in ("second", "third"):
        pair.export("key", "new", name, "--to", tmp_path / name, "--no-passphrase")
    for name, place in (("second", "ot-plant"), ("third", "lab")):
        pair.export("root", "change", "--site", place, "--add-content", tmp_path / name / f"{name}.pub",
                    "--content-threshold", "2", "--key", root_key(pair))
    config = json.loads((pair.connected / "export.yml").read_text())
    config["sites"].append({**config["sites"][0], "name": "lab"})
    (pair.connected / "export.yml").write_text(json.dumps(config))
    for name in ("ot-plant", "lab"):
        pair.export("bundle", "--site", name, "--to", pair.medium, expect=5)
    done = pair.export("sign", pair.medium, "--key", tmp_path / "second" / "second.key")
    assert "SIGNED" in done.stdout and "left as it is" in done.stderr and "lab" in done.stderr


# A key that has not come yet

def test_a_key_can_be_revoked_before_it_comes(pair):
    pair.bundle()
    site(pair)
    pair.export("key", "rotate", "content")
    coming = content_id(pair)
    failing(pair.import_("key", "revoke", coming, "--reason", "call", expect=None), 7, "--unknown")
    # In small letters, as somebody types what is read out.
    said = pair.import_("key", "revoke", coming.lower(), "--reason", "call", "--unknown")
    assert "does not know" in said.stderr and coming in pair.import_("key", "show").stdout
    pair.bundle()
    failing(pair.import_("import", pair.medium, expect=None), 29, coming)
    assert root_here(pair) == 2
    pair.import_("key", "revoke", coming, "--undo", "--reason", "drill")
    pair.import_("import", pair.medium)


# The audit log

def test_every_break_of_the_audit_log_is_listed_and_only_those_are_accepted(pair):
    pair.bundle()
    site(pair)
    for _ in range(3):
        pair.import_("import", pair.medium)
        pair.bundle()
    log = pair.isolated / "audit.log"
    lines = log.read_text().splitlines()
    assert len(lines) > 5
    for number in (1, 3):
        lines[number] = lines[number].replace('"n":', '"m":')
    log.write_text("\n".join(lines) + "\n")
    done = pair.import_("audit", "verify", expect=11)
    assert "line 2" in done.stdout and "line 4" in done.stdout
    said = pair.import_("audit", "acknowledge", "--reason", "an editor").stdout
    assert "line 2" in said and "line 4" in said
    pair.import_("audit", "verify")


def test_the_end_of_the_audit_log_cannot_be_cut_unseen(pair):
    pair.bundle()
    site(pair)
    pair.import_("import", pair.medium)
    pair.import_("key", "revoke", content_id(pair), "--reason", "drill")
    log, head = pair.isolated / "audit.log", pair.isolated / "audit.log.head"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:-1]))
    failing(pair.import_("audit", "verify", expect=None), 11, "was written")
    head.unlink()
    failing(pair.import_("audit", "verify", expect=None), 11, "newest entry is gone")
    # Nor does the next entry cover it.
    pair.import_("key", "revoke", content_id(pair), "--undo", "--reason", "drill")
    failing(pair.import_("audit", "verify", expect=None), 11, "missing")
    pair.import_("audit", "acknowledge", "--reason", "cut in a test")
    pair.import_("audit", "verify")


# Receipts

def receipt(pair, folder):
    folder.mkdir()
    pair.import_("receipt", "--to", folder)
    return next(folder.glob("*.json"))


def register(pair, fields):
    config = json.loads((pair.connected / "export.yml").read_text())
    config["sites"][0].update(fields)
    (pair.connected / "export.yml").write_text(json.dumps(config))


def register_key(pair):
    register(pair, {"receipt_key": (pair.isolated / "keys" / "receipt.pub").read_text().splitlines()[1]})


def test_receipts_of_a_restored_or_rebuilt_site(pair, tmp_path):
    pair.bundle()
    site(pair)
    pair.import_("import", pair.medium)
    pair.import_("backup", "--to", tmp_path / "early.tar")
    for number in range(3):
        file = receipt(pair, tmp_path / f"r{number}")
        if number == 0:
            register_key(pair)
            pair.import_("backup", "--to", tmp_path / "early.tar")
        pair.export("receipt", "add", file)
    shutil.rmtree(pair.isolated)
    pair.import_("restore", tmp_path / "early.tar")
    restored = receipt(pair, tmp_path / "restored")
    failing(pair.export("receipt", "add", restored, expect=None), 16, "--restored")
    pair.export("receipt", "add", restored, "--restored")
    pair.export("receipt", "add", receipt(pair, tmp_path / "next"))
    # Made anew: a new key, which counts from the beginning.
    shutil.rmtree(pair.isolated)
    site(pair)
    pair.import_("import", pair.medium)
    anew = receipt(pair, tmp_path / "anew")
    register_key(pair)
    pair.export("receipt", "add", anew)
    failing(pair.export("receipt", "add", anew, expect=None), 16)


# Missed deliveries

def test_a_heartbeat_beside_a_bundle_tells_of_a_missed_delivery(pair, stick, tmp_path):
    pair.bundle()
    site(pair)
    pair.import_("import", pair.medium)
    first_beat = pair.bundles("--kind", "heartbeat")[0]["path"]
    shutil.copy(first_beat, tmp_path / "first-beat.gfb")
    pair.bundle()
    for path in pair.medium.glob("ot-plant-000002-*.gfb"):
        shutil.copy(path, stick)
    pair.bundle()
    shutil.copy(pair.bundles("--kind", "heartbeat")[0]["path"], stick)
    failing(pair.import_("import", stick, expect=None), 5, "number 1.3", "missed")
    assert applied(pair) == 2
    assert "1.3" in pair.import_("status").stdout

    # An old one fits the state after a rollback, and says nothing of today.
    pair.import_("rollback", "--reason", "test")
    assert applied(pair) == 1
    failing(pair.import_("import", tmp_path / "first-beat.gfb", expect=None), 16, "already accepted")


def test_a_heartbeat_at_a_fresh_site_claims_nothing_for_it(pair, stick):
    pair.bundle()
    shutil.copy(pair.bundles("--kind", "heartbeat")[0]["path"], stick)
    site(pair)
    failing(pair.import_("import", stick, expect=None), 8, "this site holds none")


def test_diff_says_that_an_import_would_take_a_root(pair):
    pair.bundle()
    site(pair)
    next_roots(pair)
    pair.bundle()
    assert "root 1 → 2" in pair.import_("diff", pair.medium).stderr
    assert root_here(pair) == 1
