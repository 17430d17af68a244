"""schema/*.schema.json and the programs say the same of the configuration files and of what a bundle holds.

That both know the same keys, words, limits and defaults is held by tests/exporter and tests/importer."""
import copy
import json
import re
import tarfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from pair import EVERYTHING, Pair

ROOT = Path(__file__).resolve().parents[2]


def schema(name):
    content = json.loads((ROOT / "schema" / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(content)
    return content


def example(spec):
    """A value that the schema allows, not the default where there is another."""
    if "enum" in spec:
        return spec["enum"][0]
    kind = spec["type"]
    if kind == "boolean":
        return not spec.get("default", False)
    if kind == "integer":
        return spec["minimum"] if spec["minimum"] != spec.get("default") else spec["maximum"]
    if kind == "array":
        return [example(spec["items"])] if "enum" in spec["items"] else []
    if kind == "object":
        return {key: example(spec["properties"][key]) for key in spec.get("required", [])}
    if "examples" in spec:
        return spec["examples"][0]
    return spec.get("default", "abc")


@pytest.fixture
def pair(tmp_path, bins):
    pair = Pair(tmp_path / "pair", bins)
    pair.medium.mkdir(exist_ok=True)
    for name in ("root-0001.json", "root-0001.json.minisig"):
        (pair.medium / name).write_bytes((pair.connected / "keys" / name).read_bytes())
    pair.import_("init", "--root", pair.medium / "root-0001.json", "--fingerprint", pair.fingerprint)
    return pair


def with_examples(text):
    """The commented examples switched on: an even number of spaces after the # is an example, an odd one prose."""
    return re.sub(r"^#((?:  )*)(?! )", r"\1", text, flags=re.MULTILINE).replace("sources: []\n", "sources:\n")


def test_what_init_writes_fits_the_schema(pair):
    for file, name, program in ((pair.connected / "export.yml", "export", pair.export),
                                (pair.isolated / "import.yml", "import", pair.import_)):
        written = file.read_text()
        for text in (written, with_examples(written)):
            # `off` is a word to gapferry, as in YAML 1.2; PyYAML reads it as false.
            jsonschema.validate(yaml.safe_load(text.replace(": off", ": 'off'")), schema(name))
            file.write_text(text)
            if name == "export" or text == written:
                program("status")


@pytest.fixture
def documents(pair):
    """manifest.json and root-0001.json as the exporter writes them, of a bundle with one event."""
    event = {"Event": {"uuid": "aaaaaaaa-0000-4000-8000-000000000001", "info": "one", "date": "2026-08-01",
                       "published": True, "Tag": [{"name": "tlp:green"}], "Attribute": [
                           {"uuid": "00000000-0000-4000-8000-000000000001", "type": "domain", "to_ids": True,
                            "category": "Network activity", "value": "one.example"}]}}
    source = pair.folder / "event.json"
    source.write_text(json.dumps(event))
    pair.configure_export([{"name": "one", "kind": "misp-event", "path": str(source)}], clearance="green")
    pair.export("collect")
    with tarfile.open(pair.bundle()["path"]) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))
    return {"manifest": manifest, "root": json.loads((pair.medium / "root-0001.json").read_text())}


@pytest.mark.parametrize("name", ["manifest", "root"])
def test_a_signed_document_fits_its_schema_and_nothing_else_does(documents, name):
    validator = jsonschema.Draft202012Validator(schema(name))
    document = documents[name]
    validator.validate(document)

    def refused(change):
        other = copy.deepcopy(document)
        change(other)
        return not validator.is_valid(other)

    assert refused(lambda other: other.update(more=1))
    for key, value in document.items():
        assert refused(lambda other: other.pop(key)), key
        assert refused(lambda other: other.update({key: True})), key
        if isinstance(value, dict) and key not in ("keys",):
            assert refused(lambda other: other[key].update(more="x")), key
    assert refused(lambda other: other.update(created=document["created"].replace("Z", "+00:00")))
    if name == "root":
        assert refused(lambda other: other["streams"][0].update(max_life_days=3651))
        assert refused(lambda other: other["root"].update(threshold=0))
        return
    # What depends on the kind.
    assert refused(lambda other: other.update(kind="delta"))
    assert refused(lambda other: other.update(payload=None))
    delta = {**document, "kind": "delta", "base": {"seq": 1, "state_digest": document["state_digest"]}}
    validator.validate(delta)
    validator.validate({**document, "kind": "heartbeat", "payload": None})
    assert not validator.is_valid({**document, "kind": "heartbeat"})
    assert refused(lambda other: other["payload"]["chunks"].append("00"))


def test_every_key_of_the_export_schema_is_taken(pair):
    spec = schema("export")["properties"]
    site = {"name": pair.site, "clearance": "clear"}
    for key, value in spec["sites"]["items"]["properties"].items():
        if key == "name":
            continue
        config = {"sites": [{**site, key: example(value)}]}
        jsonschema.validate(config, schema("export"))
        (pair.connected / "export.yml").write_text(json.dumps(config))
        pair.export("status")
    (pair.connected / "export.yml").write_text(json.dumps({"sites": [{**site, "clearence": "red"}]}))
    assert 'did you mean "clearance"' in pair.export("status", expect=3).stderr


def test_every_key_of_the_import_schema_is_taken(pair):
    def try_with(**config):
        jsonschema.validate(config, schema("import"))
        pair.configure_import(**config)
        pair.import_("status")

    spec = schema("import")["properties"]
    for key, value in spec.items():
        try_with(**{"clearance": "red", key: example(value)})
    destination = {"name": "d", "format": "suricata", "clearance": "red"}
    for key, value in spec["destinations"]["items"]["properties"].items():
        if key in ("name", "canary"):
            continue
        if key == "stored_rules":  # may_block goes with it
            destination = {**destination, "power": "block"}
        try_with(clearance="red", destinations=[{**destination, key: example(value)}])
        for inner, inner_value in value.get("properties", {}).items():
            if inner in ("sid_base", "sid_count", "rule_id_base", "rule_id_count"):
                continue  # their extremes only fit together
            try_with(clearance="red", destinations=[{**destination, key: {**example(value), inner: example(inner_value)}}])
    try_with(clearance="red", destinations=[{**destination, "canary": {"type": "domain", "value": "c.example"}}])


def test_the_wrong_value_of_every_choice_is_refused(pair):
    for key, wrong in (("clearance", "purple"), ("require_landlock", "maybe"), ("keep", "0"), ("keep", "many"),
                       ("destinations", "none"), ("guards", [1])):
        pair.configure_import(**{"clearance": "red", key: wrong})
        done = pair.import_("status", expect=3)
        assert "import.yml:1: " + key in done.stderr, (key, wrong, done.stderr)
    assert not EVERYTHING.keys() - schema("export")["properties"]["sites"]["items"]["properties"].keys()
