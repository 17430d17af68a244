"""Bundles made without gapferry, from docs/bundle-format.md and docs/payload-format.md, so that they can be made wrong
in exactly one way. Signs with the demo keys of keys/demo through the `minisign` program."""
import copy
import hashlib
import json
import sqlite3
import struct
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "oracles"))
import read_payload  # noqa: E402

DEMO = ROOT / "keys" / "demo"
SITE = "demo-site"
SITE_UUID = "d0000000-0000-4000-8000-000000000001"
PAIR = "demo-pair"  # needs two signers
PAIR_UUID = "d0000000-0000-4000-8000-000000000002"
CREATED = datetime(2026, 11, 1, tzinfo=timezone.utc)
EXPIRES = datetime(2036, 10, 1, tzinfo=timezone.utc)
CHUNK = 4 << 20
DIGEST_KEY = bytes(range(32))
EVENT_UUID = bytes.fromhex("aaaaaaaa000040008000000000000001")


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def canonical(document):
    """bundle-format.md §3."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def b2(content):
    return hashlib.blake2b(content).hexdigest()


# --- keys and signatures

class Key:
    def __init__(self, name):
        self.secret = DEMO / f"{name}.key"
        self.base64 = (DEMO / f"{name}.pub").read_text().splitlines()[1]
        import base64
        self.id = f"{int.from_bytes(base64.b64decode(self.base64)[2:10], 'little'):016X}"

    def sign(self, content, comment, *options):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "document"
            file.write_bytes(content)
            subprocess.run(["minisign", "-S", "-s", self.secret, "-m", file, "-x", f"{file}.minisig", "-t", comment,
                            "-c", "signature by a gapferry demo key", *options], check=True, capture_output=True)
            return Path(f"{file}.minisig").read_bytes()


ROOT_KEY, CONTENT, SECOND, STRANGER = map(Key, ["root", "content", "second", "stranger"])


# --- roots

def root(version=1, **changes):
    document = {
        "format": "gapferry-root", "format_version": 1, "root_version": version,
        "created": "2026-10-01T00:00:00Z", "review_by": "2036-10-01T00:00:00Z",
        "keys": {key.id: key.base64 for key in sorted([ROOT_KEY, CONTENT, SECOND], key=lambda key: key.id)},
        "root": {"threshold": 1, "keys": [ROOT_KEY.id]},
        "streams": [
            {"name": SITE, "uuid": SITE_UUID, "epoch": 1, "max_life_days": 3650, "threshold": 1,
             "keys": [CONTENT.id]},
            {"name": PAIR, "uuid": PAIR_UUID, "epoch": 1, "max_life_days": 3650, "threshold": 2,
             "keys": sorted([CONTENT.id, SECOND.id])},
        ],
        "revoked": []}
    document.update(copy.deepcopy(changes))
    return document


def signed_root(document, keys=(ROOT_KEY,), comment=None):
    content = canonical(document)
    comment = comment or f"root:{document['root_version']}"
    return content, [(key.id, key.sign(content, comment)) for key in keys]


# --- payloads

def database(change=None, event_info="one", seq=1, values=("evil.example",), stream=SITE_UUID, epoch=1):
    """A payload database with one event; `change` gets the open connection before it is closed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "payload"
        db = sqlite3.connect(file, isolation_level=None)
        db.execute("PRAGMA page_size = 4096")
        db.execute(f"PRAGMA application_id = {0x47465031}")
        db.execute("PRAGMA user_version = 1")
        db.executescript((ROOT / "schema" / "payload.sql").read_text())
        meta = {"digest_key": DIGEST_KEY, "epoch": str(epoch).encode(), "seq": str(seq).encode(),
                "stream": bytes.fromhex(stream.replace("-", ""))}
        db.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
        db.executemany("INSERT INTO word VALUES (?, ?)", [(1, "domain"), (2, "Network activity")])
        tags = struct.pack("<I", 1) + b"".join(map(read_payload.text, ["tlp:green", "#33FF00", ""])) + b"\0"
        db.execute("INSERT INTO tagset VALUES (1, ?)", (tags,))
        db.execute("INSERT INTO source VALUES (1, 'demo', 1)")
        db.execute("INSERT INTO event VALUES (1, 1, ?, ?, '2026-10-30', 1793318400, 1793318400, 1, 2, 1, 3, '', '', '',"
                   " 'Demo', 1)", (EVENT_UUID, event_info))
        for number, value in enumerate(values):
            db.execute("INSERT INTO attribute VALUES (1, ?, NULL, 1, 2, ?, '', NULL, NULL, NULL, 1793318400, NULL, NULL,"
                       " 1, NULL)", (struct.pack(">QQ", 0xbbbb, number + 1), value))
        if change:
            change(db)
        db.close()
        return file.read_bytes()


def state_digest(plain):
    """Of what a reader of the page finds in the database."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plain"
        file.write_bytes(plain)
        return read_payload.Payload(file).describe()["state_digest"]


# zstd frames by hand (RFC 8878 §3.1.1): no library, so that the bytes are the same everywhere and nothing is refused.

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def zstd_block(kind, size, last):
    return struct.pack("<I", size << 3 | kind << 1 | last)[:3]


def zstd_raw(plain, window_log=17):
    """One frame of raw blocks without a content size."""
    head = ZSTD_MAGIC + bytes([0, (window_log - 10) << 3])
    blocks = [plain[at:at + 0x1FFFF] for at in range(0, len(plain), 0x1FFFF)] or [b""]
    return head + b"".join(zstd_block(0, len(block), number + 1 == len(blocks)) + block
                           for number, block in enumerate(blocks))


def zstd_zeros(count):
    """One frame that becomes `count` zeros: four bytes for every 128 KiB."""
    sizes = [0x20000] * (count // 0x20000) + [count % 0x20000]
    return ZSTD_MAGIC + bytes([0, 7 << 3]) + b"".join(
        zstd_block(1, size, number + 1 == len(sizes)) + b"\0" for number, size in enumerate(sizes))


# --- manifest and volume

def manifest(plain, stored, digest=None, **changes):
    document = {
        "format": "gapferry-bundle", "format_version": 1, "stream": {"name": SITE, "uuid": SITE_UUID},
        "epoch": 1, "seq": 1, "kind": "full", "base": None, "state_digest": digest or state_digest(plain),
        "created": stamp(CREATED), "expires": stamp(EXPIRES), "next_due": "2026-11-08T00:00:00Z",
        "tlp_ceiling": "green", "root_version": 1, "min_importer": "0.1.0", "producer": "demo 1",
        "counts": {"kind": {"attribute": 1, "event": 1, "source": 1}, "type": {"domain": 1}, "tlp": {"green": 3},
                   "source": {"demo": 3}},
        "payload": {
            "compression": "zstd", "encryption": "none", "recipients": [], "plain_size": len(plain),
            "plain_blake2b": b2(plain), "stored_size": len(stored), "chunk_size": CHUNK,
            "chunks": [b2(stored[at:at + CHUNK]) for at in range(0, len(stored), CHUNK)]}}
    document.update(copy.deepcopy(changes))
    return document


def comment_of(document):
    return "stream:{} epoch:{} seq:{} kind:{}".format(document["stream"]["name"], document["epoch"], document["seq"],
                                                      document["kind"])


def header(name, size):
    """bundle-format.md §2.2."""
    block = bytearray(512)
    for at, field in [(0, name.encode()), (100, b"0000644"), (108, b"0000000"), (116, b"0000000"),
                      (124, b"%011o" % size), (136, b"%011o" % 0), (148, b" " * 8), (156, b"0"), (257, b"ustar"),
                      (263, b"00"), (329, b"0000000"), (337, b"0000000")]:
        block[at:at + len(field)] = field
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def member(name, content):
    return header(name, len(content)) + content + bytes(-len(content) % 512)


def document_members(name, content, signatures):
    members = [(name, content)]
    for number, (key_id, signature) in enumerate(sorted(signatures)):
        members.append((f"{name}.minisig" if number == 0 else f"{name}.{key_id}.minisig", signature))
    return members


def volume(manifest_bytes, signatures, chunks, roots=()):
    """`chunks`: (index, bytes); `roots`: (version, bytes, signatures)."""
    members = document_members("manifest.json", manifest_bytes, signatures)
    for version, content, signed in roots:
        members += document_members(f"root-{version:04}.json", content, signed)
    members += [(f"payload/{index:05}", content) for index, content in chunks]
    return b"".join(member(name, content) for name, content in members) + bytes(1024)


def bundle(plain=None, stored=None, keys=(CONTENT,), roots=(), digest=None, comment=None, sign_options=(), **changes):
    """One volume that holds a whole bundle, correct unless told otherwise."""
    if plain is None:
        plain = database(seq=changes.get("seq", 1))
    if stored is None:
        stored = zstd_raw(plain)
    document = manifest(plain, stored, digest, **changes)
    content = canonical(document)
    comment = comment or comment_of(document)
    signatures = [(key.id, key.sign(content, comment, *sign_options)) for key in keys]
    chunks = [] if document["payload"] is None else [
        (index, stored[index * CHUNK:(index + 1) * CHUNK]) for index in range(-(-len(stored) // CHUNK))]
    return volume(content, signatures, chunks, roots)


# --- a site that trusts the demo root

class Site:
    """The home of an isolated site, at a time of its own."""

    def __init__(self, folder, bins, stream=SITE, now=None):
        self.home = folder / "home"
        self.bins = bins
        self.now = now or datetime(2026, 11, 10, tzinfo=timezone.utc)
        self.root_file = folder / "root-0001.json"
        content, signatures = signed_root(root())
        self.root_file.write_bytes(content)
        Path(f"{self.root_file}.minisig").write_bytes(signatures[0][1])
        self.fingerprint = hashlib.blake2b(content, digest_size=32).hexdigest()[:32]
        self("init", "--root", self.root_file, "--fingerprint", self.fingerprint, "--stream", stream)
        (self.home / "import.yml").write_text("clearance: red\n")

    def __call__(self, *arguments, expect=0, timeout=120, **environment):
        import os
        command = [str(self.bins / "gapferry-import"), "--home", str(self.home), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, timeout=timeout, env={
            **os.environ, "SOURCE_DATE_EPOCH": str(int(self.now.timestamp())), **environment})
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        assert expect is None or done.returncode == expect, (
            f"{' '.join(command)} ended with {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
        assert "Sanitizer" not in done.stderr and "runtime error:" not in done.stderr, done.stderr
        return done

    def dump(self):
        return self("dump").stdout


def tree(folder):
    """Every file below `folder` with the hash of its content, links by their target."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.is_symlink():
            found[str(path)] = f"-> {path.readlink()}"
        elif path.is_file():
            found[str(path)] = b2(path.read_bytes())
        else:
            found[str(path)] = "folder"
    return found
