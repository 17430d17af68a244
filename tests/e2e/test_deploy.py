"""Reload commands, the way back when one fails, `generate --diff` and `--only`."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pair import Pair


def event(names):
    return {"Event": {
        "uuid": "7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f6c31", "info": "e", "date": "2026-11-01", "published": True,
        "timestamp": str(1794182400 + len(names)), "threat_level_id": "2", "analysis": "2", "Tag": [{"name": "tlp:green"}],
        "Attribute": [{"uuid": f"7d8e1d0c-0f2c-4c0e-9a51-3f2f1b0f8c{n:02}", "type": "domain", "value": name, "to_ids": True,
                       "category": "Network activity", "timestamp": "1794182400"} for n, name in enumerate(names)]}}


class Site:
    """Two destinations; the reload of one copies what it finds under `current` and ends as told by a file."""

    def __init__(self, folder, bins):
        self.folder = folder
        self.pair = Pair(folder / "pair", bins)
        self.event = folder / "event.json"
        self.pair.configure_export([{"name": "feed", "kind": "misp-event", "path": str(self.event), "accept_older": True}],
                                   clearance="green")
        self.state(["a.example"])
        self.loaded, self.verdict = folder / "loaded.rules", folder / "verdict"
        script = folder / "reload"
        script.write_text(f'#!/bin/sh\ncp "$1/misp.rules" {self.loaded}\necho called >>{folder}/calls\n'
                          f'test ! -e {self.verdict} || {{ rm {self.verdict}; echo no; exit 1; }}\n')
        script.chmod(0o755)
        self.pair.open_site(clearance="green", destinations=[
            {"name": "ids", "format": "suricata", "clearance": "green", "reload": [str(script), "{}"]},
            {"name": "lists", "format": "edl", "clearance": "green"}])

    def state(self, names):
        self.event.write_text(json.dumps(event(names)))
        self.pair.export("collect")
        self.pair.bundle()

    def run(self, *arguments, expect=0):
        self.pair.import_("import", self.pair.medium, expect=None)
        return self.pair.import_("generate", *arguments, expect=expect)

    def rules(self, name="ids", file="misp.rules"):
        return (self.pair.isolated / "artifacts" / name / "current" / file).read_text()

    def calls(self):
        file = self.folder / "calls"
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def site(tmp_path, bins):
    return Site(tmp_path, bins)


def test_the_consumer_is_told_when_something_changed_and_only_then(site):
    site.run()
    assert site.loaded.read_text() == site.rules() and site.calls() == 1
    site.run()
    assert site.calls() == 1
    site.state(["a.example", "b.example"])
    site.run()
    assert site.calls() == 2 and "b.example" in site.loaded.read_text()


def test_a_reload_that_fails_brings_the_generation_before_back(site):
    site.run()
    before = site.rules()
    site.state(["a.example", "b.example"])
    site.verdict.touch()
    done = site.run(expect=23)
    assert "the reload of ids failed" in done.stderr and "the generation before is in use again" in done.stderr
    assert site.rules() == before == site.loaded.read_text(), "the consumer has what it had"
    assert site.calls() == 3
    assert "b.example" in site.rules("lists", "misp-domain.txt"), "the other destination goes on"
    site.run()
    assert "b.example" in site.rules() and "b.example" in site.loaded.read_text()


def test_without_a_generation_before_nothing_is_in_use(site):
    site.verdict.touch()
    site.run(expect=23)
    assert not os.path.lexists(site.pair.isolated / "artifacts" / "ids" / "current")
    site.run()
    assert site.rules() == site.loaded.read_text()


def test_status_says_that_the_last_attempt_was_refused(site):
    site.run()
    assert "refused" not in site.pair.import_("status").stdout
    site.state(["a.example", "b.example"])
    site.verdict.write_text("")
    said = site.run(expect=None)
    assert said.returncode not in (0, 2)
    status = json.loads(site.pair.import_("status", "--json").stdout.splitlines()[0])
    refused = {one["name"]: one["refused"] for one in status["destinations"]}
    assert refused["lists"] is None and "the reload of ids failed" in refused["ids"]
    assert "the last `generate` was refused: the reload of ids failed" in site.pair.import_("status").stdout
    site.run()
    assert "refused" not in site.pair.import_("status").stdout.replace("refused rows", "")


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_file_in_use_that_somebody_changed_is_written_anew(site, harm):
    site.run()
    file = site.pair.isolated / "artifacts" / "ids" / "current" / "misp.rules"
    before = file.read_text()
    if harm == "gone":
        file.unlink()
    else:
        file.write_text(before.replace("a.example", "b.example"))
    preview = site.run("--diff")
    assert "1 files in use were not as `generate` had written them, first misp.rules: they are still there" in preview.stderr
    said = site.run("--json")
    outcomes = {one["destination"]: (one["outcome"], one["altered"]) for one in map(json.loads, said.stdout.splitlines())
                if one["message_type"] == "destination"}
    assert outcomes == {"ids": ("switched", ["misp.rules"]), "lists": ("unchanged", [])}
    assert "written anew" in said.stderr and site.rules() == before and site.calls() == 2


def test_a_reload_that_a_crash_kept_away_is_made_up_for(site):
    site.run()
    (site.pair.isolated / "artifacts" / "ids" / "reload.pending").touch()
    site.run()
    assert site.calls() == 2
    site.run()
    assert site.calls() == 2


def test_a_preview_changes_nothing(site):
    site.run()
    before = {path: path.read_bytes() for path in (site.pair.isolated / "artifacts").rglob("*") if path.is_file() and path.name != "lock"}
    site.state(["a.example", "b.example", "c.example"])
    said = site.run("--diff", "--accept-change", "--json").stdout
    lists = next(json.loads(line) for line in said.splitlines() if '"lists"' in line)
    assert lists["outcome"] == "would change"
    change = next(one for one in lists["changes"] if one["file"] == "misp-domain.txt")
    assert change["lines_removed"] == 0 and sorted(change["added"]) == ["*.b.example", "*.c.example", "b.example", "c.example"]
    after = {path: path.read_bytes() for path in (site.pair.isolated / "artifacts").rglob("*") if path.is_file() and path.name != "lock"}
    assert after == before and site.calls() == 1
    # Ids that a preview gave are given again.
    site.run("--accept-change")
    new = set(site.rules().splitlines()) - set(before[next(path for path in before if path.name == "misp.rules")].decode().splitlines())
    ids = next(json.loads(line) for line in said.splitlines() if '"ids"' in line)
    assert set(next(one for one in ids["changes"] if one["file"] == "misp.rules")["added"]) <= new


def test_only_what_was_named(site):
    site.run("--only", "lists")
    assert (site.pair.isolated / "artifacts" / "lists" / "current").exists()
    assert not (site.pair.isolated / "artifacts" / "ids").exists()
    assert 'did you mean "lists"' in site.run("--only", "list", expect=7).stderr


def test_a_dry_run_tells_no_consumer(site):
    site.run()
    site.state(["a.example", "b.example"])
    site.pair.import_("import", "--dry-run", site.pair.medium)
    assert site.calls() == 1


class Place:
    """One destination in a folder of its own; `owner` and `mode` as the test wants them."""

    def __init__(self, site, folder=None, **destination):
        self.site = site
        self.folder = (folder or site.folder / "srv") / "rules"
        self.configure(**destination)

    def configure(self, **destination):
        self.site.pair.configure_import(clearance="green", destinations=[
            {"name": "ids", "format": "suricata", "clearance": "green", "folder": str(self.folder), **destination}])

    def rights(self):
        """Of everything that a consumer passes: mode, user and group by path."""
        paths = [self.folder, self.folder / "generations", self.current, *self.current.rglob("*")]
        return {path: (oct(path.stat().st_mode & 0o7777), path.stat().st_uid, path.stat().st_gid) for path in paths}

    @property
    def current(self):
        return (self.folder / "current").resolve()


def test_a_folder_of_its_own(site):
    place = Place(site)
    site.run()
    assert "a.example" in (place.folder / "current" / "misp.rules").read_text()
    assert not (site.pair.isolated / "artifacts" / "ids").exists()
    assert str(place.current.name) in site.pair.import_("status").stdout
    sid = json.loads(site.pair.import_("explain", "sid", "1500000", "--json").stdout.splitlines()[0])
    assert sid["in_use"] and "a.example" in sid["rule"]
    # What was there before stays there, and a dry run touches neither.
    before = sorted(place.folder.rglob("*"))
    site.state(["a.example", "b.example"])
    site.pair.import_("import", "--dry-run", site.pair.medium)
    assert sorted(place.folder.rglob("*")) == before


def test_a_folder_that_is_a_link_is_refused(site):
    place = Place(site)
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    place.folder.parent.mkdir()
    place.folder.symlink_to(elsewhere)
    assert "is a symbolic link" in site.run(expect=3).stderr
    assert not list(elsewhere.iterdir())


def test_rights_are_set_whatever_the_umask(site):
    place = Place(site, owner=f":{os.getgid()}", mode="0640", suricata={"archive": True})
    before = os.umask(0o077)
    try:
        site.run()
    finally:
        os.umask(before)
    for path, (mode, user, group) in place.rights().items():
        assert mode == ("0o750" if path.is_dir() else "0o640"), path
        assert (user, group) == (os.getuid(), os.getgid())
    # Another mode is another generation: the one in use is never changed under its reader.
    first = place.current
    place.configure(mode="0444")
    site.run()
    assert place.current != first
    assert oct((first / "misp.rules").stat().st_mode & 0o777) == "0o640"
    assert oct((place.current / "misp.rules").stat().st_mode & 0o777) == "0o444"
    assert oct(place.current.stat().st_mode & 0o777) == "0o755"
    # The same again is no change.
    second = place.current
    site.run()
    assert place.current == second


def test_the_check_sees_the_rights_and_the_switch_comes_last(site):
    seen, script = site.folder / "seen", site.folder / "check"
    script.write_text(f'#!/bin/sh\nstat -c %a "$1/misp.rules" "$1" >{seen}\ntest ! -e {site.folder}/no\n')
    script.chmod(0o755)
    place = Place(site, mode="0640", check=[str(script), "{}"])
    (site.folder / "no").touch()
    site.run(expect=23)
    assert seen.read_text().split() == ["640", "750"] and not os.path.lexists(place.folder / "current")


# It would do so at each run, and make a generation each time.
def test_a_check_that_alters_a_file_is_refused(site):
    script = site.folder / "check"
    script.write_text('#!/bin/sh\necho "# checked" >>"$1/$(cat ' + str(site.folder) + '/which)"\n')
    script.chmod(0o755)
    which = site.folder / "which"
    place = Place(site, check=[str(script), "{}"])
    which.write_text("log.txt")
    site.run()
    first = place.current
    site.run()
    assert place.current == first, "a file of its own alters nothing"
    site.state(["a.example", "b.example"])
    which.write_text("misp.rules")
    done = site.run(expect=23)
    assert f"the check of ids altered misp.rules: {script}" in done.stderr and "may only look" in done.stderr
    assert place.current == first and "b.example" not in (first / "misp.rules").read_text()


def test_rights_that_cannot_be_set_leave_the_old_generation(site):
    place = Place(site)
    site.run()
    first = place.current
    place.configure(owner="nobody-here:nor-here")
    assert 'no user "nobody-here"' in site.run(expect=3).stderr and place.current == first
    place.configure(owner=":nor-here")
    assert 'no group "nor-here"' in site.run(expect=3).stderr and place.current == first
    assert list((place.folder / "generations").iterdir()) == [first], "nothing half made stays"


@pytest.fixture
def open_folder():
    """A folder that every user can come to; those of pytest are closed."""
    with tempfile.TemporaryDirectory(prefix="gapferry-test-") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_files_for_another_user(site, open_folder):
    place = Place(site, open_folder, owner="nobody:nogroup", mode="0600")
    site.run()
    import grp
    import pwd
    user, group = pwd.getpwnam("nobody").pw_uid, grp.getgrnam("nogroup").gr_gid
    for path, rights in place.rights().items():
        ours = path in (place.folder, place.folder / "generations")
        mode = "0o711" if ours else "0o700" if path.is_dir() else "0o600"
        assert rights == (mode, os.getuid() if ours else user, group), path
    # Who it is for can read it; nobody else can.
    script = "import os, sys; os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1])); open(sys.argv[3]).read()"
    reads = [subprocess.run([sys.executable, "-c", script, str(uid), str(gid), place.folder / "current" / "misp.rules"],
                            capture_output=True).returncode for uid, gid in ((user, group), (user - 1, group))]
    assert reads == [0, 1]
    # A new state with the same files rewrites the manifest only, for the same reader.
    site.state(["a.example", "b.example"])
    site.state(["a.example"])
    site.run()
    manifest = (place.current / "manifest.json").stat()
    assert (manifest.st_uid, manifest.st_gid, oct(manifest.st_mode & 0o777)) == (user, group, "0o600")
