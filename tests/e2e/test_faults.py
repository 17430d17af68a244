"""An import or a rollback that fails or is killed anywhere leaves the old state or the new one, and the next import works.
So does an import whose confined reader fails, and a medium on which the exporter failed.

A share of the faults; with GAPFERRY_LONG every one, and 500 kills at random times. GAPFERRY_CAMPAIGN names a file to
which the result is added."""
import collections
import copy
import os
import random
import re
import shutil
import subprocess
import time

import pytest

import faults
import forge
from test_deltas import World, open_pair

LONG = bool(os.environ.get("GAPFERRY_LONG"))
IN_USE = 6  # docs/exit-codes.md
KILLS = 500 if LONG else 15
NOW = {**os.environ, "SOURCE_DATE_EPOCH": "1794268800"}  # 2026-11-10


@pytest.fixture(scope="module", params=["full", "delta", "rollback", *(["recall"] if LONG else [])])
def stage(request, tmp_path_factory, bins, oracle):
    oracle("strace")
    folder = tmp_path_factory.mktemp("stage")
    return STAGES[request.param](folder, bins, oracle)


def full(folder, bins, oracle):
    """A home with number 1, the medium with number 2, and the dumps of both states."""
    oracle("minisign")
    site = forge.Site(folder, bins)
    first, second = folder / "first.gfb", folder / "demo-site-000002-full.gfb"
    first.write_bytes(forge.bundle())
    many = [f"host{number}.example" for number in range(400)]
    second.write_bytes(forge.bundle(plain=forge.database(seq=2, values=many), seq=2))
    site("import", first)
    old = site.dump()
    shutil.copytree(site.home, folder / "old")
    site("import", second)
    return Stage("import of a full", folder / "old", bins, second, old, site.dump(), ["import", second], NOW)


def two_states(folder, bins):
    """A pair whose site holds number 1, with a delta to number 2 on the medium; and the dumps of both."""
    world = World(folder / "world", 5)
    pair = open_pair(folder / "pair", bins, world, clearance="green")
    old = pair.import_("dump").stdout
    for _ in range(12):
        world.step()
    world.write()
    pair.export("collect")
    shutil.rmtree(pair.medium)
    delta = pair.bundles("--kind", "delta")[0]["path"]
    shutil.copytree(pair.isolated, folder / "before")
    pair.import_("import", delta)
    return pair, delta, old, pair.import_("dump").stdout


def delta(folder, bins, _oracle):
    _, path, old, new = two_states(folder, bins)
    return Stage("import of a delta", folder / "before", bins, path, old, new, ["import", path], dict(os.environ))


def rollback(folder, bins, _oracle):
    """Back from number 2 to number 1; the next import brings number 2 again."""
    pair, path, old, new = two_states(folder, bins)
    return Stage("rollback", pair.isolated, bins, path, new, old, ["rollback", "--reason", "test"], dict(os.environ),
                 newest=new)


def recall(folder, bins, _oracle):
    """Number 2 is here and number 1 is kept; number 3 recalls both."""
    pair, _, _, old = two_states(folder, bins)
    shutil.copytree(pair.isolated, folder / "two")
    shutil.rmtree(pair.medium)
    path = pair.bundles("--kind", "delta", "--recall")[0]["path"]
    pair.import_("import", path)
    return Stage("import of a recall", folder / "two", bins, path, old, pair.import_("dump").stdout, ["import", path],
                 dict(os.environ), purged=True)


STAGES = {"full": full, "delta": delta, "rollback": rollback, "recall": recall}


class Stage:
    def __init__(self, name, start, bins, bundle, old, new, command, environment, newest=None, purged=False):
        self.name = name
        self.start = start
        self.program = bins / "gapferry-import"
        self.bundle = bundle
        self.old, self.new = old, new
        self.newest = newest or new
        self.purged = purged
        self.environment = environment
        clock = environment.get("SOURCE_DATE_EPOCH")
        self.scene = faults.Scene(
            prepare=lambda at: shutil.copytree(self.start, at / "home", dirs_exist_ok=True),
            command=lambda at: ["env", *([f"SOURCE_DATE_EPOCH={clock}"] if clock else []), *self.importer(at, *command)])

    def importer(self, at, *arguments):
        return [str(self.program), "--home", str(at / "home"), *map(str, arguments)]

    def call(self, at, *arguments):
        return subprocess.run(self.importer(at, *arguments), env=self.environment, capture_output=True, text=True, timeout=120)

    def after(self, at, said_done):
        """What is wrong with the home after a fault, or None; and which state it holds."""
        dump = self.call(at, "dump")
        state = {self.old: "old", self.new: "new"}.get(dump.stdout, "neither")
        if dump.returncode != 0 or state == "neither":
            return f"dump: {dump.returncode} {dump.stderr}", state
        if said_done and state != "new":
            return "said that it was done, and the old state is there", state
        again = self.call(at, "import", self.bundle)
        for _ in range(50):
            if again.returncode != IN_USE:
                break
            time.sleep(0.1)  # the confined reader of the killed import has still to see that nobody listens
            again = self.call(at, "import", self.bundle)
        if again.returncode != 0:
            return f"the next import: {again.returncode} {again.stderr}", state
        if self.call(at, "dump").stdout != self.newest:
            return "the next import did not bring the new state", state
        if self.purged and list((at / "home" / "states").glob("*.db")):
            return "a recalled state is still kept", state
        sound = self.call(at, "fsck")
        if sound.returncode != 0:
            return f"fsck: {sound.returncode} {sound.stderr}", state
        left = sorted(path.name for path in (at / "home" / "work").iterdir())
        return (f"left in work/: {left}" if left else None), state


def report(title, counts, seconds):
    if not os.environ.get("GAPFERRY_CAMPAIGN"):
        return
    with open(os.environ["GAPFERRY_CAMPAIGN"], "a") as log:
        log.write(f"\n## {title}\n\n| fault | outcome | times |\n|---|---|---|\n")
        for (fault, outcome), times in sorted(counts.items()):
            log.write(f"| {fault} | {outcome} | {times} |\n")
        log.write(f"\n{sum(counts.values())} runs in {seconds:.0f} s.\n")


def fail_each_call(stage, name, at, share):
    """One call of the scene at a time fails, or is the last one; what stands afterwards is the stage's to judge."""
    counts, wrong, begun = collections.Counter(), [], time.monotonic()
    for point in stage.scene.points(at, share=1 if LONG else share):
        done = stage.scene.run(point, at)
        problem, state = stage.after(at, said_done=done.returncode == 0)
        if done.returncode < 0 and point.fault != faults.KILL:
            problem = problem or f"died of signal {-done.returncode}"
        elif done.returncode not in (0, -9, 137) and not re.search("^error: ", done.stderr, re.M):
            problem = problem or f"ended with {done.returncode} and no error: {done.stderr}"
        counts[(f"{point.call}: {point.fault}", "WRONG" if problem else state)] += 1
        if problem:
            wrong.append(f"{point}: {problem}")
    report(f"{name}: one call fails, or is the last", counts, time.monotonic() - begun)
    assert counts, "no call was found"
    assert not wrong, "\n".join(wrong)


def test_every_writing_call_may_fail_or_be_the_last(stage, tmp_path):
    fail_each_call(stage, stage.name, tmp_path / "at", share=0.06)


def test_kill_at_any_time(stage, tmp_path):
    counts, wrong, begun = collections.Counter(), [], time.monotonic()
    at, chance = tmp_path / "at", random.Random(os.environ.get("GAPFERRY_SEED", 1))
    stage.scene.fresh(at)
    started = time.monotonic()
    subprocess.run(list(map(str, stage.scene.command(at))), capture_output=True, check=True)
    takes = time.monotonic() - started
    for number in range(KILLS):
        code = stage.scene.run_and_kill(at, chance.uniform(0, 1.2 * takes))
        problem, state = stage.after(at, said_done=code == 0)
        counts[("SIGKILL" if code else "was done before", "WRONG" if problem else state)] += 1
        if problem:
            wrong.append(f"kill {number}: {problem}")
    report(f"{stage.name}: kill -9 at a random time", counts, time.monotonic() - begun)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("stage", ["full", "delta"], indirect=True)
def test_every_writing_call_of_the_confined_reader_may_fail(stage, tmp_path, oracle):
    counts, wrong, begun = collections.Counter(), [], time.monotonic()
    at = tmp_path / "at"
    child = faults.ChildFaults(stage.scene, tmp_path, oracle("cc"))
    for number, fault in child.points(at, most=100_000 if LONG else 8):
        done, _ = child.run(number, fault, at)
        problem, state = stage.after(at, said_done=done.returncode == 0)
        if done.returncode == 0:
            problem = problem or "the fault was not noticed"
        elif done.returncode < 0 or not re.search("^error: ", done.stderr, re.M):
            problem = problem or f"ended with {done.returncode}: {done.stderr}"
        counts[(f"reader: {fault}", "WRONG" if problem else state)] += 1
        if problem:
            wrong.append(f"call {number} of the reader, {fault}: {problem}")
    report(f"{stage.name}: a call of the confined reader fails", counts, time.monotonic() - begun)
    assert not wrong, "\n".join(wrong)


class Exporting:
    """An exporter with something new, a medium with the bundle before, and a site that holds that one."""

    def __init__(self, folder, bins):
        world = World(folder / "world", 9)
        self.pair = open_pair(folder / "pair", bins, world)
        self.pair.policy["full"] = "always"
        self.pair.configure_export(self.pair.sources, **self.pair.policy)
        self.old = self.pair.import_("dump").stdout
        for _ in range(12):
            world.step()
        world.write()
        self.pair.export("collect")
        self.root = self.pair.connected / "keys" / "root-0001.json"
        self.program = bins / "gapferry-export"
        self.scene = faults.Scene(self.prepare, lambda at: self.exporter(at, "bundle", "--to", at / "medium"))
        at = folder / "clean"
        self.scene.fresh(at)
        assert self.call(at, "bundle", "--to", at / "medium").returncode == 0
        self.new = self.at(at).import_("import", at / "medium") and self.at(at).import_("dump").stdout
        assert self.new != self.old

    def prepare(self, at):
        for name, source in (("connected", self.pair.connected), ("medium", self.pair.medium),
                             ("isolated", self.pair.isolated)):
            shutil.copytree(source, at / name)

    def exporter(self, at, *arguments):
        return [str(self.program), "--home", str(at / "connected"), *map(str, arguments)]

    def call(self, at, *arguments):
        return subprocess.run(self.exporter(at, *arguments), capture_output=True, text=True, timeout=120)

    def at(self, at):
        there = copy.copy(self.pair)
        there.isolated = at / "isolated"
        return there

    def after(self, at, said_done):
        """What is wrong with medium, site or exporter after a fault, or None; and which state the medium brought."""
        site = self.at(at)
        for command in (("verify", at / "medium", "--root", self.root), ("import", at / "medium"), ("fsck",)):
            done = site.import_(*command, expect=None)
            if done.returncode != 0:
                return f"{command[0]}: {done.returncode} {done.stderr}", "neither"
        state = {self.old: "old", self.new: "new"}.get(site.import_("dump").stdout, "neither")
        if state == "neither" or (said_done and state != "new"):
            return f"the site has the {state} state", state
        again = self.call(at, "bundle", "--to", at / "medium", "--replace")
        if again.returncode != 0:
            return f"the next bundle: {again.returncode} {again.stderr}", state
        taken = site.import_("import", at / "medium", expect=None)
        if taken.returncode != 0 or site.import_("dump").stdout != self.new:
            return f"the import of the next bundle: {taken.returncode} {taken.stderr}", state
        left = [path.name for path in (at / "medium").iterdir() if path.suffix == ".part"]
        return (f"left on the medium: {left}" if left else None), state


@pytest.fixture(scope="module")
def exporting(tmp_path_factory, bins, oracle):
    oracle("strace")
    return Exporting(tmp_path_factory.mktemp("exporting"), bins)


def test_every_writing_call_of_bundle_may_fail_or_be_the_last(exporting, tmp_path):
    fail_each_call(exporting, "bundle", tmp_path / "at", share=0.03)


def test_bundle_may_be_killed_at_any_time(exporting, tmp_path):
    counts, wrong, begun = collections.Counter(), [], time.monotonic()
    at, chance = tmp_path / "at", random.Random(os.environ.get("GAPFERRY_SEED", 1))
    exporting.scene.fresh(at)
    started = time.monotonic()
    subprocess.run(list(map(str, exporting.scene.command(at))), capture_output=True, check=True)
    takes = time.monotonic() - started
    for number in range(KILLS // 3):
        code = exporting.scene.run_and_kill(at, chance.uniform(0, 1.2 * takes))
        problem, state = exporting.after(at, said_done=code == 0)
        counts[("SIGKILL" if code else "was done before", "WRONG" if problem else state)] += 1
        if problem:
            wrong.append(f"kill {number}: {problem}")
    report("bundle: kill -9 at a random time", counts, time.monotonic() - begun)
    assert not wrong, "\n".join(wrong)
