"""What the how-to pages show runs: every snippet of a page after the ones before it, and the whole services served."""

import ast
import contextlib
import inspect
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import httpx
import psycopg
import pytest

from kit.tests.driving import call, stub_app
from kit.tests.serving import ROOT, RunningServer, serving
from mainstay_kit import Secret

pytestmark = pytest.mark.anyio
FOLDER = ROOT / "docs/kit"
PAGES = sorted(FOLDER.glob("*.md"))
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOKEN, KEY, OLD_KEY = (
    "9f3c1b7e5a2d4860b1c3e5f7a9d0b2c4",
    "q8Zr2vKxw1TfYb7NcD4mHs9LpGjE3uAo",
    "Wm5tRz0QeXk8VbNy2LcPh7JdSgF4aUi1",
)


@pytest.fixture
def page_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module in which `app` and `settings` are defined as in index.md."""
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    database = Secret("postgresql://app@127.0.0.1:1/app")
    module.__dict__["app"] = stub_app()
    module.__dict__["settings"] = SimpleNamespace(
        database_url=database, jwt_secret=Secret(KEY), jwt_secret_old=Secret(OLD_KEY),
        service_token=Secret(TOKEN), data_service_url="http://127.0.0.1:1",
    )  # fmt: skip
    for name, value in {"DATABASE_URL": database.reveal(), "JWT_SECRET": KEY, "SERVICE_TOKEN": TOKEN}.items():
        monkeypatch.setenv(name, value)
    return module


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.mark.usefixtures("logging_as_it_was")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
async def test_every_snippet_of_the_docs_runs(page: Path, page_module: ModuleType) -> None:
    snippets = PYTHON.findall(page.read_text())
    assert snippets
    for snippet in snippets:
        code = compile(snippet, page.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        outcome = eval(code, page_module.__dict__)
        if inspect.isawaitable(outcome):
            await outcome


def test_every_page_of_a_part_is_in_the_index_and_has_a_rationale() -> None:
    index = (FOLDER / "index.md").read_text()
    for page in PAGES:
        assert page.name == "index.md" or f"({page.name})" in index
        assert page.name == "index.md" or "## Rationale" in page.read_text()


async def test_a_per_user_limit_counts_all_addresses_of_one_user(page_module: ModuleType) -> None:
    for snippet in PYTHON.findall((FOLDER / "rate-limit.md").read_text())[:2]:
        exec(compile(snippet, "rate-limit.md", "exec"), page_module.__dict__)
    served, tokens = page_module.__dict__["app"], page_module.__dict__["tokens"]
    ada, eve = [(await tokens.issue(name)).access for name in ("ada", "eve")]

    async def status(token: str, number: int) -> int:
        client = (f"203.0.113.{number}", 40000)
        return (await call(served, "/api/x", headers={"Authorization": f"Bearer {token}"}, client=client)).status

    assert [await status(ada, number) for number in range(101)] == [200] * 100 + [429]
    assert await status(eve, 0) == 200
    assert await status("wrong", 0) == 401


def test_a_wheel_from_the_checkout_works_outside_it(tmp_path: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "build", "--wheel", "kit", "--offline", "--quiet", "--out-dir", tmp_path], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("mainstay_kit-*-py3-none-any.whl")
    assert f"./{wheel.name} fastapi uvicorn" in (FOLDER / "index.md").read_text()
    subprocess.run([uv, "venv", "--offline", "--quiet", tmp_path / "env"], check=True)
    python = tmp_path / "env" / "bin" / "python"
    install = [uv, "pip", "install", "--offline", "--quiet", "--python", str(python), str(wheel)]
    subprocess.run(install, cwd=tmp_path, check=True)
    code = "import mainstay_kit; print(mainstay_kit.__file__); mainstay_kit.protect(print)"
    printed = subprocess.check_output([python, "-I", "-c", code], cwd=tmp_path, text=True)
    assert printed.startswith(str(tmp_path))


@contextlib.contextmanager
def serving_first_snippet(page: str, folder: Path, **environment: str) -> Iterator[RunningServer]:
    """The first snippet of *page* as `service.py`, started as the page describes."""
    (folder / "service.py").write_text(PYTHON.findall((FOLDER / page).read_text())[0])
    options = ["--app-dir", str(folder), "--no-proxy-headers", "--no-server-header"]
    with serving("service:app", *options, **environment) as served:
        yield served


def test_the_first_service_of_the_index_page_works(tmp_path: Path) -> None:
    with (
        serving_first_snippet("index.md", tmp_path, SERVICE_TOKEN=TOKEN) as served,
        httpx.Client(base_url=served.url, timeout=10) as client,
    ):
        statuses = {path: client.get(path).status_code for path in ("/ready", "/health", "/live", "/ping", "/metrics")}
        assert set(statuses.values()) == {200}
        assert client.get("/items/7").json() == {"number": 7}
        assert "seven" not in client.get("/items/seven").text
        assert client.get("/items/700").json()["detail"] == "there is no such item"
        assert client.get("/internal/stock").status_code == 401
        assert client.get("/internal/stock", headers={"X-Service-Token": TOKEN}).json() == {"items": 100}
        assert {client.get("/items/7").status_code for _ in range(120)} == {200, 429}


@pytest.mark.slow
@pytest.mark.xdist_group("kit-postgres")
def test_the_service_of_the_log_in_page_works(tmp_path: Path, postgres_server: str) -> None:
    ada = {"email": "ada@example.com", "password": "correct horse"}
    with (
        serving_first_snippet("log-in.md", tmp_path, DATABASE_URL=postgres_server, JWT_SECRET=KEY) as served,
        httpx.Client(base_url=served.url, timeout=10) as client,
    ):
        for _ in range(2):
            assert client.post("/auth/register", json=ada).status_code == 202
        assert client.post("/auth/log-in", json={**ada, "password": "wrong"}).status_code == 401
        assert client.post("/auth/log-in", json={**ada, "email": "eve@example.com"}).status_code == 401
        pair = client.post("/auth/log-in", json={**ada, "email": " Ada@Example.COM "}).json()
        for path in ("/auth/register", "/auth/log-in"):
            for invalid in ("a\0da@example.com", "ada", "", "two words@example.com", "x" * 255 + "@example.com"):
                assert client.post(path, json={**ada, "email": invalid}).status_code == 422
        assert client.get("/api/me").status_code == 401
        account = client.get("/api/me", headers={"Authorization": f"Bearer {pair['access']}"}).json()
        assert account == {"email": "ada@example.com", "role": "buyer"}
        refreshed = client.post("/auth/refresh", json={"refresh": pair["refresh"]}).json()
        assert client.post("/auth/log-out", json={"refresh": refreshed["refresh"]}).status_code == 204
        assert client.post("/auth/refresh", json={"refresh": refreshed["refresh"]}).status_code == 401
        assert client.post("/auth/refresh", json={"refresh": "junk"}).status_code == 401
        tries = [client.post("/auth/log-in", json={**ada, "password": "wrong"}).status_code for _ in range(11)]
        assert tries[-1] == 429
    with psycopg.connect(postgres_server) as connection:
        assert not connection.execute("SELECT * FROM kit_logins").fetchall()
