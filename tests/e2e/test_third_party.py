"""Programs of others take a bundle apart: the very commands that docs/bundle-format.md prints, run as they stand."""
import json
import re
import shutil
import subprocess

import pytest

import forge

PAGE = forge.ROOT / "docs" / "bundle-format.md"
GOLDEN = forge.ROOT / "bundles" / "golden"


def commands():
    """The shell block of §1, a command a line, without the remarks."""
    section = PAGE.read_text().split("## 1. By hand, without gapferry")[1].split("\n## ")[0]
    block, = re.findall(r"```sh\n(.*?)```", section, re.S)
    return [re.sub(r"\s+# .*", "", line) for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def said(tmp_path_factory, oracle):
    """What each command of the page says about the golden bundle, and the folder in which it was run."""
    for program in ("tar", "minisign", "b2sum", "zstd", "sqlite3"):
        oracle(program)
    folder = tmp_path_factory.mktemp("by-hand")
    shutil.copy(GOLDEN / "demo-site-000001-full.gfb", folder / "ot-plant-000042-full.gfb")
    shutil.copy(forge.DEMO / "content.pub", folder / "content.pub")
    said = {}
    for command in commands():
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        said[command.split()[0] + " " + command.split()[-1]] = done.stdout
    return folder, said


def test_the_page_uses_these_programs_and_no_other():
    assert {word for command in commands() for word in re.findall(r"(?:^|\| )(\w+)", command)} == {
        "tar", "minisign", "b2sum", "cat", "zstd", "sqlite3"}


def test_the_signature_names_the_stream_and_the_number(said):
    assert "Trusted comment: stream:demo-site epoch:1 seq:1 kind:full" in said[1]["minisign content.pub"]


def test_chunks_and_database_are_those_of_the_manifest(said):
    folder, words = said
    payload = json.loads((folder / "manifest.json").read_text())["payload"]
    assert [line.split()[0] for line in words["b2sum payload/*"].splitlines()] == payload["chunks"]
    assert words["b2sum payload.sqlite"].split()[0] == payload["plain_blake2b"]
    assert (folder / "payload.sqlite").stat().st_size == payload["plain_size"]


def test_the_rows_are_as_many_as_the_manifest_counts(said):
    folder, words = said
    counts = json.loads((folder / "manifest.json").read_text())["counts"]
    rows = next(text for command, text in words.items() if command.startswith("sqlite3"))
    assert dict(line.split("|") for line in rows.splitlines()) == {
        table: str(counts["kind"].get(table, 0)) for table in ("event", "attribute")}


def test_an_altered_manifest_is_noticed_by_minisign(said):
    folder = said[0]
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"seq": 1,', b'"seq": 2,'))
    verify = next(command for command in commands() if command.startswith("minisign"))
    assert subprocess.run(["bash", "-c", verify], cwd=folder, capture_output=True).returncode != 0
