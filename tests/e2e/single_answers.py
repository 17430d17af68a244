"""The single answers of a real MISP (misp-recordings), served as one instance.

They were made while the data grew, so that no call knows all of them; what had to be made up to hold them together is
marked MADE UP."""
import json
from pathlib import Path

from misp_server import document, failure


class Answer:
    """One recording: what was asked, and what came back."""

    def __init__(self, folder):
        lines = (folder / "response.headers").read_text().splitlines()
        body = folder / "response.body"
        self.name = folder.name
        self.status = int(lines[0].split()[1])
        self.headers = {key: value for key, value in (line.split(": ", 1) for line in lines[1:] if ": " in line)
                        if key.lower() in ("content-type", "location", "x-result-count")}
        self.body = body.read_bytes() if body.exists() else b""

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def raw(self):
        return self.status, self.headers, self.body

    def events(self):
        """Whole events in it, as /events/view and /events/restSearch give them."""
        content = self.json()
        rows = content.get("response") if isinstance(content, dict) and "Event" not in content else [content]
        return [row["Event"] for row in rows if isinstance(row, dict) and "Attribute" in row.get("Event", ())
                ] if isinstance(rows, list) else []


class SingleAnswers:
    def __init__(self, folder):
        names = [line.split("\t")[0] for line in (Path(folder) / "INDEX.tsv").read_text().splitlines()[1:]]
        self.answers = {name: Answer(Path(folder) / name) for name in names
                        if (Path(folder) / name / "response.headers").exists()}
        self.events = {}
        for answer in self.answers.values():
            for event in answer.events():
                held = self.events.get(event["uuid"])
                if held is None or self.rank(event) > self.rank(held):
                    self.events[event["uuid"]] = event
        self.lists = {entry["Warninglist"]["id"]: entry["Warninglist"] for entry in (
            answer.json() for name, answer in self.answers.items() if name.startswith("warninglists-view-"))
            if "Warninglist" in entry}

    @staticmethod
    def rank(event):
        """The newest state in which an event was published, and of that the answer that shows most of it."""
        rows = [*event["Attribute"], *(row for thing in event.get("Object", []) for row in thing.get("Attribute", []))]
        return event["published"], int(event["timestamp"]), len(rows), sum(len(row.get("Tag", [])) for row in [event, *rows])

    def published(self):
        return [event for event in self.events.values() if event["published"]]

    def recorded(self, path):
        name = {"/servers/getVersion": "getVersion-reader", "/users/view/me": "users-view-me-reader",
                "/taxonomies/index": "taxonomies-index", "/sharing_groups/index": "sharing_groups",
                "/attributes/describeTypes": "describeTypes", "/galaxies/index": "galaxies-index",
                "/feeds/index": "feeds-index-reader-forbidden"}.get(path)
        return self.answers[name].raw() if name else None

    def tags(self):
        """MADE UP: the tags that the events carry; /tags/index was not recorded here."""
        seen = {}
        for event in self.events.values():
            for holder in [event, *event["Attribute"]]:
                seen.update({tag["name"]: tag for tag in holder.get("Tag", [])})
        return [{"name": name, "exportable": tag["exportable"], "count": 1, "attribute_count": 0}
                for name, tag in seen.items()]

    def index(self):
        """MADE UP: rows in the shape of events-index-minimal, which was recorded with other events."""
        return [{"id": event["id"], "uuid": event["uuid"], "timestamp": event["timestamp"], "sighting_timestamp": "0",
                 "published": event["published"], "orgc_uuid": event["Orgc"]["uuid"]} for event in self.published()]

    def list_index(self):
        rows = self.answers["warninglists-index-reader"].json()["Warninglists"]
        return [row for row in rows if row["Warninglist"]["id"] in self.lists]

    def exported(self, number):
        """MADE UP: a recorded /warninglists/view in the shape of /warninglists/export."""
        row = self.lists[number]
        return {**{key: row[key] for key in ("name", "type", "description")}, "version": int(row["version"]),
                "matching_attributes": [entry["type"] for entry in row["WarninglistType"]],
                "list": [entry["value"] for entry in row["WarninglistEntry"]]}

    def answer(self, method, path, headers, body):
        found = self.recorded(path)
        if found:
            return found
        asked = json.loads(body) if body else {}
        if path == "/events/index":
            rows = self.index()
            return document(rows, **{"X-Result-Count": str(len(rows))})
        if path.startswith("/events/view/"):
            event = self.events.get(path.split("/")[3])
            return document({"Event": event}) if event else self.answers["err-event-404-uuid"].raw()
        if path == "/events/restSearch":
            numbers = {str(number) for number in asked["eventid"]}
            return document({"response": [{"Event": event} for event in self.events.values() if event["id"] in numbers]})
        if path == "/sightings/restSearch/event":
            return document({"response": []})  # MADE UP: those of the views are the newest
        if path == "/tags/index":
            return document({"Tag": self.tags()})
        if path == "/warninglists/index":
            return document({"Warninglists": self.list_index()})
        if path.startswith("/warninglists/export/"):
            return document(self.exported(path.rsplit("/", 1)[1]))
        return failure(404, "Not Found", path)
