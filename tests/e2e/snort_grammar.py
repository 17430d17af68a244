"""A reader of Snort rules, strict where the manuals of 2.9 and 3 are, and a matcher that is just enough for ours.

No engine is packaged, so this is the check: it shares no code with the generator.
"""
import re

ADDRESS = r"(?:any|\$HOME_NET|[0-9a-f.:]+(?:/\d+)?)"
PORT = r"\d+(?::\d+)?"
PORTS = rf"(?:any|{PORT}|\[{PORT}(?:,{PORT})*\])"
RULE = re.compile(rf"alert (tcp|udp) ({ADDRESS}) ({PORTS}) -> ({ADDRESS}) ({PORTS}) \((.*;)\)")
COMMON = {"msg", "flow", "content", "pcre", "flags", "classtype", "priority", "metadata", "sid", "rev"}
KNOWN = {2: COMMON | {"nocase", "offset", "depth", "distance", "within", "http_header", "http_raw_uri", "urilen"},
         3: COMMON | {"service", "http_header", "http_raw_uri", "bufferlen"}}
MODIFIERS = {"nocase", "offset", "depth", "distance", "within", "http_header", "http_raw_uri"}


def split(body):
    """Options end at a semicolon outside of quotes."""
    options, start, quoted = [], 0, False
    for at, char in enumerate(body):
        if char == '"' and body[at - 1] != "\\":
            quoted = not quoted
        elif char == ";" and not quoted:
            name, _, value = body[start:at].strip().partition(":")
            options.append((name, value))
            start = at + 1
    assert not quoted and not body[start:].strip(), body
    return options


def content_bytes(text):
    """Text as it is, hexadecimal between bars."""
    assert re.fullmatch(r'"(?:[^"\\;:|]|\|[0-9A-F]{2}(?: [0-9A-F]{2})*\|)+"', text), text
    parts = text[1:-1].split("|")
    return b"".join(part.encode() if at % 2 == 0 else bytes.fromhex(part) for at, part in enumerate(parts))


class Rule:
    def __init__(self, line, version):
        found = RULE.fullmatch(line)
        assert found, line
        self.protocol, self.source, _, self.target, self.ports = found.groups()[:5]
        self.version = version
        self.tests = []
        options = split(found[6])
        names = [name for name, _ in options]
        assert set(names) <= KNOWN[version], (set(names) - KNOWN[version], line)
        assert names[0] == "msg" and names.count("sid") == names.count("rev") == 1
        if version == 3:
            assert "\\" not in line, line
        self.values = dict(options)
        assert re.fullmatch(r'"[^"\\;\x00-\x1f]+"', self.values["msg"])
        self.sid = int(self.values["sid"])
        assert 1 <= self.sid < 2**31 and int(self.values["rev"]) >= 1
        for pair in self.values["metadata"].split(", "):
            assert re.fullmatch(r"\S+ \S+", pair), pair
        self.read_tests(options)

    def read_tests(self, options):
        buffer = "raw"
        for name, value in options:
            if name == "content":
                text, *modifiers = re.split(r'(?<="), ', value, maxsplit=1)
                test = {"what": "content", "bytes": content_bytes(text), "buffer": buffer}
                for modifier in (modifiers[0].split(", ") if modifiers else []):
                    key, _, number = modifier.partition(" ")
                    assert self.version == 3 and key in MODIFIERS - {"http_header", "http_raw_uri"}, modifier
                    test[key] = int(number) if number else True
                self.tests.append(test)
            elif self.version == 2 and name in MODIFIERS:
                assert self.tests[-1]["what"] == "content", name
                if name.startswith("http_"):
                    self.tests[-1]["buffer"] = name
                else:
                    self.tests[-1][name] = int(value) if value else True
            elif name == "http_header":
                buffer = {"field host": "host", "field user-agent": "user-agent"}[value]
            elif name == "http_raw_uri":
                buffer = "http_raw_uri"
            elif name in ("urilen", "bufferlen"):
                self.tests.append({"what": "length", "length": int(value.removesuffix(",raw")),
                                   "buffer": "http_raw_uri" if name == "urilen" else buffer})
            elif name == "pcre":
                pattern, flags = re.fullmatch(r'"/(.*)/([Hmi]+)"', value).groups()
                assert "/" not in pattern
                assert "H" not in flags or self.version == 2
                flag = (re.M if "m" in flags else 0) | (re.I if "i" in flags else 0)
                self.tests.append({"what": "pcre", "pattern": re.compile(pattern.encode(), flag),
                                   "buffer": "http_header" if "H" in flags else buffer})
        for test in self.tests:
            if "depth" in test:
                assert test["depth"] >= len(test["bytes"])
            if "within" in test:
                assert test["within"] >= len(test["bytes"])

    def matches(self, buffers):
        """Whether all tests find what they want; `buffers` by name."""
        end = {}
        for test in self.tests:
            data = buffers.get(test["buffer"])
            if data is None:
                return False
            if test["what"] == "length":
                if len(data) != test["length"]:
                    return False
            elif test["what"] == "pcre":
                if not test["pattern"].search(data):
                    return False
            else:
                needle = test["bytes"]
                if test.get("nocase"):
                    data, needle = data.lower(), needle.lower()
                start = end.get(test["buffer"], 0) if "distance" in test else test.get("offset", 0)
                limit = test.get("within", test.get("depth"))
                at = data.find(needle, start, start + limit if limit else None)
                if at < 0:
                    return False
                end[test["buffer"]] = at + len(needle)
        return True
