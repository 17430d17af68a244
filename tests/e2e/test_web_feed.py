"""Feeds and files by URL. Oracle: the same feed read from a folder gives the same mirror. The servers are made up."""
import base64
import gzip
import hashlib
import io
import json
import ssl
import subprocess
import tarfile
import zipfile
import zlib

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


@pytest.mark.parametrize("from_web", [True, False], ids=["url", "folder"])
def test_files_of_events_do_not_vanish_all_at_once(served, tmp_path, from_web):
    events = [event(i) for i in range(1, 101)]
    server = served({"/events.json": json.dumps({"response": [{"Event": row} for row in events]}).encode()})
    folder = tmp_path / "folder"
    folder.mkdir()
    for row in events:
        (folder / f"{row['uuid']}.json").write_text(json.dumps({"Event": row}))
    source = {"kind": "misp-event", **({"url": server.url + "/events.json"} if from_web else {"path": str(folder)})}
    collect(served.pair, **source)
    before = mirror(served.pair.connected)
    left = events[:0 if from_web else 1]
    server.backend.files["/events.json"] = b'{"response": []}'
    for row in events[1:]:
        (folder / f"{row['uuid']}.json").unlink()
    done = collect(served.pair, expect=9, **source)
    assert f"no longer has {100 - len(left)} of 100 events" in done.stderr and "allow_empty" in done.stderr
    assert mirror(served.pair.connected) == before
    collect(served.pair, **source, allow_empty=True)
    assert len(mirror(served.pair.connected)["event"]) == len(left)


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


PAGE = (b"<!DOCTYPE html>\n<html><body>Ask <a href='https://help.gapferry.org/status'>us</a>"
        b" or mail help@gapferry.org</body></html>")
MESSAGE = b'{"error": "limit reached, see https://help.gapferry.org/limits"}'


@pytest.mark.parametrize("kind", ["freetext", "csv"])
@pytest.mark.parametrize("kind_said, content", [("text/plain", PAGE), ("application/json", MESSAGE),
                                                ("text/html; charset=utf-8", b"sorry.gapferry.org is down")])
def test_an_error_page_with_status_200_is_no_feed(served, kind, kind_said, content):
    server = served({"/list.txt": b"".join(b"a%d.gapferry.org\n" % i for i in range(5))})
    source = {"kind": kind, "url": server.url + "/list.txt", "attempts": 1}
    collect(served.pair, **source)
    before = mirror(served.pair.connected)
    assert len(before["attribute"]) == 5
    server.fault = lambda *_: lambda *_: (200, {"Content-Type": kind_said, "ETag": '"page"'}, content)
    done = collect(served.pair, expect=9, **source)
    assert "page of HTML" in done.stderr or "JSON document" in done.stderr
    assert "pages: true" in done.stderr
    assert mirror(served.pair.connected) == before
    # It was not kept: the next run asks for the list again.
    server.fault = lambda *_: None
    assert collect(served.pair, **source).report["values"]["same"] == 5
    server.fault = lambda *_: lambda *_: (200, {"Content-Type": kind_said}, content)
    if kind == "freetext":  # by the user's word
        collect(served.pair, **source, feed={"pages": True})
        assert mirror(served.pair.connected) != before


@pytest.mark.parametrize("kind", ["freetext", "csv"])
@pytest.mark.parametrize("content", [b"[]", b"{}", b"null\n", b'{"data": []}', MESSAGE, b'{"message": "no", "status": 401}',
                                     b'/**/cb({"error": "see https://help.gapferry.org"});', b"! list\n// of\n; names\n" + PAGE])
def test_an_answer_in_json_is_no_empty_feed(served, kind, content):
    server = served({"/list.txt": b"a1.gapferry.org\na2.gapferry.org\n"})
    source = {"kind": kind, "url": server.url + "/list.txt", "attempts": 1, "feed": {"allow_empty": True}}
    collect(served.pair, **source)
    before = mirror(served.pair.connected)
    server.backend.files["/list.txt"] = content
    done = collect(served.pair, expect=9, **source)
    assert "pages: true" in done.stderr and mirror(served.pair.connected) == before
    server.backend.files["/list.txt"] = b"# nothing today\n"
    collect(served.pair, **source)
    assert not mirror(served.pair.connected)["attribute"]


@pytest.mark.parametrize("encoding, code", [("none", 0), ("NONE", 0), ("identity", 0), ("", 0), ("br", 9), ("zstd", 9), ("x", 9)])
def test_an_encoding_that_is_none_is_plain(served, encoding, code):
    server = served({"/list.txt": b"a1.gapferry.org\n"})
    server.fault = lambda *_: lambda status, headers, content: (status, {**headers, "Content-Encoding": encoding}, content)
    collect(served.pair, expect=code, kind="freetext", url=server.url + "/list.txt", attempts=1)
    assert len(mirror(served.pair.connected)["attribute"]) == (0 if code else 1)


@pytest.mark.parametrize("kind", ["freetext", "csv"])
def test_a_list_does_not_shrink_to_almost_nothing(served, tmp_path, kind):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"a{i}.gapferry.org\n" for i in range(500)))
    collect(served.pair, kind=kind, path=str(path))
    before = mirror(served.pair.connected)
    path.write_text("a1.gapferry.org\n")
    for _ in range(2):
        done = collect(served.pair, expect=9, kind=kind, path=str(path))
        assert "has 1 values, and had 500 before" in done.stderr and "allow_empty" in done.stderr
        assert mirror(served.pair.connected) == before
    collect(served.pair, kind=kind, path=str(path), feed={"allow_empty": True})
    assert len(mirror(served.pair.connected)["attribute"]) == 1


def test_pages_true_does_not_disarm_the_guard(served, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"a{i}.gapferry.org\n" for i in range(40)))
    source = {"kind": "freetext", "path": str(path)}
    collect(served.pair, **source)
    before = mirror(served.pair.connected)
    path.write_bytes(b"<html>see https://help.gapferry.org/status</html>")
    assert "pages: true" in collect(served.pair, expect=9, **source).stderr
    assert "has 1 values, and had 40" in collect(served.pair, expect=9, **source, feed={"pages": True}).stderr
    assert mirror(served.pair.connected) == before
    # What it let in is looked at again without it.
    path.write_bytes(b"<html>" + b"".join(b"b%d.gapferry.org\n" % i for i in range(40)) + b"</html>")
    assert collect(served.pair, **source, feed={"pages": True}).report["values"]["added"] == 40
    assert "page of HTML" in collect(served.pair, expect=9, **source).stderr


def test_a_redirect_goes_to_https_only(served):
    server = served({"/list.txt": b"a.gapferry.org\n"})
    server.backend.moved["/old.txt"] = server.url + "/list.txt"
    done = collect(served.pair, expect=31, kind="freetext", url=server.url + "/old.txt")
    assert "which is not https" in done.stderr


@pytest.fixture
def certificate(tmp_path):
    key, cert = tmp_path / "server.key", tmp_path / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2",
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


def packed(form, content):
    whole = io.BytesIO()
    if form == "gz":
        return gzip.compress(content)
    if form == "zip":
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("list.txt", content)
    elif form == "tar":
        with tarfile.open(fileobj=whole, mode="w:gz") as archive:
            member = tarfile.TarInfo("list.txt")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return whole.getvalue() if form else content


@pytest.mark.parametrize("form", ["", "gz", "zip", "tar"])
@pytest.mark.parametrize("case", [str.lower, str.upper])
def test_a_list_that_holds_the_key_is_thrown_away(served, tmp_path, form, case):
    key = hashlib.sha256(b"key").hexdigest()
    place = tmp_path / "feed.key"
    place.write_text(key)
    place.chmod(0o600)
    listed = "".join(f"a{i}.gapferry.org\n" for i in range(20000))
    server = served({"/list": packed(form, listed.encode())})
    source = {"kind": "freetext", "url": server.url + "/list", "key": f"file:{place}", "attempts": 1}
    collect(served.pair, **source)
    listed += f"https://gapferry.org/get?token={case(key)}\n{case(key)}\n"
    server.backend.files["/list"] = packed(form, listed.encode())
    assert "holds the key that was sent" in collect(served.pair, expect=9, **source).stderr
    assert len(mirror(served.pair.connected)["attribute"]) == 20000
    server.fault = lambda *_: lambda *_: (403, {"Content-Type": "text/plain"}, f"not with {case(key)}".encode())
    done = collect(served.pair, expect=None, **source)
    assert "***" in done.stderr and key not in done.stderr.lower()


@pytest.mark.parametrize("encoding, encode", [
    ("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", lambda content: zlib.compress(content)[2:-4])])
def test_an_encoded_answer_is_whole_or_an_error(served, encoding, encode):
    """Its length is that of what was sent: the end of the encoding alone tells."""
    listed = "".join(f"{hashlib.md5(str(i).encode()).hexdigest()}\n" for i in range(2000)).encode()
    server = served({"/list": listed})
    source = {"kind": "freetext", "url": server.url + "/list", "attempts": 2}
    cut = [1.0]

    def sent(status, headers, body):
        body = encode(body)
        return status, {**headers, "Content-Encoding": encoding}, body[:int(len(body) * cut[0])]
    server.fault = lambda *_: sent
    collect(served.pair, **source)
    assert len(mirror(served.pair.connected)["attribute"]) == 2000
    server.backend.files["/list"] = listed[::-1]
    for cut[0] in (0.5, 0.999, 0.0):
        asked(server)
        done = collect(served.pair, expect=31, **source)
        assert f"the answer ends within its {encoding} encoding" in done.stderr
        assert len(asked(server)) == 2 and len(mirror(served.pair.connected)["attribute"]) == 2000


def test_an_encoding_that_was_not_asked_for_is_refused(served):
    server = served({"/list": b"a.gapferry.org\n"})
    server.fault = lambda *_: lambda status, headers, body: (status, {**headers, "Content-Encoding": "br"}, body)
    done = collect(served.pair, expect=9, kind="freetext", url=server.url + "/list", attempts=1)
    assert "which was not asked for" in done.stderr
    assert all("br" not in headers["Accept-Encoding"] for headers in server.headers)


def test_an_answer_beyond_the_limit_after_decompression_is_refused(served):
    content = gzip.compress(b"[" + b" " * (300 << 20) + b"]", 9)
    server = served({"/feed/manifest.json": content})
    server.fault = lambda *_: lambda status, headers, body: (status, {**headers, "Content-Encoding": "gzip"}, body)
    done = collect(served.pair, expect=26, url=server.url + "/feed", attempts=1)
    assert "more than 268435456 bytes" in done.stderr


def test_the_right_pin_is_accepted(served, certificate):
    url = with_tls(served({"/list.txt": b"a.gapferry.org\n"}), certificate)
    public = subprocess.run(["openssl", "x509", "-in", certificate[1], "-noout", "-pubkey"], check=True,
                            capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, check=True,
                         capture_output=True).stdout
    pin = "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()
    collect(served.pair, kind="freetext", url=url + "/list.txt", attempts=1,
            tls={"ca_file": str(certificate[1]), "pin": pin})


def test_five_redirects_are_followed_and_six_are_not(served, certificate):
    server = served({"/list.txt": b"a.gapferry.org\n"})
    url = with_tls(server, certificate)
    for hop in range(1, 7):
        server.backend.moved[f"/{hop}"] = f"{url}/{hop - 1}" if hop > 1 else f"{url}/list.txt"
    source = {"kind": "freetext", "attempts": 1, "tls": {"ca_file": str(certificate[1])}}
    collect(served.pair, **source, url=f"{url}/5")
    assert len(mirror(served.pair.connected)["attribute"]) == 1
    assert "more than 5 redirects" in collect(served.pair, expect=31, **source, url=f"{url}/6").stderr


def test_a_key_in_a_redirect_is_masked(served, certificate, tmp_path):
    server = served({})
    url = with_tls(server, certificate)
    key = tmp_path / "feed.key"
    key.write_text(SECRET)
    key.chmod(0o600)
    source = {"kind": "freetext", "attempts": 1, "tls": {"ca_file": str(certificate[1])}, "key": f"file:{key}"}
    for target in (f"https://127.0.0.1:1/{SECRET}/x", f"http://127.0.0.1/{SECRET}/x", f"{url}/{SECRET}/gone"):
        server.backend.moved["/old"] = target
        done = collect(served.pair, expect=None, **source, url=f"{url}/old")
        assert done.returncode in (7, 31) and "***" in done.stderr and SECRET not in done.stderr


def test_an_etag_is_sent_and_an_unchanged_file_is_not(served):
    server = served({"/list.txt": b"a.gapferry.org\n"})
    source = {"kind": "freetext", "url": server.url + "/list.txt", "attempts": 1}
    answers = []

    def note(*_):
        def look(status, headers, content):
            answers.append((server.headers[-1].get("If-None-Match"), status))
            return status, headers, content
        return look
    server.fault = note
    collect(served.pair, **source)
    etag = f'"{hashlib.sha1(server.backend.files["/list.txt"]).hexdigest()}"'
    collect(served.pair, **source)
    assert answers == [('""', 200), (etag, 304)]
    # What was cut off since does not count as what the server has.
    (served.pair.connected / "cache" / "feed" / "content").write_bytes(b"a.gap")
    collect(served.pair, **source)
    assert answers[-1] == ('""', 200) and len(mirror(served.pair.connected)["attribute"]) == 1


@pytest.mark.parametrize("status, said", [(304, "who named no earlier state"), (206, "a part of it")])
def test_answers_that_nobody_asked_for(served, status, said):
    server = served({"/list.txt": b"a.gapferry.org\n"})
    source = {"kind": "freetext", "url": server.url + "/list.txt", "attempts": 1}
    server.fault = lambda *_: lambda _, headers, content: (status, headers, b"" if status == 304 else content[:3])
    assert said in collect(served.pair, expect=31, **source).stderr
    server.fault = lambda *_: None
    collect(served.pair, **source)


def test_an_event_older_than_the_manifest_says(served):
    events = [event(i) for i in range(1, 4)]
    server = served(feed(events))
    url = server.url + "/feed"
    collect(served.pair, url=url)
    newer = [{**events[0], "timestamp": "1790000500", "info": "new"}, *events[1:]]
    # The manifest is ahead of the file: what the mirror has stays what it is, and it is asked for again.
    server.backend.files["/feed/manifest.json"] = feed(newer)["/feed/manifest.json"]
    for _ in range(2):
        asked(server)
        done = collect(served.pair, url=url)
        assert "1 events are older than the manifest says, such as " + events[0]["uuid"] in str(done.report["notes"])
        assert f"/feed/{events[0]['uuid']}.json" in asked(server)
    server.backend.files = feed(newer)
    done = collect(served.pair, url=url)
    assert done.report["changed"] == 1 and not done.report["notes"]
    # An older one than the mirror has is refused.
    server.backend.files[f"/feed/{events[0]['uuid']}.json"] = json.dumps({"Event": events[0]}).encode()
    newest = [{**newer[0], "timestamp": "1790000900"}, *events[1:]]
    server.backend.files["/feed/manifest.json"] = feed(newest)["/feed/manifest.json"]
    done = collect(served.pair, expect=5, url=url)
    assert done.report["kept"] == 1 and "stays as it was" in str(done.report["refused"])
    assert "new" in {fields["info"] for _, fields in mirror(served.pair.connected)["event"]}


@pytest.mark.parametrize("from_web", [True, False])
def test_an_old_feed_does_not_roll_the_mirror_back(served, tmp_path, from_web):
    folder = tmp_path / "feed"
    folder.mkdir()
    server = served({})
    source = {"url": server.url + "/feed"} if from_web else {"path": str(folder)}

    def show(events):
        server.backend.files = feed(events)
        for path, content in server.backend.files.items():
            (folder / path.rsplit("/", 1)[1]).write_bytes(content)
    old = [event(i) for i in range(1, 4)]
    show([{**old[0], "timestamp": "1790009999", "info": "new", "date": "2026-11-01"}, *old[1:]])
    collect(served.pair, **source)
    before = mirror(served.pair.connected)
    show(old)
    done = collect(served.pair, expect=5, **source)
    assert done.report["kept"] == 1 and "accept_older" in str(done.report["refused"])
    assert mirror(served.pair.connected) == before
    # Nor is it removed because its older state is none that is selected.
    done = collect(served.pair, expect=5, **source, select={"from": "2026-10-15"})
    assert (done.report["kept"], done.report["removed"]) == (1, 2)
    assert "new" in {fields["info"] for _, fields in mirror(served.pair.connected)["event"]}
    assert collect(served.pair, **source, accept_older=True).report["changed"] == 1
    assert "new" not in {fields["info"] for _, fields in mirror(served.pair.connected)["event"]}


LIST = {"name": "L", "type": "string", "version": 1, "description": "d", "matching_attributes": ["domain"], "list": ["a.org"]}


def test_warninglists_by_url(served):
    server = served({"/list.json": json.dumps(LIST).encode(), "/page": b"<html>sorry</html>"})
    source = {"kind": "warninglists", "attempts": 1}
    collect(served.pair, **source, url=server.url + "/list.json")
    before = mirror(served.pair.connected)["list"]
    assert [row[0] for row in before] == ["L"]
    assert "page of HTML" in collect(served.pair, expect=9, **source, url=server.url + "/page").stderr
    assert mirror(served.pair.connected)["list"] == before


def test_warninglists_of_a_folder_do_not_vanish_and_changes_are_told(served, tmp_path):
    folder = tmp_path / "lists"

    def write(count, **more):
        for old in folder.glob("*.json"):
            old.unlink()
        folder.mkdir(exist_ok=True)
        for i in range(count):
            (folder / f"{i:02}.json").write_text(json.dumps({**LIST, "name": f"List {i:02}", **more}))
    write(20)
    source = {"kind": "warninglists", "path": str(folder)}
    collect(served.pair, **source)
    before = mirror(served.pair.connected)["list"]
    write(1)
    done = collect(served.pair, expect=9, **source)
    assert "no longer has 19 of 20 warninglists: List 01, List 02" in done.stderr and "allow_empty" in done.stderr
    assert mirror(served.pair.connected)["list"] == before
    write(19, type="hostname", version=2, matching_attributes=["domain", "url"])
    done = collect(served.pair, **source)
    changed = done.report["lists"][0]
    assert (changed["before"]["type"], changed["after"]["type"]) == ("string", "hostname")
    assert changed["after"]["matching_attributes"] == ["domain", "url"]
    write(18, type="string", version=3)
    said = served.pair.export("collect").stdout
    assert "list List 00: version 2 → 3, +0 −0 entries, type hostname → string, for other attribute types" in said
    assert "list List 18: gone, with 1 entries" in said
    (folder / "00.json").write_text("{")
    assert "lists keep their earlier state" in served.pair.export("collect", expect=5).stderr


def test_what_of_a_folder_is_not_read_is_told(served, tmp_path):
    folder = tmp_path / "folder"
    (folder / "below").mkdir(parents=True)
    (folder / "a.txt").write_text("a.gapferry.org\n")
    (folder / "below" / "b.txt").write_text("b.gapferry.org\n")
    (folder / "report.pdf").write_bytes(b"%PDF-1.4 \x00\x01\x02 c.gapferry.org\n")
    done = collect(served.pair, expect=5, kind="freetext", path=str(folder))
    assert "1 folders in" in str(done.report["notes"]) and "such as below" in str(done.report["notes"])
    assert done.report["refused"][0]["file"] == "report.pdf" and done.report["refused_count"] == 1
    assert len(mirror(served.pair.connected)["attribute"]) == 1


def test_what_is_refused_of_a_feed_keeps_its_values(served, tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.txt").write_text("".join(f"{name}{i}.gapferry.org\n" for i in range(30)))
    source = {"kind": "freetext", "path": str(folder)}
    collect(served.pair, **source)
    before = mirror(served.pair.connected)["attribute"]
    (folder / "b.txt").write_bytes(bytes(range(256)) * 9)
    for _ in range(2):
        done = collect(served.pair, expect=5, **source)
        assert "30 values are no longer listed, but 1 rows or files are refused" in str(done.report["notes"])
        assert mirror(served.pair.connected)["attribute"] == before
    (folder / "b.txt").write_text("b1.gapferry.org\n")
    collect(served.pair, **source)
    assert len(mirror(served.pair.connected)["attribute"]) == 31
    # Rows of a table.
    table = tmp_path / "table.csv"
    rows = [f"{i},c{i}.gapferry.org" for i in range(30)]
    source = {"kind": "csv", "path": str(table), "csv": {"columns": [2]}}
    table.write_text("\n".join(rows))
    collect(served.pair, **source)
    table.write_text("\n".join(rows[:10] + [row.replace(",", ";") for row in rows[10:]]))
    collect(served.pair, expect=5, **source)
    assert len(mirror(served.pair.connected)["attribute"]) == 30
    # A packed file that cannot be unpacked, of a feed that may be empty.
    table.write_bytes(b"BZh91AY&SY" + bytes(range(256)) * 9)
    collect(served.pair, expect=5, **source, allow_empty=True)
    assert len(mirror(served.pair.connected)["attribute"]) == 30


def test_rows_of_a_table_are_counted_or_taken(served, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("1.2.3.4,443\n1.2.3.5,\n1.2.3.6,99999\n1.2.3.7\n127.0.0.1,80\n")
    done = collect(served.pair, kind="csv", path=str(path), csv={"columns": ["1+2 as ip-dst|port"]})
    values = done.report["values"]
    assert (values["added"], values["without_form"]) == (1, 4)
    assert '"1.2.3.5|"' in str(values["examples_without_form"])
    path.write_text("host,ip,Host\na.gapferry.org,1.2.3.4,b.gapferry.org\n")
    done = collect(served.pair, kind="csv", path=str(path), csv={"columns": ["host"]}, feed={"allow_empty": True})
    assert 'columns 1 and 3 are both named "host"; the first is read' in str(done.report["notes"])
