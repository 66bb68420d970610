"""Asked: what a visitor wants to find, as the address of the search page says it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

SORTS = {"relevance": "Best match", "deadline": "Deadline", "newest": "Newest"}
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Whatever an address says, there is a search that it asks for."""

    words: str = ""
    sort: str = "relevance"
    open_only: bool = False
    page: int = 1

    @property
    def address(self) -> str:
        """The page that shows this search; what is as usual is left out."""
        parts = {
            "q": self.words,
            "sort": self.sort if self.sort != "relevance" else "",
            "open": "1" if self.open_only else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        said = urlencode({name: value for name, value in parts.items() if value})
        return f"/?{said}" if said else "/"

    def at(self, page: int) -> "Asked":
        return replace(self, page=page)

    def sorted_by(self, sort: str) -> "Asked":
        return replace(self, sort=sort, page=1)

    def showing(self, *, open_only: bool) -> "Asked":
        return replace(self, open_only=open_only, page=1)

    def of_data_service(self) -> dict[str, str]:
        """The same search in the words of the data-service."""
        return {
            "query": self.words,
            "sort": self.sort,
            "open": "1" if self.open_only else "",
            "page": str(self.page),
        }


def asked_of(given: Mapping[str, str]) -> Asked:
    page = given.get("page", "1")
    return Asked(
        words=given.get("q", "").strip()[:LONGEST],
        sort=given["sort"] if given.get("sort") in SORTS else "relevance",
        open_only=given.get("open") == "1",
        page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 5 and int(page) > 0 else 1,
    )
