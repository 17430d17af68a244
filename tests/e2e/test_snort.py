"""Snort's rules: read by a grammar of their own, and tried on packets. Neither engine is packaged, and none was run."""
import pytest

from engines import built
from events import DRIVER, generate, left_out
from snort_grammar import Rule

pytestmark = built(DRIVER)


def rules(folder, version, values):
    current, manifest = generate(folder, f"snort{version}", values)
    lines = (current / "misp.rules").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == "" and lines.pop(0).startswith("# gapferry")
    read = [Rule(line, version) for line in lines]
    assert len({rule.sid for rule in read}) == len(read)
    assert manifest["checked_with"] == "not run against the engine"
    return read, manifest


def query(name):
    labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b"."))
    return {"udp": {"raw": b"\x12\x34\x01\x00\x00\x01" + bytes(6) + labels + b"\0\0\x01\0\x01"}}


def hello(name):
    server = b"\0" + len(name).to_bytes(2, "big") + name.encode()
    return {"tcp": {"raw": b"\x16\x03\x01\x02\x00\x01" + bytes(60) + server + b"\0\x17\0\0"}}


def request(host, path="/", agent="curl"):
    header = f"Host: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n".encode()
    return {"tcp": {"raw": f"GET {path} HTTP/1.1\r\n".encode() + header + b"\r\n", "http_header": header,
                    "host": host.encode(), "user-agent": agent.encode(), "http_raw_uri": path.encode()}}


def mail(sender, before=""):
    return {"tcp": {"raw": f"{before}MAIL FROM: <{sender}>\r\n".encode()}}


# What is listed, what must be seen, what must not be.
CASES = [
    (("domain", "evil.com"),
     [query("evil.com"), query("WWW.Evil.com"), hello("evil.com"), request("evil.com"), request("a.b.EVIL.com:8080")],
     [query("notevil.com"), query("evil.com.org"), query("evil.comx"), request("notevil.com"),
      request("evil.com.org"), request("evilxcom"), hello("notevil.com"), hello("evil.com.org")]),
    (("hostname", "www.host.com"),
     [query("www.host.com"), hello("www.host.com"), request("www.host.com")],
     [query("a.www.host.com"), query("host.com"), request("a.www.host.com"), hello("a.www.host.com")]),
    (("url", 'http://u.com/a?b=";|\\(c'), [request("u.com", '/a?b=";|\\(c')],
     [request("u.com", "/a?b=x"), request("u.com", '/a?b=";|\\(cd'), request("u.com", '/x/a?b=";|\\(c'),
      request("x.u.com", '/a?b=";|\\(c'), request("w.com", '/a?b=";|\\(c')]),
    (("user-agent", 'Bad "agent"; v|1|'), [request("x.com", agent='Bad "agent"; v|1|')],
     [request("x.com", agent='Bad "agent"; v|1|2'), request("x.com", agent='A Bad "agent"; v|1|')]),
    (("email-src", "a@b.com"), [mail("a@b.com"), mail("A@B.com"), mail("a@b.com", "RSET\r\n")],
     [mail("xa@b.com"), mail("a@b.com.org"), mail("axb.com"), mail("a@b.com", "Subject: x\r\n\r\n")]),
    (("email-dst", "a+c@b.com"), [{"tcp": {"raw": b"MAIL FROM:<x@y.com>\r\nRCPT TO:<a+c@b.com>\r\nDATA\r\n"}}],
     [mail("a+c@b.com"), {"tcp": {"raw": b"RCPT TO:<aac@b.com>\r\n"}},
      {"tcp": {"raw": b"RCPT TO:<x@y.com>\r\nDATA\r\nRCPT TO:<a+c@b.com>\r\n"}}]),
]


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("listed,seen,unseen", CASES, ids=[listed[0] for listed, *_ in CASES])
def test_what_is_listed_is_found_and_nothing_near_it(version, listed, seen, unseen, tmp_path):
    read, _ = rules(tmp_path, version, [listed])

    def fires(packet):
        return any(rule.matches(packet.get(rule.protocol, {})) for rule in read if rule.tests)

    assert [packet for packet in seen if not fires(packet)] == []
    assert [packet for packet in unseen if fires(packet)] == []


@pytest.mark.parametrize("version", [2, 3])
def test_an_address_at_many_ports_has_several_rules(version, tmp_path):
    ports = [*range(20000, 21000, 2), *range(60000, 60100)]
    read, manifest = rules(tmp_path, version, [("ip-dst|port", f"45.66.77.89|{port}") for port in ports])
    assert manifest["used"] == len(ports) and max(len(rule.ports) for rule in read) <= 600
    listed = [word.split(":") for rule in read for word in rule.ports.strip("[]").split(",")]
    assert [port for first, *last in listed for port in range(int(first), int((last or [first])[0]) + 1)] == ports


@pytest.mark.parametrize("version", [2, 3])
def test_every_byte_keeps_the_grammar(version, tmp_path):
    values = []
    for byte in list(range(1, 128)) + [0xE9, 0x20AC, 0x1F600, 0x202E]:
        values += [("user-agent", f"agent {chr(byte)} x"), ("url", f"http://a.com/{chr(byte)}x?{chr(byte)}"),
                   ("domain", f"a{chr(byte)}b.com"), ("email-src", f"a{chr(byte)}b@c.com")]
    values += [("user-agent", "b" * 10000), ("url", "http://a.com/" + "a" * 10000), ("ip-dst", "010.1.2.3"),
               ("ip-dst", "45.66.77.88/16"), ("ip-src", "2a01:4f8::1"), ("ip-dst|port", "45.66.77.89|8443")]
    read, manifest = rules(tmp_path, version, values)
    assert {rule.target for rule in read} >= {"45.66.0.0/16", "45.66.77.89"}
    assert not any("10.1.2.3" in rule.target or "8.1.2.3" in rule.target for rule in read)
    why = left_out(manifest)
    assert why[("format-cannot-express", "too-long")] == 2
    assert why[("value-bad-address", "")] == 1
    assert manifest["used"] + sum(why.values()) == manifest["attributes"] == len(values)
