"""Check that every relative link in the Markdown files leads to an existing file and, with an anchor, to a heading."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def main() -> int:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    broken = [line for name in names for line in broken_links(ROOT / name)]
    print("\n".join(broken) if broken else f"{len(names)} pages, no broken link")
    return 1 if broken else 0


def broken_links(page: Path) -> list[str]:
    if not page.exists():
        return []
    text = CODE.sub(blank, page.read_text())
    found = []
    for match in LINK.finditer(text):
        link = match[1] or match[2]
        if not re.match(r"[a-z][a-z0-9+.-]*:", link) and not link_exists(page, unquote(link)):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{page.relative_to(ROOT)}:{line}: {link} does not exist")
    return found


def link_exists(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    there = (ROOT / name[1:] if name.startswith("/") else page.parent / name) if name else page
    return there.exists() and (not anchor or there.suffix != ".md" or anchor in anchors(there))


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of *page* as the site builder makes them: lower case, hyphens, repeated headings numbered."""
    text = re.sub(r"^(```|~~~).*?^\1", blank, page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = [re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading) for heading in HEADING.findall(text)]
    slugs = [re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.lower())) for heading in headings]
    numbered = {f"{slug}{mark}{n}" for slug in slugs for mark in "-_" for n in range(1, slugs.count(slug))}
    return {*slugs, *numbered, *re.findall(r'(?:id|name)="([^"]+)"', text)}


def blank(match: re.Match[str]) -> str:
    """Return as many empty lines as were matched, so that line numbers stay correct."""
    return "\n" * match[0].count("\n")


if __name__ == "__main__":
    sys.exit(main())
