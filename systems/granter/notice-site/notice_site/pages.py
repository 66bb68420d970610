"""Routes of both sites: each is served under the name of its module, `/north/` or `/south/`."""

from urllib.parse import parse_qs, urlsplit

from notice_site.north import North
from notice_site.response import TEXT, Response, not_found
from notice_site.south import South

ROBOTS = "User-agent: *\nDisallow: /north/drafts/\nDisallow: /south/internal/\n"


class Sites:
    """Both sites, behind one address."""

    def __init__(self) -> None:
        self._sites: dict[str, North | South] = {"north": North(), "south": South()}

    def respond(self, target: str) -> Response:
        """Return the response to GET *target*."""
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path.rstrip("/").split("/")[1:]:
            case []:
                return Response(302, TEXT, "", location="/north/")
            case ["live" | "ready" | "health" as probe]:
                return Response(200, TEXT, f"{probe}\n")
            case ["robots.txt"] | ["north" | "south", "robots.txt"]:
                return Response(200, TEXT, ROBOTS)
            case ["north" | "south" as name, *rest]:
                return self._sites[name].respond(rest, query)
            case _:
                return not_found()
