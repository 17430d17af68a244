"""Indicators that a site adds itself: in every format, beside those of the bundle, and traced back to their line."""

import json
import uuid

import pytest

from pair import Pair
from test_deploy import event

LINES = """# found here
domain      local-evil.example          # seen in the proxy log
hostname    local-host.example
ip-dst      81.2.69.160
ip-dst      81.2.64.0/20
url         http://local-evil.example/path
email-src   local@evil.example
md5         0123456789abcdef0123456789abcdef
sha1        0123456789abcdef0123456789abcdef01234567
sha256      0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
filename    local-evil.exe
user-agent  local agent
yara        rule local_rule { condition: false }
"""


class Site:
    def __init__(self, folder, bins):
        self.pair = Pair(folder / "pair", bins)
        self.source = folder / "event.json"
        self.pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(self.source)}], clearance="red",
                                   unencrypted=True)
        self.bundle(["a.example"])
        self.pair.open_site(clearance="red")

    def bundle(self, names):
        self.source.write_text(json.dumps(event(names)))
        self.pair.export("collect")
        self.pair.bundle()

    def add(self, text, allow=None, **config):
        (self.pair.isolated / "additions.txt").write_text(text)
        if allow is not None:
            (self.pair.isolated / "allowlist.txt").write_text(allow)
            config["allowlist"] = "allowlist.txt"
        config.setdefault("destinations", [{"name": "edl", "format": "edl", "clearance": "red"}])
        self.pair.configure_import(**{"clearance": "red", "additions": "additions.txt", **config})

    def run(self, expect=0):
        self.pair.import_("import", self.pair.medium, expect=None)
        return self.pair.import_("generate", "--accept-change", "--json", expect=expect)

    def made(self, name):
        """Every file of a destination but its manifest."""
        folder = (self.pair.isolated / "artifacts" / name / "current").resolve()
        return {path.relative_to(folder).as_posix(): path.read_bytes()
                for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "manifest.json"}


@pytest.fixture
def site(tmp_path, bins):
    return Site(tmp_path, bins)


def formats(pair):
    return json.loads(pair.import_("formats", "--json").stdout.splitlines()[0])["formats"]


def test_they_are_in_every_format_and_stay_the_same(site):
    names = [one["format"] for one in formats(site.pair)]
    # A configured compiler of its own would be an oracle for YARA alone; rules are taken as they are here.
    site.add(LINES, additions_tlp="green", destinations=[
        {"name": name, "format": name, "clearance": "green", "yara": {"compiler": "true"}} for name in names])
    said = [json.loads(line) for line in site.run().stdout.splitlines()]
    used = {one["destination"]: one["used"] for one in said if "destination" in one}
    first = {name: site.made(name) for name in names}
    for name in names:
        if name in ("stored-rules", "navigator"):
            continue  # rules of sensors, and techniques: no line here is one
        text = b"".join(first[name].values()).lower()
        assert used[name] > 0 and any(word in text for word in (
            b"local-evil", b"81.2.69.160", b"81.2.64.0", b"0123456789abcdef", b"local-host", b"local agent")), name
    # Twice the same, and another bundle that says nothing new about them leaves them alone.
    site.run()
    assert {name: site.made(name) for name in names} == first
    rules = [line for line in first["suricata"]["misp.rules"].splitlines() if b"local" in line]
    site.bundle(["a.example", "b.example"])
    site.run()
    after = site.made("suricata")["misp.rules"].splitlines()
    assert rules and set(rules) <= set(after)
    feed = json.loads(next(content for name, content in first["misp-feed"].items() if b"local-evil.exe" in content))
    assert {tag["name"] for tag in feed["Event"]["Tag"]} == {"tlp:green"}
    uuids = [one["uuid"] for one in feed["Event"]["Attribute"]]
    assert len(uuids) == len(set(uuids)) == len([line for line in LINES.splitlines() if not line.startswith("#")])
    assert all(uuid.UUID(one) for one in uuids)


def test_their_tlp_decides_who_gets_them(site):
    site.add("domain local-evil.example\n", destinations=[
        {"name": "all", "format": "edl", "clearance": "red"}, {"name": "green", "format": "edl", "clearance": "green"}])
    said = [json.loads(line) for line in site.run().stdout.splitlines()]
    assert b"local-evil" in b"".join(site.made("all").values())
    assert b"local-evil" not in b"".join(site.made("green").values())
    green = next(one for one in said if one.get("destination") == "green")
    assert {"reason": "tlp-above-destination", "detail": "amber+strict", "count": 1} in green["left_out"]
    # Where nobody gets them, somebody is told.
    site.add("domain local-evil.example\n", destinations=[{"name": "green", "format": "edl", "clearance": "green"}])
    assert "TLP:amber+strict, which no destination may hold" in site.run(expect=3).stderr


def test_a_question_leads_back_to_the_line(site):
    site.add(LINES, destinations=[{"name": "ids", "format": "suricata", "clearance": "red"},
                                  {"name": "sigma", "format": "sigma", "clearance": "red"}])
    site.run()
    file = site.pair.isolated / "additions.txt"
    said = site.pair.import_("why", "LOCAL-evil[.]example").stdout
    assert f"added locally, {file}:2" in said and f"added locally, {file}:6" not in said
    why = json.loads(site.pair.import_("why", "local-evil.exe", "--json").stdout.splitlines()[0])
    assert [one["added_at"] for one in why["occurrences"]] == [f"{file}:11"]
    rule = next(line for line in site.made("ids")["misp.rules"].decode().splitlines() if "MISP domain local-evil.example" in line)
    sid = rule.split("sid:")[1].split(";")[0]
    assert f"added locally, {file}:2" in site.pair.import_("explain", "sid", sid).stdout
    alert = {"event_type": "alert", "alert": {"signature_id": int(sid), "gid": 1}}
    (site.pair.folder / "eve.json").write_text(json.dumps(alert) + "\n")
    told = json.loads(site.pair.import_("enrich", site.pair.folder / "eve.json").stdout)["gapferry"]
    assert f"{file}:2" in json.dumps(told)
    for asked in ("www.local-evil.example", "81.2.70.1"):  # below a name; within a network
        matched = [json.loads(line) for line in site.pair.import_("test", asked, "--json").stdout.splitlines()]
        assert any(one["added_at"].startswith(f"{file}:") for said in matched for hit in said["matches"]
                   for one in hit["attributes"])
    sigma = next(content.decode() for name, content in site.made("sigma").items() if name.startswith("net_dns") and b"local-host.example" in content)
    identity = next(line.split()[1] for line in sigma.splitlines() if line.startswith("id:"))
    assert f"added locally, {file}" in site.pair.import_("explain", "sigma", identity).stdout


def test_the_allowlist_and_a_line_cannot_both_be_meant(site):
    site.add("domain a.example\ndomain local-evil.example\n", allow="# good\nlocal-evil.example\n")
    said = site.run(expect=3).stderr
    assert "additions.txt:2: local-evil.example is added here" in said and "allowlist.txt:2" in said
    # What is allowed below an addition is a conflict only where the addition blocks.
    both = {"allow": "=www.local-evil.example\n"}
    site.add("domain local-evil.example\n", **both, destinations=[{"name": "csv", "format": "csv", "clearance": "red"}])
    done = site.run()
    assert b"local-evil" in b"".join(site.made("csv").values())
    # … and somebody is told that it still matches.
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["wider_than_allowlist"] for one in told if one["message_type"] == "destination"] == [1]
    said = site.pair.import_("generate").stderr
    assert "wider than an entry of the allowlist" in said and "local-evil.example (holds" in said
    assert "allowlist.txt:1) (1 in all)" in said
    site.add("domain local-evil.example\n", **both, destinations=[{"name": "rpz", "format": "rpz", "clearance": "red"}])
    assert "allowlist.txt:1" in site.run(expect=3).stderr


def test_a_bad_line_stops_with_its_number(site):
    site.add("domain ok.example\nip-dst 1.2.3\n")
    assert "additions.txt:2: 1.2.3 is no ip-dst" in site.run(expect=3).stderr


def test_a_file_that_is_not_there_is_a_mistake_in_the_configuration(site):
    site.add("domain ok.example\n")
    (site.pair.isolated / "additions.txt").unlink()
    said = site.run(expect=3).stderr
    assert "additions: there is no file" in said and "correct the name" in said
