"""Sigma rules that attributes carry, against PyYAML and pySigma: what is passed on is what was written, converts, and
leaves the rules beside it alone; what pySigma refuses is refused."""
import random
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import yaml

from events import generate, left_out
from test_sigma import ONLINE

SIGMA = shutil.which("sigma") or str(Path(sys.executable).with_name("sigma"))
SOURCE = "logsource:\n    category: dns\n"
BODY = SOURCE + "detection:\n    s:\n        query: evil.example\n    condition: s\nlevel: low\n"
AUTHORS_ID = "0f06a3a5-6a09-513f-8743-e6cf35561297"

# In the manner of SigmaHQ, of MISP's users, and of those who use all that YAML has to offer.
GOOD = [
    f"""title: Tool With Odd Roots
id: {AUTHORS_ID}
related:
    - id: 0f06a3a5-6a09-413f-8743-e6cf35561298
      type: similar
status: test
description: |
    Detects a tool, "quoted" and with: colons.
      Further in.

    # no comment
references:
    - https://example.org/blog#part
    - 'https://example.org/it''s'
author: A. Nalyst (@analyst), Other
date: 2023-09-18
modified: 2024/1/9
tags:
    - attack.defense-evasion
    - attack.t1218
logsource:
    category: process_creation
    product: windows
    definition: 'Requirements: command lines'
detection:
    selection_img:
        - Image|endswith: '\\tool.exe'
        - OriginalFileName: 'Tool.exe'
    selection_cli:
        CommandLine|contains:
            - '-Root:"C:\\Program Files (x86)'
            - -PlainRoot
    filter_main:
        CommandLine|contains|all: ['-Root', "C:\\\\Good\\\\\\u00e9"]
        Signed: true
        Parent: null
    condition: all of selection_* and not 1 of filter_main*
falsepositives:
    - Unknown
level: medium
""",
    "---\n# A head\ntitle: >\n  Folded\n  title\n" + BODY,
    "title: Plain title\n  over two lines # comment\n" + BODY,
    "title: 'Quoted\n  title'\nfalsepositives:\nfields:\n- a\n- b\n" + BODY.replace("\n", "\r\n"),
    "title: Words\nlogsource:\n  product: linux\n  service: auditd\ndetection:\n  keywords:\n    '|all':\n"
    "      - 'foo bar'\n      - baz\n  other:\n  - one two\n  - \"it's\"\n  condition:\n  - keywords or other\n"
    "  - all of them\n",
    "title: Numbers And Nets\nlogsource:\n    category: firewall\ndetection:\n    s:\n        dst_ip|cidr:\n"
    "            - 198.51.100.0/24\n            - 'fe80::/64'\n        dst_port: [22, 0x1F90]\n        n|gte: 1.5\n"
    "        src_ip|neq: 192.0.2.1\n        a|re|i: '^(?:abc|[d-f]{2,3})\\.x\\d+$'\n        b|fieldref: c\n"
    "        d|base64offset|contains: 'secret word'\n        e|windash|contains: ' -enc /x'\n"
    "        f|exists: false\n    condition: s\n",
    "title: Custom keys\ncustom:\n    a: [1, 2]\n    b:\n        - c: d\n          e: f\n        - g\n"
    "regression_tests_path: x/y.yml\nsimulation:\n    - type: z\n" + BODY,
]

# Each of them once made its neighbours fail, or match nothing, or everything.
BAD = {
    "a filter": "filter:\n    rules: any\n    s:\n        a: b\n    condition: s\n",
    "a correlation": "correlation:\n    type: event_count\n    rules:\n        - x\n    timespan: 1h\n",
    "a template": "action: global\n",
    "rules": "rules: any\n",
    "a colon": "description: foo: bar\n",
    "quotes without end": "description: \"x\n",
    "an at sign": "author: @x\n",
    "a bad date": "date: 2026-13-45\n",
    "no date": "date: yesterday\n",
    "tags that are no list": "tags: attack.t1059\n",
    "tags without namespace": "tags:\n    - foo\n",
    "no related rule": "related:\n    - id: foo\n      type: bar\n",
    "a list of lines": "references:\n  - a\n - b\n",
    "an anchor": "description: &x y\nauthor: *x\n",
    "a second document": "---\ntitle: B\n",
    "a number as author": "author: 5\n",
    "an unknown level": "level: bogus\n",
}
SEARCHES = {
    "everything behind a line break of Unicode": "- query: evil.example # x\u2028        - query: '*'",
    "everything behind NEL": "- query: evil.example # x\u0085        - query: '*'",
    "a regular expression": "query|re: '(('",
    "a network": "query|cidr: 'abc'",
    "a network with bits of a host": "query|cidr: 192.0.2.1/24",
    "a comparison": "query|gt: 'abc'",
    "no truth": "query|exists: maybe",
    "a wildcard in base64": "query|base64: 'abcd*'",
    "a placeholder": "query|expand: '%gapferry_domains%'",
    "nothing": "query: []",
    "any letter": "query|contains: '?'",
    "any letter anywhere": "- '?'",
    "any letter as a regular expression": "query|re: '.'",
    "itself": "query|fieldref: query",
}
CONDITIONS = ["s", "s and not t_1", "1 of t_*", "all of them", "(s or t_1) and s", "s and nosuch", "s and", "NOT s",
              "s AND t_1", "s | count() > 5", "s t_1", "(s", "any of them", "s and not not not t_1", "s or\n t_1",
              "nots", "s andt_1", "1 of t-*", "1 of nosuch*", "all of s*"]
MODIFIERS = ["contains", "startswith", "endswith", "contains|all", "re", "cased", "base64", "nosuch", "contains|nosuch",
             "re|i", "i|re", "cidr", "gt", "exists", "wide|base64offset|contains", "re|re", "all|re", "all|contains",
             "minute", "fieldref|contains", "cased|contains", "base64|re", "neq|exists", "m"]


def problem(text):
    """What PyYAML and pySigma have against one rule, or nothing."""
    from sigma.collection import SigmaCollection
    try:
        collection = SigmaCollection.from_yaml(text)
        for rule in collection.rules:
            for condition in rule.detection.parsed_condition:
                condition.parsed
    except Exception as error:  # of many kinds
        return repr(error)
    return "" if len(collection.rules) == 1 and not collection.filters else "no single rule"


def data(text):
    """What a rule says, apart from its id and its origin, and from a break at the end of its title."""
    from sigma.rule import SigmaYAMLLoader
    rule = yaml.load(text, SigmaYAMLLoader)
    rule.pop("id", None)
    rule["title"] = rule["title"].rstrip("\n")
    rule["related"] = [one for one in rule.get("related") or [] if one["type"] != "derived"]
    return repr({key: value for key, value in rule.items() if value != []}) + repr("fields" in rule)


def passed_on(folder, texts):
    """The texts that were written, by their place, and the manifest."""
    current, manifest = generate(folder, "stored-rules", [("sigma", text) for text in texts])
    return {int(path.stem[-12:]): path.read_text() for path in current.glob("stored_sigma_*.yml")}, manifest


def sigma(*argv, expect=0):
    done = subprocess.run([SIGMA, *map(str, argv)], capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout


def convert(*folders):
    said = sigma("convert", "-t", "splunk", "--without-pipeline", *folders)
    return sorted(line for line in said.splitlines() if line)


def test_good_rules_are_passed_on_as_they_are(tmp_path):
    written, manifest = passed_on(tmp_path, GOOD)
    assert sorted(written) == list(range(len(GOOD))), left_out(manifest)
    for place, text in written.items():
        assert problem(GOOD[place]) == problem(text) == ""
        assert data(GOOD[place]) == data(text)
    assert AUTHORS_ID in written[0] and yaml.safe_load(written[0])["id"] == AUTHORS_ID
    assert len({yaml.safe_load(text)["id"] for text in written.values()}) == len(GOOD)
    folder = tmp_path / "artifacts" / "stored-rules" / "current"
    sigma("check", *(word for name in ONLINE for word in ("-x", name)), folder)
    assert len(convert(folder)) >= len(GOOD)


def test_bad_rules_are_refused_and_cost_only_themselves(tmp_path):
    texts = [f"title: A\n{lines}{BODY}" for lines in BAD.values()]
    texts += [f"title: A\n{BODY}".replace("query: evil.example", search) for search in SEARCHES.values()]
    texts += ["title: null\n" + BODY, "title: " + "x" * 300 + "\n" + BODY, "title: A\n" + SOURCE, "x", ""]
    written, manifest = passed_on(tmp_path, texts + GOOD)
    assert sorted(written) == list(range(len(texts), len(texts) + len(GOOD)))
    reasons = [detail for _, detail in left_out(manifest)]
    assert all(re.fullmatch("sigma: (line \\d+: .*|no .*)", detail) for detail in reasons if ":" in detail), reasons
    assert convert(tmp_path / "artifacts" / "stored-rules" / "current")


# A site converts all its rules at once: those that gapferry makes must come out as if the others were not there.
def test_own_rules_convert_as_before(tmp_path):
    own, _ = generate(tmp_path / "own", "sigma", [("domain", "evil.example"), ("ip-dst", "198.51.100.7")])
    ids = [yaml.safe_load(path.read_text())["id"] for path in own.glob("*.yml")]
    hostile = [f"title: {name}\n{lines}{BODY}" for name, lines in BAD.items()]
    for one in ids:
        hostile += [f"title: A\nid: {one}\n{BODY}",
                    f"title: A\n{BODY}correlation:\n    type: event_count\n    rules:\n        - {one}\n"
                    "    group-by: [a]\n    timespan: 1h\n    condition:\n        gte: 1000000\n",
                    f"title: A\n{BODY}filter:\n    rules: [{one}]\n    s:\n        query: '*'\n    condition: not s\n"]
    written, _ = passed_on(tmp_path / "stored", hostile)
    stored = tmp_path / "stored" / "artifacts" / "stored-rules" / "current"
    assert len(written) == len(ids)
    before = convert(own)
    assert [line for line in convert(own, stored) if line in before] == before
    assert len(convert(own, stored)) == len(before) + len(written)


def test_conditions_and_modifiers_are_those_of_pysigma(tmp_path):
    detections = [f"    s:\n        query|{one}:\n            - 'xyzzy'\n    condition: s\n" for one in MODIFIERS]
    detections += ["    s:\n        query: x\n    t_1:\n        - query: y\n          a: z\n        - words\n"
                   f"    condition: {condition}\n" for condition in CONDITIONS]
    texts = [f"title: Rule {place}\n{SOURCE}detection:\n{one}level: high\n" for place, one in enumerate(detections)]
    written, _ = passed_on(tmp_path, texts)
    # What pySigma takes in a sense of its own: part of a field, no search, `not s`, and `s and t_1`.
    strict = {"fieldref|contains", "1 of nosuch*", "nots", "s andt_1"}
    for place, (text, name) in enumerate(zip(texts, MODIFIERS + CONDITIONS)):
        if name not in strict:
            assert (place in written) == (problem(text) == ""), name


PIECES = ["'", '"', ": ", " #", "\n", "\n\n", "  ", "\n    ", "- ", "|", ">-", "[", "]", "{", ",", "&a", "*a", "!x",
          "\\", "\\x41", "''", "@", "? ", ":", "null", "yes", "012", "1:30", "1e5", "2024-01-02", "---\n", "<<", "=",
          "\u2028", "\u00e9", "\r\n", "\t", "'a'", "[a, 'b']", "key: v", "not", "|re", "*", "?"]


def mutated(text, chance):
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        at = chance.randrange(len(text) + 1)
        kept = at + chance.choice([0, 0, 1, 2, 5])
        text = text[:at] + chance.choice([*PIECES, ""]) + text[kept:]
    return text


def test_no_change_of_a_rule_makes_readers_differ(tmp_path):
    chance = random.Random(7)
    texts = [mutated(chance.choice(GOOD), chance) for _ in range(1500)]
    texts = [text.strip() for text in dict.fromkeys(texts)]
    written, _ = passed_on(tmp_path, texts)
    assert len(written) > 200
    for place, text in written.items():
        assert problem(texts[place]) == problem(text) == "", texts[place]
        assert data(texts[place] + "\n") == data(text), texts[place]


WIDE = ["'*'", "'?*'", "'*?*'", "null", "''", "'*.*'", "1", "'a*'"]
NARROW = ["'evil.example'", "'*evil.example*'", "'evil.exa*'"]
HARMLESS = ["host7.org", "10.9.8.7", "C:\\x\\y.exe", "443", "GET", None, None, "foo bar baz", "Zq"]


def any_field(chance):
    field = chance.choice("abc") + chance.choice(
        ["", "", "", "", "|contains", "|startswith", "|endswith", "|all", "|neq", "|contains|all", "|exists", "|re",
         "|cidr", "|windash", "|neq|all"])
    if field.endswith("|exists"):
        return f"{field}: {chance.choice(['true', 'false'])}"
    if field.endswith("|re"):
        return f"{field}: {chance.choice(['.*', '.+', 'evil', 'evil|.', '^evil$', '(evil)?', '[^e]'])!r}"
    if field.endswith("|cidr"):
        return f"{field}: {chance.choice(['0.0.0.0/0', '10.0.0.0/8', '192.0.2.0/24', '::/0'])!r}"
    values = [chance.choice(WIDE + NARROW) for _ in range(chance.choice([1, 1, 2]))]
    return f"{field}: {values[0]}" if len(values) == 1 else f"{field}: [{', '.join(values)}]"


def any_rule(chance):
    lines = []
    for name in ("s1", "s2"):
        fields = {line.split(":")[0]: line for line in (any_field(chance) for _ in range(chance.choice([1, 1, 2])))}
        dash = "- " if chance.random() < 0.3 else ""
        lines += [f"    {name}:", *(f"        {dash}{line}" for line in fields.values())]
    condition = chance.choice(
        ["s1", "not s1", "s1 and not s2", "s1 or s2", "1 of them", "all of them", "1 of s*", "not 1 of s*",
         "not all of s*", "not (s1 or s2)", "not (s1 and s2)", "s1 and (s2 or not s1)", "not s1 and not s2",
         "not s1 or s2", "s1 and s2", "not (not s1)", "not not s2"])
    return f"title: A\n{SOURCE}detection:\n" + "\n".join(lines) + f"\n    condition: {condition}\n"


def test_no_rule_meets_much_that_is_harmless(tmp_path):
    """In SQLite, over rows that lack a field here and there, whatever a rule negates."""
    from sigma.backends.sqlite import sqliteBackend
    from sigma.collection import SigmaCollection
    chance = random.Random(11)
    logs = sqlite3.connect(":memory:")
    logs.create_function("REGEXP", 2, lambda form, value: value is not None and re.search(form, str(value)) is not None)
    logs.execute("CREATE TABLE logs (a, b, c)")
    logs.executemany("INSERT INTO logs VALUES (?, ?, ?)", [[chance.choice(HARMLESS) for _ in range(3)]
                                                           for _ in range(200)])
    written, _ = passed_on(tmp_path, list(dict.fromkeys(any_rule(chance) for _ in range(1500))))
    met = {}
    for text in written.values():
        try:
            [query] = sqliteBackend().convert(SigmaCollection.from_yaml(text))
        except Exception:  # what SQLite cannot express
            continue
        if query.count("MATCH") == 0:
            met[text] = len(logs.execute(query).fetchall())
    assert len(met) > 100
    assert [text for text, rows in met.items() if rows > 40] == []
