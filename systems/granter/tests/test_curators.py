"""Curators: only they may start a round or request an extraction, and all of them share one budget."""

import asyncio
import json
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from granter_backend import Backend, Caller, variables
from granter_data.database import Database
from granter_data.extraction.requested import RequestedBudget
from granter_deployment import Start, starting
from granter_fake_models import FakeModels
from granter_postgres import Postgres
from granter_services import TOKEN, Service, until
from test_data_extraction import KEY, MODEL_OUTPUT, NOTICE

from mainstay_kit import Registry, Secret

pytestmark = pytest.mark.requirement("P12", "Q10")

CURATOR_REQUESTS = [("POST", "/api/scrape"), ("POST", "/api/extract")]


@dataclass(frozen=True)
class Editors:
    """A curator and an ordinary account of one backend-core, each with an access token."""

    service: Service
    caller: Caller
    curator: str
    ordinary: str


@pytest.fixture(scope="module")
def editors(backend: Backend, postgres: Postgres, folder: Path) -> Iterator[Editors]:
    caller = Caller(backend.service.url)
    curator, ordinary = (caller.new_account()[1]["access_token"] for _ in range(2))
    identity = caller.get("/api/auth/me", curator).json()["id"]
    database = f"postgresql://granter_app:unused@127.0.0.1:{postgres.port}/{backend.database}"
    with starting(folder) as start:
        named = variables(database, backend.data.url, CURATORS=f"{uuid.uuid4()}, {identity}")
        service = start("backend-core", **named).ready()
        yield Editors(service, Caller(service.url), curator, ordinary)


@pytest.mark.parametrize(("method", "path"), CURATOR_REQUESTS)
def test_an_ordinary_account_is_refused(editors: Editors, method: str, path: str) -> None:
    refused = editors.caller.request(method, path, {"text": "Grants for oceans"}, token=editors.ordinary)
    assert (refused.status_code, refused.json()["detail"]) == (403, "only curators may do this")
    assert editors.caller.request(method, path, {"text": "Grants for oceans"}).status_code == 401


def test_without_the_setting_there_are_no_curators(backend: Backend, editors: Editors) -> None:
    caller = Caller(backend.service.url)
    assert caller.request("POST", "/api/scrape", token=editors.curator).status_code == 403


def test_a_curator_starts_rounds_and_requests_extractions(editors: Editors) -> None:
    caller, token = editors.caller, editors.curator
    assert caller.request("POST", "/api/scrape", token=token).status_code == 202
    extracted = caller.post("/api/extract", {"text": "Grants for oceans"}, token)
    assert [attempt["by"] for attempt in extracted.json()["chain"]] == ["gemini", "rules"]


def test_an_account_sees_its_id_and_whether_it_is_a_curator(editors: Editors) -> None:
    mine, other = (editors.caller.get("/api/auth/me", token).json() for token in (editors.curator, editors.ordinary))
    assert (mine["curator"], other["curator"]) == (True, False)
    assert mine["id"] != other["id"]


def test_curator_actions_are_in_the_audit_trail(editors: Editors) -> None:
    log = editors.service.log
    editors.caller.request("POST", "/api/scrape", token=editors.curator)
    editors.caller.post("/api/extract", {"text": "Grants for oceans"}, editors.curator)
    identity = editors.caller.get("/api/auth/me", editors.curator).json()["id"]
    for action in ("round requested", "extraction requested"):
        until(lambda wanted=f'"action":"{action}"': wanted in log.read_text(), f"the line of the {action}")
    lines = [json.loads(line) for line in log.read_text().splitlines() if '"granter.audit"' in line]
    assert {line["account"] for line in lines} == {identity}


def test_every_account_can_read_the_scraping_status(editors: Editors) -> None:
    assert editors.caller.get("/api/scrape", editors.ordinary).status_code == 200


def test_an_invalid_curator_id_is_refused_at_startup(start: Start) -> None:
    document = variables("postgresql://none@127.0.0.1:9/nothing", "http://127.0.0.1:9", CURATORS="ada@example.com")
    service = start("backend-core", **document)
    assert service.process.wait(20) == 2
    assert "CURATORS contains an entry that is not an account id" in service.log.read_text()


def extract(data: Service) -> dict[str, Any]:
    headers = {"X-Service-Token": TOKEN, "Content-Type": "application/json"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(data.url + "/extract", json.dumps({"text": NOTICE}).encode(), headers)
    with opener.open(request, timeout=20) as response:
        read: dict[str, Any] = json.loads(response.read())
    return read


def test_requested_extractions_share_one_budget_over_all_replicas(postgres: Postgres, start: Start) -> None:
    with FakeModels(MODEL_OUTPUT) as models:
        document = {"DATABASE_URL": postgres.database("requested"), "SERVICE_TOKEN": TOKEN, "NOTICE_SITE_URL": ""}
        document |= {"GEMINI_API_KEY": KEY, "GEMINI_URL": models.url, "EXTRACT_REQUESTED_CENTS": "0.5"}
        one, other = (start("data-service", **document).ready() for _ in range(2))
        notes = [extract(data)["note"] for data in (one, other) * 6]
        within_budget = notes.index(next(filter(None, notes)))
        assert 2 <= within_budget <= 6
        assert set(notes[within_budget:]) == {
            "the models' budget for requested extractions is used up for this hour; only the rules read this notice"
        }
        assert len(models.requests) == within_budget
        postgres.execute("requested", "update requested_extractions set hour = hour - interval '1 hour'")
        assert extract(other)["note"] is None


def test_concurrent_requests_cannot_reserve_the_same_cents(postgres: Postgres) -> None:
    address = Secret(postgres.database("reserving"))

    async def reserve_five_times() -> list[float]:
        database = Database(address, Registry())
        await database.open()
        budget = RequestedBudget(database, seconds=60, cents=10)
        gate, taken = asyncio.Barrier(5), list[float]()

        async def once() -> None:
            async with budget.reserved(10, 4) as reserved:
                taken.append(reserved.cents)
                await gate.wait()
                reserved.spend(1, 1 if reserved.cents else 0)

        await asyncio.gather(*(once() for _ in range(5)))
        await database.close()
        return taken

    assert sorted(asyncio.run(reserve_five_times())) == [0, 0, 2, 4, 4]
    assert postgres.execute("reserving", "select seconds, cents from requested_extractions") == "5|3"
