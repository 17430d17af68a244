"""What a bundle that is not encrypted holds in plain text: docs/bundle-format.md §1, with tar and zstd of others."""
import sqlite3
import subprocess
import tarfile
from pathlib import Path


def payload(volume, folder):
    """The database in this volume, or None: a heartbeat has none. The whole payload is in one volume."""
    with tarfile.open(volume) as archive:
        chunks = sorted(name for name in archive.getnames() if name.startswith("payload/"))
        stored = b"".join(archive.extractfile(name).read() for name in chunks)
    if not stored:
        return None
    file = Path(folder) / f"{Path(volume).stem}.sqlite"
    file.write_bytes(subprocess.run(["zstd", "-dc"], input=stored, capture_output=True, check=True).stdout)
    return file


def columns(database):
    """Each value of each column of each table, as bytes, with where it stands."""
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    db.text_factory = bytes
    tables = [name.decode() for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        cursor = db.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        for row in cursor:
            for name, value in zip(names, row):
                if value is not None:
                    yield f"{table}.{name}", value if isinstance(value, bytes) else str(value).encode()
    db.close()


def places(home, medium, scratch, *needles):
    """Where one of the needles stands: in a file of the home or the medium, in an unpacked payload, or in one column of
    a database, where the pages of the file may have torn it apart."""
    files = [path for folder in (home, medium) for path in Path(folder).rglob("*") if path.is_file()]
    payloads = [file for file in (payload(path, scratch) for path in files if path.suffix == ".gfb") if file]
    found = []
    for path in files + payloads:
        content = path.read_bytes()
        found += [str(path) for needle in needles if needle in content]
        if content.startswith(b"SQLite format 3\0"):
            found += [f"{path}: {where}" for where, value in columns(path) for needle in needles if needle in value]
    return found
