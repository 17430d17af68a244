"""CSV, Elastic, Splunk, STIX and Navigator against their consumers: what is written loads, and says exactly the values
that went in, however awkward. What holds for every format is in test_every_format.py."""
import csv
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from engines import built

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(os.environ.get("GAPFERRY_BIN", ROOT / "build" / "release" / "bin")) / "detect_driver"

pytestmark = built(DRIVER)

EVENT = "f29541e6-7962-4c61-8f6c-2c86de7ca13e"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

PLAIN = [
    ("domain", "evil.example"),
    ("hostname", "www.bad.example"),
    ("ip-dst", "198.51.100.7"),
    ("ip-src", "2001:db8::1"),
    ("ip-dst", "203.0.112.0/22"),
    ("ip-dst|port", "198.51.100.8|8443"),
    ("domain|ip", "both.example|198.51.100.9"),
    ("url", "http://evil.example/a?b=c*d"),
    ("email-src", "someone@evil.example"),
    ("filename", "x.exe"),
    ("user-agent", "Mozilla/5.0 (bad)"),
    ("sha256", SHA256),
    ("md5", MD5),
    ("mutex", "Global\\evil"),
    ("regkey", "HKLM\\Software\\evil"),
    ("AS", "AS64496"),
]

# Quotes, brackets, formulas, wildcards, escapes, other scripts, direction marks, length.
AWKWARD = ["it's", 'say "x"', "a,b;c", "=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "a*b?c", "back\\slash",
           "end\\", "\\'", "%{x}$(y)`z`", "<b>&amp;</b>", "{{x}}", "[file:name = 'y']", "emoji-\U0001F600",
           "rtl-\u202eexe.txt", "שלום", "line\u2028separator", "#comment", "//slashes", "'; DROP TABLE x; --",
           "x" * 10_000, " inner  blanks "]
LINES = ["two\nlines", "cr\rlf\n", "tab\there"]


def attributes(values, tags=()):
    return [{"uuid": f"d1a482e7-54b9-43e7-870a-{number:012}", "type": kind, "category": "Network activity",
             "to_ids": True, "timestamp": "1785542400", "value": value, "Tag": [{"name": tag} for tag in tags]}
            for number, (kind, value) in enumerate(values)]


def write_event(folder, rows, tags=("tlp:green",), info="It's a \"test\"", uuid=EVENT, name="event.json"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(json.dumps({"Event": {
        "uuid": uuid, "info": info, "date": "2026-08-01", "timestamp": "1785542400", "threat_level_id": "1",
        "published": True, "Tag": [{"name": tag} for tag in tags], "Attribute": rows}}))
    return path


def generate(folder, form, *events, clearance="red"):
    done = subprocess.run([DRIVER, folder, form, "5000", clearance, *events], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "artifacts" / form / "current"


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def files(folder):
    return {str(path.relative_to(folder.resolve())): path.read_bytes()
            for path in sorted(folder.resolve().rglob("*")) if path.is_file()}


# What each consumer reads: the values, by the name of the attribute type where it tells.

def csv_values(folder):
    # The apostrophes that keep a spreadsheet from running what follows.
    def plain(value):
        value = re.sub(r"^'(?=[=+\-@\t\r\n])", "", value)
        return re.sub(r"([;\t\r\n])'(?= *[=+\-@])", r"\1", value)
    return {plain(row["value"]) for row in read_csv(folder / "indicators.csv")}


def splunk_values(folder):
    return {row["indicator"] for row in read_csv(folder / "misp_indicators.csv")}


def ecs_values(folder):
    return {json.loads(line)["threat"]["indicator"]["name"]
            for line in (folder / "indicators.ndjson").read_text().split("\n")[:-1]}


def stix_values(folder):
    """The constants of the patterns, unescaped as the grammar says."""
    stix2 = pytest.importorskip("stix2")
    from stix2.pattern_visitor import create_pattern_object
    values = set()
    for path in folder.glob("*-*.json"):
        for item in json.loads(path.read_text())["objects"]:
            if item["type"] != "indicator":
                continue
            comparison = create_pattern_object(item["pattern"], version="2.1").operand
            assert isinstance(comparison, stix2.patterns._ComparisonExpression)
            # The library keeps the escapes of the string.
            values.add(re.sub(r"\\(.)", r"\1", str(comparison.rhs.value), flags=re.DOTALL))
    return values


READERS = {"csv": csv_values, "ecs": ecs_values, "splunk": splunk_values, "stix": stix_values}


@pytest.mark.parametrize("form", sorted(READERS))
def test_awkward_values_come_back_or_are_refused_and_counted(tmp_path, form):
    if form == "stix" and not os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
        pytest.importorskip("stix2")
    values = [("filename", value) for value in AWKWARD + LINES] + [("user-agent", value) for value in AWKWARD]
    folder = generate(tmp_path, form, write_event(tmp_path, attributes(values)))
    said = manifest(folder)
    assert said["used"] + sum(entry["attributes"] for entry in said["left_out"]) == len(values)
    kept = {value.strip() for value in AWKWARD}
    refused = {entry["reason"]: entry["attributes"] for entry in said["left_out"]}
    assert refused["value-control-character"] == len(LINES)
    if form in ("ecs", "splunk"):
        assert any(entry["detail"] == "too-long" for entry in said["left_out"] if "detail" in entry) or form == "ecs"
        kept -= {"x" * 10_000}
    assert READERS[form](folder) == kept


@pytest.mark.parametrize("form", sorted(READERS))
def test_every_byte_of_ascii_comes_back(tmp_path, form):
    values = [("filename", f"a{chr(byte)}b{chr(byte)}") for byte in range(0x21, 0x7F)]
    folder = generate(tmp_path, form, write_event(tmp_path, attributes(values)))
    assert READERS[form](folder) == {value for _, value in values}


def test_rules_with_lines_stay_whole_in_csv(tmp_path):
    rule = 'rule x {\n  strings: $a = "b,c"\n  condition: $a\n}'
    folder = generate(tmp_path, "csv", write_event(tmp_path, attributes([("yara", rule)])))
    assert [(row["value"], row["types"]) for row in read_csv(folder / "indicators.csv")] == [(rule, "yara")]


def test_no_cell_begins_a_formula(tmp_path):
    values = [("filename", sign + "x") for sign in "=+-@"]
    folder = generate(tmp_path, "csv", write_event(tmp_path, attributes(values)))
    for row in read_csv(folder / "indicators.csv"):
        for cell in row.values():
            assert cell[:1] not in tuple("=+-@\t\r\n")


PORTED = [("ip-dst|port", "198.51.100.8|8443"), ("ip-dst|port", "198.51.100.8|25"), ("ip-src|port", "198.51.100.8|53"),
          ("ip-dst|port", "2001:db8::8|443"), ("ip-dst|port", "198.51.100.9|25"), ("ip-dst", "198.51.100.9")]


def test_an_address_with_a_port_keeps_it(tmp_path):
    if not os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
        pytest.importorskip("stix2validator")
    from stix2validator import ValidationOptions, validate_file
    event = write_event(tmp_path, attributes(PORTED))
    path = generate(tmp_path / "stix", "stix", event) / f"{EVENT}.json"
    result = validate_file(str(path), ValidationOptions(version="2.1", strict=False))
    assert result.is_valid, [str(error) for each in result.object_results for error in each.errors]
    said = "[network-traffic:{0}_ref.type = '{1}' AND network-traffic:{0}_ref.value = '{2}' AND network-traffic:{0}_port {3}]"
    assert {item["pattern"] for item in json.loads(path.read_text())["objects"] if item["type"] == "indicator"} == {
        said.format("dst", "ipv4-addr", "198.51.100.8", "IN (25, 8443)") + " OR " +
        said.format("src", "ipv4-addr", "198.51.100.8", "= 53"),
        said.format("dst", "ipv6-addr", "2001:db8::8", "= 443"), "[ipv4-addr:value = '198.51.100.9']"}
    rows = read_csv(generate(tmp_path / "csv", "csv", event) / "indicators.csv")
    assert {row["value"]: row["ports"] for row in rows} == {
        "198.51.100.8": "25;53;8443", "2001:db8::8": "443", "198.51.100.9": ""}
    lines = (generate(tmp_path / "ecs", "ecs", event) / "indicators.ndjson").read_text().splitlines()
    found = [json.loads(line)["threat"]["indicator"] for line in lines]
    assert {one["ip"]: one.get("port") for one in found} == {
        "198.51.100.8": [25, 53, 8443], "2001:db8::8": 443, "198.51.100.9": None}


def test_stix_passes_the_validator_and_the_library(tmp_path):
    if not os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
        pytest.importorskip("stix2validator")
    import stix2
    from stix2validator import ValidationOptions, validate_file
    tags = ("tlp:amber+strict", 'misp-galaxy:mitre-attack-pattern="DNS - T1071.004"')
    folder = generate(tmp_path, "stix", write_event(tmp_path, attributes(PLAIN), tags))
    path = folder / f"{EVENT}.json"
    result = validate_file(str(path), ValidationOptions(version="2.1", strict=False))
    assert result.is_valid, [str(error) for each in result.object_results for error in each.errors]
    bundle = stix2.parse(path.read_text(), allow_custom=True)
    kinds = [item["type"] for item in bundle.objects]
    assert kinds.count("indicator") == 17 and kinds.count("report") == 1 and kinds.count("attack-pattern") == 1
    report = next(item for item in bundle.objects if item["type"] == "report")
    assert set(report["object_refs"]) == {
        item["id"] for item in bundle.objects if item["type"] in ("indicator", "attack-pattern")}
    ids = [item["id"] for item in bundle.objects]
    assert len(ids) == len(set(ids))
    assert "indicator--d1a482e7-54b9-43e7-870a-000000000000" in ids
    marked = {ref for item in bundle.objects for ref in item.get("object_marking_refs", [])}
    assert marked == {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"} and marked <= set(ids)


def test_ecs_documents_have_the_fields_that_match_rules_read(tmp_path):
    folder = generate(tmp_path, "ecs", write_event(tmp_path, attributes(PLAIN)))
    found = {}
    for line in (folder / "indicators.ndjson").read_text().splitlines():
        document = json.loads(line)
        assert document["event"] == {"kind": "enrichment", "category": ["threat"], "type": ["indicator"],
                                     "module": "ti_misp"}
        indicator = document["threat"]["indicator"]
        assert indicator["marking"]["tlp"] == "GREEN" and "confidence" not in indicator
        assert document["labels"] == {"misp_threat_level": "high"}
        found[indicator["name"]] = indicator
    assert found["198.51.100.7"]["ip"] == "198.51.100.7" and found["198.51.100.7"]["type"] == "ipv4-addr"
    assert found["198.51.100.8"]["port"] == 8443
    assert found["2001:db8::1"]["type"] == "ipv6-addr"
    url = found["http://evil.example/a?b=c*d"]["url"]
    assert url == {"full": "http://evil.example/a?b=c*d", "scheme": "http", "domain": "evil.example", "path": "/a",
                   "query": "b=c*d"}
    assert found[SHA256]["file"]["hash"] == {"sha256": SHA256}
    assert found["HKLM\\Software\\evil"]["registry"] == {"path": "HKLM\\Software\\evil"}
    left_out = {entry.get("detail") for entry in manifest(folder)["left_out"]}
    assert left_out == {"network", "user-agent", "AS"}


def test_splunk_lookups_have_the_columns_of_enterprise_security(tmp_path):
    folder = generate(tmp_path, "splunk", write_event(tmp_path, attributes(PLAIN)))
    columns = {path.name: path.read_text().splitlines()[0] for path in folder.glob("local_*.csv")}
    assert columns == {
        "local_domain_intel.csv": "description,domain,weight",
        "local_email_intel.csv": "description,src_user,subject,weight",
        "local_file_intel.csv": "description,file_hash,file_name,weight",
        "local_http_intel.csv": "description,http_referrer,http_user_agent,url,weight",
        "local_ip_intel.csv": "description,ip,weight"}
    assert {row["ip"] for row in read_csv(folder / "local_ip_intel.csv")} == {
        "198.51.100.7", "198.51.100.9", "2001:db8::1", "203.0.112.0/22"}
    assert {row["weight"] for row in read_csv(folder / "local_ip_intel.csv")} == {"3"}


def test_a_layer_counts_the_events_that_name_a_technique(tmp_path):
    def galaxy(text):
        return f'misp-galaxy:mitre-attack-pattern="{text}"'
    one = write_event(tmp_path, attributes([("domain", "a.example")], [galaxy("Web Protocols - T1071.001")]),
                      ("tlp:green", galaxy("Phishing - T1566")))
    two = write_event(tmp_path, attributes([("domain", "b.example")]), ("tlp:green", galaxy("Phishing - T1566")),
                      uuid=EVENT[:-1] + "0", name="two.json")
    red = write_event(tmp_path, attributes([("domain", "c.example")]), ("tlp:red", galaxy("Phishing - T1566")),
                      uuid=EVENT[:-1] + "1", name="red.json", info="secret")
    folder = generate(tmp_path, "navigator", one, two, red, clearance="green")
    layer = json.loads((folder / "layer-enterprise.json").read_text())
    assert {entry["techniqueID"]: entry["score"] for entry in layer["techniques"]} == {"T1071.001": 1, "T1566": 2}
    assert layer["domain"] == "enterprise-attack" and layer["versions"]["layer"] == "4.5"
    assert layer["gradient"]["maxValue"] == 2
    assert "secret" not in (folder / "layer-enterprise.json").read_text()


@pytest.mark.parametrize("form", sorted(READERS))
def test_ids_survive_removal_and_return(tmp_path, form):
    event = write_event(tmp_path, attributes(PLAIN))
    first = files(generate(tmp_path / "1", form, event))
    generate(tmp_path / "1", form, write_event(tmp_path, attributes(PLAIN)[1:]))
    again = files(generate(tmp_path / "1", form, write_event(tmp_path, attributes(PLAIN))))
    def told(made):
        # A STIX report that has changed twice is as it was, and newer.
        return {name: re.sub(rb'"modified":"[^"]*"', b"", text) if form == "stix" else text
                for name, text in made.items() if name != "manifest.json"}
    assert told(again) == told(first)


YARA_ONE = 'rule one : tag { strings: $a = "marker-one" condition: $a }'
YARA_TWO = 'import "pe"\nrule one { strings: $a = "marker-two" condition: $a }\nrule two { condition: one }'


def test_yara_rules_compile_and_find_what_they_name(tmp_path, oracle):
    yara, yarac = oracle("yara"), oracle("yarac")
    target = tmp_path / "target"
    target.write_bytes(b"content with marker-one and marker-two")
    values = [("sha256", hashlib.sha256(target.read_bytes()).hexdigest()), ("md5", MD5), ("yara", YARA_ONE),
              ("yara", YARA_TWO), ("yara", 'rule broken { strings: $a = "x" condition: $b }'),
              ("yara", "global rule off { condition: false }"),
              ("yara", 'include "/etc/passwd"\nrule r { condition: true }')]
    folder = generate(tmp_path, "yara", write_event(tmp_path, attributes(values)))
    for name in ("misp-hashes.yar", "misp-stored.yar"):
        done = subprocess.run([yarac, "--fail-on-warnings", folder / name, "/dev/null"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    found = subprocess.run([yara, "-w", folder / "misp-hashes.yar", target], capture_output=True, text=True).stdout
    assert found.split() == [f"misp_sha256_{values[0][1]}", str(target)]
    stored = subprocess.run([yara, "-w", folder / "misp-stored.yar", target], capture_output=True, text=True).stdout
    names = sorted(line.split()[0] for line in stored.splitlines())
    assert len(names) == 3 and names[0] == "one" and names[1].startswith("one_") and names[2] == "two"
    left_out = {entry["detail"]: entry["attributes"] for entry in manifest(folder)["left_out"]}
    assert left_out == {"yara: does not compile": 1, "yara: global rule": 1, "yara: include": 1}
    assert [path.name for path in folder.resolve().iterdir() if path.name.startswith(".")] == []


def test_stored_rules_load_where_they_belong(tmp_path, oracle):
    good = 'alert dns any any -> any any (msg:"say \\"x\\"\\; y"; dns.query; content:"evil"; sid:7; gid:1; rev:4;)'
    sigma = ("title: Evil Name\nstatus: experimental\ndescription: Detects an evil name in queries\n"
             "logsource:\n    category: dns\ndetection:\n    selection:\n        query: 'evil.example'\n"
             "    condition: selection\nlevel: high\n")
    pattern = "[file:name = 'it\\'s' AND file:size > 5] WITHIN 5 SECONDS"
    values = [("suricata", good), ("suricata", good.replace("alert", "pass")), ("sigma", sigma),
              ("sigma", "just text"), ("zeek", "signature one {\n  payload /evil/\n  event \"y\"\n}"),
              ("stix2-pattern", pattern), ("stix2-pattern", "[file:name]")]
    folder = generate(tmp_path, "stored-rules", write_event(tmp_path, attributes(values)))
    for name in ("suricata", "suricata8"):
        done = subprocess.run([oracle(name), "-T", "-S", folder / "stored-suricata.rules", "-l", tmp_path],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    text = (folder / "stored-suricata.rules").read_text()
    assert "sid:1990000; rev:1;" in text and "sid:7" not in text
    rules = list(folder.glob("stored_sigma_*.yml"))
    assert len(rules) == 1
    from test_sigma import ONLINE
    done = subprocess.run([oracle("sigma"), "check", *(word for name in ONLINE for word in ("-x", name)), rules[0]],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    from stix2patterns.v21.pattern import Pattern
    bundle = json.loads((folder / "stored-patterns.json").read_text())
    marking, indicator = bundle["objects"]
    assert indicator["pattern"] == pattern and indicator["object_marking_refs"] == [marking["id"]]
    assert list(marking["extensions"].values())[0]["tlp_2_0"] == "green"
    from stix2validator import ValidationOptions, validate_file
    checked = validate_file(str(folder / "stored-patterns.json"), ValidationOptions(version="2.1", strict=False))
    assert checked.is_valid, [str(error) for each in checked.object_results for error in each.errors]
    Pattern(pattern)
    assert sum(entry["attributes"] for entry in manifest(folder)["left_out"]) == 3
