"""bundles/vectors and bundles/golden through the real programs. The form of a vector: bundles/README.md."""
import re
import zlib
from datetime import datetime, timezone

import pytest

import forge

VECTORS = sorted((forge.ROOT / "bundles" / "vectors").glob("*.vector"))
GOLDEN = forge.ROOT / "bundles" / "golden"
KNOWN = {"expect", "verify", "after", "stream", "now", "file", "comment"}


class Vector:
    def __init__(self, path):
        head, body = path.read_bytes().split(b"\n\n", 1)
        pairs = [line.split(": ", 1) for line in head.decode().splitlines()]
        assert {key for key, _ in pairs} <= KNOWN, path
        self.head = {key: value for key, value in pairs if key != "file"}
        self.files = {}
        content = zlib.decompress(body)
        for name, size in (value.rsplit(" ", 1) for key, value in pairs if key == "file"):
            self.files[name], content = content[:int(size)], content[int(size):]
        assert not content, f"{path.name}: more bytes than its files have"

    def code(self, command):
        said = self.head.get(command) or self.head["expect"]
        return int(said.split()[0]), said.split()[1]

    def write(self, folder):
        """The files in a folder of their own; the path that a command is given."""
        folder.mkdir()
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder if len(self.files) > 1 else folder / next(iter(self.files))


def load(name):
    return Vector(forge.ROOT / "bundles" / "vectors" / f"{name}.vector")


def site_for(vector, folder, bins):
    now = vector.head.get("now")
    return forge.Site(folder, bins, stream=vector.head.get("stream", forge.SITE),
                      now=now and datetime.strptime(now, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc))


@pytest.fixture(autouse=True)
def _needs(oracle):
    oracle("minisign")


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_vector(path, tmp_path, bins):
    vector = Vector(path)
    site = site_for(vector, tmp_path, bins)
    for number, before in enumerate(vector.head.get("after", "").split()):
        site("import", load(before).write(tmp_path / f"before-{number}"))
    medium = vector.write(tmp_path / "medium")
    rows = site.dump()
    for command in ("verify", "import"):
        code, name = vector.code(command)
        done = site(command, medium, "--json", expect=code)
        if code != 0:
            assert f'"kind":"{name}"' in done.stderr, done.stderr
    if vector.code("import")[0] != 0:
        assert site.dump() == rows


def test_the_vectors_cover_every_cause_that_a_bundle_can_have():
    """Every row of docs/exit-codes.md is there, but for those that no bundle causes."""
    table = (forge.ROOT / "docs" / "exit-codes.md").read_text()
    rows = {f"{code} {name}" for code, name in re.findall(r"^\| (\d+) \| `([a-z-]+)`", table, re.M)}
    others = {"internal", "usage", "config", "io", "partly", "locked", "not-found", "not-ready", "sandbox",
              "artifact-check", "guard", "interrupted", "no-space", "passphrase", "network", "denied", "unfinished"}
    wanted = {row for row in rows if row.split()[1] not in others}
    assert wanted <= {Vector(path).head["expect"] for path in VECTORS}


def test_the_golden_bundle_is_taken(tmp_path, bins):
    site = forge.Site(tmp_path, bins)
    assert site.root_file.read_bytes() == (GOLDEN / "root-0001.json").read_bytes()
    site("import", GOLDEN)
    assert '"kind":"warninglist-entry"' in site.dump() and '"kind":"attribute"' in site.dump()
