"""STIX patterns that attributes carry, against stix2-validator: whatever is passed on is valid."""
import json
import random

import pytest

from events import generate, left_out

pytestmark = pytest.mark.filterwarnings("ignore")

GOOD = [
    "[file:hashes.'SHA-256' = '" + "a1" * 32 + "' AND a-b:c_d[1].e[*] NOT IN ('x', 1, t'2020-01-01T00:00:00Z', true)]"
    " START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00.5Z'",
    "([file:name LIKE 'x%' OR (file:size >= -1.5 AND EXISTS file:ctime)] FOLLOWEDBY [artifact:payload_bin != b'QUJD'])"
    " WITHIN 5 SECONDS REPEATS 3 TIMES",
    "[ipv4-addr:value ISSUBSET '1.2.3.0/24' OR x-own:some MATCHES '^x\\\\.y$' OR x-own:more = h'0aFF'"
    " OR file:size = +5 OR NOT EXISTS file:hashes.MD5]",
    "[file:hashes.ssdeep = '3:aX:bY' OR file:hashes.OWN = 'x' OR file:hashes.'sha-1' != '" + "0F" * 20 + "']",
    "(" * 30 + "[file:name='x']" + ")" * 30, "[" + "(" * 30 + "file:name='x'" + ")" * 30 + "]",
]
# One of them makes the whole file invalid.
BAD = [f"[{one}]" for one in (
    "file:hashes.SHA-256 = 'x'", "file:mtime = t'2020-13-45T00:00:00Z'", "file:mtime = t'2020'", "file:name = h'abc'",
    "file:name = b'!!!'", "file:size = 00", "file:name = 'x\\d'", "file:size > true", "file:START = 'x'",
    "file:own-name = 'x'", "file:name.5 = 'x'", "file:name[1.5] = 'x'", "f:name = 'x'", "File:name = 'x'",
    "file:n = 'x'", "file:'na me' = 'x'", "file:hashes.MD5 = 'x'", "file:hashes.MD5 LIKE 'd41%'",
    f"file:hashes.MD5 IN ('{'a' * 32}')", "file:hashes[1] = 'x'")]
BAD += ["[file:name = 'x'] " + one for one in (
    "START '2020' STOP '2021'", "REPEATS 1.5 TIMES", "WITHIN 5 SECONDS WITHIN 6 SECONDS", "[file:name = 'y']")]
# The validator takes them, the specification does not have them.
STRICT = ["[file:name == 'x']", "[file:name <> 'x']", "[file:name IN ()]", "(" * 40 + "[file:name='x']" + ")" * 40]
STRICT += ["[file:name = 'x'] " + one for one in (
    "/* c */", "// c", "REPEATS 0 TIMES", "WITHIN 0 SECONDS",
    "START t'2022-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'")]
PIECES = ["'", "[", "]", "(", ")", " ", "=", "==", "!", "<", ">", ".", ",", ":", "*", "-", "+", "0", "1", "t'", "h'",
          "b'", "AND", "OR", "NOT ", "IN ", "true", "a", "\\", "//", "/*", "_", "\n", "\u00e9", "1.", "e5", ""]


def errors(document):
    from stix2validator import ValidationOptions, validate_instance
    try:
        result = validate_instance(document, ValidationOptions(version="2.1"))
    except AttributeError as error:  # of a hash by its number
        return [repr(error)]
    return [str(error) for error in result.errors]


def is_valid(pattern):
    time = "2026-11-01T00:00:00.000Z"
    return not errors({
        "type": "indicator", "spec_version": "2.1", "id": "indicator--7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c01",
        "created": time, "modified": time, "valid_from": time, "pattern": pattern, "pattern_type": "stix"})


def passed_on(folder, patterns):
    current, manifest = generate(folder, "stored-rules", [("stix2-pattern", one) for one in patterns])
    written = json.loads((current / "stored-patterns.json").read_text())
    return written, {one["pattern"] for one in written["objects"] if one["type"] == "indicator"}, manifest


def test_valid_patterns_are_passed_on_and_others_refused(tmp_path):
    written, patterns, manifest = passed_on(tmp_path, GOOD + BAD + STRICT)
    assert patterns == set(GOOD), left_out(manifest)
    assert [one for one in GOOD + STRICT if not is_valid(one)] == [] == [one for one in BAD if is_valid(one)]
    assert errors(written) == []


def test_no_change_of_a_pattern_makes_it_invalid(tmp_path):
    chance = random.Random(7)
    texts = []
    for _ in range(1500):
        text = chance.choice(GOOD[:4])
        for _ in range(chance.choice([1, 1, 2, 3])):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice(PIECES) + text[at + chance.choice([0, 0, 1, 3]):]
        texts.append(text.strip())
    written, patterns, _ = passed_on(tmp_path, list(dict.fromkeys(texts)))
    assert len(patterns) > 50
    assert errors(written) == []
