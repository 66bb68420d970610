"""Robots: a site's robots.txt, interpreted as RFC 9309 specifies."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

_LINE = re.compile(r"^\s*([\w-]+)\s*:\s*(.*?)\s*$")
_MAX_BYTES = 500 * 1024


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one robots.txt for one crawler; without rules everything is allowed."""

    rules: tuple[tuple[str, bool], ...] = ()
    """Patterns of paths, and whether each of them is allowed."""
    delay: float = 0.0
    """Seconds that the site wants between two requests."""

    def allow(self, url: str) -> bool:
        """Return whether *url* is allowed. The longest matching rule decides; at equal length, the one that allows."""
        parts = urlsplit(url)
        path = _normalised((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        matching = [(len(pattern), allowed) for pattern, allowed in self.rules if _matches(pattern, path)]
        return max(matching, default=(0, True))[1]


def robots_of(text: str, user_agent: str) -> Robots:
    """Return the rules in *text* for *user_agent*, or those for `*` if none names it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    agents: list[str] = []
    has_rules = False
    for line in text[:_MAX_BYTES].splitlines():
        if not (found := _LINE.match(line.partition("#")[0])):
            continue
        key, value = found[1].casefold(), found[2]
        if key == "user-agent":
            agents = [] if has_rules else agents
            has_rules = False
            agents.append(value.casefold())
            groups.setdefault(value.casefold(), [])
        elif key in ("allow", "disallow", "crawl-delay"):
            has_rules = True
            for name in agents:
                groups[name].append((key, value))
    return _robots(groups.get(user_agent.casefold(), groups.get("*", [])))


def _robots(entries: list[tuple[str, str]]) -> Robots:
    rules = tuple((_normalised(path), key == "allow") for key, path in entries if key != "crawl-delay" and path)
    delays = (value for key, value in entries if key == "crawl-delay")
    return Robots(
        rules, max((float(value) for value in delays if re.fullmatch(r"\d{1,6}(\.\d+)?", value)), default=0.0)
    )


def _matches(pattern: str, path: str) -> bool:
    ends = pattern.endswith("$")
    parts = map(re.escape, pattern.removesuffix("$").split("*"))
    return bool(re.match(".*?".join(parts) + ("$" if ends else ""), path))


def _normalised(path: str) -> str:
    """Return *path* in one form, so that rules and URLs match whichever characters are written as %xx."""
    return quote(unquote(path), safe="/?&=*$:@!'(),;+~%#[]")
