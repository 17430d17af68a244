"""What the isolated side says when something is wrong: the rest is still reported, and an alarm does not end by itself."""
import json
import shutil

import pytest

from test_deltas import World, open_pair, steps


@pytest.fixture
def pair(tmp_path, bins):
    world = World(tmp_path / "world", 21)
    pair = open_pair(tmp_path / "pair", bins, world)
    pair.world = world
    return pair


def next_full(pair):
    steps(pair.world, pair)
    return pair.bundles("--kind", "full")[0]["path"]


# --- the audit log

def test_a_cut_audit_log_is_an_error_until_somebody_says_why(pair):
    log = pair.isolated / "audit.log"
    pair.import_("import", next_full(pair))
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-1]))
    pair.import_("audit", "verify", expect=11)
    pair.import_("import", pair.folder / "absent", expect=7)  # the next entry mends nothing
    for command in (("audit", "verify"), ("fsck",)):
        said = pair.import_(*command, expect=11).stderr
        assert "entries before it are missing" in said and "audit acknowledge" in said
    pair.import_("audit", "acknowledge", expect=2)
    pair.import_("audit", "acknowledge", "--reason", "a full disk")
    assert "1 breaks that were acknowledged" in pair.import_("audit", "verify").stdout
    assert json.loads(pair.import_("audit", "verify", "--json").stdout)["acknowledged"] == 1
    assert json.loads(log.read_text().splitlines()[-1])["detail"]["reason"] == "a full disk"
    pair.import_("fsck")
    pair.import_("audit", "acknowledge", "--reason", "once more", expect=2)
    # The same break once more is another one.
    text = log.read_text()
    log.write_text(text.replace("a full disk", "a fool disk"))
    pair.import_("audit", "verify", expect=11)
    log.write_text(text)
    pair.import_("import", next_full(pair))
    pair.import_("audit", "verify")


def test_an_audit_log_that_is_gone_is_missed_by_the_store(pair):
    log = pair.isolated / "audit.log"
    for path in (log, pair.isolated / "audit.log.head"):
        path.unlink()
    for command in (("audit", "verify"), ("fsck",)):
        assert "the store names entry 1" in pair.import_(*command, expect=11).stderr
    pair.import_("import", next_full(pair))  # names an entry of the new log, and hides nothing
    pair.import_("rollback", "--reason", "test")
    assert "entries before it are missing" in pair.import_("audit", "verify", expect=11).stderr
    pair.import_("audit", "acknowledge", "--reason", "the disk was replaced")
    pair.import_("audit", "verify")
    for path in (log, pair.isolated / "audit.log.head"):
        path.unlink()
    pair.import_("audit", "acknowledge", "--reason", "once more")
    pair.import_("audit", "verify")
    pair.import_("import", pair.medium)
    pair.import_("audit", "verify")
    pair.import_("fsck")


# --- verify and import of a medium on which something is wrong

def test_what_is_intact_and_what_is_foreign_is_said_beside_a_fault(pair):
    newest = next_full(pair)
    (pair.medium / "ot-plant-000099-full.gfb").write_text("junk" * 200)
    (pair.medium / "autorun.inf").write_text("[autorun]")
    done = pair.import_("verify", pair.medium, expect=9)
    assert "INTACT     what follows; not all that is here" in done.stdout and "number 1.2" in done.stdout
    assert "foreign    autorun.inf" in done.stdout and "\nerror: " in done.stderr
    said = json.loads(pair.import_("verify", pair.medium, "--json", expect=9).stdout)
    assert said["intact"] and said["verdict"] == "altered" and said["foreign_files"] == ["autorun.inf"]

    content = bytearray(open(newest, "rb").read())
    content[-2000] ^= 1
    open(newest, "wb").write(content)
    done = pair.import_("verify", pair.medium, expect=9)
    assert "INTACT" not in done.stdout and "foreign    autorun.inf" in done.stdout


def test_a_refused_import_names_foreign_files(pair):
    older = pair.medium / "ot-plant-000001-full.gfb"
    pair.import_("import", next_full(pair))
    shutil.copytree(pair.medium, pair.folder / "all")
    (pair.folder / "stick").mkdir()
    (pair.folder / "stick" / "autorun.inf").write_text("[autorun]")
    for content, code in ((None, 7), (older, 16)):
        if content:
            shutil.copy(content, pair.folder / "stick")
        done = pair.import_("import", pair.folder / "stick", expect=code)
        assert "foreign    autorun.inf" in done.stdout
        said = json.loads(pair.import_("import", pair.folder / "stick", "--json", expect=code).stdout)
        assert said == {"message_type": "foreign", "foreign_files": ["autorun.inf"], "foreign_count": 1}
    (pair.medium / "autorun.inf").write_text("[autorun]")
    done = pair.import_("import", pair.medium)
    assert "ALREADY IMPORTED" in done.stdout and "foreign    autorun.inf" in done.stdout


# --- rollback

@pytest.mark.parametrize("where", [0.25, 0.5, 0.75])  # tables, indexes and pages that nothing uses
def test_a_damaged_kept_state_is_named_with_the_others(pair, where):
    pair.configure_import(clearance="green", keep_states=3)
    for _ in range(3):
        pair.import_("import", next_full(pair))
    kept = pair.isolated / "states" / "1.000003.db"
    content = bytearray(kept.read_bytes())
    begin = int(len(content) * where) // 4096 * 4096
    content[begin:begin + 4096] = b"\0" * 4096
    kept.write_bytes(content)
    said = pair.import_("fsck", expect=11).stderr
    assert str(kept) in said and "go back with" not in said and "rollback --to" in said
    before = pair.dump()
    said = pair.import_("rollback", "--reason", "test", expect=11).stderr
    assert str(kept) in said and "also kept: 1.1, 1.2:" in said
    assert pair.dump() == before
    pair.import_("rollback", "--to", "1.2", "--reason", "test")
    assert "highest    number 1.4" in pair.import_("status").stdout
    assert json.loads(pair.import_("status", "--json").stdout)["highest"] == {"epoch": 1, "seq": 4}


# --- what is written can be compared

def test_the_label_and_the_audit_log_name_the_manifest_by_one_hash(pair):
    detail = json.loads((pair.isolated / "audit.log").read_text().splitlines()[0])["detail"]
    label = (pair.medium / "READ-ME-FIRST.txt").read_text()
    assert f"manifest   {detail['manifest'][:16]}..." in label


def test_an_identity_that_others_may_read_is_named(pair):
    pair.import_("recipient")
    assert "chmod" not in pair.import_("import", pair.medium).stderr
    identity = pair.isolated / "keys" / "site.age"
    identity.chmod(0o644)
    assert f"chmod 600 {identity}" in pair.import_("import", pair.medium).stderr
    assert "identity-open" in pair.import_("status", "--json").stdout
    assert f"chmod 600 {identity}" in pair.import_("recipient").stderr


def test_replace_says_what_it_does(pair):
    """Of a delta and a full of one number the full serves every site: older fulls go, and nothing says that they stay."""
    pair.policy["full"] = "always"
    pair.configure_export(pair.sources, **pair.policy)
    steps(pair.world, pair)
    done = pair.export("bundle", "--to", pair.medium, "--replace")
    assert "removed: ot-plant-000001-full.gfb" in done.stdout and "those stay" not in done.stderr
    assert sorted(path.name for path in pair.medium.glob("*.gfb")) == [
        "ot-plant-000002-delta.gfb", "ot-plant-000002-full.gfb"]
    pair.policy["full"] = "never"
    pair.configure_export(pair.sources, **pair.policy)
    steps(pair.world, pair)
    done = pair.export("bundle", "--to", pair.medium, "--kind", "delta", "--replace")
    assert (pair.medium / "ot-plant-000002-full.gfb").exists()
