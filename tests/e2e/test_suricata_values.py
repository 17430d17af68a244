"""Any value at all, in traffic that holds exactly it and in traffic that nearly does; and the options for many values.

The traffic is made here with scapy; the oracle is Suricata, 7 and 8.
"""
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engines import ENGINES, built, engine, missing, replay  # noqa: F401, a fixture
from events import DRIVER, EVENT, generate, left_out

scapy = pytest.importorskip("scapy.all", reason="scapy is not installed; tools/install brings it")
pytestmark = built(DRIVER)

HERE, THERE = "10.9.8.7", "45.66.77.88"


def connection(port, payload, there=THERE, server=80):
    """A TCP connection from this port that sends the payload and closes."""
    def packet(forward, flags, seq, ack, data=b""):
        ends = (HERE, there) if forward else (there, HERE)
        ports = (port, server) if forward else (server, port)
        head = scapy.IP(src=ends[0], dst=ends[1]) / scapy.TCP(sport=ports[0], dport=ports[1], flags=flags, seq=seq,
                                                               ack=ack)
        return head / data if data else head
    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    sent, got = 101 + len(payload), 501 + len(answer)
    return [packet(True, "S", 100, 0), packet(False, "SA", 500, 101), packet(True, "A", 101, 501),
            packet(True, "PA", 101, 501, payload), packet(False, "PA", 501, sent, answer),
            packet(True, "FA", sent, got), packet(False, "FA", got, sent + 1), packet(True, "A", sent + 1, got + 1)]


def reputation(current):
    folder = str(current.resolve())
    return ["--set", f"reputation-categories-file={folder}/misp-iprep-categories.txt", "--set",
            f"default-reputation-path={folder}", "--set", "reputation-files.0=misp-iprep.list"]


def request(path="/", host="other.com", agent="curl"):
    path, host, agent = (text.encode() for text in (path, host, agent))
    return b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nUser-Agent: " + agent + b"\r\n\r\n"


def query(port, name):
    labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b"."))
    data = port.to_bytes(2, "big") + b"\1\0\0\1" + bytes(6) + labels + b"\0\0\1\0\1"
    return [scapy.IP(src=HERE, dst="10.0.0.53") / scapy.UDP(sport=port, dport=53) / data]


CHARACTERS = [chr(byte) for byte in range(1, 128)] + ["\u00e9", "\u20ac", "\U0001f600", "\u202e", "\u0130"]
# A space ends a request's target, and what follows # is not sent.
AGENTS = [f"agent {char} x" for char in CHARACTERS] + [f"y{char}" for char in CHARACTERS if char.strip()] + [
    "b" * 765, "b" * 766, "b" * 10000, "!neg", "%41", "|41|", "$var", "a\\", "\u20ac" * 255]
PATHS = [f"/{char}x" for char in CHARACTERS if char.strip() and char != "#"] + [
    f"/q?a={char}" for char in CHARACTERS if char.strip() and char != "#"] + [
    "/" + "a" * 764, "/" + "a" * 765, "/" + "a" * 10000, "/%41%2f..;/x", "/a//b/./c", "/?" + "b=1&" * 100]
NAMES = ["x_y.com", "-a.com", "a-.com", "xn--bcher-kva.com", "1.2.3.com", "a" * 63 + ".com", "evil.co.uk", "9.com",
         ".".join(["a" * 61] * 4) + ".com", "_dmarc.a.com", "t.co"]
# Listed so; and what stands on the wire, or nothing if it is refused.
SPELLED = [("B\u00fccher-evil.com", "xn--bcher-evil-9db.com"), ("UPPER.Evil.ORG.", "upper.evil.org"),
           ("*.wild.com", "wild.com"), ("hxxp-like[.]com", "hxxp-like.com"), ("a" * 64 + ".com", None),
           ("a b.com", None), ("a;b.com", None), ("com", None)]


def near(text):
    """Texts that differ in one place."""
    return [text + "x", "x" + text, text[:-1] + ("z" if text[-1] != "z" else "y")]


@pytest.fixture(scope="module")
def traffic(tmp_path_factory):
    """A capture of the values of a kind and of texts near them, made once: which port carries which."""
    return functools.cache(lambda kind: seen_and_nearly(kind, tmp_path_factory.mktemp("traffic") / "t.pcap"))


def listed_values(kind):
    if kind == "domain":
        return NAMES + [listed for listed, _ in SPELLED]
    return AGENTS if kind == "user-agent" else ["http://listed.com" + path for path in PATHS]


def seen_and_nearly(kind, capture):
    port, packets, exact, nearly = 1024, [], {}, {}

    def add(into, text):
        nonlocal port
        port += 1
        into[port] = text
        if kind == "domain":
            packets.extend(query(port, text))
        else:
            packets.extend(connection(port, request(path=text, host="listed.com") if kind == "url" else
                                      request(agent=text)))

    if kind == "domain":
        on_wire = NAMES + [seen for _, seen in SPELLED if seen]
        for name in on_wire:
            add(exact, name)
            if len(name) < 240:
                add(exact, "below." + name)
            for other in ("x" + name, name + ".org", name.replace(".", "x", 1)):
                if other.count(".") and max(map(len, other.split("."))) < 64 and len(other) < 254:
                    add(nearly, other)
    else:
        for text in (AGENTS if kind == "user-agent" else PATHS):
            if "\n" in text or "\r" in text:
                continue
            add(exact, text)
            if len(text) < 1000:
                for other in near(text):
                    if other not in AGENTS + PATHS and other.strip() == other:
                        add(nearly, other)
    scapy.wrpcap(str(capture), packets)
    return capture, exact, nearly


@pytest.mark.parametrize("literal_limit", [100000, 0], ids=["literal", "datasets"])
@pytest.mark.parametrize("kind", ["user-agent", "url", "domain"])
def test_a_value_matches_exactly_itself_or_is_refused(engine, kind, literal_limit, traffic, tmp_path):
    values = listed_values(kind)
    capture, exact, nearly = traffic(kind)
    current, manifest = generate(tmp_path / "gen", "suricata", [(kind, v) for v in values],
                                 literal_limit=literal_limit)
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out", "--set", "stream.midstream=false")
    fired = {alert["src_port"] for alert in alerts}
    wrong = {nearly[port] for port in fired & nearly.keys()}
    assert wrong == set()
    refused = sum(left_out(manifest).values())
    assert manifest["used"] + refused == len(values)
    silent = [exact[port] for port in exact.keys() - fired]
    if kind == "domain":
        assert silent == [] and refused == 4
        return
    # What was refused is all that stayed silent: control characters and what is too long.
    assert all(len(text.encode()) > 765 or any(ord(char) < 32 or ord(char) == 127 for char in text)
               for text in silent), silent
    seen_values = {text for text in exact.values() if text not in silent}
    assert len(seen_values) == manifest["values"][kind], (refused, silent)


@pytest.mark.parametrize("literal_limit", [100000, 0], ids=["literal", "datasets"])
def test_a_host_in_http_is_that_host_however_it_is_written(engine, literal_limit, tmp_path):
    """Capitals, a trailing dot, a port, a request to a proxy: still the host. A longer or shorter name: another one."""
    values = [("domain", "dom.com"), ("hostname", "www.host.com"), ("url", "http://url.com/p.x?q"),
              ("url", "http://url.com/")]
    exact = [(host, "/") for name in ("dom.com", "below.dom.com", "www.host.com", "url.com")
             for host in (name, name + ".", name.upper(), name + ":8080")]
    exact += [("url.com", "/p.x?q"), ("url.com.", "/p.x?q"), ("url.com", "http://url.com/p.x?q"),
              ("url.com", "http://url.com/"), ("dom.com", "http://dom.com/any")]
    nearly = [(host, "/") for host in (
        "xdom.com", "domxcom", "dom.com.org", "dom.comx", "dom.com.x", "om.com", "host.com", "x.www.host.com",
        "xwww.host.com", "www.host.comx", "www.host.com.x", "wwwxhost.com", "www.url.com", "xurl.com", "url.com.x")]
    nearly += [("url.com", path) for path in (
        "/p.x?qq", "/p.x?", "/x/p.x?q", "/pxx?q", "/P.x?q", "http://url.com/x/p.x?q", "/http://url.com/p.x?q", "//")]
    packets = []
    for port, (host, path) in enumerate(exact + nearly, 1024):
        packets += connection(port, request(path=path, host=host))
    current, _ = generate(tmp_path / "gen", "suricata", values, literal_limit=literal_limit)
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), packets)
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out", "--set", "stream.midstream=false")
    seen = {(exact + nearly)[alert["src_port"] - 1024] for alert in alerts}
    assert seen == set(exact)


FORMS = {"literal": (100000, []), "datasets": (0, []), "iprep": (0, ["suricata.addresses=iprep"])}


def flows(alerts):
    """The ports of the clients, which are above all that are listed."""
    return sorted(max(alert["src_port"], alert["dest_port"]) for alert in alerts)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_an_address_with_a_port_matches_at_that_port_only(engine, form, tmp_path):
    literal_limit, options = FORMS[form]
    values = [("ip-dst|port", f"{THERE}|8443"), ("ip-dst|port", f"{THERE}|25"), ("ip-src|port", "45.66.77.89|4443"),
              ("ip-dst|port", "45.66.77.90|25"), ("ip-dst", "45.66.77.91"), ("ip-dst|port", "45.66.77.91|25"),
              ("ip-src", "45.66.77.92"), ("ip-dst|port", "45.66.77.92|25"), ("url", "http://u.com:8080/p"),
              ("url", "http://w.com/p")]
    get = request("/p", "u.com:8080", "curl")
    exact = [connection(20000, b"x", THERE, 8443), connection(20001, b"x", THERE, 25),
             connection(20002, b"x", "45.66.77.89", 4443), connection(20003, b"x", "45.66.77.90", 25),
             [scapy.IP(src=HERE, dst=THERE) / scapy.UDP(sport=20004, dport=25) / b"x"],
             connection(20005, get, "45.1.1.1", 8080), connection(20006, request("/p", "w.com"), "45.1.1.1", 8081)]
    whole = [] if form == "iprep" else [connection(20007, b"x", "45.66.77.91", 80), connection(20008, b"x", "45.66.77.92", 80)]
    nearly = [connection(21000, b"x", THERE, 80), connection(21001, b"x", "45.66.77.89", 80),
              connection(21002, b"x", "45.66.77.90", 26), connection(21003, get, "45.1.1.1", 80),
              connection(21004, request("/p", "w.com:8080"), "45.1.1.2", 8080)[:3],
              [scapy.IP(src=HERE, dst=THERE) / scapy.UDP(sport=21005, dport=26) / b"x"],
              [scapy.IP(src=HERE, dst="45.66.77.92") / scapy.UDP(sport=21006, dport=26) / b"x"]]
    current, manifest = generate(tmp_path / "gen", "suricata", values, *options, literal_limit=literal_limit)
    assert left_out(manifest) == {}
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), [packet for flow in exact + whole + nearly for packet in flow])
    settings = []
    if form == "iprep":
        settings = reputation(current)
        assert THERE not in (current / "misp-iprep.list").read_text()
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out", *settings)
    assert flows(alerts) == [20000 + at for at in range(len(exact) + len(whole))]


@pytest.mark.parametrize("literal_limit", [100000, 0], ids=["literal", "datasets"])
def test_both_ends_of_a_flow_alert(engine, literal_limit, tmp_path):
    values = [("ip-dst|port", f"{THERE}|8443"), ("ip-src|port", f"{HERE}|20000")]
    current, _ = generate(tmp_path / "gen", "suricata", values, literal_limit=literal_limit)
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), connection(20000, b"x", THERE, 8443))
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out")
    assert len({alert["alert"]["signature_id"] for alert in alerts}) == len(alerts) == 2


def test_sets_for_ports_are_many_but_not_any_number(engine, tmp_path):
    values = [("ip-dst|port", f"45.66.{number // 200}.{number % 200 + 1}|{number + 1000}") for number in range(300)]
    current, manifest = generate(tmp_path / "gen", "suricata", values, literal_limit=0)
    assert left_out(manifest) == {("format-cannot-express", "too-many-ports"): 100} and manifest["used"] == 200
    check = subprocess.run([engine, "-T", "-S", current / "misp.rules", "-l", tmp_path], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_the_ports_that_most_values_name_have_sets(tmp_path):
    """The last in the order of addresses, and named by two; an address that is also named at any port, and a URL."""
    values = [("ip-dst|port", f"45.66.{number // 200}.{number % 200 + 1}|{number + 1000}") for number in range(250)]
    values += [("ip-dst|port", f"201.1.{number % 2}.{number // 2 + 1}|{number // 2 + 2000}") for number in range(20)]
    values += [("ip-src", "45.66.1.50"), ("url", "http://one.example:1999/x")]
    current, manifest = generate(tmp_path / "gen", "suricata", values, literal_limit=0)
    ports = sorted(int(path.name.split("-port-")[1].removesuffix(".lst"))
                   for path in current.glob("misp-ip-to-v4-port-*"))
    assert ports == [*range(1000, 1190), *range(2000, 2010)]
    assert left_out(manifest) == {("format-cannot-express", "too-many-ports"): 61}
    assert manifest["used"] == len(values) - 61
    # Counted as a value: 45.66.1.50 is in the set for any port.
    assert manifest["values"] == {"address": 190 + 1 + 20}
    assert len(manifest["refused_late"]) == 61 and manifest["refused_late_unnamed"] == 0


# An engine reads 1,025 bytes of ports; what is more stands in further rules, and ports in a row as a range.
@pytest.mark.parametrize("count", [166, 167, 168, 169, 170, 171, 172, 500, 1000])
def test_an_address_at_many_ports_is_seen_at_each(engine, count, tmp_path):
    ports = [*range(20000, 20000 + 2 * count, 2), *range(60000, 60100)]
    values = [("ip-dst|port", f"{THERE}|{port}") for port in ports]
    current, manifest = generate(tmp_path / "gen", "suricata", values)
    assert left_out(manifest) == {} and manifest["used"] == len(values)
    subprocess.run([engine, "-T", "-S", current / "misp.rules", "-l", tmp_path], check=True, capture_output=True)
    seen = [*ports[::50], ports[count - 1], 60000, 60099]
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), [scapy.IP(src=HERE, dst=THERE) / scapy.UDP(sport=1000 + at, dport=port) / b"x"
                                for at, port in enumerate(seen + [20001, 59999, 60100])])
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out")
    assert sorted(alert["dest_port"] for alert in alerts) == sorted(seen)
    sids = set(re.findall(r"sid:(\d+)", (current / "misp.rules").read_text()))
    current, _ = generate(tmp_path / "gen", "suricata", [("ip-dst|port", f"{THERE}|80"), *values])
    assert sids <= set(re.findall(r"sid:(\d+)", (current / "misp.rules").read_text()))


@pytest.mark.parametrize("literal_limit", [100000, 0], ids=["literal", "datasets"])
def test_an_address_is_seen_in_protocols_without_flows(engine, literal_limit, tmp_path):
    current, _ = generate(tmp_path / "gen", "suricata", [("ip-dst", THERE)], literal_limit=literal_limit)
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), [scapy.IP(src=HERE, dst=there, proto=47) / bytes(40)
                                for there in (THERE, THERE, "45.66.77.89")] + connection(20000, b"x"))
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out")
    # A rule of its own looks at every packet; that of a set at a pair of hosts once an hour.
    assert sum(alert["proto"] == "GRE" for alert in alerts) == (2 if literal_limit else 1)
    assert sum(alert["proto"] == "TCP" for alert in alerts) == 1
    assert {alert["dest_ip"] for alert in alerts} == {THERE}


def test_a_kind_near_the_limit_keeps_its_form(tmp_path):
    """Back from sets to literal rules only well below the limit: else a value more or less would change all rules."""
    def sids(count):
        current, _ = generate(tmp_path / "gen", "suricata", [("domain", f"e{number}.com") for number in range(count)],
                              literal_limit=10)
        text = (current / "misp.rules").read_text()
        return "dataset" in text, set(re.findall(r"sid:\d+; rev:\d+", text))
    few, sets = sids(10), sids(11)
    assert not few[0] and sets[0]
    assert sids(10) == sids(9) == sets
    assert sids(8)[1] < few[1]
    assert sids(10) == few and sids(11) == sets


def session(port, *sent):
    """An SMTP session in which the client sends these, each answered before the next."""
    packets, seq, ack = [], 100, 500

    def packet(forward, flags, data=b""):
        nonlocal seq, ack
        ends = (HERE, THERE) if forward else (THERE, HERE)
        ports = (port, 25) if forward else (25, port)
        head = scapy.IP(src=ends[0], dst=ends[1]) / scapy.TCP(sport=ports[0], dport=ports[1], flags=flags,
                                                               seq=seq if forward else ack,
                                                               ack=ack if forward else seq)
        packets.append(head / data if data else head)
        length = len(data) + ("S" in flags or "F" in flags)
        seq, ack = (seq + length, ack) if forward else (seq, ack + length)
    packet(True, "S")
    packet(False, "SA")
    packet(True, "A")
    packet(False, "PA", b"220 mx\r\n")
    for data in (b"EHLO me\r\n", *sent):
        packet(True, "PA", data)
        packet(False, "PA", b"354 go\r\n" if data.endswith(b"DATA\r\n") else b"250 ok\r\n" * data.count(b"\n"))
    packet(True, "FA")
    packet(False, "FA")
    packet(True, "A")
    return packets


@pytest.mark.parametrize("kind,listed,other", [("email-src", b"MAIL FROM:", b"RCPT TO:"),
                                               ("email-dst", b"RCPT TO:", b"MAIL FROM:")])
def test_an_address_of_mail_is_seen_in_the_envelope_only(engine, kind, listed, other, tmp_path):
    bad, good = b"<a.b+c@bad.net>", b"<good@site.org>"

    def start(address):
        commands = {listed: address, other: good}
        return [b"MAIL FROM:" + commands[b"MAIL FROM:"] + b"\r\n", b"RCPT TO:" + commands[b"RCPT TO:"] + b"\r\n"]

    quoted = b"Subject: x\r\n\r\nThe log says: " + listed + bad + b"\r\n" + listed + bad + b"\r\n.\r\n"
    exact = [start(bad) + [b"DATA\r\n", b"Subject: x\r\n\r\nx\r\n.\r\n"], start(bad.upper()), start(b" " + bad),
             [b"".join(start(bad)) + b"DATA\r\n"], [b"RSET\r\n" + b"".join(start(bad)).lower()],
             start(good) + [b"DATA\r\n", b"Subject: x\r\n\r\nx\r\n.\r\n"] + start(bad)]
    nearly = [start(text) for text in (good, b"<xa.b+c@bad.net>", b"<a.b+c@bad.net.org>", b"<axb+c@bad.net>",
                                       b"<a.bbc@bad.net>", b"<a.b+c@badxnet>")]
    nearly += [[other + bad + b"\r\n"], start(good) + [b"DATA\r\n", quoted],
               [b"".join(start(good)) + b"DATA\r\n", quoted]]
    packets = []
    for port, sent in enumerate(exact + nearly, 1024):
        packets += session(port, *sent)
    current, _ = generate(tmp_path / "gen", "suricata", [(kind, bad.decode().strip("<>"))])
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), packets)
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out", "--set", "stream.midstream=false")
    assert sorted(alert["src_port"] - 1024 for alert in alerts) == list(range(len(exact)))


def many(kind):
    return {"domain": "evil.com", "hostname": "www.host.com", "url": "http://u.com/p?q", "user-agent": "Bad/1"}[kind]


@pytest.mark.parametrize("kind", ["domain", "hostname", "url", "user-agent"])
def test_context_sets_name_the_event(kind, tmp_path):
    if ENGINES["suricata8"] is None:
        missing("suricata8 is not installed")
    values = [(kind, many(kind))] + [(kind, text) for text in {
        "domain": ["a.b.evil.net"], "hostname": ["h.com"], "url": ["http://v.com/" + "a" * 764],
        "user-agent": ['q"uote\\', "\u20ac" * 255]}[kind]]
    current, _ = generate(tmp_path / "gen", "suricata", values, "suricata.context=true", literal_limit=0)
    packets = (query(2000, "below.evil.com") + query(2001, "notevil.com") if kind == "domain" else
               query(2000, "www.host.com") + query(2001, "a.www.host.com") if kind == "hostname" else
               connection(2000, request("/p?q", "u.com", "curl")) + connection(2001, request("/p?", "u.com"))
               if kind == "url" else
               connection(2000, request(agent="Bad/1")) + connection(2001, request(agent="Bad/11")))
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), packets)
    alerts = replay(ENGINES["suricata8"], current / "misp.rules", capture, tmp_path / "out8")
    assert {alert["src_port"] for alert in alerts} == {2000}
    for alert in alerts:
        context = alert["alert"]["context"]["misp"]
        assert (context["event"], context["tlp"]) == (EVENT, "clear")
    if ENGINES["suricata7"]:  # passes over them, and loads the rest
        check = subprocess.run([ENGINES["suricata7"], "-T", "-S", current / "misp.rules", "-l", tmp_path],
                               capture_output=True, text=True)
        assert check.returncode == 0, check.stderr


def test_reputation_holds_networks_and_fires_once_a_flow(engine, tmp_path):
    values = [("ip-dst", THERE), ("ip-dst", "45.70.0.0/16"), ("ip-src", HERE), ("ip-dst", "2a01:4f8::/32")]
    current, _ = generate(tmp_path / "gen", "suricata", values, "suricata.addresses=iprep", literal_limit=0)
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), connection(2000, request()) + connection(2001, request(), "45.70.1.2") +
                 connection(2002, request(), "45.71.1.2"))
    alerts = replay(engine, current / "misp.rules", capture, tmp_path / "out", *reputation(current))
    to = [alert["src_port"] for alert in alerts if "destination" in alert["alert"]["signature"]]
    assert sorted(to) == [2000, 2001]
    assert {alert["src_port"] for alert in alerts if "source" in alert["alert"]["signature"]} == {2000, 2001, 2002}


def test_suricata_update_takes_the_archive(engine, tmp_path):
    update = Path(sys.executable).parent / "suricata-update"
    if not update.exists():
        missing("suricata-update is not installed")
    values = [("domain", "evil.com"), ("url", "http://u.com/p"), ("sha256", "a" * 64), ("ip-dst", THERE)]
    made = {}
    for name in ("one", "two"):
        current, manifest = generate(tmp_path / name, "suricata", values, "suricata.archive=true", literal_limit=0)
        made[name] = (current / "misp.tar.gz").read_bytes()
    assert made["one"] == made["two"]
    listing = subprocess.run(["tar", "-tzf", current / "misp.tar.gz"], check=True, capture_output=True, text=True).stdout
    assert set(listing.split()) == {"misp/" + entry["name"] for entry in manifest["files"] if "tar" not in entry["name"]}
    data = tmp_path / "data"
    done = subprocess.run([update, "-D", data, "--url", f"file://{(current / 'misp.tar.gz').resolve()}", "--no-test",
                           "--no-reload", "--suricata", engine], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rules = data / "rules" / "suricata.rules"
    assert sum("MISP " in line and not line.startswith("#") for line in rules.read_text().splitlines()) == 8
    capture = tmp_path / "t.pcap"
    scapy.wrpcap(str(capture), query(2000, "a.evil.com") + connection(2001, request("/p", "u.com")))
    alerts = replay(engine, rules, capture, tmp_path / "out", "--set", f"default-rule-path={data / 'rules'}")
    assert {alert["src_port"] for alert in alerts} >= {2000, 2001}
