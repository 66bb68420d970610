"""Saved searches: kept under a name, found again, and forgotten."""

from urllib.parse import quote

from starlette.responses import Response

from granter_web.asked import asked_of
from granter_web.backend import Backend, LoggedOut, Refused
from granter_web.visit import Visit
from granter_web.words import search_in_words

LONGEST_NAME = 100


class SavedSearches:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def show(self, visit: Visit) -> Response:
        saved = await visit.as_user(self._backend.saved)
        return visit.page("saved.html", searches=[(kept, asked_of(kept.query)) for kept in saved])

    async def keep(self, visit: Visit) -> Response:
        if not visit.signed_in:
            raise LoggedOut
        asked = asked_of(visit.fields if visit.sends else visit.request.query_params).at(1)
        if not visit.sends:
            return visit.page("save.html", asked=asked, name=search_in_words(asked)[:LONGEST_NAME], why="")
        name = " ".join(visit.fields.get("name", "").split())[:LONGEST_NAME]
        if not name:
            return visit.page("save.html", status=422, asked=asked, name="", why="Give the search a name.")
        try:
            await visit.as_user(lambda token: self._backend.save(token, name, asked.of_backend()))
        except Refused as refused:
            why = refused.why or "This search cannot be saved."
            return visit.page("save.html", status=422, asked=asked, name=name, why=why)
        return visit.goes_to("/saved", note="saved")

    async def forget(self, visit: Visit) -> Response:
        number = quote(str(visit.request.path_params["number"]), safe="")
        try:
            await visit.as_user(lambda token: self._backend.forget(token, number))
        except Refused as refused:
            if refused.status != 404:  # gone is gone, whoever did it
                raise
        return visit.goes_to("/saved", note="forgotten")
