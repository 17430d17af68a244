"""Tags that a real MISP called local or not exportable, as they were recorded: they decide, and do not cross.

What crosses of them is a level: where one held the TLP or PAP of a row, a plain tag says it (docs/misp.md)."""
import json

import pytest

from misp_server import KEY, Recorded, Server, mirror
from pair import Pair
from test_misp import recordings

TLP = ["clear", "green", "amber", "amber+strict", "red"]
PAP = ["clear", "green", "amber", "red"]
LEVELS = {f"tlp:{level}" for level in TLP} | {f"PAP:{level.upper()}" for level in PAP}
ALL = {"clearance": "red", "unencrypted": True, "distributions": [0, 1, 2, 3], "hold_back_tags": [],
       "unpublished": "cross", "exclude_categories": []}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, bins):
    folder = tmp_path_factory.mktemp("local-tags")
    server = Server(Recorded(recordings()))
    (folder / "misp.key").write_text(KEY)
    (folder / "misp.key").chmod(0o600)
    pair = Pair(folder, bins)
    pair.source = {"name": "misp", "kind": "misp", "url": server.url, "key": f"file:{folder}/misp.key",
                   "default_tlp": "amber"}
    pair.configure_export([pair.source], **ALL)
    pair.export("collect")
    server.stop()
    pair.tables = mirror(pair.connected)
    return pair


def level_of(names, prefix, levels):
    """The strictest level that the tags state, by its place in `levels`; None if there is none."""
    found = {name.lower().removeprefix(prefix) for name in names if name.lower().startswith(prefix)} - {"ex:chr"}
    named = {"white": "clear", **{level: level for level in levels}}
    return max((levels.index(named.get(level, "red")) for level in found), default=None)


def levels_of(names):
    return level_of(names, "tlp:", TLP), level_of(names, "pap:", PAP)


def hidden_tags(pair):
    """By table and row: the names of its tags that are local or not exportable."""
    return {(table, fields["uuid"].hex()): {name for name, local, exportable in fields["tags"] if local or not exportable}
            for table in ("event", "attribute") for _, fields in pair.tables[table]}


def cross(pair, folder, **site):
    pair.isolated, pair.medium = folder / "isolated", folder / "medium"
    pair.medium.mkdir()
    pair.configure_export([pair.source], **{**ALL, **site})
    pair.bundles("--kind", "full")
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)
    rows = {}
    for row in pair.dump():
        if row["kind"] in ("event", "attribute"):
            uuid = row["event"] if row["kind"] == "event" else row["uuid"]
            rows[row["kind"], uuid.replace("-", "")] = row
    return rows


def test_they_do_not_cross_and_their_level_does(recorded, tmp_path):
    hidden = {key: names for key, names in hidden_tags(recorded).items() if names}
    assert {name for names in hidden.values() for name in names} == {
        "PAP:RED", "holdout:no-export", 'workflow:state="incomplete"', "kill-chain:Delivery", "tlp:amber", "tlp:red"}
    rows = cross(recorded, tmp_path)
    assert len(rows) > 1000
    checked = 0
    for table in ("event", "attribute"):
        for _, fields in recorded.tables[table]:
            row = rows.get((table, fields["uuid"].hex()))
            if row is None:  # soft-deleted
                continue
            tags = row.get("tags", [])
            crossed = [tag["name"] for tag in tags]
            shown = {name for name, local, exportable in fields["tags"] if not local and exportable}
            assert set(crossed) <= shown | LEVELS, row
            assert not any(tag.get("local") or tag.get("exportable") is False for tag in tags), row
            # Whatever is not among the tags that may cross is a level, and plain.
            assert all("colour" not in tag for tag in tags if tag["name"] not in shown), row
            # What decided on this side is what decides on the other.
            assert levels_of(crossed) == levels_of([name for name, _, _ in fields["tags"]]), row
            checked += bool(hidden.get((table, fields["uuid"].hex())))
    assert checked == len(hidden)
    text = json.dumps(list(rows.values()))
    assert "PAP:RED" in text
    for name in ("holdout:no-export", "workflow:state", "kill-chain:Delivery"):
        assert name not in text, name


@pytest.mark.parametrize("site", [{"clearance": "green"}, {"clearance": "amber"},
                                  {"hold_back_tags": ["holdout:*"]}, {"hold_back_tags": ["kill-chain:Delivery"]},
                                  {"hold_back_tags": ['workflow:state="incomplete"']}], ids=str)
def test_they_decide(recorded, tmp_path, site):
    rows = cross(recorded, tmp_path, **site)
    assert rows
    highest = TLP.index(site.get("clearance", "red"))
    pattern = site.get("hold_back_tags", ["nothing"])[0].rstrip("*")
    held, heads = 0, {}
    for _, fields in recorded.tables["event"]:
        heads[fields["uuid"].hex()] = fields

    def stays(fields, event_level):
        names = [name for name, _, _ in fields["tags"]]
        level = max(event_level, level_of(names, "tlp:", TLP) or 0)
        return level > highest or any(name.startswith(pattern) for name in names)
    for owner, fields in recorded.tables["attribute"]:
        head = heads[owner[1]]
        level = level_of([name for name, _, _ in head["tags"]], "tlp:", TLP)
        level = TLP.index("amber") if level is None else level
        if fields["flags"] & 2:
            continue
        expected = not stays(head, level) and not stays(fields, level)
        by_hidden = any(local or not exportable for row in (head, fields) for _, local, exportable in row["tags"])
        if by_hidden or not expected:
            assert (("attribute", fields["uuid"].hex()) in rows) == expected, (head["info"], fields)
        held += by_hidden and not expected
    assert held > 0, "a hidden tag held something back"
