"""Rules that attributes carry, against the engines that read them: none blinds or alters a sensor, bad ones cost only
themselves, and engines and compilers work within their fences."""
import json
import re
import shutil
import subprocess
from collections import Counter

import pytest

from engines import engine, replay  # noqa: F401, a fixture
from events import generate, left_out
from pair import Pair
from test_suricata_values import HERE, THERE, connection, request, scapy

# What a rule must not use, of all that an engine knows.
DANGEROUS = {"bypass", "config", "datarep", "dataset", "filemd5", "filesha1", "filesha256", "filestore", "iprep", "lua",
             "luaxform", "nfq_set_mark", "replace", "tag", "template2", "tls_store"}

GOOD = 'alert http any any -> any any (msg:"good"; http.host; content:"other.com"; sid:1;)'
LINE = 8191  # bytes of a line that Suricata reads at once; what follows is a line of its own to it


def cut_in_two():
    """A rule that is short enough as it came, and whose rest, once it is written with spaces, is another rule."""
    options = ["metadata:a"] * 400
    head = 'alert tcp any any -> any any (content:"GET /"; ' + "".join(f"{one}; " for one in options) + "metadata:"
    rule = ('alert tcp any any -> any any (content:"GET /";' + "".join(f"{one};" for one in options) + "metadata:" +
            "x" * (LINE - len(head)) + "pass ip any any -> any any (metadata:q;)")
    assert len(rule) < 8000 < LINE < len(rule) + len(options)
    return rule


HOSTILE = {
    "bypass": 'alert tcp any any -> any any (msg:"x"; flow:to_server; bypass; noalert; sid:1;)',
    "flowbits": 'alert tcp any any -> any any (msg:"x"; flowbits:set,gapferry.port; flowbits:noalert; sid:1;)',
    "hidden": 'alert tcp any any -> any any (metadata:"a; bypass; noalert; metadata:b"; flow:to_server; sid:1;)',
    "case": 'alert tcp any any -> any any (msg:"x"; content:"GET"; ByPass; flowbits:set,a; sid:1;)',
    "pass": 'pass tcp any any -> any any (msg:"x"; content:"GET"; sid:1;)',
    "config": 'config http any any -> any any (http.host; content:"other"; config:logging disable, type tx; sid:1;)',
    "all": 'alert ip any any -> any any (msg:"all"; sid:1;)',
    "cut": cut_in_two(),
}


def event(rows, number=1):
    return {"Event": {
        "uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c{number:02}", "info": "stored", "date": "2026-11-01",
        "timestamp": "1794182400", "published": True, "threat_level_id": "2", "analysis": "2",
        "Tag": [{"name": "tlp:green"}],
        "Attribute": [{"uuid": f"7d8e1d0c-0f2c-4c0e-{number:04}-{place:012}", "type": kind, "value": value,
                       "to_ids": True, "category": "Network activity", "timestamp": "1794182400"}
                      for place, (kind, value) in enumerate(rows)]}}


class Site:
    def __init__(self, folder, bins, *destinations):
        self.pair = Pair(folder / "pair", bins)
        self.events = folder / "events"
        self.events.mkdir()
        self.destinations = [{"clearance": "green", **one} for one in destinations]
        self.opened = False

    def generate(self, *events, expect=0, accept=True):
        for path in self.events.iterdir():
            path.unlink()
        for number, document in enumerate(events):
            (self.events / f"{number}.json").write_text(json.dumps(document))
        self.pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(self.events)}],
                                   clearance="green", unencrypted=True)
        self.pair.export("collect")
        self.pair.bundle()
        if not self.opened:
            self.pair.open_site(clearance="green", destinations=self.destinations)
            self.opened = True
        self.pair.import_("import", self.pair.medium)
        return self.pair.import_("generate", *["--accept-change"] * accept, expect=expect)

    def current(self, name):
        return self.pair.isolated / "artifacts" / name / "current"

    def refused(self, name):
        """Attributes that were left out as rules, by what is wrong with them."""
        reasons = left_out(json.loads((self.current(name) / "manifest.json").read_text()))
        return {detail: count for (_, detail), count in reasons.items() if ":" in detail or "compiler" in detail}


@pytest.fixture(params=sorted(HOSTILE))
def hostile(request):
    return HOSTILE[request.param]


def alerts(engine, folder, *files, most=255):
    rules = folder.with_suffix(".rules")
    rules.write_text("".join(path.read_text() for path in files if path.exists()))
    for list_ in (each for path in files for each in path.parent.glob("misp-*.lst")):
        shutil.copy(list_, rules.parent)
    capture = folder.with_suffix(".pcap")
    scapy.wrpcap(str(capture), connection(4000, request()))
    return sorted(alert["alert"]["signature_id"] for alert in replay(engine, rules, capture, folder, "--set", f"packet-alert-max={most}"))


def test_no_stored_rule_blinds_the_sensor(engine, hostile, bins, tmp_path):
    site = Site(tmp_path, bins, {"name": "ids", "format": "suricata"}, {"name": "own", "format": "stored-rules"})
    rows = [("domain", "other.com"), ("ip-dst|port", f"{THERE}|80"), ("user-agent", "curl")]
    site.generate(event(rows))
    expected = alerts(engine, tmp_path / "before", site.current("ids") / "misp.rules")
    assert len(expected) == 3
    site.generate(event(rows + [("suricata", hostile), ("suricata", GOOD)]))
    found = alerts(engine, tmp_path / "after", site.current("ids") / "misp.rules",
                   site.current("own") / "stored-suricata.rules")
    assert [sid for sid in found if sid < 1990000] == expected and found[-1] == 1990000, site.refused("own")
    assert sum(site.refused("own").values()) == 1


# Of the site, or of another feed; and of two attributes that belong together.
def chain(name, first, kind="flowbits", ends=("", "")):
    return [f'alert tcp any any -> any any (msg:"1"; content:"GET /"; {kind}:set,{name}{ends[0]}; noalert; sid:{first};)',
            f'alert tcp any any -> any any (msg:"2"; content:"204 No"; {kind}:isset,{name}{ends[1]}; sid:{first + 1};)']


def test_stored_rules_keep_their_hands_off_the_bits_of_others(engine, tmp_path):
    theirs = tmp_path / "theirs.rules"
    theirs.write_text("\n".join(chain("ET.bot", 100) + chain("ET.host", 200, "xbits", (",track ip_pair",) * 2)) + "\n")
    attack = 'alert tcp any any -> any any (content:"User-Agent"; {}; noalert; sid:1;)'
    rules = [attack.format("flowbits:unset,ET.bot"), attack.format("xbits:unset,ET.host,track ip_pair"),
             *chain("ET.bot", 1), *chain("a", 1, "xbits", (",track ip_pair, expire 60", ",track ip_pair")),
             *chain("a", 1, "hostbits", (",src", ",dst")), attack.format("flowint:n,+,1"),
             GOOD.replace("http.host", "flowint:n,==,1; http.host"), GOOD.replace("http.host", "flowint:n,<,m; http.host"),
             GOOD.replace("http.host", "flowint:m,notset; http.host"), GOOD.replace("http.host", "flowbits:isnotset,a|b; http.host")]
    current, manifest = generate(tmp_path / "gen", "stored-rules", [("suricata", rule) for rule in rules])
    assert left_out(manifest) == {}
    stored = current / "stored-suricata.rules"
    subprocess.run([engine, "-T", "-S", stored, "-l", tmp_path], check=True, capture_output=True)
    found = alerts(engine, tmp_path / "out", theirs, stored)
    assert [sid for sid in found if sid < 1990000] == [101, 201], found
    # The second of each chain, and what counts or asks for what is not there.
    assert {"2": 3, "good": 3}.items() <= count_messages(stored, found).items(), found


def count_messages(rules, sids):
    messages = {int(sid): message for message, sid in re.findall(r'msg:"([^"]+)".* sid:(\d+)', rules.read_text())}
    return Counter(messages.get(sid) for sid in sids)


# An engine keeps 15 alerts of a packet.
def test_stored_rules_do_not_take_the_place_of_others(engine, tmp_path):
    first = 'alert http any any -> any any (msg:"{}"; http.host; content:"other.com"; classtype:trojan-activity; priority:1; sid:1;)'
    stored, _ = generate(tmp_path / "stored", "stored-rules", [("suricata", first.format(number)) for number in range(20)])
    own, _ = generate(tmp_path / "own", "suricata", [("domain", "other.com")])
    rules = tmp_path / "own.rules"
    rules.write_text((own / "misp.rules").read_text().replace("priority:1;", "priority:4;"))
    found = alerts(engine, tmp_path / "out", stored / "stored-suricata.rules", rules, most=15)
    assert len(found) == 15 and found[0] < 1990000


# Rules with bits come before all others, unless these have one too.
BITS = ["flowbits:set,b{};", "flowbits:unset,b{};", "flowbits:toggle,b{};", "flowbits:isnotset,b{};", "flowint:b{},+,1;",
        "flowint:b{},notset;", "xbits:set,b{},track ip_src;", "xbits:isnotset,b{},track ip_src;", "hostbits:set,b{},src;",
        "hostbits:isnotset,b{},src;", "flowbits:set,b{0}; flowbits:isnotset,c{0};", "hostbits:set,b{0},src; flowint:b{0},+,1;",
        "flowbits:isnotset,b{0}; hostbits:set,b{0},src; flowint:b{0},+,1;", 'pcre:"/G(?P<pkt_a{}>E)T/";']
BOTH = ["flowint:b{0},+,1;", "flowint:b{0},notset;", "hostbits:set,b{0},src;", "xbits:isnotset,b{0},track ip_src;",
        'pcre:"/G(?P<pkt_a{0}>E)T/";', 'pcre:"/G(E)T/,pkt:a{0}";']
OURS = [("domain", "other.com"), ("ip-src", HERE), ("ip-dst|port", f"{THERE}|80"), ("user-agent", "curl"),
        ("url", "http://other.com/")]


@pytest.fixture(scope="module", params=["rules", "sets"])
def ours(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ours")
    return generate(folder, "suricata", OURS, literal_limit={"rules": 5000, "sets": 0}[request.param])[0]


def test_rules_with_bits_leave_gapferrys_own_their_places(engine, ours, tmp_path):
    alone = alerts(engine, tmp_path / "alone", ours / "misp.rules")
    assert len(alone) == len(OURS)
    rule = 'alert tcp any any -> any any (msg:"{0}"; content:"GET /"; {1} priority:1; sid:1;)'
    rules = [rule.format(f"{place}-{number}", bits.format(f"{place}_{number}"))
             for place, bits in enumerate(BITS) for number in range(16)]
    stored, manifest = generate(tmp_path / "stored", "stored-rules", [("suricata", one) for one in rules])
    assert left_out(manifest) == {}
    stored = stored / "stored-suricata.rules"
    found = alerts(engine, tmp_path / "out", ours / "misp.rules", stored, most=15)
    assert [sid for sid in found if sid < 1990000] == alone, count_messages(stored, found)
    assert len(found) > len(alone)
    # All kinds do alert. An engine keeps no more than 255.
    whole = alerts(engine, tmp_path / "whole", ours / "misp.rules", stored)
    kinds = {int(message.split("-")[0]) for message in count_messages(stored, whole) if message}
    assert kinds == set(range(len(BITS)))


def test_rules_with_bits_for_addresses_leave_gapferrys_own_their_places(engine, ours, tmp_path):
    """They alert at the first packet, as gapferry's own rules for addresses do."""
    alone = alerts(engine, tmp_path / "alone", ours / "misp.rules")
    rule = f'alert tcp any any -> {THERE} any (msg:"{{0}}"; {{1}} sid:1;)'
    rules = [rule.format(f"{place}-{number}", bits.format(f"{place}_{number}"))
             for place, bits in enumerate(BITS[:4]) for number in range(16)]
    stored, manifest = generate(tmp_path / "stored", "stored-rules", [("suricata", one) for one in rules])
    assert left_out(manifest) == {}
    found = alerts(engine, tmp_path / "out", ours / "misp.rules", stored / "stored-suricata.rules", most=15)
    assert [sid for sid in found if sid < 1990000] == alone and len(found) > len(alone)


def test_what_comes_before_rules_with_a_flowbit_is_left_out_unless_it_is_silent(engine, ours, tmp_path):
    alone = alerts(engine, tmp_path / "alone", ours / "misp.rules")
    rule = 'alert tcp any any -> any any (msg:"{0}"; content:"GET /"; flowbits:set,a{0}; {1} sid:1;)'
    loud = [("suricata", rule.format(number, bits.format(number))) for number, bits in enumerate(BOTH)]
    silent = [("suricata", rule.format(number, bits.format(number) + end)) for number in range(20)
              for bits, end in zip(BOTH, ("noalert;", "flowbits:noalert;") * 3)]
    stored, manifest = generate(tmp_path / "stored", "stored-rules", loud + silent)
    assert left_out(manifest) == {
        ("format-cannot-express", "suricata: a flowbit that is set beside other bits or variables"): len(loud)}
    found = alerts(engine, tmp_path / "out", ours / "misp.rules", stored / "stored-suricata.rules", most=15)
    assert found == alone


# Spaces, numbers and rates come to what an attribute says.
def test_what_is_written_fits_the_line_that_the_engine_reads(engine, tmp_path):
    text = 'alert tcp any any -> any any (content:"GET /";{};metadata:{};sid:1;)'
    rules = [text.format(";".join(["metadata:a"] * options), "x" * pad)
             for options in (1, 100, 400) for pad in range(7790 - 12 * options, 8000 - 11 * options, 4)]
    current, manifest = generate(tmp_path, "stored-rules", [("suricata", rule) for rule in rules])
    lines = [line for line in (current / "stored-suricata.rules").read_text().splitlines() if line[0] != "#"]
    assert 0 < len(lines) < len(rules) and max(map(len, lines)) in range(7980, 8001)
    assert left_out(manifest)["format-cannot-express", "suricata: too long"] == len(rules) - len(lines)
    said = subprocess.run([engine, "-v", "-T", "-S", current / "stored-suricata.rules", "-l", tmp_path], check=True,
                          capture_output=True, text=True)
    assert f"{len(lines)} rules successfully loaded, 0 rules failed" in said.stdout + said.stderr


def test_an_action_that_suricata_does_not_know_is_an_alert(engine, bins, tmp_path):
    site = Site(tmp_path, bins, {"name": "own", "format": "stored-rules", "power": "block", "stored_rules": {"may_block": True}})
    rules = [GOOD.replace("alert", action, 1).replace("good", action) for action in ("log", "block", "sdrop", "rewrite", "drop")]
    site.generate(event([("suricata", rule) for rule in rules]))
    file = site.current("own") / "stored-suricata.rules"
    done = subprocess.run([engine, "-T", "-S", str(file), "-l", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    written = [line.split()[0] for line in file.read_text().splitlines() if line and not line.startswith("#")]
    assert sorted(written) == ["alert"] * 4 + ["drop"]


def test_a_capture_names_the_attributes_whose_rules_alert(engine, bins, tmp_path):
    site = Site(tmp_path, bins, {"name": "own", "format": "stored-rules"})
    site.generate(event([("suricata", GOOD), ("suricata", GOOD.replace("other.com", "quiet.com"))]))
    capture = tmp_path / "capture.pcap"
    scapy.wrpcap(str(capture), connection(4000, request()))
    said = site.pair.import_("--json", "test", "--suricata", engine, capture).stdout
    answers = [json.loads(line) for line in said.splitlines()]
    assert [(one["destination"], one["alerts"]) for one in answers if one["message_type"] == "test"] == [("own", 1)]
    (row,) = answers[0]["rows"]
    assert row["sid"] >= 1990000
    (matched,) = row["matched"]
    assert [one["attribute"] for one in matched["attributes"]] == ["7d8e1d0c-0f2c-4c0e-0001-000000000000"]
    shown = site.pair.import_("test", "--suricata", engine, "--destination", "own", capture).stdout
    assert "a rule that an attribute carries" in shown and "stored" in shown
    said = site.pair.import_("test", "--suricata", engine, "--destination", "owm", capture, expect=7).stderr
    assert "own" in said


# The engine's own list is the measure: all that it knows is allowed, or known to be dangerous.
def test_every_keyword_was_looked_at(engine, tmp_path):
    said = subprocess.run([engine, "--list-keywords"], capture_output=True, text=True).stdout
    keywords = [line[2:].strip() for line in said.splitlines() if line.startswith("- ")]
    assert len(keywords) > 200
    rules = "alert tcp any any -> any any (content:\"x\"; {}:1; sid:1;)"
    _, manifest = generate(tmp_path, "stored-rules", [("suricata", rules.format(word)) for word in keywords])
    refused = {match[1] for _, detail in left_out(manifest)
               if (match := re.fullmatch("suricata: keyword (.*) is not allowed", detail))}
    assert refused == DANGEROUS & set(keywords)


def test_one_bad_rule_costs_only_itself(engine, bins, tmp_path):
    site = Site(tmp_path, bins, {
        "name": "own", "format": "stored-rules",
        "stored_rules": {"suricata": [engine, "-T", "-S", "{}/stored-suricata.rules", "-l", "{}"]},
        "check": [engine, "-T", "-S", "{}/stored-suricata.rules", "-l", str(tmp_path)]})
    bad = [GOOD.replace('content:"other.com"', text)
           for text in ('content:"evil"; pcre:"/(/"', 'content:"evil"; content:"|4|"', 'bsize:x; content:"evil"')]
    good = [GOOD.replace("good", f"good {number}") for number in range(6)]
    site.generate(event([("suricata", rule) for rule in good]))
    before = re.findall(r'msg:"([^"]+)".* sid:(\d+)', (site.current("own") / "stored-suricata.rules").read_text())
    rules = [bad[0], *good, bad[1], GOOD.replace("good", "new"), bad[2]]
    site.generate(event([("suricata", rule) for rule in rules], 2))
    after = dict(re.findall(r'msg:"([^"]+)".* sid:(\d+)', (site.current("own") / "stored-suricata.rules").read_text()))
    assert len(before) == 6 and set(after) == {"new", *(f"good {number}" for number in range(6))}
    refused = site.refused("own")
    assert sum(refused.values()) == 3 and all("rror" in detail or ": E: " in detail for detail in refused), refused
    assert not [path for path in site.current("own").resolve().iterdir() if path.name.startswith(".")]


def test_an_engine_that_refuses_everything_is_said_to(bins, tmp_path):
    site = Site(tmp_path, bins,
                {"name": "own", "format": "stored-rules", "stored_rules": {"suricata": ["false", "{}"]}})
    assert "refuses every rule" in site.generate(event([("suricata", GOOD)]), expect=23).stderr


def test_rules_that_are_refused_are_no_values(bins, tmp_path):
    """Else a feed whose rules go bad would pass by the guard against shrinking."""
    site = Site(tmp_path, bins, {"name": "own", "format": "stored-rules"})
    good = [GOOD.replace("good", f"good {number}") for number in range(120)]
    values = lambda: json.loads((site.current("own") / "manifest.json").read_text())["values"]
    site.generate(event([("suricata", rule) for rule in good]))
    assert values() == {"other": 120}
    # A text that is refused as one type is a value still if it is taken as another.
    texts = [("suricata", "no rule"), ("snort", "no rule"), ("sigma", good[0])]
    site.generate(event([("suricata", rule) for rule in good] + texts))
    assert sum(site.refused("own").values()) == 3 and values() == {"other": 120}
    bad = [rule.replace("content:", "nothing:") for rule in good[:60]]
    done = site.generate(event([("suricata", rule) for rule in bad + good[60:]], 2), expect=25, accept=False)
    assert "would shrink from 120 to 60" in done.stderr


# The compiler runs where it can change nothing but its own folder, and reach nobody.
def test_the_compiler_of_yara_rules_is_fenced_in(bins, oracle, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    compiler = tmp_path / "compiler"
    compiler.mkdir()
    script = compiler / "yarac"
    script.write_text(f"#!/bin/sh\nif cat {secret} || rm {secret} || echo > {tmp_path}/made; then exit 1; fi\n"
                      f"exec {oracle('yarac')} \"$@\"\n")
    script.chmod(0o755)
    rows = [("yara", "rule good { condition: uint8(0) == 1 }"), ("yara", "rule bad { condition: nosuch }")]
    # If it could read, remove or write what is not its own, it would refuse the good rule too.
    site = Site(tmp_path / "outside", bins, {"name": "files", "format": "yara", "yara": {"compiler": str(script)}})
    site.generate(event(rows))
    assert site.refused("files") == {"yara: does not compile": 1}
    assert secret.exists() and not (tmp_path / "made").exists()
    site = Site(tmp_path / "inside", bins, {"name": "files", "format": "yara", "yara": {"compiler": oracle("yarac")}})
    site.generate(event(rows))
    assert site.refused("files") == {"yara: does not compile": 1}
    assert "rule good" in (site.current("files") / "misp-stored.yar").read_text()
