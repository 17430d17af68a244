"""schema/*.schema.json and the programs say the same of the configuration files."""
import json
import re
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
        return not spec["default"]
    if kind == "integer":
        return spec["minimum"] if spec["minimum"] != spec["default"] else spec["maximum"]
    if kind == "array":
        return [example(spec["items"])] if "enum" in spec["items"] else []
    if kind == "object":
        return {}
    return spec.get("default", "abc")


def keys(node):
    found = set()
    for key, spec in node.get("properties", {}).items():
        found |= {key} | keys(spec) | keys(spec.get("items", {}))
    return found


def keys_in_code(name):
    code = (ROOT / "src" / name / "config.cpp").read_text()
    return set(re.findall(r'(?:String|Bool|Integer|Choice|Strings|Map|Maps|Has|ReadTlp|ReadTypes|ReadSet)\(\s*'
                          r'(?:map, )?"([a-z_0-9]+)"', code))


@pytest.fixture
def pair(tmp_path, bins):
    pair = Pair(tmp_path / "pair", bins)
    pair.medium.mkdir()
    for name in ("root-0001.json", "root-0001.json.minisig"):
        (pair.medium / name).write_bytes((pair.connected / "keys" / name).read_bytes())
    pair.import_("init", "--root", pair.medium / "root-0001.json", "--fingerprint", pair.fingerprint)
    return pair


def test_what_init_writes_fits_the_schema(pair):
    for file, name in ((pair.connected / "export.yml", "export"), (pair.isolated / "import.yml", "import")):
        jsonschema.validate(yaml.safe_load(file.read_text()), schema(name))
        # The commented examples too: what a person uncomments must work.
        lines = [re.sub(r"^#(\s+(?:- )?[a-z_-]+:.*)$", r"\1", line) for line in file.read_text().splitlines()]
        assert any(line.startswith("    to:") or line.startswith("    check:") for line in lines)
    pair.export("status")
    pair.import_("status")


@pytest.mark.parametrize("name, folder", [("export", "exporter"), ("import", "importer")])
def test_schema_and_reader_name_the_same_keys(name, folder):
    assert keys(schema(name)) == keys_in_code(folder)


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
        try_with(clearance="red", destinations=[{**destination, key: example(value)}])
        for inner, inner_value in value.get("properties", {}).items():
            if inner in ("sid_base", "sid_count", "rule_id_base", "rule_id_count"):
                continue  # their extremes only fit together
            try_with(clearance="red", destinations=[{**destination, key: {inner: example(inner_value)}}])
    try_with(clearance="red", destinations=[{**destination, "canary": {"type": "domain", "value": "c.example"}}])


def test_the_wrong_value_of_every_choice_is_refused(pair):
    for key, wrong in (("clearance", "purple"), ("require_landlock", "maybe"), ("keep", "0"), ("keep", "many"),
                       ("destinations", "none"), ("guards", [1])):
        pair.configure_import(**{"clearance": "red", key: wrong})
        done = pair.import_("status", expect=3)
        assert "import.yml:1: " + key in done.stderr, (key, wrong, done.stderr)
    assert not EVERYTHING.keys() - schema("export")["properties"]["sites"]["items"]["properties"].keys()
