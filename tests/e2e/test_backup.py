"""Backups know their own bytes, and neither they nor resplit replace what is not theirs."""
import os
import shutil
import subprocess

import pytest
from test_keys import failing, pair  # noqa: F401
from test_trust import site as open_site
from test_trust import stick  # noqa: F401


@pytest.mark.parametrize("side", ["export", "import_"])
def test_a_backup_knows_its_own_bytes(pair, tmp_path, side):
    pair.bundle()
    open_site(pair)
    call, home = getattr(pair, side), pair.connected if side == "export" else pair.isolated
    backup = tmp_path / "b.tar"
    (home / "keys").mkdir(exist_ok=True)
    (home / "keys" / "my notes.txt").write_text("with a space")
    assert "my notes.txt" in call("backup", "--to", backup, expect=5).stderr
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "xf", backup, "-C", tmp_path / "unpacked"], check=True)
    checked = subprocess.run(["b2sum", "-c", "gapferry-digests"], cwd=tmp_path / "unpacked", capture_output=True,
                             text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    config = f"{'export' if side == 'export' else 'import'}.yml"
    text = backup.read_bytes()
    at = text.index((home / config).read_bytes()[:40])
    backup.write_bytes(text[:at + 5] + bytes([text[at + 5] ^ 1]) + text[at + 6:])
    shutil.rmtree(home)
    failing(call("restore", backup, expect=None), 11, config)
    assert not home.exists()
    backup.write_bytes(text)
    call("restore", backup)


def test_a_backup_replaces_no_pipe_and_no_link(pair, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("pipe", "link"):
        failing(pair.export("backup", "--to", tmp_path / name, expect=None), 4, "no regular file")
    assert (tmp_path / "link").is_symlink()


def test_a_backup_replaces_nothing_but_a_backup(pair, tmp_path):
    note = tmp_path / "note.txt"
    for content in ("precious", "precious " * 100):
        note.write_text(content)
        failing(pair.export("backup", "--to", note, expect=None), 4, "is there and is no backup")
        assert note.read_text() == content
    before = (pair.connected / "export.yml").read_bytes()
    failing(pair.export("backup", "--to", pair.connected / "export.yml", expect=None), 4, "no backup")
    assert (pair.connected / "export.yml").read_bytes() == before
    pair.export("backup", "--to", tmp_path / "b.tar")
    pair.export("backup", "--to", tmp_path / "b.tar")
    (tmp_path / "empty").touch()
    pair.export("backup", "--to", tmp_path / "empty")


def test_resplit_replaces_no_other_root(pair, stick):
    pair.bundle()
    (stick / "root-0001.json").write_text("another")
    failing(pair.export("resplit", pair.medium, "--to", stick, "--volume-size", "cd", expect=None), 2, "another root")
    assert (stick / "root-0001.json").read_text() == "another"
