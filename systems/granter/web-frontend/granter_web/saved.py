"""Saved searches: save under a name, list, rename, and delete."""

from urllib.parse import quote, urlencode

from starlette.responses import Response

from granter_web.asked import Asked, asked_of
from granter_web.backend import Away, Backend, LoggedOut, Refused, Saved
from granter_web.visit import Visit
from granter_web.words import away_in_words, search_in_words

LONGEST_NAME = 100
NO_NAME = "Give the search a name."


class SavedSearches:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def show(self, visit: Visit) -> Response:
        saved = await visit.as_user(self._backend.saved)
        given = visit.request.query_params  # of the search that was just deleted, so that it can be restored
        deleted = (name, asked_of(given)) if visit.note and (name := _name(given.get("name", ""))) else None
        return visit.page("saved.html", searches=[(kept, asked_of(kept.query)) for kept in saved], deleted=deleted)

    async def keep(self, visit: Visit) -> Response:
        """Save a search; one of the same name is replaced only after confirmation."""
        given = visit.fields if visit.sends else visit.request.query_params
        asked = asked_of(given).at(1)
        name = _name(given.get("name", "")) or ("" if visit.sends else _name(search_in_words(asked)))

        if visit.sends:
            visit.wanted = f"/saved/new?{asked.said}&{urlencode({'name': name})}"
        if not visit.signed_in:
            raise LoggedOut

        def again(status: int, why: str, other: Asked | None = None) -> Response:
            return visit.page("save.html", status=status, asked=asked, name=name, why=why, other=other)

        if not visit.sends:
            return again(200, "")
        if not name:
            return again(422, NO_NAME)
        try:
            other = await self._called(visit, name)
            if other and asked_of(other.query) != asked and visit.fields.get("replace") != "yes":
                return again(409, "You have another search of this name.", asked_of(other.query))
            await visit.as_user(lambda token: self._backend.save(token, name, asked.of_backend()))
        except Away as away:
            return again(503, away_in_words(away.seconds))
        except Refused as refused:
            return again(422, refused.why or "This search cannot be saved.")
        return visit.goes_to("/saved", note="saved")

    async def rename(self, visit: Visit) -> Response:
        number = str(visit.request.path_params["number"])
        kept = next((one for one in await visit.as_user(self._backend.saved) if one.number == number), None)
        if kept is None:
            return visit.trouble(404)
        name = _name(visit.fields.get("name", "")) if visit.sends else kept.name
        if visit.sends and name:
            try:
                await visit.as_user(lambda token: self._backend.rename(token, quote(number, safe=""), name))
            except Refused as refused:
                return visit.page("rename.html", status=422, kept=kept, name=name, why=refused.why)
            return visit.goes_to("/saved", note="renamed")
        why = NO_NAME if visit.sends else ""
        return visit.page("rename.html", status=422 if why else 200, kept=kept, name=name, why=why)

    async def forget(self, visit: Visit) -> Response:
        number = quote(str(visit.request.path_params["number"]), safe="")
        try:
            await visit.as_user(lambda token: self._backend.forget(token, number))
        except Refused as refused:
            if refused.status != 404:  # 404: another request has already deleted it
                raise
        name = _name(visit.fields.get("name", ""))
        said = f"?{urlencode({'name': name})}&{asked_of(visit.fields).said}" if name else ""
        return visit.goes_to(f"/saved{said}", note="forgotten")

    async def _called(self, visit: Visit, name: str) -> Saved | None:
        return next((one for one in await visit.as_user(self._backend.saved) if one.name == name), None)


def _name(text: str) -> str:
    return " ".join(text.split())[:LONGEST_NAME]
