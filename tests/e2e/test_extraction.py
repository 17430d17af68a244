"""Values of free text and tables against lists that were made by reading, from the corpus."""
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engines import built

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(os.environ.get("GAPFERRY_BIN", ROOT / "build" / "release" / "bin")) / "extract_driver"
ENCODINGS = {"utf-8": "auto", "cp1252": "windows-1252", "mac_roman": "mac-roman"}
LEAST = 0.99

pytestmark = built(DRIVER)


@pytest.fixture(scope="module")
def oracle_folder(corpus):
    folder = corpus / "expected" / "indicators"
    if not folder.is_dir():
        pytest.skip(f"no lists of indicators at {folder}")
    return folder


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def extract(*arguments):
    done = subprocess.run([DRIVER, *map(str, arguments)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def score(folder, found, work, *options):
    """What the corpus's own score.py says: found and wanted of each type, and the three totals."""
    out = work / "found.jsonl"
    out.write_text("".join(json.dumps(value) + "\n" for value in found), encoding="utf-8")
    said = subprocess.run([sys.executable, folder / "score.py", out, *options],
                          capture_output=True, text=True, check=True).stdout
    types = [line.split() for line in said.splitlines() if " of " in line and "traps" not in line]
    total = next(line.split() for line in said.splitlines() if line.startswith("missed "))
    return sum(int(words[3]) for words in types), int(total[1]), int(total[3]), int(total[6]), said


def test_free_text(corpus, oracle_folder, tmp_path):
    found = []
    for entry in lines(oracle_folder / "files-freetext.jsonl"):
        for value in extract("freetext", corpus / entry["file"], *(entry["lines"] or [])):
            found.append({"file": entry["file"], **value})
    wanted, missed, extra, traps, said = score(oracle_folder, found, tmp_path)
    assert wanted > 3000
    assert traps == 0, said
    assert (wanted - missed) / wanted >= LEAST, said
    assert (wanted - missed) / (wanted - missed + extra) >= LEAST, said


def test_forms_that_no_published_text_has(oracle_folder, tmp_path):
    found = [{"file": "made-forms.txt", **value}
             for value in extract("freetext", oracle_folder / "made-forms.txt")]
    wanted, missed, extra, traps, said = score(oracle_folder, found, tmp_path, "--made")
    # setup.py is a file name to us; docs/sources.md says why.
    assert (wanted > 40, missed, extra, traps) == (True, 0, 1, 0), said


def settings(row):
    types = row.get("column_types") or {}
    columns = [f"{column} as {types[str(column)]}" if str(column) in types else str(column)
               for column in row["columns"]]
    if row.get("join"):
        columns = ["+".join(columns) + " as ip-dst|port"]
    return [",".join(columns), "--delimiter", row["delimiter"], "--encoding", ENCODINGS[row["encoding"]]]


def test_tables(corpus, oracle_folder):
    wanted_count = missed = extra = 0
    rows = lines(oracle_folder / "indicators-csv.jsonl")
    for row in rows:
        found = {(value["type"], value["value"])
                 for value in extract("csv", corpus / row["file"], *settings(row))}
        first = {tuple(other): tuple(value.split("\t"))
                 for value, others in (row.get("alt") or {}).items() for other in others}
        found = {first.get(value, value) for value in found}
        if "expected" in row:
            wanted = {tuple(value) for value in row["expected"]}
            wanted_count += len(wanted)
            missed += len(wanted - found)
            extra += len(found - wanted)
        else:
            text = b"".join(sorted(f"{kind}\t{value}\n".encode() for kind, value in found))
            assert hashlib.sha256(text).hexdigest() == row["sha256_sorted"], row["file"]
            wanted_count += row["unique"]
    assert len(rows) == 29
    assert (wanted_count - missed) / wanted_count >= LEAST
    assert (wanted_count - missed) / (wanted_count - missed + extra) >= LEAST


# What each line gives, as its writer means it.
LINES = {
    "install.sh": ["filename install.sh"], "main.rs": ["filename main.rs"], "evil.pl": ["domain evil.pl"],
    "run evil.pl and lib.cc": ["filename evil.pl", "filename lib.cc"], "see update[.]sh": ["domain update.sh"],
    "README.md": [], "CHANGELOG.md": [], "Makefile.am": [], "use System.IO": [], "1.2.3.4/33": [],
    "http://evil.pl/x.sh in it": ["url http://evil.pl/x.sh"],
    "127.0.0.1 evil1.com": ["domain evil1.com"], "::1 evil2.com localhost": ["domain evil2.com"],
    "0.0.0.0 evil3.com evil4.com # ads": ["domain evil3.com", "domain evil4.com"],
    "127.0.0.1": [], "127.0.0.1:8080": [], "http://127.0.0.1/x": [], "::1": [], "0.0.0.0": [],
    "127.0.0.1 fetches http://evil5.com/x": ["url http://evil5.com/x"],
    "evil6 [.] com": ["domain evil6.com"], "alice (at) evil7 (dot) com": ["email-src alice@evil7.com"],
    "evil8[,]com": ["domain evil8.com"], "evil9。com": ["domain evil9.com"], "evil10.\u200bcom": ["domain evil10.com"],
    "hxxp:\\\\evil11.com\\x": ["url http://evil11.com/x"],
    "address=/evil12.com/0.0.0.0": ["domain evil12.com"], "local=/evil13.com/": ["domain evil13.com"],
    "203.0.113.6-203.0.113.9": ["ip-dst 203.0.113.6/31", "ip-dst 203.0.113.8/31"],
    "192.0.2.0 255.255.255.0": ["ip-dst 192.0.2.0/24"], "192.0.2.9 0.0.0.255": ["ip-dst 192.0.2.9"],
    "local-zone: \"evil14.com\" always_nxdomain": ["domain evil14.com"], "forward-addr: 8.8.8.8": [],
    "rev-server=1.2.3.0/24,8.8.8.8": [], "*$3p,denyallow=a.com|b.com,from=c.com": [],
    "yahoo.com,yahoo.*##.ad": [], "!#include https://a.com/b.txt": [], "||[2001:db8::1]^": ["ip-dst 2001:db8::1"],
    "0.0.0.0-255.255.255.255": [], "203.0.113.9-203.0.113.6": [], "203.0.113.6-203.0.113.6": ["ip-dst 203.0.113.6"],
}


def test_lines_with_a_form_of_their_own(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("".join(line + "\n" for line in LINES), encoding="utf-8")
    found = {line: [] for line in LINES}
    for value in extract("freetext", path):
        found[list(LINES)[value["line"] - 1]].append(f"{value['type']} {value['value']}")
    assert found == LINES
