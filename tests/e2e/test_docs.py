"""What the documents point at is there: every relative link and every anchor of the repository's Markdown."""
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")


def pages():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("the sources are no git repository here")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def prose(page):
    """Without code, in which brackets mean something else."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text(), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "`code`", text)


def anchors(page):
    """As GitHub makes them of headings."""
    found, text = set(), re.sub(r"^(```|~~~).*?^\1", "", page.read_text(), flags=re.M | re.S)
    for heading in re.findall(r"^#{1,6} +(.*?) *$", text, flags=re.M):
        heading = LINK.sub(lambda link: link.group(0)[1:].split("]")[0], heading).lower()
        name = re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")
        number, unique = 0, name
        while unique in found:
            number += 1
            unique = f"{name}-{number}"
        found.add(unique)
    return found


def test_every_link_leads_somewhere():
    broken = []
    seen = 0
    for page in pages():
        for target in LINK.findall(prose(page)):
            if re.match(r"[a-z]+:", target):
                continue
            seen += 1
            path, _, anchor = target.partition("#")
            there = (page.parent / path).resolve() if path else page
            if not there.exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}: no such file")
            elif anchor and anchor not in anchors(there):
                broken.append(f"{page.relative_to(ROOT)}: {target}: no such heading")
    assert not broken, "\n".join(broken)
    assert seen > 40  # else nothing was looked at
