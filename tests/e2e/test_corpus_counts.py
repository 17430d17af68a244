"""Every table and every list of the corpus, collected: as many values as the files have.

Oracles: corpus/expected/csv.jsonl and lines.jsonl, counted by an independent script, and Python's own csv module. Which
of the values are right, also in the reports, is measured in test_extraction.py."""
import collections
import csv
import io
import ipaddress
import json
import re
import sqlite3

import pytest

from pair import Pair

EMPTY = {"n/a", "none", "-"}  # docs/sources.md: these count as empty

# Reports: text and tables for people, in which a line may hold several values or none. Why their counts are not those
# of their lines; test_extraction.py scores them.
REPORTS = {
    "TA551__": "a heading a paragraph, and hashes, sizes, names and URLs in each",
    "BazarCall__": "tables of several values a line",
    "Valak__": "text with hashes and file names",
    "Redaman_banking_malware__": "text with hashes and file names",
    "fake_Flash_updates__": "text with URLs",
    "powerstager__": "hashes with file names",
    "agenttesla__": "a panel and its host", "diamondfox__": "a panel and its host", "ispy__": "a panel and its host",
    "keybase__": "a panel and its host",
    "magnitude__": "a table of URLs and numbers; a URL may hold commas",
}
# One value a line, but for these.
PASSED_OVER = {
    "malicious__woof.txt": {"0ba[0-9]{8,15}\\.win": "a pattern, not a name"},
    "malware__mekotio.txt": {"181.41.200.72|0902": "a port that begins with 0"},
    "notepadcase__Domain_listing.txt": {"hmrc.secure.refuhmrc.secure.refuhmr": "no top-level domain"},
}
# Comments give numbers of vulnerabilities and mail addresses.
IN_COMMENTS = {
    "malware__hacked_fortinac.txt": {"cve-2022-39952"},
    "Gamaredon__2022_02_Gamaredon_UPDATE.txt": {
        "macrobit@inbox.ru", "message-yandex.ru@mail.ru", "tank-bank15@yandex.ru"},
}
WITHOUT_VALUES = {"cryptocurrency_miners__xmr_wallets.txt": "wallets of Monero have no form that is looked for"}


def expected(corpus, name):
    return [json.loads(line) for line in (corpus / "expected" / name).read_text().splitlines()]


def collect(pair, sources, **more):
    pair.configure_export([{"default_tlp": "clear", **source} for source in sources], clearance="green")
    done = pair.export("--json", "collect", **more)
    return {row["source"]: row for row in map(json.loads, done.stdout.splitlines())}


def test_every_cell_of_every_table_is_read(tmp_path, bins, corpus):
    """A pattern that takes every value away counts them, each as often as it stands there."""
    pair = Pair(tmp_path, bins)
    rows = expected(corpus, "csv.jsonl")
    assert len(rows) == 24
    told = collect(pair, [
        {"name": f"table-{i}", "kind": "csv", "path": str(corpus / row["file"]),
         "csv": {"columns": [str(n + 1) for n in range(row["columns"][0][0])], "header": "no"},
         "feed": {"exclude": "/^/s", "allow_empty": True,
                  **({"encoding": "latin-1"} if row["decodes_as"] == "latin-1" else {})}}
        for i, row in enumerate(rows)])
    for i, row in enumerate(rows):
        text = (corpus / row["file"]).read_bytes().decode(row["decodes_as"])
        table = [cells for cells in csv.reader(io.StringIO(text, newline="")) if not "".join(cells[:1]).startswith("#")]
        assert len(table) == row["rows"], row["file"]
        assert sum(bool("".join(cells).strip()) for cells in table) == row["rows_not_blank"], row["file"]
        # A cell is one value a line.
        values = [line for cells in table for cell in cells for line in cell.splitlines()
                  if line.strip() and line.strip().lower() not in EMPTY]
        counts = told[f"table-{i}"]["values"]
        assert (counts["excluded"], counts["without_form"], told[f"table-{i}"]["refused_count"]) == (
            len(values), 0, 0), row["file"]


def value_of(kind, value):
    if isinstance(value, bytes):
        return str(ipaddress.ip_address(value)) if kind.startswith("ip-") and len(value) in (4, 16) else value.hex()
    return value.lower()


def plain(line):
    """One value a line, as it stands in such lists: before a blank or comment, or a comma; refanged."""
    value = re.split(r"[\s#]|,(?!\d)", line)[0].lower()
    value = re.sub(r"^hxxp(?=s?:)", "http", value.replace("[.]", "."))
    return re.sub(r"^(\d+\.\d+\.\d+\.\d+):(\d+)$", r"\1|\2", value)


@pytest.fixture(scope="module")
def lists(tmp_path_factory, bins, corpus):
    """Of each file: what was expected of it, its lines, and the values in the mirror."""
    pair = Pair(tmp_path_factory.mktemp("lists"), bins)
    rows = expected(corpus, "lines.jsonl")
    collect(pair, [{"name": f"list-{i}", "kind": "freetext", "path": str(corpus / row["file"]),
                    "feed": {"allow_empty": True}} for i, row in enumerate(rows)])
    db = sqlite3.connect(f"file:{pair.connected}/mirror.db?mode=ro", uri=True)
    held = collections.defaultdict(set)
    for source, kind, value in db.execute(
            "SELECT source.name, word.text, value FROM attribute JOIN event ON event.id = attribute.event "
            "JOIN source ON source.id = event.source JOIN word ON word.id = type"):
        held[source].add((kind, value_of(kind, value)))
    db.close()
    found = []
    for i, row in enumerate(rows):
        lines = [line.strip() for line in (corpus / row["file"]).read_text("utf-8-sig", "replace").splitlines()]
        found.append((row, [line for line in lines if line and not line.startswith("#")], held[f"list-{i}"]))
    return found


def test_every_line_of_every_list_is_a_value(lists):
    assert len(lists) == 325
    kinds, different = collections.Counter(), {}
    for row, lines, held in lists:
        family, name = row["file"].split("/")[1:]
        assert len(lines) == row["lines_not_comment"], row["file"]
        if name in WITHOUT_VALUES:
            assert not held, name
            kinds["without values"] += 1
            continue
        assert bool(held) == bool(lines), name
        several = any(len(line.split()) > 1 for line in lines)
        if name.endswith(".json") or (family == "unit42" and (several or name.startswith(tuple(REPORTS)))):
            kinds["report"] += 1
            continue
        values = {plain(line) for line in lines}
        # A path without its host is no indicator by itself.
        values = {value for value in values if not value.startswith("/")} - set(PASSED_OVER.get(name, ()))
        values |= IN_COMMENTS.get(name, set())
        if {value for _, value in held} != values or len(held) != len(values):
            different[name] = sorted({value for _, value in held} ^ values)[:9]
        kinds["list"] += 1
    assert not different, json.dumps(different)
    assert kinds["without values"] == 1 and kinds["list"] > 200, kinds


def test_lists_by_family(lists):
    """Files without blanks and paths: what the independent script counted, less what stands there twice."""
    exact = 0
    for row, lines, held in lists:
        if row["file"].split("/")[1] in ("ipsum", "maltrail") and not any(line.startswith("/") for line in lines):
            twice = len(lines) - len({plain(line) for line in lines})
            name = row["file"].rsplit("/", 1)[1]
            more = len(IN_COMMENTS.get(name, ())) - len(PASSED_OVER.get(name, ()))
            assert len(held) == row["lines_not_comment"] - twice + more, row["file"]
            exact += 1
    assert exact >= 120
