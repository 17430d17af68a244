import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def bins():
    return Path(os.environ.get("GAPFERRY_BIN", ROOT / "build" / "release" / "bin"))


@pytest.fixture(scope="session")
def corpus():
    folder = Path(os.environ.get("GAPFERRY_CORPUS", ROOT / ".." / "shared" / "corpus")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no corpus at {folder}")
    return folder


@pytest.fixture(scope="session")
def oracle():
    def find(name):
        path = shutil.which(name) or shutil.which(name, path="/opt/gapferry-oracles/bin")
        if path is None and os.environ.get("GAPFERRY_REQUIRE_ORACLES"):
            pytest.fail(f"{name} is not installed; tools/install brings it")
        if path is None:
            pytest.skip(f"{name} is not installed")
        return path
    return find


@pytest.fixture(scope="session")
def run():
    def call(argv, expect=0, **more):
        done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, **more)
        assert expect is None or done.returncode == expect, (
            f"{argv} ended with {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
        return done
    return call
