"""A server that answers as MISP does, and misbehaves on request.

`Recorded` replays what a real MISP 2.5.1 said; what it adds to the recordings is marked MADE UP. `Made` holds a few
events of our own, for clones without recordings, and answers with the shapes of the recordings; all of it is made up."""
import hashlib
import http.server
import json
import re
import socket
import struct
import sqlite3
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

KEY = "k3yThatMustNeverShowAnywhere0123456789AB"
OPERATOR_KEY = "0perat0rKeyThatCollectingNeverReads01234"
DENIED = ("Authentication failed. Please make sure you pass the API key of an API enabled user along in the "
          "Authorization header.")


def document(content, status=200, **headers):
    return status, {"Content-Type": "application/json; charset=UTF-8", **headers}, json.dumps(content).encode()


def failure(status, message, path):
    return document({"name": message, "message": message, "url": path}, status)


class Connections(http.server.ThreadingHTTPServer):
    """Knows which connections are open."""
    daemon_threads = True

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.lock = threading.Lock()
        self.open = set()  # addresses of clients

    def process_request(self, request, client_address):
        with self.lock:
            self.open.add(client_address)
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        super().process_request_thread(request, client_address)
        with self.lock:
            self.open.discard(client_address)


class Server:
    """Runs `backend.answer(method, path, headers, body)` in a thread. `fault(number, method, path)` may name what to do
    instead of, or to, the answer of request `number` (from 1): a status, "drop", "cut", "truncated", "html", "login",
    "empty", "echo", or something to call with the answer."""

    def __init__(self, backend, key=KEY):
        self.backend = backend
        self.key = key
        self.fault = lambda number, method, path: None
        self.log = []  # (method, path, body)
        self.headers = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1  # an answer is one write

            def handle_one(self):
                outer._serve(self)

            do_GET = do_POST = do_HEAD = do_PUT = handle_one

            def log_message(self, *_):
                pass

        self.http = Connections(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def drain(self):
        """Waits until what clients that have ended had still sent is answered. Connections are taken in their order, so
        one of our own that is taken comes after all of theirs."""
        ends = time.monotonic() + 60
        with socket.create_connection(self.http.server_address) as own:
            while self.http.open != {own.getsockname()}:
                assert time.monotonic() < ends, "a client is still connected"
                time.sleep(0.002)

    def _serve(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        body = handler.rfile.read(length).decode()
        path = urllib.parse.unquote(handler.path)
        self.log.append((handler.command, path, body))
        self.headers.append(dict(handler.headers))
        fault = self.fault(len(self.log), handler.command, path)
        if fault == "drop":
            handler.close_connection = True
            handler.connection.close()
            return
        if self.key is not None and handler.headers.get("Authorization") not in (self.key, OPERATOR_KEY):
            status, headers, content = failure(403, DENIED, path)
        else:
            status, headers, content = self.backend.answer(handler.command, path, handler.headers, body)
        status, headers, content, cut = self._spoil(fault, status, headers, content, path)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD" and status != 304:
            handler.wfile.write(content[:cut])
        handler.wfile.flush()
        if cut is not None:
            handler.close_connection = True

    def _spoil(self, fault, status, headers, content, path):
        if fault is None:
            return status, headers, content, None
        if callable(fault):
            return (*fault(status, headers, content), None)
        if fault == "cut":  # the connection ends early
            return status, headers, content, len(content) // 2
        if fault == "truncated":  # the body ends early, and its length says nothing of it
            return status, headers, content[:len(content) // 2], None
        if fault == "html":
            return 200, {"Content-Type": "text/html; charset=UTF-8"}, b"<!DOCTYPE html><html>Log in</html>", None
        if fault == "login":  # as recorded for a request that MISP does not take for one of its API
            return 302, {"Location": f"{self.url}/users/login", "Content-Type": "text/html; charset=UTF-8"}, b"", None
        if fault == "empty":
            return 200, headers, b"", None
        if fault == "echo":
            return (*failure(403, f"no access with {KEY}", path), None)
        more = {"Retry-After": "0"} if fault in (429, 500, 502, 503) else {}
        status, headers, content = failure(fault, "An Internal Error Has Occurred.", path)
        return status, {**headers, **more}, content, None


def etag_of(content, headers):
    """MISP makes an ETag only for a request that has If-None-Match; True as the second value: still the same."""
    known = headers.get("If-None-Match")
    etag = f'"{hashlib.sha1(content).hexdigest()}"'
    return ({} if known is None else {"ETag": etag}), known == etag


class Recorded:
    """The coherent run, as the key of the read-only user saw it. `round2` switches to the state after the changes."""
    # Their bodies were too large to be recorded.
    without_body = {"6b0d8bfe-6a8e-4961-a39d-55f11eba22aa"}
    lists = ("102", "126", "30", "67", "7", "101", "93")  # those whose export was recorded

    def __init__(self, folder, hidden_tags=True):
        self.folder = Path(folder)
        self.round2 = False
        self.hidden_tags = hidden_tags
        self.by_request = {}
        for line in (self.folder / "INDEX.tsv").read_text().splitlines()[1:]:
            name, request, status, _, _, note = line.split("\t")
            body = self.folder / name / "response.body"
            if "key=reader" in note and body.exists():
                method, path, _ = request.split(" ", 2)
                self.by_request.setdefault((method, path), {})["round2" in name] = (int(status), body)

    def body(self, name):
        return next(self.folder.glob(f"{name}-*")).joinpath("response.body").read_bytes()

    def index(self):
        rows = json.loads(self.body("257" if self.round2 else "016"))
        return [row for row in rows if row["uuid"] not in self.without_body]

    def view(self, path):
        for asked in (path, path.replace("/excludeGalaxy:1", "")):
            found = self.by_request.get(("GET", asked))
            if found:
                return found.get(self.round2) or found.get(False)
        return None

    def search(self, number):
        """MADE UP but for events 56 and 96: the recorded view in the envelope of /events/restSearch."""
        for entry in json.loads(self.body("234"))["response"]:
            if entry["Event"]["id"] == str(number):
                return [entry]
        uuid = next((row["uuid"] for row in self.index() if row["id"] == str(number)), None)
        found = self.view(view_path(uuid)) if uuid else None
        return [json.loads(found[1].read_bytes())] if found and found[0] == 200 else []

    def sightings(self, uuids):
        """Of each event as it was recorded, in the second round where it was asked again there."""
        rows = {}
        for name in ("172", "282") if self.round2 else ("172",):
            asked = next(self.folder.glob(f"{name}-*")).joinpath("request.txt").read_text().splitlines()[-1]
            rows.update({uuid: [] for uuid in json.loads(asked)["uuid"]})
            for row in json.loads(self.body(name))["response"]:
                rows[row["Sighting"]["event_uuid"]].append(row)
        return [row for uuid in uuids for row in rows.get(uuid, [])]

    def answer(self, method, path, headers, body):
        if path == "/sightings/restSearch/event":
            asked = json.loads(body)
            assert (asked["last"], asked["includeUuid"]) == (0, True), body
            return document({"response": self.sightings(asked["uuid"])})
        if path == "/events/index":
            assert json.loads(body) == {"minimal": 1, "published": 1}, body
            rows = self.index()
            content = json.dumps(rows, separators=(",", ":")).encode()
            etag, same = etag_of(content, headers)
            return (304, {}, b"") if same else (
                200, {"Content-Type": "application/json", "X-Result-Count": str(len(rows)), **etag}, content)
        if path == "/events/restSearch":
            asked = json.loads(body)
            assert asked["includeAllTags"] == 1 and asked["deleted"] == [0, 1], body
            return document({"response": [row for number in asked["eventid"] for row in self.search(number)]})
        if path == "/tags/index":
            tags = json.loads(self.body("004"))["Tag"]
            return document({"Tag": [tag for tag in tags if self.hidden_tags or tag["exportable"]]})
        if path == "/warninglists/index":
            rows = json.loads(self.body("007"))["Warninglists"]
            return document({"Warninglists": [row for row in rows if row["Warninglist"]["id"] in self.lists]})
        found = self.view(path)
        if found is None:
            return failure(404, "Invalid event", path)
        return found[0], {"Content-Type": "application/json; charset=UTF-8"}, found[1].read_bytes()


def view_path(uuid):
    return (f"/events/view/{uuid}/deleted[]:0/deleted[]:1/includeAttachments:0/includeEventCorrelations:0"
            "/includeFeedCorrelations:0/includeWarninglistHits:0/noShadowAttributes:1/excludeGalaxy:1")


def tag(name, local=False, exportable=True):
    return {"name": name, "colour": "#112233", "exportable": exportable, "local": local}


def attribute(number, kind="domain", value=None, **more):
    return {"uuid": f"00000000-0000-4000-8000-{number:012d}", "type": kind, "category": "Network activity",
            "value": value or f"a{number}.example", "to_ids": True, "timestamp": "1700000000", "comment": "",
            "deleted": False, "distribution": "5", **more}


def event(number, attributes=2, tags=("tlp:green",), **more):
    return {"id": str(number), "uuid": f"e0000000-0000-4000-8000-{number:012d}", "info": f"event {number}",
            "date": "2026-10-01", "timestamp": "1790000000", "publish_timestamp": "1790000100", "published": True,
            "threat_level_id": "2", "analysis": "2", "distribution": "3", "protected": None,
            "Orgc": {"uuid": "0c000000-0000-4000-8000-000000000001", "name": "Demo"},
            "Tag": [tag(name) for name in tags],
            "Attribute": [attribute(number * 100 + i) for i in range(attributes)], **more}


class Made:
    """A few events, lists and feeds. Attributes that end in _ are for tests to change."""

    def __init__(self, events=6):
        self.events = {row["uuid"]: row for row in (event(i) for i in range(1, events + 1))}
        self.role = {"name": "Read Only", "perm_site_admin": False, "perm_sync": False, "enforce_rate_limit": False}
        self.settings = []
        self.tags = []
        self.lists = {"7": {"name": "Demo list", "type": "string", "version": "3", "description": "demo",
                            "matching_attributes": ["domain"], "list": ["good.example"], "enabled": True},
                      "8": {"name": "Other list", "type": "string", "version": "1", "description": "other",
                            "matching_attributes": ["domain"], "list": ["other.example"], "enabled": False}}
        self.closed = set()       # paths that answer 403
        self.result_count = None  # what X-Result-Count says instead
        self.page_limit = None    # the server's own, below what is asked for
        self.pages = None         # answers of the search by page, instead of the right ones
        self.ignores_filters = False
        self.unlisted = set()     # uuids that the index leaves out by fault
        self.feeds = {"1": {"id": "1", "name": "Demo feed", "provider": "demo", "url": "http://127.0.0.1:9/f",
                            "source_format": "misp", "enabled": False, "caching_enabled": False}}
        self.jobs = None          # None: background jobs are off

    def listed(self, filters):
        rows = [row for row in self.events.values() if row["uuid"] not in self.unlisted]
        if self.ignores_filters:
            return rows
        return [row for row in rows if (row["published"] or not filters.get("published"))
                and row["date"] >= filters.get("datefrom", "") and row["date"] <= filters.get("dateuntil", "9")
                and int(row["publish_timestamp"]) >= int(filters.get("publish_timestamp", 0))]

    def shown(self, row, all_tags=False):
        row = json.loads(json.dumps(row))
        for holder in [row, *row["Attribute"]]:
            holder["Tag"] = [t for t in holder.get("Tag", []) if all_tags or t["exportable"]]
        return row

    def answer(self, method, path, headers, body):
        asked = json.loads(body) if body else {}
        if any(path.startswith(start) for start in self.closed):
            return failure(403, "You do not have permission to use this functionality.", path)
        for pattern, handler in ((r"/servers/getVersion", self.version), (r"/users/view/me", self.me),
                                 (r"/tags/index", self.tag_index), (r"/events/index", self.index),
                                 (r"/events/view/([^/]+).*", self.view), (r"/events/restSearch", self.search),
                                 (r"/sightings/restSearch/event", self.sightings),
                                 (r"/warninglists/index", self.list_index),
                                 (r"/warninglists/export/(\d+)", self.list_export),
                                 (r"/warninglists/toggleEnable", self.toggle), (r"/feeds/index.*", self.feed_index),
                                 (r"/feeds/add", self.feed_add), (r"/feeds/edit/(\d+)", self.feed_edit),
                                 (r"/feeds/(enable|disable)/(\d+)", self.feed_switch),
                                 (r"/feeds/(cacheFeeds|fetchFromFeed)/(\w+)", self.feed_job),
                                 (r"/jobs/index.*", self.job_index)):
            match = re.fullmatch(pattern, path)
            if match:
                return handler(path, headers, asked, *match.groups())
        return failure(404, "Not found", path)

    def version(self, *_):
        return document({"version": "2.5.1", "uuid": "-", "perm_sync": self.role["perm_sync"]})

    def me(self, path, headers, *_):
        role = self.role
        if headers.get("Authorization") == OPERATOR_KEY:
            role = {"name": "admin", "perm_site_admin": True, "perm_sync": True}
        return document({"User": {"id": "4", "email": "reader@demo.example", "authkey": "*****"}, "Role": role,
                         "UserSetting": self.settings, "Organisation": {"name": "DEMO-CERT"}})

    def tag_index(self, *_):
        return document({"Tag": self.tags})

    def index(self, path, headers, asked):
        rows = [{"id": row["id"], "uuid": row["uuid"], "timestamp": row["timestamp"], "published": row["published"]}
                for row in self.listed(asked)]
        content = json.dumps(rows).encode()
        etag, same = etag_of(content, headers)
        if same:
            return 304, {}, b""
        count = self.result_count if self.result_count is not None else len(rows)
        return 200, {"Content-Type": "application/json", "X-Result-Count": str(count), **etag}, content

    def view(self, path, headers, asked, uuid):
        if uuid not in self.events:
            return failure(404, "Invalid event", path)
        return document({"Event": self.shown(self.events[uuid])})

    def search(self, path, headers, asked):
        if "eventid" in asked:
            rows = [row for row in self.events.values() if int(row["id"]) in asked["eventid"]]
            return document({"response": [{"Event": self.shown(row, asked.get("includeAllTags"))} for row in rows]})
        assert asked["metadata"] == 1 and asked["order"] == "Event.id asc", asked
        rows = sorted(self.listed(asked), key=lambda row: int(row["id"]))
        count = self.result_count if self.result_count is not None else len(rows)
        limit = min(asked["limit"], self.page_limit or asked["limit"])
        page = rows[(asked["page"] - 1) * limit:asked["page"] * limit]
        if self.pages is not None:
            page = [row for row in rows if row["uuid"] in self.pages(asked["page"])]
        heads = [{key: value for key, value in row.items() if key != "Attribute"} for row in page]
        return document({"response": [{"Event": row} for row in heads]}, **{"X-Result-Count": str(count)})

    def sightings(self, path, headers, asked):
        assert (asked["last"], asked["includeUuid"]) == (0, True), asked
        return document({"response": [
            {"Sighting": {**row, "attribute_uuid": held["uuid"], "event_uuid": uuid}}
            for uuid in asked["uuid"] for held in self.events[uuid]["Attribute"] for row in held.get("Sighting", [])]})

    def list_index(self, *_):
        return document({"Warninglists": [{"Warninglist": {
            "id": key, **{name: row[name] for name in ("name", "type", "version", "description", "enabled")},
            "warninglist_entry_count": str(len(row["list"])),
            "valid_attributes": ", ".join(row["matching_attributes"])}} for key, row in self.lists.items()]})

    def list_export(self, path, headers, asked, key):
        if key not in self.lists:
            return failure(404, "Warninglist not found.", path)
        return document({name: value for name, value in self.lists[key].items() if name != "enabled"})

    def toggle(self, path, headers, asked):
        wanted = [str(key) for key in asked.get("id", [])]
        found = [key for key in wanted if key in self.lists]
        if not found:
            return document({"saved": False, "errors": "Warninglist(s) not found."})  # 200, as recorded
        for key in found:
            self.lists[key]["enabled"] = bool(asked["enabled"])
        return document({"saved": True, "success": f"{len(found)} warninglist(s) toggled"})

    def feed_index(self, *_):
        return document([{"Feed": row} for row in self.feeds.values()])

    def feed_add(self, path, headers, asked):
        key = str(len(self.feeds) + 1)
        self.feeds[key] = {"id": key, "enabled": False, "caching_enabled": False, **asked["Feed"]}
        return document({"Feed": self.feeds[key]})

    def feed_edit(self, path, headers, asked, key):
        self.feeds[key].update(asked["Feed"])
        return document({"Feed": self.feeds[key]})

    def feed_switch(self, path, headers, asked, what, key):
        if key not in self.feeds:
            return failure(405, "Invalid Feed.", path)
        self.feeds[key]["enabled"] = what == "enable"
        return document({"name": f"Feed {what}d.", "message": f"Feed {what}d.", "url": path})

    def feed_job(self, path, headers, asked, what, key):
        fetch = what == "fetchFromFeed"
        if fetch and not self.feeds[key]["enabled"]:
            return document({"result": "Feed is currently not enabled. Make sure you enable it."})
        if self.jobs is None:
            done = "has successfully completed." if key != "2" else "has failed."
            return document({"result": f"Fetching the feed {done}"} if fetch else
                            {"saved": True, "success": True, "name": "Caching the feeds has successfully completed."})
        self.jobs.append({"id": str(1 + max([0, *(int(job["id"]) for job in self.jobs)])), "worker": "default",
                          "job_type": "fetch_feeds" if fetch else "cache_feeds",
                          "job_input": f"Feed: {key}" if fetch else key, "status": "0", "progress": "0",
                          "message": "Starting", "failed": False, "date_created": "2026-11-24 08:09:02"})
        return document({"result": "Pull queued for background execution."} if fetch else
                        {"saved": True, "success": True, "name": "Feed caching job initiated."})

    def job_index(self, path, *_):
        if self.jobs is None:
            return failure(404, "Background jobs are not enabled on this instance.", path)
        for job in self.jobs:  # each look finds them further
            job["progress"] = str(min(100, int(job["progress"]) + 50))
            job["status"] = "4" if job["progress"] == "100" else "2"
        return document([{"Job": job} for job in reversed(self.jobs)])


def read_tags(content):
    """The tag set of store/record.h: name, local, exportable."""
    if content is None:
        return []
    count, at, tags = struct.unpack_from("<I", content)[0], 4, []
    for _ in range(count):
        texts = []
        for _ in range(3):
            size = struct.unpack_from("<I", content, at)[0]
            texts.append(content[at + 4:at + 4 + size].decode())
            at += 4 + size
        tags.append((texts[0], bool(content[at] & 1), not content[at] & 2))
        at += 1
    return sorted(tags)


def mirror(home):
    """All that the mirror holds, without its local numbers: what two mirrors must agree on."""
    db = sqlite3.connect(f"file:{home}/mirror.db?mode=ro", uri=True)
    tagsets = {None: None, **dict(db.execute("SELECT id, content FROM tagset"))}
    words = {None: None, **dict(db.execute("SELECT id, text FROM word"))}
    tables = {}
    heads = {row[0]: (row[1], row[2].hex()) for row in
             db.execute("SELECT event.id, source.name, uuid FROM event JOIN source ON source.id = event.source")}
    for table in ("event", "object", "attribute", "reference", "report", "sighting"):
        cursor = db.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        rows = []
        for row in cursor:
            fields = dict(zip(names, row))
            owner = heads[fields.pop("id") if table == "event" else fields.pop("event")]
            for key in ("source", "input_digest"):
                fields.pop(key, None)
            fields["tags"] = read_tags(tagsets[fields.pop("tagset", None)])
            for key in ("type", "category", "relation") if table == "attribute" else ():
                fields[key] = words[fields[key]]
            rows.append((owner, fields))
        tables[table] = sorted(rows, key=lambda row: (row[0], row[1]["uuid"]))
    tables["list"] = sorted(db.execute(
        "SELECT name, version, type, matching_attributes, value FROM warninglist "
        "LEFT JOIN warninglist_entry ON list = warninglist.id"))
    db.close()
    return tables


def kill_at(server, stop, command, env=None):
    """Kills the command when it asks for the `stop`th time; how it ended."""
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fault(number, method, path):
        if number == stop:
            child.kill()
            child.wait()
            return "drop"
        return None
    server.fault = fault
    ended = child.wait(timeout=60)
    server.drain()  # it may have asked for more than one thing at once
    server.fault = lambda number, method, path: None
    return ended
