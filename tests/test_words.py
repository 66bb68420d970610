"""The words of names, comments, texts and pages: banned are those that a reader stumbles over."""

import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent
BANNED = re.compile(
    r"\b(anew|aloud|asleep|awake|forg[ia]v\w*|heed\w*|mend(s|ed|ing)?|nobody|reckon\w*|somebody|tell(s|ing)?|told|said|say(s|ing)?"
    r"|tid(y|ying|ied)|unwell|whoever|whomever|bears? (it|with|that)|brings? about|brought about|c[oa]mes? about"
    r"|carr(y|ies|ied|ying) (it |them |a run )?(on|out)|goes home|l(aid|ay) down|lies? (in|below|beside|there|at)"
    r"|the way (back|home|out)|what is to be|stands? (in|at|there))\b",
    re.IGNORECASE,
)
"""docs/explanation/glossary.md has the words to use instead."""
ODD_NAMES = re.compile(
    r"(anew|asks|asked|asleep|awake|aloud|carried|carry|everybody|forgive|heard|heed|laid|lay|lies|mend|nobody|reckon|said"
    r"|says?|somebody|stranger?|stands|tell|telling|tells|tidied|tidy|told|unwell|whoever)"
)
QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|https?://\S+")
"""Code, names and examples in a text."""
FENCED = re.compile(r"^```.*?^```", flags=re.MULTILINE | re.DOTALL)
PAGES = ("*.md", "docs/**/*.md", "kit/*.md", "systems/*/*.md", "benchmarks/*.md")
PYTHON = [
    path
    for folder in ("src", "kit", "tests", "benchmarks", "tools", "systems")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__) and not any(part.startswith(".") or part == "node_modules" for part in path.parts)
]


def test_names_comments_and_texts_use_plain_words() -> None:
    found = {place: words for path in PYTHON for place, words in banned_by_line(path).items()}
    assert found == {}


def test_pages_use_plain_words() -> None:
    pages = {path for pattern in PAGES for path in ROOT.glob(pattern)}
    found = {str(path): banned_in(FENCED.sub("", path.read_text())) for path in sorted(pages)}
    assert {page: words for page, words in found.items() if words} == {}


def banned_by_line(path: Path) -> dict[str, list[str]]:
    """Return the banned words of a module by `file:line`."""
    found: dict[str, list[str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        words: list[str] = []
        if token.type == tokenize.NAME and any(ODD_NAMES.fullmatch(word) for word in words_of(token.string)):
            words = [token.string]
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
            words = banned_in(token.string.strip("\"'"))
        if words:
            found[f"{path.relative_to(ROOT)}:{token.start[0]}"] = words
    return found


def banned_in(text: str) -> list[str]:
    """Return the banned words of a text; `nobody` is also the name of a user."""
    return [found[0] for found in BANNED.finditer(QUOTED.sub("", text.replace("nobody cannot", "")))]


def words_of(name: str) -> set[str]:
    """`_AskedTwice` has the words `asked` and `twice`."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
