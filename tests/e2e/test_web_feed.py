"""Feeds and files by URL. Oracle: the same feed read from a folder gives the same mirror. The servers are made up."""
import json
import ssl
import subprocess

import pytest

from misp_server import Server, attribute, etag_of, event, mirror
from pair import Pair

SECRET = "feedK3yThatMustNeverShow"


class Files:
    """Paths to bytes, with ETags; `log` of what was asked lies in the server."""

    def __init__(self, files):
        self.files = files
        self.moved = {}  # path: where to

    def answer(self, method, path, headers, body):
        if path in self.moved:
            return 302, {"Location": self.moved[path]}, b""
        if path not in self.files:
            return 404, {"Content-Type": "text/html"}, b"<html>not here</html>"
        content = self.files[path]
        etag, same = etag_of(content, headers)
        return (304, {}, b"") if same else (200, {"Content-Type": "text/plain", **etag}, content)


def feed(events):
    rows = {row["uuid"]: row for row in events}
    manifest = {uuid: {"info": row["info"], "timestamp": row["timestamp"], "date": row["date"]}
                for uuid, row in rows.items()}
    return {"/feed/manifest.json": json.dumps(manifest).encode(),
            **{f"/feed/{uuid}.json": json.dumps({"Event": row}).encode() for uuid, row in rows.items()}}


@pytest.fixture
def served(tmp_path, bins):
    servers = []

    def make(files, key=None):
        servers.append(Server(Files(files), key))
        servers[-1].backend.server = servers[-1]
        return servers[-1]
    make.pair = Pair(tmp_path, bins)
    yield make
    for server in servers:
        server.stop()


def collect(pair, expect=0, **source):
    pair.configure_export([{"name": "feed", "kind": "misp-feed", "default_tlp": "green", **source}], clearance="green")
    done = pair.export("collect", "--json", expect=expect)
    done.report = json.loads(done.stdout.splitlines()[0]) if done.stdout else None
    return done


def asked(server):
    paths = [path for _, path, _ in server.log]
    server.log.clear()
    return paths


def test_a_feed_by_url_is_the_feed_of_the_folder(served, tmp_path, bins):
    events = [event(i) for i in range(1, 5)]
    events[0]["protected"] = True
    files = feed(events)
    files["/feed/e0000000-0000-4000-8000-000000000001.asc"] = b"signature"
    server = served(files)
    folder = tmp_path / "folder"
    folder.mkdir()
    for path, content in files.items():
        (folder / path.rsplit("/", 1)[1]).write_bytes(content)
    (tmp_path / "other").mkdir()
    other = Pair(tmp_path / "other", bins)
    collect(other, path=str(folder))
    collect(served.pair, url=server.url + "/feed")
    assert mirror(served.pair.connected) == mirror(other.connected)
    assert "/feed/hashes.csv" not in asked(server)
    cache = served.pair.connected / "cache" / "feed"
    assert (cache / "events" / "e0000000-0000-4000-8000-000000000001.asc").read_bytes() == b"signature"

    # Only what moved in the manifest is asked for again; what left it leaves the mirror.
    collect(served.pair, url=server.url + "/feed/manifest.json")
    assert [path for path in asked(server) if "manifest" not in path] == []
    events[1].update(timestamp="1790000500", info="new")
    server.backend.files = feed(events[:3])
    done = collect(served.pair, url=server.url + "/feed")
    assert [path for path in asked(server) if "manifest" not in path] == [f"/feed/{events[1]['uuid']}.json"]
    assert (done.report["changed"], done.report["removed"]) == (1, 1)


def test_an_event_that_is_missing_keeps_its_earlier_state(served):
    events = [event(i) for i in range(1, 4)]
    server = served(feed(events))
    collect(served.pair, url=server.url + "/feed")
    events[0]["timestamp"] = "1790000500"
    server.backend.files = feed(events)
    del server.backend.files[f"/feed/{events[0]['uuid']}.json"]
    done = collect(served.pair, expect=5, url=server.url + "/feed")
    assert done.report["kept"] == 1 and len(mirror(served.pair.connected)["event"]) == 3


@pytest.mark.parametrize("fault", ["drop", "cut", 400, 403, 500])
@pytest.mark.parametrize("name", ["e0000000-0000-4000-8000-000000000002.json", "e0000000-0000-4000-8000-000000000002.asc"])
def test_one_event_that_fails_does_not_stop_the_feed(served, fault, name):
    events = [event(i) for i in range(1, 5)]
    events[1]["protected"] = True
    server = served(feed(events))
    server.fault = lambda number, method, path: fault if path.endswith(name) else None
    alone = name.endswith(".json")
    done = collect(served.pair, expect=5 if alone else 0, url=server.url + "/feed", attempts=1)
    assert len(mirror(served.pair.connected)["event"]) == (3 if alone else 4)
    assert done.report["refused_count"] == (1 if alone else 0)


@pytest.mark.parametrize("from_web", [True, False], ids=["url", "folder"])
def test_a_feed_does_not_vanish_all_at_once(served, tmp_path, from_web):
    files = feed([event(i) for i in range(1, 13)])
    server = served(files)
    folder = tmp_path / "folder"
    folder.mkdir()
    for path, content in files.items():
        (folder / path.rsplit("/", 1)[1]).write_bytes(content)
    source = {"url": server.url + "/feed"} if from_web else {"path": str(folder)}
    collect(served.pair, **source)
    before = mirror(served.pair.connected)
    files["/feed/manifest.json"] = b"{}"
    (folder / "manifest.json").write_bytes(b"{}")
    done = collect(served.pair, expect=9, **source)
    assert "no longer has 12 of 12 events" in done.stderr and "allow_empty" in done.stderr
    assert mirror(served.pair.connected) == before
    collect(served.pair, **source, allow_empty=True)
    assert not mirror(served.pair.connected)["event"]


def test_a_table_by_url_is_fetched_when_it_changes(served):
    server = served({"/list.txt": b"a.gapferry.org\nb.gapferry.org\n"})
    source = {"kind": "freetext", "url": server.url + "/list.txt"}
    collect(served.pair, **source)
    assert len(mirror(served.pair.connected)["attribute"]) == 2
    collect(served.pair, **source)
    server.backend.files["/list.txt"] = b"a.gapferry.org\nb.gapferry.org\nc.gapferry.org\n"
    collect(served.pair, **source)
    assert len(mirror(served.pair.connected)["attribute"]) == 3
    collect(served.pair, expect=7, **{**source, "url": server.url + "/gone.txt"})
    assert len(mirror(served.pair.connected)["attribute"]) == 3


def test_a_redirect_goes_to_https_only(served):
    server = served({"/list.txt": b"a.gapferry.org\n"})
    server.backend.moved["/old.txt"] = server.url + "/list.txt"
    done = collect(served.pair, expect=31, kind="freetext", url=server.url + "/old.txt")
    assert "which is not https" in done.stderr


@pytest.fixture
def certificate(tmp_path):
    key, cert = tmp_path / "server.key", tmp_path / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)
    return key, cert


def with_tls(server, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    return f"https://127.0.0.1:{server.http.server_address[1]}"


def test_the_server_must_prove_who_it_is(served, certificate):
    url = with_tls(served({"/list.txt": b"a.gapferry.org\n"}), certificate)
    source = {"kind": "freetext", "url": url + "/list.txt", "attempts": 1}
    done = collect(served.pair, expect=31, **source)
    assert "certificate" in done.stderr and "ca_file" in done.stderr
    collect(served.pair, **source, tls={"ca_file": str(certificate[1])})
    wrong = "sha256//" + "A" * 43 + "="
    done = collect(served.pair, expect=31, **source, tls={"ca_file": str(certificate[1]), "pin": wrong})
    assert "`pin`" in done.stderr


def test_a_key_stays_with_its_host(served, certificate, tmp_path):
    other = served({"/list.txt": b"a.gapferry.org\n"})
    target = with_tls(other, certificate)
    server = served({})
    server.backend.moved["/list.txt"] = target + "/list.txt"
    key = tmp_path / "feed.key"
    key.write_text(SECRET)
    key.chmod(0o600)
    collect(served.pair, kind="freetext", url=server.url + "/list.txt", key=f"file:{key}", key_header="X-Api-Key",
            tls={"ca_file": str(certificate[1])})
    assert server.headers[0]["X-Api-Key"] == SECRET
    assert all(SECRET not in str(headers) for headers in other.headers) and other.headers


@pytest.mark.parametrize("key, shown", [("abc/DEF+ghi==", "abc/DEF+ghi=="), ("Bearer t0kenThatIsSecret", "t0kenThatIsSecret")])
def test_an_event_that_holds_the_key_is_thrown_away(served, tmp_path, key, shown):
    events = [event(i) for i in range(1, 4)]
    events[0]["Attribute"][0]["comment"] = f"the token {shown} was seen"
    files = feed(events)
    server = served({path: content.replace(b"/", b"\\/") for path, content in files.items()})
    place = tmp_path / "feed.key"
    place.write_text(key)
    place.chmod(0o600)
    done = collect(served.pair, expect=5, url=server.url + "/feed", key=f"file:{place}", attempts=1)
    assert server.headers[-1]["Authorization"] == key
    assert "holds the key that was sent" in str(done.report["refused"])
    assert len(mirror(served.pair.connected)["event"]) == 2


def test_an_answer_beyond_the_limit_after_decompression_is_refused(served):
    import gzip
    content = gzip.compress(b"[" + b" " * (300 << 20) + b"]", 9)
    server = served({"/feed/manifest.json": content})
    server.fault = lambda *_: lambda status, headers, body: (status, {**headers, "Content-Encoding": "gzip"}, body)
    done = collect(served.pair, expect=26, url=server.url + "/feed", attempts=1)
    assert "more than 268435456 bytes" in done.stderr
