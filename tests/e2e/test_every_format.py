"""What holds for every format of the table, also for the next one: nothing above the clearance is in it, PAP keeps
things out of what blocks, the same input gives the same bytes, and a small change gives a small difference.

One bundle goes the whole way; each format is one destination of one site.
"""
import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from pair import Pair

ROOT = Path(__file__).resolve().parents[2]
TABLE = json.loads((ROOT / "schema" / "import.schema.json").read_text())["properties"]["destinations"]["items"]["properties"]
FORMATS = TABLE["format"]["enum"]

# What a format needs to show all that it can: YARA rules are taken as they are where no compiler is asked.
OPTIONS = {
    "suricata": {"suricata": {"literal_limit": 3, "archive": True, "hashes": ["md5", "sha1", "sha256"]}},
    "sigma-expand": {"sigma": {"values": "expand"}},
    "yara": {"yara": {"compiler": "true"}},
}
VARIANTS = {**{name: name for name in FORMATS}, "sigma-expand": "sigma"}


def destination(name, **more):
    return {"name": name, "format": VARIANTS[name], **OPTIONS.get(name, {}), **more}


def uuid(group, number=0):
    return f"{group}-54b9-43e7-870a-{number:012}"


def galaxy(technique):
    return f'misp-galaxy:mitre-attack-pattern="A Technique - {technique}"'


def values(word, octet, digit):
    """One value of every type that some format takes, each with `word`, the octet or the digit in it."""
    yara = f'rule {word}_rule {{ strings: $a = "{word}" condition: $a }}'
    ids = f'alert dns any any -> any any (msg:"{word}"; dns.query; content:"{word}"; sid:7;)'
    sigma = (f"title: {word} name\nstatus: experimental\ndescription: Detects {word} in queries\nlogsource:\n"
             f"    category: dns\ndetection:\n    selection:\n        query: '{word}.example'\n    condition: selection\n"
             "level: high\n")
    return [
        ("domain", f"{word}-d.com"), ("hostname", f"{word}-h.host.com"), ("ip-dst", f"45.66.{octet}.88"),
        ("ip-src", f"2a01:4f8:{octet}::1"), ("ip-dst", f"45.{octet}.0.0/16"), ("ip-dst|port", f"45.67.{octet}.89|8443"),
        ("domain|ip", f"{word}-di.com|45.68.{octet}.90"), ("url", f"http://{word}-u.com/{word}"),
        ("url", f"https://{word}-s.com/{word}"), ("email-src", f"{word}@mail.com"), ("email-dst", f"{word}-to@mail.com"),
        ("filename", f"{word}.exe"), ("user-agent", f"{word} agent"), ("md5", digit * 32), ("sha1", digit * 40),
        ("sha256", digit * 64), ("filename|sha256", f"{word}-f.exe|{digit * 63}0"), ("ja3-fingerprint-md5", digit * 31 + "0"),
        ("x509-fingerprint-sha1", digit * 39 + "0"), ("mutex", f"{word}-mutex"), ("regkey", f"HKLM\\{word}"),
        ("yara", yara), ("suricata", ids), ("snort", ids.replace("dns any", "udp any").replace("dns.query; ", "")),
        ("sigma", sigma), ("zeek", f"signature {word} {{\n  payload /{word}/\n}}"),
        ("stix2-pattern", f"[file:name = '{word}']")]


def attributes(group, rows, tags=(), comment="", relation=""):
    return [{"uuid": uuid(group, number), "type": kind, "category": "Network activity", "to_ids": True,
             "timestamp": "1794182400", "value": value, "comment": comment, "Tag": [{"name": tag} for tag in tags],
             **({"object_relation": relation} if relation else {})}
            for number, (kind, value) in enumerate(rows)]


def event(group, info, tags, rows, **more):
    return {"Event": {"uuid": uuid(group), "info": info, "date": "2026-11-01", "published": True, "timestamp": "1794182400",
                      "threat_level_id": "2", "analysis": "2", "Tag": [{"name": tag} for tag in tags], "Attribute": rows,
                      **more}}


# Everything with this word, these numbers or in these groups of UUIDs is above green.
SECRET, OCTET, DIGIT = "zqsecret", 213, "7"
GROUPS = ("a5ec4e70", "b5ec4e70", "c5ec4e70", "d5ec4e70")
HIDDEN = [SECRET, DIGIT * 20, "t1999", *GROUPS, f"45.66.{OCTET}", f"{OCTET}.66.45", f"45.{OCTET}", f"{OCTET}.45",
          f"2a01:4f8:{OCTET}", f"{OCTET}.4f8.2a01", f"45.67.{OCTET}", f"45.68.{OCTET}", f"{OCTET}.67.45", f"{OCTET}.68.45"]


def secrets():
    """Three events: green with parts above it, one that is above it as a whole, and one with a part below it."""
    shown = values("zqshown", 17, "3")
    hidden = values(SECRET, OCTET, DIGIT)
    things = {"name": "file", "meta-category": "file", "description": SECRET, "template_uuid": "688c46fb-5edb-40a3-8273-1af7923e2215",
              "template_version": "24", "timestamp": "1794182400", "comment": f"{SECRET} object"}
    green = event("0af91541", "open info", ["tlp:green", galaxy("T1071.004")],
                  attributes("1af91541", shown, comment="open comment") +
                  attributes("a5ec4e70", hidden, ["tlp:amber", galaxy("T1999.001")], f"{SECRET} comment") +
                  # One value is open here and also in the event below.
                  attributes("2af91541", [("domain", "both.com")]),
                  extends_uuid=uuid("b5ec4e70"),
                  Object=[{**things, "uuid": uuid("c5ec4e70", 1),
                           "Attribute": attributes("c5ec4e70", [("filename", f"{SECRET}-o.exe")], ["tlp:red"], SECRET, "filename"),
                           "ObjectReference": [{"uuid": uuid("c5ec4e70", 9), "referenced_uuid": uuid("1af91541"),
                                                "relationship_type": "related-to", "comment": SECRET,
                                                "timestamp": "1794182400"}]}],
                  EventReport=[{"uuid": uuid("3af91541", 1), "name": "open report", "content": "nothing",
                                "timestamp": "1794182400"},
                               {"uuid": uuid("d5ec4e70", 2), "name": f"{SECRET} report", "distribution": "5",
                                "content": f"see @[attribute]({uuid('a5ec4e70', 1)}) {SECRET}", "timestamp": "1794182400"}])
    amber = event("b5ec4e70", f"{SECRET} info", ["tlp:amber", galaxy("T1999.002"), f"{SECRET}:tag"],
                  attributes("d5ec4e70", hidden + [("domain", "both.com")], ["tlp:green"], f"{SECRET} comment"))
    # No TLP of its own, so amber; its attribute's tag opens the value, but not what the event says.
    wider = event("7af91541", f"{SECRET} info", [galaxy("T1999.003"), f"{SECRET}:tag"],
                  attributes("6af91541", [("domain|ip", "zqwider.com|45.69.17.91")], ["tlp:green"]))
    return [green, amber, wider]


def everything(folder):
    """All that a reader of these files could find, in lower case: names, content, what is packed or encoded in it."""
    found = []
    for path in sorted(folder.resolve().rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        found += [path.name.encode(), content]
        if path.suffix == ".gz":
            found.append(gzip.decompress(content))
    for content in list(found):
        for word in re.findall(rb"[A-Za-z0-9+/]{8,}={0,2}", content):
            try:
                found.append(base64.b64decode(word, validate=True))
            except ValueError:
                pass
        found += [bytes.fromhex(word.decode()) for word in re.findall(rb"\|((?:[0-9A-F]{2} ?)+)\|", content)]
    return b"\n".join(found).lower()


class World:
    """A connected side with these events, and isolated sites that read its medium."""

    def __init__(self, folder, bins, events):
        self.folder, self.bins = folder, bins
        self.pair = Pair(folder / "pair", bins)
        self.sources = folder / "events"
        self.sources.mkdir()
        self.write(events)
        self.pair.configure_export(
            [{"name": f"feed-{number}", "kind": "misp-event", "path": str(self.sources / f"{number}.json")}
             for number in range(len(events))], clearance="red", unencrypted=True)
        self.bundle()
        self.sites = 0

    def write(self, events):
        for number, one in enumerate(events):
            (self.sources / f"{number}.json").write_text(json.dumps(one))

    def bundle(self):
        self.pair.export("collect")
        self.pair.bundle()

    def open(self, destinations):
        """A new site; the folders of its destinations, by name."""
        self.sites += 1
        self.pair.isolated = self.folder / f"site-{self.sites}"
        self.pair.open_site(clearance="red", destinations=destinations)
        return self.read()

    def read(self):
        self.pair.import_("import", self.pair.medium, expect=None)
        self.pair.import_("generate", "--accept-change")
        home = self.pair.isolated / "artifacts"
        return {path.name: (path / "current").resolve() for path in home.iterdir() if path.is_dir()}


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "manifest.json"}


@pytest.fixture(scope="module")
def table(bins, tmp_path_factory):
    folder = tmp_path_factory.mktemp("table")
    pair = Pair(folder, bins)
    return {one["format"]: one for one in json.loads(pair.import_("formats", "--json").stdout)["formats"]}


def test_the_table_is_whole(table):
    assert sorted(table) == sorted(FORMATS)


@pytest.fixture(scope="module")
def by_clearance(bins, tmp_path_factory):
    world = World(tmp_path_factory.mktemp("clearance"), bins, secrets())
    return {clearance: world.open([destination(name, clearance=clearance) for name in VARIANTS])
            for clearance in ("green", "red")}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_green_destination_holds_nothing_above_green(name, by_clearance):
    text = everything(by_clearance["green"][name])
    assert [word for word in HIDDEN if word.encode() in text] == []
    # The search finds such things where they may be, and the green ones are there.
    red = everything(by_clearance["red"][name])
    assert [word for word in HIDDEN if word.encode() in red]
    assert any(word in text for word in (b"zqshown", b"45.66.17.88", b"3" * 20, b"t1071.004", b"88.17.66.45"))


# What would match everything or nobody, and pages that are not what the URL is about.
TOO_MUCH = [("ip-dst", "0.0.0.0/0"), ("ip-src", "::/0"), ("ip-dst", "44.0.0.0/7"), ("ip-dst", "127.0.0.1"),
            ("ip-src", "224.0.0.251"), ("ip-dst", "255.255.255.255"), ("ip-dst", "2000::/3"),
            ("url", "https://zqmega.com/#!P12345"), ("url", "http://zqspa.com/app#/login"),
            ("url", "http://zqfront.com/#evil")]
COPIES = ("misp-feed", "misp-csv")


@pytest.fixture(scope="module")
def too_much(bins, tmp_path_factory):
    rows = attributes("8af91541", values("zqfine", 17, "3"))
    world = World(tmp_path_factory.mktemp("much"), bins, [
        event("9af91541", "much", ["tlp:green"], rows + attributes("8bf91541", TOO_MUCH))])
    return world.open([destination(name, clearance="green", power="logs") for name in VARIANTS])


@pytest.mark.parametrize("name", VARIANTS)
def test_nothing_looks_for_everything_or_for_nobody(name, too_much):
    text = everything(too_much[name])
    words = [b"0.0.0.0/0", b"::/0", b"44.0.0.0", b"127.0.0.1", b"224.0.0.251", b"255.255.255.255", b"2000::", b"zqmega",
             b"zqspa", b"zqfront"]
    found = [word for word in words if word in text]
    if name in COPIES:
        assert found, "whole events are copied"
        return
    # A hosts file names the machine itself on each line.
    assert [word for word in found if not (name == "hosts" and word == b"127.0.0.1")] == []
    if name in ("stored-rules", "yara", "navigator"):
        return
    refused = {(one["reason"], one.get("detail")): one["attributes"] for one in manifest(too_much[name])["left_out"]}
    assert refused[("prefix-too-wide", None)] == 4 and refused[("bogon", None)] == 3, refused
    assert refused[("format-cannot-express", "url-fragment")] == 3


PAP_WORDS = {"red": ("zqpapred", 211, "9"), "amber": ("zqpapamber", 212, "8"), "green": ("zqpapgreen", 17, "3")}


def numbers(level):
    word, octet, digit = PAP_WORDS[level]
    return [word, f"45.66.{octet}", f"{octet}.66.45", f"45.{octet}.0.0", f"2a01:4f8:{octet}", digit * 20]


@pytest.fixture(scope="module")
def by_power(bins, tmp_path_factory):
    events = [event(f"{number}aaaaaaa", level, ["tlp:green"],
                    attributes(f"{number}bbbbbbb", values(*PAP_WORDS[level]), [f"PAP:{level.upper()}"]))
              for number, level in enumerate(PAP_WORDS)]
    world = World(tmp_path_factory.mktemp("power"), bins, events)
    return {power: world.open([destination(name, clearance="green", power=power) for name in VARIANTS])
            for power in ("logs", "detect", "block")}


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("power", ["logs", "detect", "block"])
def test_pap_decides_by_what_a_hit_does(name, power, by_power, table):
    does = table[VARIANTS[name]]["power"]
    order = ["reads logs", "detects", "blocks"]
    asked = {"logs": "reads logs", "detect": "detects", "block": "blocks"}[power]
    strongest = asked if does == "copies events" else max(does, asked, key=order.index)
    allowed = {"reads logs": {"red", "amber", "green"}, "detects": {"amber", "green"}, "blocks": {"green"}}[strongest]
    folder = by_power[power][name]
    text = everything(folder)
    if name == "navigator":  # techniques only, and none is in these events
        return
    there = {level for level in PAP_WORDS if any(word.encode() in text for word in numbers(level))}
    assert there == allowed
    refused = {(one["reason"], one.get("detail")) for one in manifest(folder)["left_out"]}
    expected = {"red": ("pap-forbids-detection", "red"), "amber": ("pap-forbids-blocking", "amber")}
    assert {expected[level] for level in set(PAP_WORDS) - allowed} <= refused


def many(changed=None):
    """Sixty attributes that are a name and an address each, and one of every other type."""
    pairs = [("domain|ip", f"zq{number:03}.com|45.90.{number}.1") for number in range(60)]
    rows = attributes("4af91541", values("zqplain", 17, "3") + pairs)
    if changed:
        rows[-30].update(value=changed, timestamp="1794182401")
    return [event("5af91541", "plain", ["tlp:green", galaxy("T1071.004")], rows)]


@pytest.fixture(scope="module")
def states(bins, tmp_path_factory):
    world = World(tmp_path_factory.mktemp("states"), bins, many())
    everybody = [destination(name, clearance="green", power="logs") for name in VARIANTS]
    first = {name: contents(folder) for name, folder in world.open(everybody).items()}
    again = {name: contents(folder) for name, folder in world.open(everybody).items()}
    world.write(many("zqnew.com|45.90.200.1"))
    world.bundle()
    after = {name: contents(folder) for name, folder in world.read().items()}
    return first, again, after


@pytest.mark.parametrize("name", VARIANTS)
def test_the_same_input_gives_the_same_bytes(name, states):
    first, again, _ = states
    assert first[name] and again[name] == first[name]


@pytest.mark.parametrize("name", VARIANTS)
def test_one_changed_attribute_changes_few_lines(name, states):
    first, _, after = states
    before, now = first[name], after[name]
    if name in ("stored-rules", "yara", "navigator"):
        assert now == before, "it takes neither names nor addresses"
        return
    assert now != before
    assert set(before) ^ set(now) <= {one for one in set(before) | set(now) if "removed" in one}
    differing = 0
    for file in set(before) & set(now):
        if file.endswith(".gz"):
            continue  # its files stand beside it
        # The time of an Elastic document is the bundle's, so that its match rules take it for fresh.
        old, new = (re.split(rb"[\n{]", re.sub(rb'"@timestamp":"[^"]*"', b"", one)) for one in (before[file], now[file]))
        differing += len(set(old) ^ set(new))
    # A name gives a line each way, in some formats one for each protocol or log source, and dates move with them.
    assert differing <= 40, differing
