"""What a writer refuses after the decision, one value too many or a rule that cannot be taken: `why` knows which it was."""
import json

import pytest

from test_enrich import EVENT, attribute, event, open_site

MAILS = [f"m{number}@mail.example" for number in range(4)]
EVERYTHING = 'alert ip any any -> any any (msg:"all"; sid:1;)'
GOOD = 'alert dns any any -> any any (msg:"one"; dns.query; content:"evil.example"; sid:1;)'


@pytest.fixture(scope="module")
def site(tmp_path_factory, bins):
    rows = [attribute(number, "email-src", mail) for number, mail in enumerate(MAILS)] + [
        attribute(10, "suricata", EVERYTHING), attribute(11, "suricata", GOOD), attribute(12, "url", "http://a.example/x"),
        attribute(13, "url", "http://b.example/x")]
    return open_site(tmp_path_factory.mktemp("late"), bins, [event(EVENT, "late", "clear", rows)], [
        {"name": "ids", "format": "suricata", "clearance": "clear", "suricata": {"literal_limit": 2}},
        {"name": "stored", "format": "stored-rules", "clearance": "clear"},
        {"name": "proxy", "format": "squid", "clearance": "clear", "squid": {"url_limit": 1}}])


def why(site, value):
    """Destination to whether the value is used there, and the detail."""
    occurrence, = json.loads(site.import_("--json", "why", value).stdout)["occurrences"]
    return {one["destination"]: (one["used"], one["detail"]) for one in occurrence["decisions"]}


def left_out(site, name):
    manifest = json.loads((site.isolated / "artifacts" / name / "current" / "manifest.json").read_text())
    return {one["attribute"]: one["detail"] for one in manifest["refused_late"]}, manifest


def test_why_tells_the_one_too_many_from_the_others(site):
    rules = (site.isolated / "artifacts" / "ids" / "current" / "misp.rules").read_text()
    assert {mail: why(site, mail)["ids"] for mail in MAILS} == {
        mail: (True, "") if mail in rules else (False, "too-many-for-literal-rules") for mail in MAILS}
    assert sum(mail in rules for mail in MAILS) == 2
    named, manifest = left_out(site, "ids")
    assert len(named) == 2 and manifest["refused_late_unnamed"] == 0
    assert {"reason": "format-cannot-express", "detail": "too-many-for-literal-rules", "attributes": 2} in manifest["left_out"]
    said = site.import_("why", MAILS[3]).stdout
    assert "not used: format-cannot-express (too-many-for-literal-rules)" in said
    urls = {url: why(site, url)["proxy"] for url in ("http://a.example/x", "http://b.example/x")}
    assert sorted(urls.values()) == [(False, "too-many-urls"), (True, "")]


def test_why_knows_which_stored_rule_was_refused(site):
    named, _ = left_out(site, "stored")
    assert list(named) == ["7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f7d10"]
    assert why(site, GOOD)["stored"] == (True, "")
    used, detail = why(site, EVERYTHING)["stored"]
    assert not used and detail.startswith("suricata: ") and detail == named["7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f7d10"]
