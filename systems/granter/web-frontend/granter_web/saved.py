"""Saved searches: save under a name, list, rename, and delete."""

from urllib.parse import quote, urlencode

from starlette.responses import Response

from granter_web.backend import Backend, BackendUnavailable, LoggedOut, Rejected, Saved
from granter_web.search_query import SearchQuery, parse_query
from granter_web.visit import Visit
from granter_web.words import search_in_words, unavailable_in_words

MAX_NAME_LENGTH = 100
NO_NAME = "Give the search a name."


class SavedSearches:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def show(self, visit: Visit) -> Response:
        saved = await visit.as_user(self._backend.saved)
        fields = visit.request.query_params  # of the search that was just deleted, so that it can be restored
        deleted = (name, parse_query(fields)) if visit.note and (name := _name(fields.get("name", ""))) else None
        return visit.page(
            "saved.html", searches=[(entry, parse_query(entry.query)) for entry in saved], deleted=deleted
        )

    async def save(self, visit: Visit) -> Response:
        """Save a search. Replace a saved search of the same name only after confirmation."""
        fields = visit.fields if visit.is_post else visit.request.query_params
        query = parse_query(fields).with_page(1)
        name = _name(fields.get("name", "")) or ("" if visit.is_post else _name(search_in_words(query)))

        if visit.is_post:
            visit.return_to = f"/saved/new?{query.query_string}&{urlencode({'name': name})}"
        if not visit.logged_in:
            raise LoggedOut

        def form_page(status: int, message: str, other: SearchQuery | None = None) -> Response:
            return visit.page("save.html", status=status, query=query, name=name, message=message, other=other)

        if not visit.is_post:
            return form_page(200, "")
        if not name:
            return form_page(422, NO_NAME)
        try:
            other = await self._named(visit, name)
            if other and parse_query(other.query) != query and visit.fields.get("replace") != "yes":
                return form_page(409, "Another saved search has this name.", parse_query(other.query))
            await visit.as_user(lambda token: self._backend.save(token, name, query.backend_parameters()))
        except BackendUnavailable as error:
            return form_page(503, unavailable_in_words(error.seconds))
        except Rejected as rejection:
            return form_page(422, rejection.message or "This search cannot be saved.")
        return visit.redirect("/saved", note="saved")

    async def rename(self, visit: Visit) -> Response:
        number = str(visit.request.path_params["number"])
        entry = next((saved for saved in await visit.as_user(self._backend.saved) if saved.number == number), None)
        if entry is None:
            return visit.error_page(404)
        name = _name(visit.fields.get("name", "")) if visit.is_post else entry.name
        if visit.is_post and name:
            try:
                await visit.as_user(lambda token: self._backend.rename(token, quote(number, safe=""), name))
            except Rejected as rejection:
                return visit.page("rename.html", status=422, entry=entry, name=name, message=rejection.message)
            return visit.redirect("/saved", note="renamed")
        message = NO_NAME if visit.is_post else ""
        return visit.page("rename.html", status=422 if message else 200, entry=entry, name=name, message=message)

    async def delete(self, visit: Visit) -> Response:
        number = quote(str(visit.request.path_params["number"]), safe="")
        try:
            await visit.as_user(lambda token: self._backend.delete_saved(token, number))
        except Rejected as rejection:
            if rejection.status != 404:  # 404: another request has already deleted it
                raise
        name = _name(visit.fields.get("name", ""))
        query_string = f"?{urlencode({'name': name})}&{parse_query(visit.fields).query_string}" if name else ""
        return visit.redirect(f"/saved{query_string}", note="forgotten")

    async def _named(self, visit: Visit, name: str) -> Saved | None:
        return next((saved for saved in await visit.as_user(self._backend.saved) if saved.name == name), None)


def _name(text: str) -> str:
    return " ".join(text.split())[:MAX_NAME_LENGTH]
