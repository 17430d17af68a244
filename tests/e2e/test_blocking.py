"""Artifacts that block, in the hands of those who will: each is loaded by its consumer, and asked."""
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest

from engines import built, missing
from events import DRIVER, EVENT, generate, left_out

pytestmark = built(DRIVER)

VALUES = [
    ("domain", "evil.com"), ("hostname", "deep.below.evil.com"), ("hostname", "www.host.com"),
    ("domain", "below.www.host.com"), ("domain", "b\u00fccher-evil.com"), ("domain", "x_y.evil.net"),
    ("ip-dst", "45.66.77.88"), ("ip-dst", "45.66.77.0/24"), ("ip-src", "45.66.78.9/23"), ("ip-dst", "2a01:4f8::1"),
    ("ip-dst", "2a01:4f9:1::/48"), ("ip-dst", "2a01:4fa:0:0:1::1"), ("ip-dst", "2a01:4fb:0:1:1:1:1:1"),
    ("url", "http://u.com/a?b=(c)*[d]+^$|.x"), ("url", "https://u.com/secret"),
]
# Names that a zone would take for rules about clients, answers and name servers: here for all that the tests ask.
TRIGGERS = [("domain", "8.0.0.0.127.rpz-client-ip"), ("hostname", "8.0.0.0.198.rpz-ip"), ("domain", "localhost.rpz-nsdname"),
            ("domain", "32.1.0.0.127.rpz-nsip"), ("domain", "RPZ-CLIENT-IP"), ("domain|ip", "a.rpz-ip|45.66.77.89")]
BLOCKED = ["evil.com", "a.evil.com", "deep.below.evil.com", "other.below.evil.com", "EVIL.com",
           "xn--bcher-evil-9db.com", "x_y.evil.net"]
EXACT = ["www.host.com"]
FREE = ["notevil.com", "evil.com.org", "host.com", "a.www.host.com", "evil.net"]

# At the limits of length, or nothing that could be a name or an address: refused, or loaded and exact.
AWKWARD = [(kind, text.format(chr(byte))) for byte in list(range(1, 128)) + [0xE9, 0x20AC, 0x1F600, 0x202E]
           for kind, text in (("domain", "a{}b.com"), ("hostname", "{}a.com"), ("ip-dst", "45.66.77.{}8"),
                              ("url", "http://a.com/{0}x?y={0}"), ("url", "http://a{}b.com/x"))]
LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 57, "com"])
AWKWARD += [("domain", LONGEST), ("domain", ".".join(["a" * 60] * 3 + ["b" * 55, "com"])), ("domain", "e" + LONGEST), ("domain", "f" * 64 + ".com"), ("domain", "-x.com"),
            ("domain", "*.wild.com"), ("domain", ".dot.com."), ("domain", "#"), ("domain", "com"),
            ("url", "http://a.com/" + "a" * 10000), ("domain", "a" * 10000 + ".com"),
            ("ip-dst", "010.1.2.3"), ("ip-dst", "45.66.77"), ("ip-dst", "::ffff:45.66.79.1"), ("ip-dst", "fe80::1%eth0"),
            ("ip-dst", "45.67.77.88/16"), ("ip-dst", "0.0.0.0/0"), ("ip-dst", "1.0.0.0/7"), ("ip-dst", "2000::/3")]


def find(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None:
        missing(f"{name} is not installed; tools/install brings it")
    return path


def run(*argv, expect=0, **more):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120, **more)
    assert done.returncode == expect, f"{argv} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def namespace(*argv, expect=0):
    """In a network of its own, where the caller is root."""
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode:
        # No package brings a kernel, so this is no missing oracle.
        pytest.skip("this kernel gives no network namespace to an ordinary user")
    return run("unshare", "-rn", *argv, expect=expect)


# Asks each name for A and AAAA: what came back, by name. Runs where the server listens.
ASK = r"""
import subprocess, sys, time
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = subprocess.Popen(sys.argv[2].split("\x1f"), stdout=open(sys.argv[1], "wb"), stderr=subprocess.STDOUT)
def ask(name, kind):
    done = subprocess.run(["dig", "+noauthority", "+noadditional", "+tries=1", "+time=2", "-p", "5353", "@127.0.0.1", name, kind],
                          capture_output=True, text=True)
    lines = done.stdout.splitlines()
    status = [line.split("status: ")[1].split(",")[0] for line in lines if "status: " in line] or ["TIMEOUT"]
    answers = [line.split()[-1] for line in lines if line and not line.startswith(";")]
    return status[0] + "".join(" " + answer for answer in answers)
for _ in range(100):
    if ask(sys.argv[3], "A") != "TIMEOUT":
        break
    time.sleep(0.1)
if len(sys.argv) > 5 and sys.argv[4]:
    # A server may answer before its policy is loaded.
    for _ in range(100):
        if sys.argv[4] in open(sys.argv[1], errors="replace").read():
            break
        time.sleep(0.1)
for name in sys.argv[5:]:
    print(name, "|", ask(name, "A"), "|", ask(name, "AAAA"))
server.terminate()
server.wait()
"""


def ask(folder, server, names, ready=""):
    log = folder / "server.log"
    find("dig"), find("ip")
    said = namespace(sys.executable, "-c", ASK, log, "\x1f".join(map(str, server)), names[0], ready, *names)
    answers = dict((line.split(" | ")[0], line.split(" | ")[1:]) for line in said.splitlines() if " | " in line)
    assert len(answers) == len(set(names)), said + log.read_text()
    return answers, log.read_text()


def upstream_zone(folder):
    """A root that answers every name, so that what is not blocked can be told from what is."""
    zone = folder / "root.zone"
    zone.write_text("$TTL 60\n@ SOA localhost. root.localhost. 1 60 60 60 60\n@ NS localhost.\n"
                    "* A 198.51.100.1\n* AAAA 2001:db8::1\n*.com A 198.51.100.1\n*.com AAAA 2001:db8::1\n"
                    "localhost A 127.0.0.1\n"
                    "bad-address.com. A 45.66.77.5\nbad-address6.com. AAAA 2a01:4f9:1::5\n"
                    "bad-zeros.com. AAAA 2a01:4fb:0:1:1:1:1:1\n")
    return zone


def start_named(folder, zone):
    conf = folder / "named.conf"
    conf.write_text(f"""options {{ directory "{folder}"; listen-on port 5353 {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
        pid-file none; recursion yes; allow-query {{ any; }}; dnssec-validation no;
        session-keyfile none; response-policy {{ zone "rpz.misp"; }} qname-wait-recurse no; }};
        controls {{ }};
        zone "." {{ type primary; file "{upstream_zone(folder)}"; }};
        zone "rpz.misp" {{ type primary; file "{zone}"; }};""")
    return [find("named"), "-g", "-c", conf, "-n", "1"]


@pytest.mark.parametrize("action,status", [("nxdomain", "NXDOMAIN"), ("nodata", "NOERROR"),
                                           ("garden", "NOERROR 192.0.2.80"), ("drop", "TIMEOUT")])
def test_bind_blocks_what_the_zone_says(action, status, tmp_path):
    options = ["rpz.action=" + action] + ["rpz.garden=192.0.2.80"] * (action == "garden")
    current, manifest = generate(tmp_path, "rpz", VALUES + TRIGGERS, *options)
    assert left_out(manifest)["format-cannot-express", "policy-trigger"] == 4
    zone = current / "misp.rpz"
    run(find("named-checkzone"), "-q", "rpz.misp", zone)
    names = FREE[:1] + BLOCKED + EXACT + FREE[1:] + ["bad-address.com", "bad-address6.com", "bad-zeros.com"]
    if action == "drop":
        names = [FREE[0], "evil.com", "a.evil.com", "a.www.host.com"]
    answers, log = ask(tmp_path, start_named(tmp_path, zone.resolve()), names, "rpz: rpz.misp: reload done")
    # named-checkzone passes what only this log tells.
    complaints = [line for line in log.splitlines() if "rpz" in line and re.search("error|invalid|not the|warning", line)]
    assert complaints == []
    if action == "garden":
        names.remove("x_y.evil.net")  # no host name: counted, since BIND would refuse the zone for its address
    for name in names:
        if name in BLOCKED + EXACT:
            assert answers[name][0] == status, (name, answers[name])
        elif name in FREE:
            assert answers[name] == ["NOERROR 198.51.100.1", "NOERROR 2001:db8::1"], (name, answers[name])
    if action == "nxdomain":
        assert answers["bad-address.com"][0] == "NXDOMAIN"
        assert answers["bad-address6.com"][1] == answers["bad-zeros.com"][1] == "NXDOMAIN"


def unbound_conf(folder, more):
    conf = folder / "unbound.conf"
    conf.write_text(f"""server:
  directory: "{folder}"
  chroot: ""
  username: ""
  interface: 127.0.0.1@5353
  do-daemonize: no
  use-syslog: no
  pidfile: ""
  module-config: "respip iterator"
  do-not-query-localhost: no
  auto-trust-anchor-file: ""
remote-control:
  control-enable: no
auth-zone:
  name: "."
  zonefile: "{upstream_zone(folder)}"
  for-downstream: no
  for-upstream: yes
{more}
""")
    return conf


def test_unbound_reads_the_policy_zone(tmp_path):
    current, _ = generate(tmp_path, "rpz", VALUES + TRIGGERS)
    conf = unbound_conf(tmp_path, f'rpz:\n  name: rpz.misp\n  zonefile: "{(current / "misp.rpz").resolve()}"')
    run(find("unbound-checkconf"), conf)
    answers, log = ask(tmp_path, [find("unbound"), "-d", "-c", conf], FREE + BLOCKED + EXACT)
    assert {name: answers[name][0] for name in BLOCKED + EXACT} == dict.fromkeys(BLOCKED + EXACT, "NXDOMAIN"), log
    assert {name: answers[name][0] for name in FREE} == dict.fromkeys(FREE, "NOERROR 198.51.100.1"), log


@pytest.mark.parametrize("action,status", [("nxdomain", "NXDOMAIN"), ("nodata", "NOERROR"), ("garden", "NOERROR 192.0.2.80")])
def test_knot_resolver_reads_the_policy_zone(action, status, tmp_path):
    options = ["rpz.action=" + action] + ["rpz.garden=192.0.2.80"] * (action == "garden")
    current, _ = generate(tmp_path, "rpz", VALUES + TRIGGERS, *options)
    conf = tmp_path / "kresd.conf"
    # What no policy takes is answered by a rule of its own, since there is nobody to ask.
    conf.write_text(f"""net.listen('127.0.0.1', 5353)
        modules = {{ 'policy' }}
        policy.add(policy.rpz(policy.DENY, '{(current / "misp.rpz").resolve()}', false))
        policy.add(policy.all(policy.ANSWER({{ [kres.type.A] = {{ rdata = kres.str2ip('198.51.100.1'), ttl = 60 }},
          [kres.type.AAAA] = {{ rdata = kres.str2ip('2001:db8::1'), ttl = 60 }} }})))
        cache.size = 1 * MB""")
    (tmp_path / "kresd").mkdir()
    answers, log = ask(tmp_path, [find("kresd"), "-n", "-c", conf, tmp_path / "kresd"], FREE + BLOCKED + EXACT)
    assert {name: answers[name][1] for name in FREE} == dict.fromkeys(FREE, "NOERROR 2001:db8::1"), log
    names = [name for name in BLOCKED + EXACT if action != "garden" or name != "x_y.evil.net"]
    assert {name: answers[name][0] for name in names} == dict.fromkeys(names, status), log
    assert {name: answers[name][0] for name in FREE} == dict.fromkeys(FREE, "NOERROR 198.51.100.1"), log


def test_unbound_reads_local_zones(tmp_path):
    current, _ = generate(tmp_path, "unbound", VALUES)
    file = (current / "misp.conf").resolve()
    run(find("unbound-checkconf"), file)
    conf = unbound_conf(tmp_path, f'include: "{file}"')
    answers, log = ask(tmp_path, [find("unbound"), "-d", "-c", conf], FREE + BLOCKED + EXACT)
    assert {name: answers[name] for name in BLOCKED} == dict.fromkeys(BLOCKED, ["NXDOMAIN"] * 2), log
    assert answers[EXACT[0]] == ["NOERROR 0.0.0.0", "NOERROR ::"]
    assert {name: answers[name][0] for name in FREE} == dict.fromkeys(FREE, "NOERROR 198.51.100.1"), log


@pytest.mark.parametrize("form", ["dnsmasq", "hosts"])
def test_dnsmasq_reads_its_configuration_and_hosts(form, tmp_path):
    current, _ = generate(tmp_path, form, VALUES)
    file = current / ("misp.conf" if form == "dnsmasq" else "misp.hosts")
    more = ["--conf-file=" + str(file)] if form == "dnsmasq" else ["--conf-file=/dev/null", "--addn-hosts=" + str(file)]
    dnsmasq = find("dnsmasq")
    if form == "dnsmasq":
        run(dnsmasq, "--test", "-C", file)
    server = [dnsmasq, "-d", "-p", "5353", "--no-resolv", "--no-hosts", "--pid-file=", "--log-facility=-",
              "--listen-address=127.0.0.1", "--address=/notevil.com/198.51.100.1", "--address=/org/198.51.100.1",
              "--address=/a.www.host.com/198.51.100.1", *more]
    answers, _ = ask(tmp_path, server, ["notevil.com"] + BLOCKED + EXACT + ["evil.com.org", "a.www.host.com"])
    for name in ("notevil.com", "evil.com.org", "a.www.host.com"):
        assert answers[name][0] == "NOERROR 198.51.100.1", name
    assert answers[EXACT[0]] == ["NOERROR 0.0.0.0", "NOERROR ::"]
    for name in BLOCKED:
        if form == "dnsmasq":
            assert answers[name] == ["NXDOMAIN", "NXDOMAIN"], name
        elif name in ("a.evil.com", "other.below.evil.com"):
            assert answers[name][0] == "REFUSED", name  # a hosts file says nothing of it
        else:
            assert answers[name] == ["NOERROR 0.0.0.0", "NOERROR ::"], name


NETWORKS4 = {"45.66.77.0/24", "45.66.78.0/23"}
NETWORKS6 = {"2a01:4f8::1", "2a01:4f9:1::/48", "2a01:4fa:0:0:1::1", "2a01:4fb:0:1:1:1:1:1"}


def test_nftables_loads_twice_and_holds_exactly_the_networks(tmp_path):
    current, _ = generate(tmp_path, "nftables", VALUES)
    nft, file = find("nft"), current / "misp.nft"
    namespace(nft, "-c", "-f", file)
    said = namespace("sh", "-c", f"{nft} -f {file} && {nft} -f {file} && {nft} list ruleset")
    sets = {name: re.sub(r"\s", "", text) for name, text in re.findall(r"set (misp\d) \{.*?elements = \{(.*?)\}", said, re.S)}
    assert sets["misp4"] == "45.66.77.0-45.66.79.255" or set(sets["misp4"].split(",")) == NETWORKS4
    assert {text.replace("0:0:1::1", "0:0:1::1") for text in sets["misp6"].split(",")} == NETWORKS6 - {
        "2a01:4fa:0:0:1::1"} | {"2a01:4fa::1:0:0:1"}
    assert said.count(" drop") == 24
    empty, _ = generate(tmp_path / "empty", "nftables", [("domain", "only.com")])
    namespace(nft, "-c", "-f", empty / "misp.nft")


PORTED = [("ip-dst|port", "45.66.77.91|9"), ("ip-src|port", "45.66.77.91|10"), ("ip-dst|port", "2a01:4f8::2|443"),
          ("ip-dst|port", "45.66.77.92|25"), ("ip-dst", "45.66.77.92")]


def test_nftables_holds_an_address_at_many_ports(tmp_path):
    current, _ = generate(tmp_path, "nftables",
                          [("ip-dst|port", f"45.66.77.91|{port}") for port in range(20000, 22000)])
    nft, file = find("nft"), current / "misp.nft"
    said = namespace("sh", "-c", f"{nft} -f {file} && {nft} list set inet misp misp4_ports")
    assert len(re.findall(r"45\.66\.77\.91 \. 2[01]\d\d\d\b", said)) == 2000


def test_nftables_drops_packets(tmp_path):
    current, _ = generate(tmp_path, "nftables", [("ip-dst", "45.66.77.88")] + PORTED)
    # The kernel tells a sender that its datagram was dropped on the way out.
    (tmp_path / "send").write_text(
        "import socket, sys\ntry:\n"
        "    socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', (sys.argv[1], int((sys.argv + [9])[2])))\n"
        "    print('sent')\nexcept PermissionError:\n    print('dropped')\n")
    send = f"{sys.executable} {tmp_path / 'send'}"
    said = namespace("sh", "-c", f"ip link set lo up && ip route add 45.66.77.0/24 dev lo && {send} 45.66.77.88 && "
                                 f"{find('nft')} -f {current / 'misp.nft'} && {send} 45.66.77.88 && {send} 45.66.77.89 && "
                                 f"{send} 45.66.77.91 9 && {send} 45.66.77.91 10 && {send} 45.66.77.91 11 && "
                                 f"{send} 45.66.77.92 11")
    assert said.split() == ["sent", "dropped", "sent", "dropped", "dropped", "sent", "dropped"]


def test_nftables_fills_sets_of_the_site(tmp_path):
    nft = find("nft")
    current, _ = generate(tmp_path, "nftables", VALUES + PORTED, "nftables.mode=sets")
    mine = tmp_path / "mine.nft"
    mine.write_text("table inet misp {\n set misp4 { type ipv4_addr; flags interval; elements = { 9.9.9.9 } }\n"
                    " set misp6 { type ipv6_addr; flags interval; }\n chain mine { ip daddr @misp4 drop; }\n}\n")
    said = namespace("sh", "-c", f"{nft} -f {mine} && {nft} -f {current / 'misp.nft'} && {nft} list ruleset")
    assert "9.9.9.9" not in said and "45.66.77.0" in said and "chain mine" in said
    assert set(re.findall(r"[0-9a-f.:]+ \. \d+", said)) == {"45.66.77.91 . 9", "45.66.77.91 . 10", "2a01:4f8::2 . 443"}


def test_ipset_swaps_its_sets_in(tmp_path):
    current, _ = generate(tmp_path, "ipset", VALUES + PORTED[:3])
    ipset, file = find("ipset"), current / "misp.ipset"
    if subprocess.run(["unshare", "-rn", ipset, "create", "t", "hash:net"], capture_output=True).returncode:
        pytest.skip("this kernel has no ipset, or none for an ordinary user")
    later, _ = generate(tmp_path / "later", "ipset", VALUES[:8])
    # A run that broke off may have left its set behind.
    said = namespace("sh", "-c", f"{ipset} create misp4-next hash:net family inet maxelem 16777216 comment && "
                                 f"{ipset} restore -f {file} && {ipset} restore -f {file} && {ipset} save && echo LATER && "
                                 f"{ipset} restore -f {later / 'misp.ipset'} && {ipset} save")
    first, second = said.split("LATER")
    entries = dict(re.findall(r'add (?:misp[46]) (\S+) comment "(\S+)"', first))
    at_ports = set(re.findall(r"add misp([46])-port (\S+) comment", first))
    assert at_ports == {("4", f"45.66.77.91,{one}") for one in ("tcp:9", "udp:9", "tcp:10", "udp:10")} | {
        ("6", "2a01:4f8::2,tcp:443"), ("6", "2a01:4f8::2,udp:443")}
    assert len(entries) == 6 and set(entries.values()) == {EVENT} and NETWORKS4 < set(entries)
    assert re.findall(r"add (\S+ \S+)", second) == ["misp4 45.66.77.0/24"] and "-next" not in said.split("LATER")[1]


@pytest.mark.parametrize("form", ["edl", "rpz", "snort-reputation", "squid", "splunk", "zeek", "wazuh", "sigma"])
def test_an_address_with_a_port_is_refused_where_no_port_can_be_said(form, tmp_path):
    current, manifest = generate(tmp_path, form, PORTED)
    why = left_out(manifest)
    assert why == {("format-cannot-express", "port"): 4}

    def listed(folder):
        return "45.66.77.91" in "".join(path.read_text() for path in folder.iterdir() if path.is_file())
    assert not listed(current)
    current, manifest = generate(tmp_path / "ignored", form, PORTED, "ports=ignore")
    assert left_out(manifest) == {} and (form == "rpz" or listed(current))


# How each format that can say a port says it.
SAYS_PORT = {"suricata": " 8443 (", "snort2": " 8443 (", "snort3": " 8443 (", "nftables": " . 8443", "ipset": ",tcp:8443",
             "stix": "dst_port = 8443", "ecs": '"port":8443', "csv": ",8443\n"}


@pytest.mark.parametrize("form", sorted(SAYS_PORT))
def test_ports_are_said_or_ignored_as_the_destination_wants(form, tmp_path):
    def text(folder):
        return "".join(path.read_text() for path in sorted(folder.iterdir()) if path.is_file() and path.name != "manifest.json")
    value = [("ip-dst|port", "45.66.77.91|8443")]
    current, manifest = generate(tmp_path, form, value)
    assert left_out(manifest) == {} and SAYS_PORT[form] in text(current) and "45.66.77.91" in text(current)
    current, manifest = generate(tmp_path / "ignored", form, value, "ports=ignore")
    assert left_out(manifest) == {} and "45.66.77.91" in text(current)
    # As if it had been listed without its port, but for what tells of the attribute.
    alone, _ = generate(tmp_path / "alone", form, [("ip-dst", "45.66.77.91")])
    told = text(current).replace("ip-dst|port", "ip-dst")
    assert "8443" not in told and re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", told) == re.sub(
        r"[0-9a-f]{8}-[0-9a-f-]{27}", "", text(alone))


def test_nftables_drops_at_any_port_where_ports_are_ignored(tmp_path):
    current, _ = generate(tmp_path, "nftables", PORTED[:1], "ports=ignore")
    (tmp_path / "send").write_text(
        "import socket, sys\ntry:\n    socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', (sys.argv[1], int(sys.argv[2])))\n"
        "    print('sent')\nexcept PermissionError:\n    print('dropped')\n")
    send = f"{sys.executable} {tmp_path / 'send'}"
    said = namespace("sh", "-c", f"ip link set lo up && ip route add 45.66.77.0/24 dev lo && {find('nft')} -f "
                                 f"{current / 'misp.nft'} && {send} 45.66.77.91 9 && {send} 45.66.77.91 11 && "
                                 f"{send} 45.66.77.90 9")
    assert said.split() == ["dropped", "dropped", "sent"]


WILD = [("domain", "*.wild-d.com"), ("hostname", "*.wild-h.com"), ("url", "http://*.wild-u.com/x"), ("email-src", "a@*.wild-e.com")]


@pytest.mark.parametrize("form", ["rpz", "unbound", "dnsmasq", "hosts", "squid", "edl", "suricata", "sigma", "zeek", "csv"])
def test_a_wildcard_is_a_domain_or_refused(form, tmp_path):
    current, manifest = generate(tmp_path, form, WILD)
    why = left_out(manifest)
    assert {reason: count for (reason, _), count in why.items()} == {
        "value-bad-name": 1, "value-bad-url": 1, "value-bad-email": 1}
    text = "".join(path.read_text() for path in current.iterdir() if path.is_file())
    assert "wild-d.com" in text and not re.search(r"wild-[hue]\.com", text)


def squid_check(folder, current):
    conf = folder / "squid.conf"
    conf.write_text((current / "squid-snippet.conf").read_text().replace('"misp-', f'"{current}/misp-') +
                    "http_access deny all\nvisible_hostname gapferry.test\nhttp_port 3128\n")
    said = run(find("squid"), "-k", "parse", "-f", conf)
    # It says so of any list that is longer than a hundred.
    said = said.replace("WARNING: there are more than 100 regular expressions", "")
    assert not re.search(r"WARNING|ERROR|FATAL|ignor", said), said
    return conf


def test_squid_parses_its_lists_without_a_word(tmp_path):
    current, manifest = generate(tmp_path, "squid", VALUES)
    squid_check(tmp_path, current)
    assert left_out(manifest) == {("format-cannot-express", "https-url-inexpressible"): 1}
    urls = [line for line in (current / "misp-urls.txt").read_text().splitlines() if not line.startswith("#")]
    # The C library's own regular expressions decide, as for Squid.
    for text, matches in (("http://u.com/a?b=(c)*[d]+^$|.x", True), ("http://u.com/a?b=(c)*[d]+^$|.xy", False),
                          ("http://u.com/a?b=cc[d]+^$|.x", False), ("https://u.com/a?b=(c)*[d]+^$|.x", False)):
        done = subprocess.run(["grep", "-E", "-e", urls[0]], input=text + "\n", text=True, capture_output=True)
        assert (done.returncode == 0) == matches, text


# Squid undoes escapes before it compares.
ESCAPED = ["a%20b", "h%23x", "%d0%b0", "%e9", "p%00q", "100%25", "q%22u", "s%20%23x", "b%5cc", "e%20", "a%2Fb?u=http%3A%2F%2Fx.com",
           "%%41", "50%", "%zz", "a.b", "a%2Eb%2a", "p?x=%3Cy%3E"]
OTHERS = ["zz", "a%2520b", "axb", "100%2525", "a%2fb", "p%01q", "%41", "x%0ay", "ab", "a%20b%20", "a%2bb"]


def test_squid_denies_the_urls_of_the_list_and_no_others(tmp_path):
    values = [("url", f"http://sq.com/{path}") for path in ESCAPED + ["x%0Ay", "x%7fy"]]
    current, manifest = generate(tmp_path / "gen", "squid", values)
    assert left_out(manifest) == {("format-cannot-express", "control-in-escape"): 2}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = squid_check(tmp_path, current)
    conf.write_text(conf.read_text().replace("http_access deny all", "http_access allow all\nnever_direct allow all")
                    .replace("http_port 3128", f"http_port 127.0.0.1:{port}\npid_filename none\ncache_log stdio:/dev/null"
                             "\naccess_log none\ncache deny all\nshutdown_lifetime 0 seconds\ncache_effective_user nobody\n"))
    server = subprocess.Popen([find("squid"), "-N", "-n", f"t{port}", "-f", conf], stdout=subprocess.DEVNULL,
                              stderr=subprocess.STDOUT)

    def status(path):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as asked:
            asked.sendall(f"GET http://sq.com/{path} HTTP/1.0\r\n\r\n".encode())
            return asked.recv(100).split()[1].decode()
    try:
        for _ in range(100):
            try:
                status("zz")
                break
            except OSError:
                time.sleep(0.1)
        assert {path: status(path) for path in ESCAPED} == dict.fromkeys(ESCAPED, "403")
        assert "403" not in {path: status(path) for path in OTHERS}.values()
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("form", ["dnsmasq", "edl", "hosts", "ipset", "nftables", "rpz", "snort-reputation", "squid",
                                  "unbound"])
def test_awkward_values_are_refused_or_loaded(form, tmp_path):
    current, manifest = generate(tmp_path, form, AWKWARD)
    assert manifest["used"] + sum(left_out(manifest).values()) == manifest["attributes"] == len(AWKWARD)
    text = b"".join(path.read_bytes() for path in current.iterdir() if path.name != "manifest.json")
    assert all(byte == 10 or 32 <= byte < 127 for byte in text)
    # Octal, too wide, and other people's ideas of addresses.
    for never in (b"8.1.2.3", b"10.1.2.3", b"0.0.0.0/0", b"1.0.0.0/7", b"2000::", b"fe80", b"eth0"):
        assert never not in text, never
    if form == "dnsmasq":
        run(find("dnsmasq"), "--test", "-C", current / "misp.conf")
        assert b"address=//" not in text and b"#/" not in text and text.count(b"/") == 2 * text.count(b"address=")
    elif form == "rpz":
        # No warning either: names outside of the zone and the like end with 0.
        said = run(find("named-checkzone"), "rpz.misp", current / "misp.rpz")
        assert re.fullmatch(r"zone rpz.misp/IN: loaded serial \d+\nOK\n", said), said
    elif form == "unbound":
        run(find("unbound-checkconf"), current / "misp.conf")
    elif form == "nftables":
        namespace(find("nft"), "-c", "-f", current / "misp.nft")
    elif form == "ipset":
        if subprocess.run(["unshare", "-rn", find("ipset"), "create", "t", "hash:net"], capture_output=True).returncode == 0:
            namespace(find("ipset"), "restore", "-f", current / "misp.ipset")
    elif form == "squid":
        squid_check(tmp_path, current)
