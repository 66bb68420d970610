"""Pages: what is answered at each path. Each site has its own module and lies under its own name."""

from urllib.parse import parse_qs, urlsplit

from notice_site.answer import TEXT, Answer, gone
from notice_site.north import North
from notice_site.south import South

ROBOTS = "User-agent: *\nDisallow: /north/drafts/\nDisallow: /south/internal/\n"


class World:
    """Both sites behind one address."""

    def __init__(self) -> None:
        self._sites: dict[str, North | South] = {"north": North(), "south": South()}

    def answer(self, target: str) -> Answer:
        """The answer to GET *target*."""
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path.rstrip("/").split("/")[1:]:
            case []:
                return Answer(302, TEXT, "", location="/north/")
            case ["live" | "ready" | "health" as probe]:
                return Answer(200, TEXT, f"{probe}\n")
            case ["robots.txt"] | ["north" | "south", "robots.txt"]:
                return Answer(200, TEXT, ROBOTS)
            case ["north" | "south" as name, *rest]:
                return self._sites[name].answer(rest, query)
            case _:
                return gone()
