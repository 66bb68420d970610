"""The budget of requested extractions: model time and cost per hour, shared by all callers and all replicas."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from granter_data.database import Database
from granter_data.extraction.budget import Budget
from mainstay_kit import Problem

_BEGIN_HOUR = """
insert into requested_extractions (hour, seconds, cents) values (date_trunc('hour', now()), 0, 0)
on conflict (hour) do nothing"""
_LOCK = "select hour, seconds, cents from requested_extractions where hour = date_trunc('hour', now()) for update"
_ADD = """
update requested_extractions set seconds = seconds + %(seconds)s, cents = cents + %(cents)s where hour = %(hour)s"""
_DELETE_OLD = "delete from requested_extractions where hour < now() - interval '1 day'"


@dataclass(frozen=True, slots=True)
class RequestedBudget:
    """A budget of *seconds* and *cents* per clock hour. The database has a row for each hour with what was used."""

    database: Database
    seconds: float
    cents: float

    @asynccontextmanager
    async def reserved(self, seconds: float, cents: float) -> AsyncIterator[Budget]:
        """Reserve up to *seconds* and *cents* of what is left of the hour, and give back afterwards what was not used.

        They are reserved before a model is called, so that simultaneous requests cannot use the same cents twice. If
        the process is killed in between, the whole reservation counts as used until the hour ends.
        """
        hour, budget = await self._reserve(seconds, cents)
        try:
            yield budget
        finally:
            unused = {"hour": hour, "seconds": -max(0.0, budget.seconds), "cents": -max(0.0, budget.cents)}
            with suppress(Problem):  # without the database the extraction is still valid; its reservation stays counted
                await self.database.rows(_ADD, unused)

    async def _reserve(self, seconds: float, cents: float) -> tuple[datetime, Budget]:
        async with self.database.transaction() as execute:
            await execute(_DELETE_OLD)
            await execute(_BEGIN_HOUR)
            used = (await execute(_LOCK))[0]
            taken = {
                "seconds": max(0.0, min(seconds, self.seconds - used["seconds"])),
                "cents": max(0.0, min(cents, self.cents - used["cents"])),
            }
            await execute(_ADD, {"hour": used["hour"], **taken})
        return used["hour"], Budget(**taken)
