"""What a delta costs beside the full that it stands for."""
import json
import subprocess

import pytest

from pair import EVERYTHING, Pair

ATTRIBUTES = 20_000
NEW_TIME = 1793577600


@pytest.fixture
def feedgen(bins):
    program = bins / "gapferry-feedgen"
    if not program.exists():
        pytest.skip("gapferry-feedgen is not built")
    return program


def attributes_of(event):
    yield from event.get("Attribute", [])
    for thing in event.get("Object", []):
        yield from thing.get("Attribute", [])


def change_every_hundredth(feed):
    """Every hundredth attribute of the feed, through all events, is seen again and gets another comment."""
    count = changed = 0
    manifest = json.loads((feed / "manifest.json").read_text())
    for uuid, head in manifest.items():
        file = feed / f"{uuid}.json"
        document = json.loads(file.read_text())
        before = changed
        for attribute in attributes_of(document["Event"]):
            count += 1
            if count % 100 == 0:
                attribute.update(comment=f"seen again, {count}", timestamp=str(NEW_TIME))
                changed += 1
        if changed > before:
            document["Event"]["timestamp"] = head["timestamp"] = str(NEW_TIME)
            file.write_text(json.dumps(document))
    (feed / "manifest.json").write_text(json.dumps(manifest))
    return count, changed


def test_a_change_of_one_percent_costs_little(feedgen, tmp_path, bins):
    feed = tmp_path / "feed"
    subprocess.run([feedgen, "--to", feed, "--attributes", str(ATTRIBUTES), "--seed", "3"], check=True, capture_output=True)
    pair = Pair(tmp_path / "pair", bins)
    pair.configure_export([{"name": "feed", "kind": "misp-feed", "path": str(feed), "default_tlp": "green"}], **EVERYTHING)
    pair.export("collect")
    pair.bundles()
    pair.open_site(clearance="red")
    pair.import_("import", pair.medium)

    count, changed = change_every_hundredth(feed)
    assert count >= ATTRIBUTES * 0.9 and changed == count // 100
    pair.export("collect")
    made = {bundle["kind"]: bundle for bundle in pair.bundles()}
    assert set(made) == {"delta", "full"} and made["delta"]["changed"]
    assert made["delta"]["bytes"] <= 0.025 * made["full"]["bytes"]
    pair.import_("import", made["delta"]["path"])
    rows = [row for row in pair.dump() if row["kind"] == "attribute" and row.get("comment", "").startswith("seen again")]
    assert len(rows) == changed
