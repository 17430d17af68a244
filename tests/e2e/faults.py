"""Faults put under a command, one at a time, by strace: any call that writes fails, or is where the program is killed.

    scene = Scene(prepare, command)         prepare(folder) makes the state before; command(folder) is what to run
    for point in scene.points():            every call of a clean run, with every fault
        done = scene.run(point, folder)     prepares `folder` anew and runs the command with that fault

`run` gives back a subprocess.CompletedProcess; a killed one has a negative or 137 return code. What must hold after
each fault is the caller's to say. Only the process itself is looked at; `ChildFaults` hits its confined children.
"""
import errno
import os
import random
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

CALLS = ["write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync", "fdatasync", "sync_file_range", "rename",
         "renameat", "renameat2", "ftruncate", "truncate", "fallocate", "unlink", "unlinkat", "link", "linkat", "symlink",
         "symlinkat", "mkdir", "mkdirat", "openat", "copy_file_range", "sendfile", "fchmod", "mmap"]
# Only those of these calls that create something, or map a file to be written.
ONLY_IF = {"openat": re.compile(r"O_CREAT|O_TMPFILE"), "mmap": re.compile(r"PROT_WRITE.*MAP_SHARED, \d")}
KILL = "SIGKILL"
ERRORS = ["EIO", "ENOSPC"]


@dataclass(frozen=True)
class Point:
    call: str
    number: int  # of the calls with this name, from 1
    fault: str   # an error's name, or KILL

    def __str__(self):
        return f"{self.call}#{self.number}:{self.fault}"


class Scene:
    def __init__(self, prepare, command):
        self.prepare = prepare
        self.command = command

    def _strace(self, folder, options, log):
        # As root strace could leave a program stopped that it cannot follow; nothing here runs for minutes.
        return subprocess.run(["strace", "-qq", "-o", str(log), *options, "--", *map(str, self.command(folder))],
                              capture_output=True, text=True, timeout=300)

    def fresh(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.prepare(folder)

    def calls(self, folder):
        """Of a clean run: (name, number) of every call that can write, in order."""
        self.fresh(folder)
        log = folder.parent / "strace.log"
        done = self._strace(folder, ["-e", "trace=" + ",".join("?" + name for name in CALLS)], log)
        assert done.returncode == 0, done.stderr
        seen, found = {}, []
        for line in log.read_text(errors="replace").splitlines():
            name = re.match(r"(\w+)\(", line)
            if not name:
                continue
            name = name[1]
            seen[name] = seen.get(name, 0) + 1
            if name not in ONLY_IF or ONLY_IF[name].search(line):
                found.append((name, seen[name]))
        return found

    def points(self, folder, share=1.0, seed=1):
        """Every fault at every call, or a share of them that is the same in every run."""
        every = [Point(name, number, fault) for name, number in self.calls(folder) for fault in [*ERRORS, KILL]]
        if share >= 1:
            return every
        return sorted(random.Random(seed).sample(every, max(1, round(share * len(every)))), key=every.index)

    def run(self, point, folder):
        self.fresh(folder)
        what = f"signal={KILL}" if point.fault == KILL else f"error={point.fault}"
        return self._strace(folder, ["-e", f"trace={point.call}", "-e",
                                     f"inject={point.call}:{what}:when={point.number}"], os.devnull)

    def run_and_kill(self, folder, seconds):
        """Without strace: SIGKILL after this time, if it still runs."""
        self.fresh(folder)
        with subprocess.Popen(list(map(str, self.command(folder))), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            time.sleep(seconds)
            process.kill()
        return process.returncode


class ChildFaults:
    """The writing calls of a command's forked children, by a library that is preloaded (child_faults.c)."""

    FAULTS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "crash": "crash"}

    def __init__(self, scene, folder, cc):
        self.scene = scene
        self.library = folder / "child_faults.so"
        self.count = folder / "child_faults.count"
        subprocess.run([cc, "-shared", "-fPIC", "-O1", "-o", self.library, Path(__file__).with_name("child_faults.c"), "-ldl"],
                       check=True)

    def run(self, number, fault, folder):
        """With the children's call `number` failing; 0: none. What the command ended with, and how many calls there were."""
        self.scene.fresh(folder)
        self.count.write_bytes(bytes(8))
        env = {**os.environ, "LD_PRELOAD": str(self.library), "CHILD_FAULTS": str(self.count), "CHILD_AT": str(number),
               "CHILD_FAULT": str(self.FAULTS[fault])}
        done = subprocess.run(list(map(str, self.scene.command(folder))), env=env, capture_output=True, text=True, timeout=300)
        return done, int.from_bytes(self.count.read_bytes(), "little")

    def points(self, folder, most, seed=1):
        """(number, fault) of every call with every fault, or as many of them, the same in every run."""
        done, calls = self.run(0, "crash", folder)
        assert done.returncode == 0 and calls > 0, done.stderr
        every = [(number + 1, fault) for number in range(calls) for fault in self.FAULTS]
        return every if len(every) <= most else sorted(random.Random(seed).sample(every, most))
