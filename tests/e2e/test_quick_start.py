"""docs/quick-start.md as a new user follows it: every command is run, and what it is said to print is what it prints."""
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FINGERPRINT = r"[0-9a-f]{4}(?: [0-9a-f]{4}){7}"
VARIES = [(FINGERPRINT, "FINGERPRINT"), (r"\w{4}(?:-\w{4}){5}", "PASSPHRASE"),
          (r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"), (r"age1\w{58}", "RECIPIENT"), (r"\b[0-9A-F]{16}\b", "KEY"),
          (r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME"), (r"\d{4}-\d\d-\d\d", "DAY"), (r"[\d.]+ KiB", "SIZE"),
          (r"(generations/\d+)-[0-9a-f]{8}", r"\1-DIGEST"), (r"\b[0-9a-f]{16}\b", "HASH"), (r"landlock\(\d+\)", "landlock"),
          (r"\s+", " ")]


def blocks(text):
    """The page's code: commands are indented, what they print is fenced or follows a line with a $."""
    for block in re.findall(r"^```\n((?:(?!```)[^\n]*\n)*)```\n|((?:^    [^\n]*\n|^\n(?=    ))+)", text, flags=re.M):
        yield (True, block[0]) if block[0] else (False, re.sub(r"^    ", "", block[1], flags=re.M).strip("\n"))


def masked(text):
    lines = []
    for line in text.splitlines():
        for pattern, name in VARIES:
            line = re.sub(pattern, name, line)
        if line.strip():
            lines.append(line.strip())
    return lines


def shows(expected, printed):
    """A line with nothing but … stands for any number of lines."""
    pattern = "".join(".*" if line == "…" else re.escape(line + "\n") for line in expected)
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed), flags=re.S) is not None


def test_every_command_prints_what_the_page_says(tmp_path, bins):
    text = (ROOT / "docs/quick-start.md").read_text().replace("/tmp/gapferry", str(tmp_path / "gapferry"))
    begin, end = text.index("## 1. "), text.index("## 4. ")
    environment = {**os.environ, "PATH": f"{bins}:{os.environ['PATH']}"}
    exports, printed, fingerprint, compared = [], None, None, 0

    def run(command):
        if fingerprint:
            command = re.sub(FINGERPRINT, fingerprint, command)
        done = subprocess.run(["bash", "-ec", "\n".join([*exports, command])], cwd=ROOT, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0, (command, done.stderr)
        exports.extend(line for line in command.splitlines() if line.startswith("export "))
        return done.stdout

    for is_output, block in blocks(text[begin:end]):
        expected = block if is_output else ""
        if not is_output and block.startswith("$ "):
            command, _, expected = block[2:].partition("\n")
            printed = run(command)
        elif not is_output and re.match(r"(export|cat|mkdir|gapferry-)", block):
            printed = run(block)
        if fingerprint is None and printed:
            fingerprint = re.search(FINGERPRINT, printed)[0]
        if expected:
            wanted, got = masked(expected), masked(printed)
            assert shows(wanted, got), "\n".join(["the page:", *wanted, "the program:", *got])
            compared += 1
    assert compared == 7
