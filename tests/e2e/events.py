"""MISP events as files, and what detect_driver makes of them."""
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(os.environ.get("GAPFERRY_BIN", ROOT / "build" / "release" / "bin")) / "detect_driver"
EVENT = "f29541e6-7962-4c61-8f6c-2c86de7ca13e"


def write_event(path, values):
    """A MISP event with these (type, value) pairs."""
    attributes = [
        {"uuid": f"d1a482e7-54b9-43e7-870a-{number:012}", "type": kind, "category": "Network activity",
         "to_ids": True, "timestamp": "1785542400", "value": value}
        for number, (kind, value) in enumerate(values)]
    path.write_text(json.dumps({"Event": {
        "uuid": EVENT, "info": "made", "date": "2026-08-01", "timestamp": "1785542400", "threat_level_id": "1",
        "published": True, "Tag": [{"name": "tlp:clear"}], "Attribute": attributes}}))
    return path


def generate(folder, form, values, *options, literal_limit=5000):
    """The folder of the artifacts in this format, and its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    event = write_event(folder / "event.json", values)
    subprocess.run([DRIVER, folder, form, str(literal_limit), "clear", *options, event], check=True,
                   capture_output=True)
    current = folder / "artifacts" / form / "current"
    return current, json.loads((current / "manifest.json").read_text())


def left_out(manifest):
    """How many attributes were left out, by reason and detail."""
    return {(entry["reason"], entry.get("detail", "")): entry["attributes"] for entry in manifest["left_out"]}
