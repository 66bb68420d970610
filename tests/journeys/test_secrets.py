"""Secrets of a whole journey are nowhere but in the sealed file and in the memory of who needs them."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.journeys.machine import command_lines
from tests.journeys.sandbox import Sandbox
from tests.journeys.web_app import TABLE, WebApp

pytestmark = pytest.mark.slow


@pytest.mark.threat("S12")
def test_no_secret_is_in_files_outputs_or_command_lines(any_sandbox: Sandbox) -> None:
    with watched_command_lines() as seen:
        any_sandbox.ship(WebApp("1", migrations=TABLE, token=True))
        printed = json.loads(any_sandbox.get("/tell")[1])
        sick = WebApp("2", migrations=TABLE, token=True, behaviour={"crash_after": 0.1})
        any_sandbox.write(sick)
        any_sandbox.run("deploy", "--yes", code=1)
        any_sandbox.ship(WebApp("3", migrations=TABLE, token=True), "deploy", "--yes")
        for words in (["plan"], ["status"], ["history"], ["journal", "show"], ["journal", "export"], ["logs", "web"]):
            any_sandbox.run(*words)
            any_sandbox.run("--output", "json", *words)
    secrets = [printed["TOKEN"], urlsplit(printed["DATABASE_URL"]).password]
    assert [len(secret) >= 32 for secret in secrets] == [True, True]
    assert (
        where(secrets, {f"{result.typed}": (result.out + result.err).encode() for result in any_sandbox.results}) == []
    )
    assert where(secrets, {str(n): line for n, line in enumerate(seen)}) == []
    kept = [path for path in any_sandbox.state.rglob("*") if path.is_file() and path.name != "secrets.age"]
    assert len(kept) > 20
    assert where(secrets, {str(path): path.read_bytes() for path in kept}) == []


@pytest.mark.threat("S11")
def test_a_service_cannot_read_the_state_and_others_cannot_read_its_secrets(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(token=True))
    closed = ["journal.db", "secrets.age", "desired.json", "lock", "plans", "instances", "jobs"]
    modes = {name: (any_sandbox.state / name).stat().st_mode & 0o077 for name in closed}
    assert modes == dict.fromkeys(closed, 0)
    assert [path for path in any_sandbox.keys.rglob("*.key") if path.stat().st_mode & 0o077] == []


def where(secrets: list[str], texts: dict[str, bytes]) -> list[str]:
    """Names of the texts in which one of *secrets* stands, plainly or encoded."""
    marks = {mark for secret in secrets for mark in encoded(secret)}
    return [name for name, text in texts.items() if any(mark in text for mark in marks)]


def encoded(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    yield quote(secret, safe="").encode()
    yield secret.encode().hex().encode()
    for before in (b"", b"x", b"xx"):
        # Whole groups of three bytes only: what stands before and after changes the others.
        padded = base64.b64encode(before + secret.encode())
        yield padded[4 : len(padded) // 4 * 4 - 4]


@contextmanager
def watched_command_lines() -> Iterator[set[bytes]]:
    """Every command line that is seen on the machine while the block runs."""
    seen: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            seen.update(command_lines())

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    try:
        yield seen
    finally:
        over.set()
        looker.join()


def test_the_search_for_secrets_finds_a_planted_one(tmp_path: Path) -> None:
    secret = "kX" * 20
    texts = [secret.encode(), base64.b64encode(b"PASSWORD=" + secret.encode()), quote(secret).encode(), b"harmless"]
    assert where([secret], {str(n): text for n, text in enumerate(texts)}) == ["0", "1", "2"]
