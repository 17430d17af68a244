"""Any value at all for Sigma, Wazuh and YARA: it loads and matches exactly itself, or it is refused and counted.

The oracles: pySigma with SQLite behind it, over a log that holds the values and near ones; the list grammar of Wazuh's
compiler; the yara binary on files that hold the values.
"""
import hashlib
import os
import sqlite3
import subprocess

import pytest

from engines import built
from events import DRIVER, generate, left_out
from test_wazuh import read_list

pytestmark = built(DRIVER)

# Every byte of ASCII; controls of Latin-1, line and paragraph separators, direction and byte order marks, what is no
# character, and letters that change their length with their case.
CHARACTERS = [chr(byte) for byte in range(1, 256)] + list(
    "\u0130\u0131\u00df\u20ac\u2028\u2029\u202e\u200b\ufeff\ufffd\ufffe\uffff\U0001f600\U0010ffff")
CONTROLS = {chr(byte) for byte in [*range(1, 32), 127]}
TEXTS = ["x" * 10_000, "y" * 2048, "z" * 2049, "*", "?", "\\", "\\\\", "\\*", "\\\\*", "a\\", "a\\\\", "*a", "a*b?c\\*d\\\\?e",
         "%x%", "%gapferry_domains%", "'", "''", "\"", "|", "a|b", ";", "--", "'; DROP TABLE logs; --", "{{x}}", "- a", "a: b",
         "#x", "&x", "!x", "@x", "`x`", "null", "true", "~", "0x10", "1e3", "=x", "[a, b]", "\u05e9\u05dc\u05d5\u05dd",
         "C:\\a\\b.exe", "\\\\server\\share", "<b>&amp;</b>", "$(x)", "\\x41", "\\u0041"]


def unique(values):
    return list(dict.fromkeys(values))


# What is listed, by type; a space at an end is trimmed, and what follows # is no part of a URL.
AGENTS = unique([f"agent {char} x" for char in CHARACTERS] + [f"b{char}" for char in CHARACTERS if not char.isspace()] + TEXTS)
URLS = unique([f"http://listed.com/{char}x?{char}" for char in CHARACTERS if not char.isspace() and char != "#"] +
              ["http://listed.com/" + "a" * 2030, "http://listed.com/" + "a" * 2031, "http://listed.com/" + "a" * 10_000,
               "http://listed.com/a?b=c*d", "http://listed.com/%2a%3f", "http://listed.com/a//b/./c", "https://listed.com/a"])
FILES = unique([f"f{char}g.exe" for char in CHARACTERS if char not in "\\/"] + ["C:\\x\\y.exe", "*", "a*", "?", "x" * 2048 + ".exe"])
NAMES = ["x_y.com", "-a.com", "a-.com", "xn--bcher-kva.com", "1.2.3.com", "a" * 63 + ".com", "evil.co.uk", "9.com",
         ".".join(["a" * 61] * 4) + ".com", "_dmarc.a.com", "t.co"]
SPELLED = {"B\u00fccher-evil.com": "xn--bcher-evil-9db.com", "UPPER.Evil.ORG.": "upper.evil.org", "*.wild.com": "wild.com",
           "hxxp-like[.]com": "hxxp-like.com", "a" * 64 + ".com": None, "a b.com": None, "a;b.com": None, "com": None,
           ".".join(["a" * 61] * 4) + ".a.com.org": None, "a*b.com": None, "a'b.com": None}
ADDRESSES = {"45.66.77.88": "45.66.77.88", "2a01:4f8::1": "2a01:4f8::1", "2A01:04F8:0:0::2": "2a01:4f8::2",
             "::ffff:45.66.79.1": "45.66.79.1", "010.1.2.3": None, "45.66.77": None, "45.66.77.256": None,
             "fe80::1%eth0": None, "1.2.3.4.5": None, "45.66.77.8 8": None}


def require_sqlite():
    if not os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
        pytest.importorskip("sigma.backends.sqlite")
    from sigma.backends.sqlite import sqlite
    return sqlite.sqliteBackend()


def found(backend, rules, prefix, columns, column, logged):
    """Which of the logged values the rules with this prefix find."""
    from sigma.collection import SigmaCollection
    database = sqlite3.connect(":memory:")
    names = ", ".join(f'"{name}" TEXT COLLATE NOCASE' for name in columns)
    database.execute(f"CREATE TABLE logs ({names})")
    database.executemany(f'INSERT INTO logs ("{column}") VALUES (?)', [(value,) for value in logged])
    hits = set()
    paths = sorted(rules.glob(prefix + "*.yml"))
    assert paths
    for path in paths:
        for query in backend.convert(SigmaCollection.from_yaml(path.read_text(encoding="utf-8"))):
            for row in database.execute(query):
                hits.update(value for value in row if value is not None)
    return hits


def near(text):
    """Texts that differ in one place, and what a wildcard would take."""
    others = [text + "x", "x" + text, text[:-1] + ("z" if text[-1] != "z" else "y"), text.replace("*", "AA"),
              text.replace("?", "A"), text.replace("\\", ""), text.replace("\\", "\\\\"), text.replace("%", "A")]
    return [other for other in others if other != text]


def same_without_case(logged, listed):
    fold = str.maketrans({chr(upper): chr(upper + 32) for upper in range(65, 91)})
    return logged.translate(fold) == listed.translate(fold)


@pytest.mark.parametrize("form", ["list", "expand"])
def test_sigma_looks_for_no_folder(form, tmp_path):
    _, manifest = generate(tmp_path, "sigma", [("filename", "\\"), ("filename", "C:\\"), ("filename", "C:\\x\\")],
                           f"sigma.values={form}")
    assert left_out(manifest) == {("format-cannot-express", "no-windows-filename"): 3}


@pytest.mark.parametrize("form", ["list", "expand"])
@pytest.mark.parametrize("kind,listed,prefix,column", [
    ("user-agent", AGENTS, "proxy_", "c-useragent"), ("url", URLS, "proxy_", "c-uri"),
    ("filename", FILES, "file_event_win_", "TargetFilename")], ids=["user-agent", "url", "filename"])
def test_sigma_matches_exactly_the_value(form, kind, listed, prefix, column, tmp_path):
    backend = require_sqlite()
    rules, manifest = generate(tmp_path, "sigma", [(kind, value) for value in listed], f"sigma.values={form}")
    rules = rules.resolve()
    if form == "expand":
        from sigma.processing.pipeline import ProcessingPipeline
        backend = type(backend)(ProcessingPipeline.from_yaml((rules / "misp_placeholders.yaml").read_text(encoding="utf-8")))
    why = left_out(manifest)
    assert manifest["used"] + sum(why.values()) == len(listed)
    controls = [value for value in listed if set(value) & CONTROLS]
    long = [value for value in listed if len(value.encode()) > 2048 and value not in controls]
    assert sum(why.values()) == len(controls) + len(long), why
    assert why.get(("format-cannot-express", "too-long"), 0) == len(long)
    used = [value for value in listed if value not in controls and value not in long]

    def matches(logged, value):
        if kind != "filename":
            return same_without_case(logged, value)
        tail = value if "\\" in value else "\\" + value
        return same_without_case(logged[-len(tail):], tail)

    columns = ("cs-host", "c-uri", "c-useragent") if prefix == "proxy_" else (column,)
    logged = unique([("C:\\dir\\" + value if kind == "filename" and "\\" not in value else value) for value in listed])
    logged = unique(logged + [other for value in logged if len(value) < 1000 for other in near(value)])
    expected = {text for text in logged if any(matches(text, value) for value in used)}
    hits = found(backend, rules, prefix, columns, column, logged)
    assert hits - expected == set(), "more than the value"
    assert expected - hits == set(), "less than the value"


def test_sigma_matches_names_and_addresses(tmp_path):
    backend = require_sqlite()
    values = [("domain", name) for name in [*NAMES, *SPELLED]] + [("ip-dst", text) for text in ADDRESSES] + [
        ("ip-dst", "45.67.77.88/16"), ("ip-dst", "2a01:4f9::1/32")]
    rules, manifest = generate(tmp_path, "sigma", values)
    refused = [text for text, seen in {**SPELLED, **ADDRESSES}.items() if seen is None]
    assert sum(left_out(manifest).values()) == len(refused)
    names = NAMES + [seen for seen in SPELLED.values() if seen]
    logged = unique(names + ["below." + name for name in names] + ["x" + name for name in names] +
                    [name + ".org" for name in names] + [name.replace(".", "x", 1) for name in names] + list(SPELLED))
    expected = {text for text in logged if any(text.lower() == name or text.lower().endswith("." + name) for name in names)}
    assert found(backend, rules, "net_dns_", ("query",), "query", logged) == expected
    # A network with its host bits set is the network.
    text = "".join(path.read_text() for path in rules.glob("net_firewall_*.yml"))
    assert "'45.67.0.0/16'" in text and "'2a01:4f9::/32'" in text
    for written, seen in ADDRESSES.items():
        assert (f"'{seen}'" in text) == (seen is not None) and (written == seen or f"'{written}'" not in text)


LISTS = {"domain": "misp-domains", "hostname": "misp-hostnames", "url": "misp-urls", "email-src": "misp-emails",
         "ip-dst": "misp-ips", "sha256": "misp-sha256", "md5": "misp-md5"}
EMAILS = [f"a{char}b@c.com" for char in CHARACTERS if not char.isspace()] + ["a@b@c.com", "@c.com", "a@", "<a@c.com>",
                                                                          "a" * 10_000 + "@c.com"]
HASHES = ["A" * 64, "a" * 63, "a" * 65, "g" * 64, "a" * 63 + ":", " " + "b" * 64 + " "]


@pytest.mark.parametrize("kind,listed", [
    ("url", URLS), ("email-src", EMAILS), ("domain", NAMES + list(SPELLED)), ("ip-dst", list(ADDRESSES)), ("sha256", HASHES)],
    ids=lambda value: value if isinstance(value, str) else "")
def test_wazuh_keys_are_exactly_the_values(kind, listed, tmp_path):
    folder, manifest = generate(tmp_path, "wazuh", [(kind, value) for value in listed])
    assert manifest["used"] + sum(left_out(manifest).values()) == len(listed)
    keys = {key.decode() for key in read_list(folder / LISTS[kind])}
    assert len((folder / LISTS[kind]).read_bytes().split(b"\n")) - 1 == len(keys), "no key twice, no line lost"
    known = {**SPELLED, **ADDRESSES, "A" * 64: "a" * 64, " " + "b" * 64 + " ": "b" * 64, "<a@c.com>": "a@c.com"}
    expected = {known.get(value, value) for value in listed} - {None}
    if kind == "email-src":
        # With the angle brackets of SMTP, and without.
        assert {key for key in keys if not key.startswith("<")} == {key[1:-1] for key in keys if key.startswith("<")}
        keys = {key for key in keys if not key.startswith("<")}
    assert keys <= expected, keys - expected
    # Whatever is no key was counted; what is plain is one.
    assert len(keys) == manifest["values"][{"email-src": "email", "ip-dst": "address"}.get(kind, kind)]
    dull = [value for value in expected if value.isascii() and not set(value) & (CONTROLS | set("\"<>@ |")) and len(value) < 2000]
    if kind in ("url", "domain", "ip-dst"):
        assert [value for value in dull if value not in keys] == []


def test_yara_finds_exactly_the_file(tmp_path, oracle):
    yara = oracle("yara")
    files = tmp_path / "files"
    files.mkdir()
    contents = [char.encode() for char in CHARACTERS] + [text.encode() for text in TEXTS] + [b"\0", b"\0" * 100, b"x\0y"]
    contents = unique(contents)
    for number, content in enumerate(contents):
        (files / f"{number}").write_bytes(content)
        (files / f"{number}.near").write_bytes(content + b"\n")
    digests = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256}
    values = [(list(digests)[number % 3], list(digests.values())[number % 3](content).hexdigest())
              for number, content in enumerate(contents)]
    written = [(kind, value.upper() if number % 2 else value) for number, (kind, value) in enumerate(values)]
    bad = [("sha256", "a" * 63), ("sha256", "g" * 64), ("md5", "a" * 33), ("sha1", "\"" + "a" * 39), ("sha256", "a" * 63 + "\n")]
    folder, manifest = generate(tmp_path / "gen", "yara", written + bad)
    assert manifest["used"] == len(written) - written.count(bad[-1]) and sum(left_out(manifest).values()) == len(bad)
    scan = subprocess.run([yara, "-r", folder / "misp-hashes.yar", files], capture_output=True, text=True, check=True)
    found = {line.split()[1].rsplit("/", 1)[1]: line.split()[0] for line in scan.stdout.splitlines()}
    assert found == {f"{number}": f"misp_{kind}_{value}" for number, (kind, value) in enumerate(values)}


def test_stored_yara_rules_survive_any_byte(tmp_path, oracle):
    yara, yarac = oracle("yara"), oracle("yarac")
    values = []
    for number, char in enumerate(CHARACTERS):
        data = " ".join(f"{byte:02x}" for byte in f"mark{number}.".encode())
        values.append(("yara", f'rule r{number} {{ meta: text = "x{char}y" strings: $a = {{ {data} }} condition: $a }}'))
    values += [("yara", "rule long { meta: t = \"" + "x" * 10_000 + "\" condition: uint8(0) == 0 }"),
               ("yara", "rule a" + "b" * 127 + " { condition: uint8(0) == 0 }"), ("yara", "rule a" + "b" * 128 + " { condition: uint8(0) == 0 }"),
               ("yara", 'rule q { strings: $a = "\\y" condition: $a }'), ("yara", "rule open { condition: uint8(0) == 0"),
               ("yara", "rule x { condition: uint8(0) == 0 } }"), ("yara", "/* never closed")]
    folder, manifest = generate(tmp_path / "gen", "yara", values)
    refused = left_out(manifest)
    assert manifest["used"] + sum(refused.values()) == len(values)
    done = subprocess.run([yarac, folder / "misp-stored.yar", os.devnull], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    target = tmp_path / "target"
    target.write_bytes(b"".join(f"mark{number}.".encode() for number in range(len(CHARACTERS))))
    scan = subprocess.run([yara, "-w", folder / "misp-stored.yar", target], capture_output=True, text=True, check=True)
    found = {line.split()[0] for line in scan.stdout.splitlines()}
    # Each rule by itself, as its author would compile it, is the measure.
    alone = set()
    for number, (_, rule) in enumerate(values[:len(CHARACTERS)]):
        path = tmp_path / "one.yar"
        path.write_bytes(rule.encode())
        if subprocess.run([yarac, path, os.devnull], capture_output=True).returncode == 0:
            alone.add(f"r{number}")
    assert found <= alone
    assert len(alone - found) <= sum(refused.values()) and len(found) >= 95, (sorted(alone - found), refused)
