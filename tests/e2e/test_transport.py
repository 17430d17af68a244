"""What lies between the exporter and a server: client certificates, proxies, silence, refusals, limits of calls. The
servers are made up; TLS is Python's own."""
import http.server
import socket
import ssl
import subprocess
import threading
import time

import pytest

from misp_server import Made, Server, mirror
from pair import Pair
from test_misp import site  # noqa: F401 (a fixture)
from test_web_feed import Files, certificate, collect, with_tls  # noqa: F401 (a fixture)

LIST = {"/list.txt": b"a.gapferry.org\nb.gapferry.org\n"}


@pytest.fixture
def pair(tmp_path, bins):
    return Pair(tmp_path, bins)


@pytest.fixture
def server():
    made = Server(Files(dict(LIST)), key=None)
    yield made
    made.stop()


def values(pair):
    return sorted(fields["value"] for _, fields in mirror(pair.connected)["attribute"])


# --- TLS

@pytest.fixture
def client(tmp_path):
    key, cert = tmp_path / "client.key", tmp_path / "client.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2",
                    "-subj", "/CN=gapferry"], check=True, capture_output=True)
    return key, cert


def test_a_client_certificate_opens_the_door(pair, server, certificate, client):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(client[1])
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    source = {"kind": "freetext", "url": f"https://127.0.0.1:{server.http.server_address[1]}/list.txt", "attempts": 1}
    known = {"ca_file": str(certificate[1])}
    assert "client_certificate" in collect(pair, expect=31, **source, tls=known).stderr
    collect(pair, **source, tls={**known, "client_certificate": str(client[1]), "client_key": str(client[0])})
    assert values(pair) == ["a.gapferry.org", "b.gapferry.org"]
    # Key and certificate in one file.
    both = client[1].with_name("both.pem")
    both.write_bytes(client[1].read_bytes() + client[0].read_bytes())
    collect(pair, **source, tls={**known, "client_certificate": str(both)})
    done = collect(pair, expect=None, **source, tls={**known, "client_certificate": str(both) + ".gone"})
    assert done.returncode and "both.pem.gone" in done.stderr


def test_old_tls_is_refused(pair, server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    collect(pair, expect=31, kind="freetext", url=f"https://127.0.0.1:{server.http.server_address[1]}/list.txt",
            tls={"ca_file": str(certificate[1])}, attempts=1)
    assert not server.log


def test_another_name_in_the_certificate_is_refused(pair, server, tmp_path):
    key, cert = tmp_path / "o.key", tmp_path / "o.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2",
                    "-subj", "/CN=other.example", "-addext", "subjectAltName=DNS:other.example"],
                   check=True, capture_output=True)
    url = with_tls(server, (key, cert))
    done = collect(pair, expect=31, kind="freetext", url=url + "/list.txt", tls={"ca_file": str(cert)}, attempts=1)
    assert "certificate" in done.stderr and not server.log


# --- proxy

class Proxy:
    """Passes on what it is asked for, and keeps what that was. Speaks CONNECT and absolute URLs."""

    def __init__(self):
        outer = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self):
                outer.asked.append(f"CONNECT {self.path}")
                host, port = self.path.rsplit(":", 1)
                with socket.create_connection((host, int(port)), timeout=10) as far:
                    self.send_response(200)
                    self.end_headers()
                    back = threading.Thread(target=outer.pump, args=(far, self.connection), daemon=True)
                    back.start()
                    outer.pump(self.connection, far)
                    back.join(5)

            def do_GET(self):
                outer.asked.append(f"GET {self.path}")
                with socket.create_connection(self.path.split("/")[2].split(":"), timeout=10) as far:
                    far.sendall(f"GET /{self.path.split('/', 3)[3]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                    while part := far.recv(65536):
                        self.wfile.write(part)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    @staticmethod
    def pump(near, far):
        try:
            while part := near.recv(65536):
                far.sendall(part)
            far.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def proxy():
    made = Proxy()
    yield made
    made.http.shutdown()
    made.http.server_close()


def test_a_proxy_is_used_and_sees_no_more_than_the_host(pair, server, proxy, certificate):
    url = with_tls(server, certificate)
    collect(pair, kind="freetext", url=url + "/list.txt", proxy=proxy.url, tls={"ca_file": str(certificate[1])})
    assert proxy.asked == [f"CONNECT {url.removeprefix('https://')}"]
    assert len(values(pair)) == 2


def test_plain_http_goes_through_the_proxy_too(pair, server, proxy):
    collect(pair, kind="freetext", url=server.url + "/list.txt", proxy=proxy.url)
    assert proxy.asked == [f"GET {server.url}/list.txt"] and len(values(pair)) == 2


def test_no_proxy_of_the_environment_is_used(pair, server, proxy, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    collect(pair, kind="freetext", url=server.url + "/list.txt")
    assert not proxy.asked and server.log


def test_a_proxy_that_is_not_there_is_named(pair, server):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    done = collect(pair, expect=31, kind="freetext", url=server.url + "/list.txt", attempts=1,
                   proxy=f"http://127.0.0.1:{port}")
    assert f"127.0.0.1" in done.stderr and not server.log


# --- servers that do not answer

class Raw:
    """Accepts, reads the request and does as `speak(connection)` does."""

    def __init__(self, speak):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.calls = 0
        self.speak = speak
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            threading.Thread(target=self.one, args=(connection,), daemon=True).start()

    def one(self, connection):
        with connection:
            try:
                connection.recv(65536)
                self.speak(connection)
            except OSError:
                pass


def silent(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")
    time.sleep(30)


def endless(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")


def dripping(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b"a\n")
        time.sleep(0.2)


def endless_header(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        connection.sendall(b"a" * 65536)


def nonsense(connection):
    connection.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")


@pytest.mark.parametrize("speak, code, said", [
    (silent, 31, "slow"), (endless_header, 31, ""), (nonsense, 31, ""), (endless, 26, "bytes")])
def test_a_server_that_does_not_answer_right(pair, server, speak, code, said):
    collect(pair, kind="freetext", url=server.url + "/list.txt")
    raw = Raw(speak)
    started = time.monotonic()
    done = collect(pair, expect=code, kind="freetext", url=raw.url + "/list.txt", attempts=1, stall_timeout=1)
    assert time.monotonic() - started < 25
    assert raw.url in done.stderr and said in done.stderr, done.stderr
    assert len(values(pair)) == 2, "what was there stays"
    raw.socket.close()


def test_a_server_that_sends_byte_by_byte_has_no_more_than_the_time_limit(pair):
    raw = Raw(dripping)
    started = time.monotonic()
    done = collect(pair, expect=31, kind="freetext", url=raw.url + "/list.txt", time_limit=2)
    assert 2 <= time.monotonic() - started < 15
    assert "longer than 2 seconds" in done.stderr and "time_limit" in done.stderr, done.stderr
    raw.socket.close()


# --- pauses

def calls(server, times):
    def note(number, method, path):
        times.append(time.monotonic())
        return server.wanted(len(times))
    return note


def test_a_pause_that_the_server_asks_for_is_kept(pair, server):
    times = []
    server.wanted = lambda n: (lambda *_: (429, {"Retry-After": "5"}, b"slow down")) if n == 1 else None
    server.fault = calls(server, times)
    done = collect(pair, kind="freetext", url=server.url + "/list.txt")
    assert len(times) == 2 and times[1] - times[0] >= 5
    assert ": waiting 5 s before the next request" in done.stderr
    assert len(values(pair)) == 2


def test_pauses_count_towards_the_time_limit(pair, server):
    server.fault = lambda *_: lambda *_: (429, {"Retry-After": "899"}, b"slow down")
    started = time.monotonic()
    done = collect(pair, expect=31, kind="freetext", url=server.url + "/list.txt", time_limit=60)
    assert time.monotonic() - started < 15 and "longer than 60 seconds" in done.stderr


def test_a_pause_longer_than_the_longest_is_an_error_not_a_night(pair, server):
    server.fault = lambda *_: lambda *_: (503, {"Retry-After": "86400"}, b"maintenance")
    started = time.monotonic()
    done = collect(pair, expect=31, kind="freetext", url=server.url + "/list.txt")
    assert time.monotonic() - started < 20 and len(server.log) == 1, done.stderr
    assert "503" in done.stderr and "86400 s" in done.stderr


def test_the_last_call_of_a_window_waits_for_the_next(site):  # noqa: F811
    """As RateLimitComponent.php of MISP says it in its headers."""
    here = site(Made(events=2))
    times = []

    def window(number, method, path):
        times.append((time.monotonic(), path))
        if path == "/events/index":
            return lambda status, headers, body: (status, {**headers, "X-Rate-Limit-Limit": "10",
                                                           "X-Rate-Limit-Remaining": "0",
                                                           "X-Rate-Limit-Reset": "2"}, body)
        return None
    here.server.fault = window
    here.collect()
    at = next(i for i, (_, path) in enumerate(times) if path == "/events/index")
    assert times[at + 1][0] - times[at][0] >= 2
    assert len(here.uuids()) == 2


def test_a_connection_is_kept_open(site):  # noqa: F811
    here = site(Made(events=6))
    ports = set()
    serve = here.server._serve
    here.server._serve = lambda handler: (ports.add(handler.client_address[1]), serve(handler))
    here.collect()
    # One, and four for events.
    assert len(here.server.log) > 8 and len(ports) <= 5, ports


# --- several at once

class Slow(Made):
    """Takes its time for each event, and counts how many it answers at once."""

    def __init__(self, events):
        super().__init__(events=events)
        self.lock = threading.Lock()
        self.now = self.most = 0

    def view(self, *arguments):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.05)
        with self.lock:
            self.now -= 1
        return super().view(*arguments)


@pytest.mark.parametrize("connections", [1, 3, 4])
def test_events_are_fetched_side_by_side(site, connections):  # noqa: F811
    here = site(Slow(events=24), connections=connections)
    here.collect()
    views = [path for _, path, _ in here.server.log if path.startswith("/events/view")]
    assert here.server.backend.most == connections
    assert len(here.uuids()) == 24 and len(views) == len(set(views)) == 24, "each is asked for once"
    assert not list((here.home / "cache").rglob("*.part"))


def test_a_server_that_is_asked_too_much_is_asked_one_by_one(site):  # noqa: F811
    here = site(Slow(events=24), connections=4)
    refused = []

    def once(number, method, path):
        if path.startswith("/events/view") and not refused:
            refused.append(number)
            return 429
        if refused and number > refused[0] + 6:
            here.server.backend.most = here.server.backend.now  # what was under way has ended
            here.server.fault = lambda *_: None
        return None
    here.server.fault = once
    here.collect()
    assert len(here.uuids()) == 24 and here.server.backend.most <= 1


@pytest.mark.parametrize("fault", [500, "drop", "cut", "html", 404])
def test_what_goes_wrong_ahead_is_as_if_it_had_not_been_sent(site, fault):  # noqa: F811
    here = site(Made(events=12), attempts=2)
    there = site(Made(events=12), name="other", connections=1, attempts=2)
    for each in (here, there):
        each.server.fault = lambda number, method, path: fault if "000000000007" in path else None
        done = each.collect(expect=None)
        each.code = done.returncode
        each.said = sorted(line.replace(each.server.url, "") for line in done.stderr.splitlines())
    assert here.code == there.code and here.said == there.said
    assert here.mirror() == there.mirror()
