"""What the importer promises of itself as a program: hardened, and without a way to a network. Oracles: binutils, and
the kernel's own verdict on a process that tries."""
import os
import re
import signal
import subprocess

import pytest

from pair import Pair

PROGRAMS = ["gapferry-export", "gapferry-import"]
# The C library itself holds them for everybody; what counts is that nothing asks for them.
SYSTEM = re.compile(r"^(libc|ld-linux[^.]*|libm)\.so")
NETWORK = re.compile(
    r"^(socket|socketpair|connect|bind|listen|accept4?|getaddrinfo|gethostby\w+|sendto|sendm?msg|recvfrom|recvm?msg|"
    r"res_n?(init|query|search|send)|curl_\w+)$")


def libraries(program):
    """Paths of everything the loader maps for this program, beside the program."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    assert "not found" not in told, told
    return [match[1] for match in re.finditer(r"(?:=> )?(/\S+) \(0x", told)]


def dynamic_symbols(run, nm, file):
    symbols = (line.split()[-1] for line in run([nm, "--dynamic", file]).stdout.splitlines())
    return {symbol.split("@")[0] for symbol in symbols}


@pytest.mark.parametrize("program", PROGRAMS)
def test_hardened(program, bins, run, oracle):
    told = run([oracle("readelf"), "--wide", "--file-header", "--program-headers", "--dynamic", bins / program]).stdout
    assert re.search(r"Type:\s+DYN ", told), "not position independent"
    assert re.search(r"FLAGS_1\).* PIE\b", told), "a library, not a position independent program"
    assert "GNU_RELRO" in told and re.search(r"FLAGS\).* BIND_NOW\b|FLAGS_1\).* NOW\b", told), "relro is not full"
    assert re.search(r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW\s", told), "the stack is executable"
    assert not re.search(r"LOAD\s+\S+ \S+ \S+ \S+ \S+ RWE\s", told), "a segment is writable and executable"
    assert "RPATH" not in told and "RUNPATH" not in told, "libraries come from a folder named at build time"
    assert "TEXTREL" not in told


def test_the_importer_and_its_libraries_know_no_network_function(bins, run, oracle):
    program = bins / "gapferry-import"
    loaded = [path for path in libraries(program) if not SYSTEM.match(os.path.basename(path))]
    assert len(loaded) >= 8, loaded
    nm = oracle("nm")
    found = {str(file): sorted(filter(NETWORK.match, dynamic_symbols(run, nm, file))) for file in [program, *loaded]}
    assert {file: names for file, names in found.items() if names} == {}


@pytest.fixture
def intruder(tmp_path, oracle):
    """A library to preload, whose rename() opens a socket first: foreign code that got into the process. With INTRUDE in
    the environment it tries to get into the helper instead, which has no filter: by tracing it, or through its memory."""
    compiler = oracle("cc")
    source = tmp_path / "intruder.c"
    source.write_text(
        "#define _GNU_SOURCE\n#include <fcntl.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
        "#include <sys/ptrace.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n"
        "static void intrude(const char* how) {\n"
        "  char name[64];\n  int child = 0;\n"
        "  snprintf(name, sizeof name, \"/proc/self/task/%d/children\", getpid());\n"
        "  FILE* list = fopen(name, \"r\");\n"
        "  while (list != NULL && fscanf(list, \"%d\", &child) == 1) {\n"
        "    if (strcmp(how, \"trace\") == 0) dprintf(2, \"traced: %ld\\n\", syscall(SYS_ptrace, PTRACE_SEIZE, child, 0, 0));\n"
        "    snprintf(name, sizeof name, \"/proc/%d/mem\", child);\n"
        "    if (strcmp(how, \"memory\") == 0) dprintf(2, \"memory: %d\\n\", open(name, O_RDWR) < 0 ? -1 : 0);\n"
        "  }\n}\n"
        "int rename(const char* from, const char* to) {\n"
        "  const char* how = getenv(\"INTRUDE\");\n"
        "  if (how != NULL) intrude(how);\n"
        "  else dprintf(2, \"a socket: %ld\\n\", syscall(SYS_socket, 2, 1, 0));\n"
        "  return (int)syscall(SYS_rename, from, to);\n}\n")
    library = tmp_path / "intruder.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def test_the_importer_dies_if_it_tries_a_socket(tmp_path, bins, intruder):
    pair = Pair(tmp_path / "pair", bins)
    preloaded = {**os.environ, "LD_PRELOAD": str(intruder)}
    pair.import_("init", "--root", pair.connected / "keys" / "root-0001.json", "--fingerprint", pair.fingerprint,
                 env=preloaded, expect=-signal.SIGSYS)


def test_nothing_reaches_into_the_helper_that_has_no_filter(tmp_path, bins, intruder):
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        pytest.skip("this kernel lists no children, so the intruder finds no helper")

    def init(name, how, expect):
        pair = Pair(tmp_path / name, bins)
        return pair.import_("init", "--root", pair.connected / "keys" / "root-0001.json", "--fingerprint", pair.fingerprint,
                            env={**os.environ, "LD_PRELOAD": str(intruder), "INTRUDE": how}, expect=expect)

    init("trace", "trace", -signal.SIGSYS)
    said = init("memory", "memory", 0).stderr
    assert "memory: -1" in said and "memory: 0" not in said


def test_the_intruder_itself_is_harmless(tmp_path, bins, intruder):
    """What the test above shows is the filter's doing: the exporter, which may use sockets, lives with the same library."""
    preloaded = {**os.environ, "LD_PRELOAD": str(intruder)}
    done = subprocess.run([bins / "gapferry-export", "--home", tmp_path / "home", "init", "--site", "ot-plant", "--no-passphrase"],
                          capture_output=True, text=True, env=preloaded)
    assert done.returncode == 0, done.stderr
    assert re.search(r"a socket: \d", done.stderr), done.stderr
