"""Files that broke other programs, given to every door of `gapferry-import`: as a bundle, a root, a signature, a key, or
lying on the stick. Each ends in the error of its class, not in a crash, and nothing is written beside the home.

What class that is follows from what a file is, as its size, its bytes and the corpus' own expect.json tell it."""
import base64
import json
import os
import shutil

import pytest

import forge

# docs/exit-codes.md
NOT_READY, MALFORMED, INCOMPLETE, BAD_SIGNATURE, UNKNOWN_SIGNER, TOO_LARGE, UNSUPPORTED = 8, 9, 10, 12, 13, 26, 27
TAR_HEADER = 512
# docs/bundle-format.md: the largest root and signature; minisign's own key files have 200 bytes
ROOT_BYTES, SIGNATURE_BYTES, KEY_BYTES = 64 << 10, 10 << 10, 4 << 10
# What minisign 0.11 says of a signature file whose form it takes.
FORM_TAKEN = ("Signature and comment signature verified", "Signature verification failed",
              "Comment signature verification failed", "Signature key id in ")


def as_bundle(path):
    """None of them is one, and one that ends within the first header may be a copy that was not finished."""
    return INCOMPLETE if path.stat().st_size < TAR_HEADER else MALFORMED


def as_root(path):
    return NOT_READY if path.stat().st_size > ROOT_BYTES else MALFORMED


def as_key(path):
    return TOO_LARGE if path.stat().st_size > KEY_BYTES else MALFORMED


def as_signature(path, too_large=TOO_LARGE):
    content = path.read_bytes()
    if len(content) > SIGNATURE_BYTES:
        return too_large
    expect = path.parent / "expect.json"
    cases = {case["signature"]: case["says"] for case in json.loads(expect.read_text())} if expect.exists() else {}
    lines = content.split(b"\n")
    four_lines = len(lines) == 5 and lines[4] == b"" and b"\r" not in content
    if not four_lines or not cases.get(path.name, "").startswith(FORM_TAKEN):
        return MALFORMED
    return {b"ED": UNKNOWN_SIGNER, b"Ed": UNSUPPORTED}[base64.b64decode(lines[1])[:2]]


@pytest.fixture(scope="module")
def thrown(corpus):
    files = sorted(path for folder in ("hostile", "signing") for path in (corpus / folder).rglob("*") if path.is_file())
    assert len(files) > 200
    return files


@pytest.fixture
def site(tmp_path, bins, oracle):
    oracle("minisign")
    site = forge.Site(tmp_path, bins)
    (tmp_path / "good.gfb").write_bytes(forge.bundle())
    site("import", tmp_path / "good.gfb")
    site.outside = tmp_path / "outside"
    site.outside.mkdir()
    return site


def check(site, path, code, *arguments):
    done = site(*arguments, expect=None)
    assert done.returncode == code, f"{path} in {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert done.stderr.startswith("error: "), f"{path}: {done.stderr}"
    assert "\x1b" not in done.stdout + done.stderr, path


@pytest.fixture(autouse=True)
def _writes_nothing_outside(site):
    rows, before = site.dump(), forge.tree(site.home.parent)
    yield
    after = forge.tree(site.home.parent)
    mine = (str(site.home), str(site.outside))
    assert {path: content for path, content in after.items() if not path.startswith(mine)} == {
        path: content for path, content in before.items() if not path.startswith(mine)}
    assert site.dump() == rows


def test_as_a_bundle(site, thrown):
    for path in thrown:
        for command in ("verify", "inspect", "import"):
            check(site, path, as_bundle(path), command, path)


def test_as_a_root_and_as_its_signature(site, thrown):
    root = site.outside / "root-0001.json"
    signature = site.outside / "root-0001.json.minisig"
    for path in thrown:
        shutil.copy(path, root)
        shutil.copy(f"{site.root_file}.minisig", signature)
        check(site, path, as_root(path), "verify", site.home.parent / "good.gfb", "--root", root)
        shutil.copy(site.root_file, root)
        shutil.copy(path, signature)
        # One that is too large to be a signature is passed over, like any foreign file; then nobody has signed.
        code = as_signature(path, too_large=UNKNOWN_SIGNER)
        check(site, path, code, "verify", site.home.parent / "good.gfb", "--root", root)
        check(site, path, code, "verify", site.home.parent / "good.gfb", "--root", root, "--fingerprint", site.fingerprint)


def test_as_a_signature_and_a_manifest_of_a_bundle(site, thrown):
    stored = forge.zstd_raw(forge.database())
    manifest = forge.canonical(forge.manifest(forge.database(), stored))
    volume = site.outside / "thrown.gfb"
    for path in thrown:
        content = path.read_bytes()
        volume.write_bytes(forge.volume(manifest, [(forge.CONTENT.id, content)], [(0, stored)]))
        check(site, path, as_signature(path), "verify", volume)
        volume.write_bytes(forge.volume(content, [(forge.CONTENT.id, forge.CONTENT.sign(manifest, "x"))], [(0, stored)]))
        check(site, path, BAD_SIGNATURE, "import", volume)


def test_as_a_key_of_the_exporter(site, thrown, bins):
    """The connected side reads its keys from files, too."""
    import subprocess
    home = site.outside / "connected"
    call = [str(bins / "gapferry-export"), "--home", str(home)]
    subprocess.run([*call, "init", "--site", "a"], check=True, capture_output=True)
    subprocess.run([*call, "collect"], capture_output=True)
    (site.outside / "medium").mkdir()
    for path in thrown:
        shutil.copy(path, home / "keys" / "content.key")
        done = subprocess.run([*call, "bundle", "--to", str(site.outside / "medium")], capture_output=True, text=True,
                              errors="replace", timeout=120)
        assert done.returncode == as_key(path), f"{path}: {done.returncode}\n{done.stderr}"
        assert "Sanitizer" not in done.stderr, done.stderr


def test_on_the_stick_beside_a_bundle(site, thrown):
    """What is no bundle is named and not opened; what calls itself one is refused."""
    stick = site.outside / "stick"
    stick.mkdir()
    for number, path in enumerate(thrown):
        shutil.copy(path, stick / f"{number}-{path.name}")
    (stick / "demo-site-000002-full.gfb").write_bytes(forge.bundle(seq=2))
    os.mkfifo(stick / "demo-site-000003-full.gfb")
    (stick / "demo-site-000004-full.gfb").symlink_to("/etc/passwd")
    said = json.loads(site("verify", stick, "--json").stdout)
    assert said["foreign_count"] >= len(thrown) and set(said["foreign_files"]) <= set(os.listdir(stick))
    assert said["seq"] == 2
    for path in thrown:
        shutil.copy(path, stick / "demo-site-000009-full.gfb")
        check(site, path, as_bundle(path), "verify", stick)
