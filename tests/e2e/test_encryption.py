"""Bundles encrypted to a site: the whole path, what the medium shows, and who cannot read it.

Oracles: the tools age, zstd and sqlite3; and the same path without encryption."""
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import jsonschema
import pytest

from conftest import ROOT
from pair import EVERYTHING, Pair

MANIFEST_SCHEMA = json.loads((ROOT / "schema" / "manifest.schema.json").read_text())


class EncryptedPair(Pair):
    """The site's home comes first: only it knows to whom to encrypt."""

    def __init__(self, folder, bins):
        super().__init__(folder, bins)
        self.medium.mkdir(exist_ok=True)
        for name in ("root-0001.json", "root-0001.json.minisig"):
            (self.medium / name).write_bytes((self.connected / "keys" / name).read_bytes())
        said = json.loads(self.import_("init", "--root", self.medium / "root-0001.json",
                                       "--fingerprint", self.fingerprint, "--json").stdout)
        self.recipient = said["recipient"]
        self.identity = self.isolated / "keys" / "site.age"
        self.configure_import(clearance="red")


def members(volume):
    with tarfile.open(volume) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}


def stored(volume):
    files = members(volume)
    return b"".join(files[name] for name in sorted(files) if name.startswith("payload/"))


def manifest(volume):
    return json.loads(members(volume)["manifest.json"])


def source_of(path):
    return [{"name": "name-of-the-feed", "kind": "misp-feed", "path": str(path), "default_tlp": "green"}]


SITE = {**EVERYTHING, "unencrypted": False}


@pytest.fixture
def sample(bins, tmp_path):
    """One encrypted bundle of the feed that lies in the repository."""
    pair = EncryptedPair(tmp_path / "pair", bins)
    pair.source = source_of(ROOT / "bundles" / "sample-feed")
    pair.configure_export(pair.source, recipients=[pair.recipient], **SITE)
    pair.export("collect")
    pair.said = pair.bundle()
    pair.volume = pair.medium / os.path.basename(pair.said["path"])
    return pair


def test_a_feed_crosses_encrypted_as_it_crosses_in_the_open(tmp_path, bins, corpus):
    feed = source_of(corpus / "misp-feeds" / "eset-derived")
    secret = EncryptedPair(tmp_path / "secret", bins)
    secret.configure_export(feed, recipients=[secret.recipient], **SITE)
    openly = Pair(tmp_path / "open", bins)
    openly.configure_export(feed, **EVERYTHING)
    for pair in (secret, openly):
        pair.export("collect")
        pair.bundle()
    openly.open_site(clearance="red")
    for pair in (secret, openly):
        pair.import_("import", pair.medium)
    rows = secret.dump()
    assert len(rows) > 1000
    assert rows == openly.dump()


def test_the_medium_shows_nothing_of_the_content(sample, oracle):
    # With the label and the roots beside it.
    bytes_of = b"".join(path.read_bytes() for path in sorted(sample.medium.iterdir()))
    assert sample.volume.read_bytes() in bytes_of
    sample.import_("import", sample.medium)
    told = {row["value"] for row in sample.dump() if row["kind"] == "attribute"}
    assert len(told) > 30
    for word in [*told, "name-of-the-feed", "domain", "sha256", "SQLite format"]:
        assert word.encode() not in bytes_of, word
    # Not even compressed: nothing there is a zstd frame, and encrypted bytes do not compress.
    payload = stored(sample.volume)
    assert b"\x28\xb5\x2f\xfd" not in payload
    assert subprocess.run([oracle("zstd"), "-dc"], input=payload, capture_output=True).returncode != 0
    body = payload[payload.index(b"\n--- ") + 50:]
    packed = subprocess.run([oracle("zstd"), "-19", "-c"], input=body, capture_output=True, check=True).stdout
    assert len(packed) >= len(body)
    said = manifest(sample.volume)
    jsonschema.validate(said, MANIFEST_SCHEMA)
    assert said["counts"] is None
    assert said["payload"]["plain_blake2b"] is None
    assert said["payload"]["encryption"] == "age"
    assert said["payload"]["recipients"] == [sample.recipient]


def test_age_and_zstd_open_it_without_us(sample, oracle, tmp_path):
    """The same mirror in the open gives the very database that is inside."""
    opened = subprocess.run([oracle("age"), "-d", "-i", sample.identity], input=stored(sample.volume),
                            capture_output=True, check=True).stdout
    plain = subprocess.run([oracle("zstd"), "-dc"], input=opened, capture_output=True, check=True).stdout
    said = manifest(sample.volume)["payload"]
    assert len(plain) == said["plain_size"]
    (tmp_path / "p.db").write_bytes(plain)
    found = subprocess.run([oracle("sqlite3"), tmp_path / "p.db", "SELECT count(*) FROM attribute"],
                           capture_output=True, text=True, check=True).stdout
    assert int(found) == sample.said["rows"]["attribute"]
    # In the open, under the next number: only that number, in the table meta, differs.
    sample.configure_export(sample.source, **EVERYTHING)
    openly = subprocess.run([oracle("zstd"), "-dc"], input=stored(sample.bundle()["path"]), capture_output=True,
                            check=True).stdout
    assert len(openly) == len(plain)
    assert sum(a != b for a, b in zip(openly, plain)) < 100


def test_deltas_and_heartbeats_hide_and_cross_as_fulls_do(sample):
    sample.import_("import", sample.volume)
    before = sample.dump()
    feed = sample.folder / "feed"
    shutil.copytree(ROOT / "bundles" / "sample-feed", feed)
    index = json.loads((feed / "manifest.json").read_text())
    index.pop(min(index))
    (feed / "manifest.json").write_text(json.dumps(index))
    sample.configure_export(source_of(feed), recipients=[sample.recipient], **SITE)
    sample.export("collect")
    for kind in ("delta", "heartbeat"):
        volume = sample.bundles("--kind", kind)[-1]["path"]
        said = manifest(volume)
        jsonschema.validate(said, MANIFEST_SCHEMA)
        assert said["kind"] == kind and said["counts"] is None
        assert b"name-of-the-feed" not in Path(volume).read_bytes()
        sample.import_("verify", volume)
        if kind == "delta":
            assert said["payload"]["recipients"] == [sample.recipient]
            sample.import_("import", volume)
            assert 0 < len(sample.dump()) < len(before)


def test_counts_and_plain_hash_are_shown_if_that_is_asked_for(sample, oracle):
    sample.configure_export(sample.source, recipients=[sample.recipient], show_counts=True, **SITE)
    volume = sample.bundle()["path"]
    said = manifest(volume)
    jsonschema.validate(said, MANIFEST_SCHEMA)
    assert said["counts"]["kind"]["attribute"] == sample.said["rows"]["attribute"]
    assert len(said["payload"]["plain_blake2b"]) == 128
    assert "attributes" in sample.import_("verify", volume).stdout
    sample.import_("import", volume)


def test_verify_and_inspect_need_no_identity(sample):
    (sample.isolated / "keys" / "site.age").unlink()
    for command in ("verify", "inspect"):
        done = sample.import_(command, sample.volume)
        assert "encrypted (recipients: 1), counts hidden" in done.stdout
        said = json.loads(sample.import_(command, sample.volume, "--json").stdout)
        assert said["rows"] is None
        assert said["recipients"] == [sample.recipient]
    sample.isolated = sample.folder / "kiosk"
    sample.import_("verify", sample.medium, "--fingerprint", sample.fingerprint)


def test_without_the_identity_nothing_is_imported_and_the_way_out_is_named(sample, tmp_path, oracle):
    kept = sample.identity.read_bytes()
    sample.identity.unlink()
    done = sample.import_("import", sample.medium, expect=28)
    assert sample.recipient in done.stderr and "there is no identity here" in done.stderr
    assert "gapferry-import recipient" in done.stderr
    other = json.loads(sample.import_("recipient", "--json").stdout)["recipients"][0]["recipient"]
    done = sample.import_("import", sample.medium, expect=28)
    assert sample.recipient in done.stderr and other in done.stderr
    assert sample.dump() == []
    # Its file under any name that ends with .age opens it.
    (sample.isolated / "keys" / "from-backup.age").write_bytes(kept)
    sample.import_("import", sample.medium)
    assert sample.dump()


def test_an_identity_is_replaced_while_both_are_listed(sample, oracle):
    new = json.loads(sample.import_("recipient", "--new", "--json").stdout)["recipients"]
    assert len(new) == 1 and new[0]["file"].endswith("site-2.age")
    assert oct(os.stat(new[0]["file"]).st_mode & 0o777) == "0o600"
    assert oct(os.stat(sample.isolated / "keys").st_mode & 0o777) == "0o700"
    # The old bundle still opens, then one to the new recipient only does.
    sample.import_("import", sample.medium)
    sample.configure_export(sample.source, recipients=[new[0]["recipient"]], **SITE)
    sample.bundle()
    sample.import_("import", sample.medium)
    # The files are age's own.
    for entry in json.loads(sample.import_("recipient", "--json").stdout)["recipients"]:
        told = subprocess.run([oracle("age-keygen"), "-y", entry["file"]], capture_output=True, text=True, check=True)
        assert told.stdout.strip() == entry["recipient"]


def test_several_sites_of_one_stream_read_the_same_bundle(sample, oracle, tmp_path):
    subprocess.run([oracle("age-keygen"), "-o", tmp_path / "second.age"], check=True, capture_output=True)
    second = subprocess.run([oracle("age-keygen"), "-y", tmp_path / "second.age"], check=True, capture_output=True,
                            text=True).stdout.strip()
    sample.configure_export(sample.source, recipients=[second, sample.recipient], **SITE)
    volume = sample.bundle()["path"]
    assert manifest(volume)["payload"]["recipients"] == sorted([second, sample.recipient])
    opened = subprocess.run([oracle("age"), "-d", "-i", tmp_path / "second.age"], input=stored(volume),
                            capture_output=True)
    assert opened.returncode == 0
    sample.import_("import", volume)


def test_amber_leaves_only_encrypted_or_on_purpose(sample):
    def status(expect, **site):
        sample.configure_export(sample.source, clearance="amber", **site)
        return sample.export("status", expect=expect).stderr

    assert "name `recipients`" in status(3)
    assert "name `recipients`" in status(3, recipients=[])
    status(0, recipients=[sample.recipient])
    status(0, unencrypted=True)
    typo = sample.recipient[:-1] + ("q" if sample.recipient[-1] != "q" else "p")
    assert "a character is mistyped" in status(3, recipients=[typo])


def test_a_key_file_that_is_none_is_named_and_its_content_is_not(sample):
    sample.identity.write_text("AGE-SECRET-KEY-1QQQQSECRET\n")
    done = sample.import_("import", sample.medium, expect=9)
    assert "site.age: line 1" in done.stderr
    assert "QQQQ" not in done.stderr
