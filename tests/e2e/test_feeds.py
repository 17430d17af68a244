"""Feeds without events, packed sources, and MISP's list of feeds, through the real programs."""
import gzip
import io
import ipaddress
import json
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from misp_server import mirror
from pair import EVERYTHING, Pair

ROOT = Path(__file__).resolve().parents[2]
FEED = ROOT / "bundles" / "sample-feed"
LISTS = ROOT / "bundles" / "sample-warninglists"
DEFAULTS = ROOT / "bundles" / "sample-feeds" / "defaults.json"


@pytest.fixture
def pair(tmp_path, bins):
    return Pair(tmp_path, bins)


def collect(pair, *sources, expect=0, kind="freetext"):
    pair.configure_export([{"kind": kind, "default_tlp": "clear", **source} for source in sources],
                          **EVERYTHING)
    said = pair.export("collect", "--json", expect=expect).stdout
    return [json.loads(line) for line in said.splitlines()]


def tar_of(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                archive.addfile(info)
    return path


def test_values_cross_the_gap_and_go(pair, tmp_path):
    table = tmp_path / "list.csv"
    table.write_text("id;host\n1;evil[.]example[.]com\n2;worse.example.com\n3;?\n")
    source = {"name": "list", "path": str(table),
              "csv": {"columns": ["host"], "delimiter": ";"},
              "feed": {"provider": "Example CERT", "tags": ["osint:lifetime=\"ephemeral\""]}}
    report = collect(pair, source, kind="csv")[0]
    assert report["values"]["added"] == 2
    assert report["values"]["examples_without_form"][0]["line"] == 4
    pair.bundle()
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)
    values = {row["value"]: row for row in pair.dump() if "value" in row}
    assert set(values) == {"evil.example.com", "worse.example.com"}
    assert values["evil.example.com"]["to_ids"] is True

    table.write_text("id;host\n2;worse.example.com\n")
    assert collect(pair, source, kind="csv")[0]["values"]["gone"] == 1
    pair.bundle()
    pair.import_("import", pair.medium)
    assert {row["value"] for row in pair.dump() if "value" in row} == {"worse.example.com"}


ZONE = """$TTL 300
$ORIGIN block.gapferry.org.
@ IN SOA ns.gapferry.org. root.gapferry.org. ( 1 ; garden.gapferry.org
    1h 15m 30d 2h )
  NS ns.gapferry.org.
evil.com CNAME .
*.evil.com CNAME .
b.evil.net.block.gapferry.org. 60 IN CNAME rpz-drop.
garden.evil.org CNAME warn.gapferry.org.
address.evil.org A 198.51.100.9
  TXT "see good.com"
good.com CNAME rpz-passthru.
24.0.113.0.203.rpz-ip CNAME .
48.zz.db8.2001.rpz-ip CNAME *.
ns.bad.com.rpz-nsdname CNAME .
32.1.113.0.203.rpz-client-ip CNAME .
$ORIGIN co.uk.block.gapferry.org.
evil CNAME .
*.evil CNAME .
$ORIGIN rpz-ip.block.gapferry.org.
32.7.100.51.198 CNAME .
"""


def names_of_zone(text):
    """Of a zone as BIND writes it out in full, what its rules are about."""
    names = set()
    for line in text.splitlines():
        owner, _, _, kind, data = line.split(None, 4)
        trigger = owner.removesuffix("block.gapferry.org.").removesuffix(".").removeprefix("*.")
        if kind in ("CNAME", "A", "TXT") and data != "rpz-passthru.":
            names.add(trigger)
    return names


def test_a_policy_zone_is_read_in_each_spelling_of_bind(pair, tmp_path):
    (tmp_path / "zone").write_text(ZONE)
    for style in ("full", "relative"):
        done = subprocess.run(["named-compilezone", "-i", "none", "-k", "ignore", "-s", style, "-o", tmp_path / style,
                               "block.gapferry.org", tmp_path / "zone"], check=True, capture_output=True, text=True)
        assert (tmp_path / style).read_text(), done.stderr
    subprocess.run(["dnssec-keygen", "-q", "-K", tmp_path, "-a", "ECDSAP256SHA256", "block.gapferry.org"], check=True,
                   capture_output=True)
    for style in ("text", "full"):
        subprocess.run(["dnssec-signzone", "-q", "-S", "-z", "-P", "-K", tmp_path, "-d", tmp_path, "-O", style,
                        "-o", "block.gapferry.org", "-f", tmp_path / f"signed-{style}", tmp_path / "zone"], check=True,
                       capture_output=True)
    rules = names_of_zone((tmp_path / "full").read_text())
    expected = {name for name in rules if "rpz-" not in name} | {"203.0.113.0/24", "2001:db8::/48", "198.51.100.7"}
    assert len(rules) == 10 and {"b.evil.net", "evil.co.uk", "garden.evil.org", "address.evil.org"} < expected
    forms = ("zone", "full", "relative", "signed-text", "signed-full")
    reports = collect(pair, *({"name": name, "path": str(tmp_path / name)} for name in forms))
    found = {name: set() for name in forms}
    for (source, _), fields in mirror(pair.connected)["attribute"]:
        value = fields["value"]
        found[source].add(value if isinstance(value, str) else str(ipaddress.ip_address(value)))
    assert found == {name: expected for name in found}
    for report in reports[:5]:
        assert any("2 rules of a blocklist" in note for note in report["notes"]), report["notes"]


def test_packed_files_are_read_like_plain_ones(pair, tmp_path):
    text = b"192.0.2.1\nevil.example.com\n"
    (tmp_path / "plain.txt").write_bytes(text)
    (tmp_path / "one.gz").write_bytes(gzip.compress(text))
    tar_of(tmp_path / "two.tar.gz", {"a.txt": b"192.0.2.1\n", "b.txt": b"evil.example.com\n"})
    with zipfile.ZipFile(tmp_path / "three.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../etc/list.txt", text)  # a name is never used
    reports = collect(pair, *({"name": name.split(".")[0], "path": str(tmp_path / name)}
                              for name in ("plain.txt", "one.gz", "two.tar.gz", "three.zip")))
    assert [report["values"]["added"] for report in reports] == [2, 2, 2, 2]


def test_packed_feeds_and_lists_are_read_like_folders(pair, tmp_path):
    events = {f"feed-main/{path.name}": path.read_bytes() for path in FEED.iterdir()}
    lists = {f"lists-main/{path.relative_to(LISTS)}": path.read_bytes()
             for path in LISTS.rglob("*.json")}
    lists["lists-main/tools/latest"] = (tarfile.SYMTYPE, "/etc/passwd")  # nobody asks for it
    sources = [
        {"name": "feed", "kind": "misp-feed", "path": str(tar_of(tmp_path / "f.tgz", events))},
        {"name": "lists", "kind": "warninglists",
         "path": str(tar_of(tmp_path / "l.tar", lists, "w"))}]
    packed = collect(pair, *sources)
    again = collect(pair, *sources)
    sources[0]["path"], sources[1]["path"] = str(FEED), str(LISTS)
    plain = collect(pair, *sources)
    assert packed[0]["added"] == 3 and packed[1]["added"] == 3
    for reports in (again, plain):  # the same bytes: nothing is read anew
        assert [report["unchanged"] for report in reports] == [3, 3]
    assert not list(pair.connected.glob("scratch-*"))


@pytest.mark.parametrize("name, content, reason", [
    ("../x.json", b"{}", "lead elsewhere"),
    ("/etc/x.json", b"{}", "lead elsewhere"),
    ("a/./x.json", b"{}", "lead elsewhere"),
    ("x.json", (tarfile.SYMTYPE, "/etc/passwd"), "is a link"),
    ("x.json", (tarfile.LNKTYPE, "manifest.json"), "is a link"),
    ("x.json", (tarfile.FIFOTYPE, ""), "is a link or a device"),
])
def test_names_that_lead_out_of_an_archive(pair, tmp_path, name, content, reason):
    path = tar_of(tmp_path / "f.tar.gz", {"manifest.json": b"{}", name: content})
    pair.configure_export([{"name": "feed", "kind": "misp-feed", "path": str(path)}], **EVERYTHING)
    done = pair.export("collect", expect=None)
    assert done.returncode != 0 and reason in done.stderr, done.stderr
    assert not list(pair.connected.glob("scratch-*"))
    assert not (tmp_path / "x.json").exists()


def test_a_bomb_is_refused(pair, tmp_path):
    text = b"192.0.2.1\n" + b" " * (80 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(text, 9))
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as archive:
        archive.writestr("a.txt", "192.0.2.1\n")
    (tmp_path / "nested.gz").write_bytes(gzip.compress((tmp_path / "inner.zip").read_bytes()))
    for name, reason in (("bomb.gz", "300 times"), ("nested.gz", "archive within an archive")):
        pair.configure_export([{"name": "feed", "kind": "freetext", "path": str(tmp_path / name)}],
                              **EVERYTHING)
        done = pair.export("collect", expect=None)
        assert done.returncode != 0 and reason in done.stderr, done.stderr


def test_a_block_of_another_kind_is_an_error(pair):
    pair.configure_export([{"name": "feed", "kind": "misp-feed", "path": str(FEED),
                            "csv": {"columns": ["1"]}}], **EVERYTHING)
    assert "`csv:` is not for sources of kind misp-feed" in pair.export("collect", expect=None).stderr


def test_the_list_of_feeds_of_misp(pair):
    listed = json.loads(pair.export("sources", "defaults", DEFAULTS, "--json").stdout)["feeds"]
    assert [feed["source"] for feed in listed] == [
        "example-list-of-urls", "example-addresses-all", "example-events"]
    assert listed[1]["override_ids"] is True  # from settings that are JSON within JSON
    config = pair.connected / "export.yml"
    before = config.read_text()
    pair.export("sources", "defaults", DEFAULTS, "--add", "Example list of URLs",
                "--add", "example-addresses-all", "--add", "example-events")
    after = config.read_text()
    assert [line for line in before.splitlines() if line != "sources: []"] == [
        line for line in after.splitlines() if line in before.splitlines()]
    twice = pair.export("sources", "defaults", DEFAULTS, "--add", "example-events", expect=None)
    assert twice.returncode != 0 and "already" in twice.stderr
    assert config.read_text() == after
    # Read from a file here; tests/e2e/test_web_feed.py fetches.
    local = pair.connected / "urls.csv"
    changed, count = re.subn(r"url: .*feeds\.example\.org/urls\.csv.*", f"path: {local}", after)
    assert count == 1
    config.write_text(changed)
    local.write_text(
        "1;x;http://192.0.2.1/a;http://192.0.2.2/b\n2;x;https://example.com/;\n")
    done = json.loads(pair.export("collect", "--source", "example-list-of-urls", "--json").stdout)
    assert (done["values"]["added"], done["values"]["excluded"]) == (2, 1)


def test_what_an_entry_cannot_say_is_said(pair, tmp_path):
    rules = {"tags": {"OR": ["tlp:white", "a \"quoted\" one"], "NOT": ["x"]}, "orgs": {"OR": [], "NOT": ["Bad"]}}
    feeds = [
        {"name": "Ruled", "source_format": "misp", "rules": json.dumps(rules), "url": "https://feeds.example/a",
         "headers": "Authorization: secret123\r\nX-Other: y"},
        {"name": "Since", "source_format": "misp", "url": "https://feeds.example/b",
         "rules": json.dumps({"tags": {"OR": [], "NOT": []}, "url_params": "{\"timestamp\": \"30d\"}"})},
        {"name": "Broken", "source_format": "misp", "url": "https://feeds.example/c", "rules": "{"},
        {"name": "Plain", "source_format": "csv", "url": "https://feeds.example/d", "rules": json.dumps(rules),
         "fixed_event": False, "headers": "X-Api-Key: secret456"},
        {"name": "Usual", "source_format": "csv", "url": "https://feeds.example/e", "fixed_event": "1", "headers": "",
         "rules": json.dumps({"tags": {"OR": [], "NOT": []}, "orgs": {"OR": [], "NOT": []}, "url_params": "{}"})}]
    listed = tmp_path / "feeds.json"
    listed.write_text(json.dumps([{"Feed": {"provider": "P", **feed}, **(
        {"Tag": {"name": "osint:x", "exportable": True}} if feed["name"] == "Ruled" else {})} for feed in feeds]))
    done = pair.export("sources", "defaults", listed, "--quiet", *(
        word for feed in feeds for word in ("--add", feed["name"])))
    config = (pair.connected / "export.yml").read_text()
    assert not any(value in config + done.stdout + done.stderr for value in ("secret123", "secret456"))
    entry = config[config.index("- name: ruled"):config.index("- name: since")]
    assert ('    select:\n      tags: ["tlp:white", "a \\"quoted\\" one"]\n      not_tags: ["x"]\n'
            '      not_orgs: ["Bad"]\n') in entry and "# MISP sends the header Authorization" in entry
    said = {}
    for line in done.stderr.splitlines():
        name, text = line.removeprefix("warning: ").split(": ", 1)
        said.setdefault(name, []).append(text)
    assert said.keys() == {"ruled", "since", "broken", "plain"}
    for name, texts in {"ruled": ["headers with it (Authorization, X-Other)", "adds the tag osint:x"],
                        "since": ["there are others"], "broken": ["there are others"],
                        "plain": ["(X-Api-Key)", "mean nothing for a feed without events", "fixed_event is off"],
                        }.items():
        assert len(said[name]) == len(texts) and all(
            text in told for text, told in zip(texts, said[name])), (name, said[name])
    pair.export("status")


def test_passwords_of_listed_feeds_are_not_shown(pair, tmp_path):
    listed = tmp_path / "feeds.json"
    listed.write_text(json.dumps([{"Feed": {
        "name": "Paid", "provider": "P", "url": "https://user:pa/ss@feeds.example/f?token=abc123",
        "source_format": "csv", "enabled": True}}]))
    for more in ([], ["--json"]):
        said = pair.export("sources", "defaults", listed, *more).stdout
        assert "https://feeds.example/f" in said
        assert not any(part in said for part in ("user", "pa/ss", "ss@", "abc123"))


def test_a_feed_that_is_not_in_the_list(pair):
    done = pair.export("sources", "defaults", DEFAULTS, "--add", "Example events!", expect=None)
    assert done.returncode != 0 and "did you mean \"Example events\"?" in done.stderr


def test_a_feed_that_makes_no_source_leaves_the_configuration_as_it_was(pair, tmp_path):
    listed = tmp_path / "feeds.json"
    listed.write_text(json.dumps([{"Feed": {
        "name": "Old", "provider": "P", "url": "ftp://feeds.example/f", "source_format": "csv", "enabled": True}}]))
    before = (pair.connected / "export.yml").read_text()
    done = pair.export("sources", "defaults", listed, "--add", "Old", expect=3)
    assert f"{pair.connected / 'export.yml'}:" in done.stderr and ".new" not in done.stderr
    assert (pair.connected / "export.yml").read_text() == before
