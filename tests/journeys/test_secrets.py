"""Secrets appear only in the sealed file and in the environment of the services that need them."""

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


@pytest.mark.threat("S12")
def test_no_secret_is_in_files_outputs_or_command_lines(any_sandbox: Sandbox) -> None:
    with record_command_lines() as seen:
        any_sandbox.ship(WebApp("1", migrations=TABLE, token=True))
        environment = json.loads(any_sandbox.get("/environment")[1])
        crashes = WebApp("2", {"crash_after": 0.1}, migrations=TABLE, token=True, service={"steady": "1s"})
        any_sandbox.write(crashes)
        any_sandbox.run("deploy", "--yes", code=1)
        any_sandbox.ship(WebApp("3", migrations=TABLE, token=True), "deploy", "--yes")
        for words in (["plan"], ["status"], ["history"], ["journal", "show"], ["journal", "export"], ["logs", "web"]):
            any_sandbox.run(*words)
            any_sandbox.run("--output", "json", *words)
    secrets = [environment["TOKEN"], urlsplit(environment["DATABASE_URL"]).password]
    assert [len(secret) >= 32 for secret in secrets] == [True, True]
    assert (
        texts_with(secrets, {result.words: (result.out + result.err).encode() for result in any_sandbox.results}) == []
    )
    assert texts_with(secrets, {str(n): line for n, line in enumerate(seen)}) == []
    stored = [path for path in any_sandbox.state.rglob("*") if path.is_file() and path.name != "secrets.age"]
    assert len(stored) > 20
    assert texts_with(secrets, {str(path): path.read_bytes() for path in stored}) == []


@pytest.mark.threat("S11")
def test_a_service_cannot_read_the_state_and_others_cannot_read_its_secrets(any_sandbox: Sandbox) -> None:
    any_sandbox.ship(WebApp(token=True))
    closed = ["journal.db", "secrets.age", "desired.json", "lock", "plans", "instances", "jobs"]
    modes = {name: (any_sandbox.state / name).stat().st_mode & 0o077 for name in closed}
    assert modes == dict.fromkeys(closed, 0)
    assert [path for path in any_sandbox.keys.rglob("*.key") if path.stat().st_mode & 0o077] == []


def texts_with(secrets: list[str], texts: dict[str, bytes]) -> list[str]:
    """Return the names of the texts that contain a secret, plain or encoded."""
    patterns = {pattern for secret in secrets for pattern in encodings(secret)}
    return [name for name, text in texts.items() if any(pattern in text for pattern in patterns)]


def encodings(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    yield quote(secret, safe="").encode()
    yield secret.encode().hex().encode()
    for prefix in (b"", b"x", b"xx"):
        # Only complete groups of three bytes: the neighbouring bytes change the encoding of the others.
        padded = base64.b64encode(prefix + secret.encode())
        yield padded[4 : len(padded) // 4 * 4 - 4]


@contextmanager
def record_command_lines() -> Iterator[set[bytes]]:
    """Collect the command lines of all processes on the machine while the block runs."""
    seen: set[bytes] = set()
    stop = threading.Event()

    def collect() -> None:
        while not stop.wait(0.05):
            seen.update(command_lines())

    collector = threading.Thread(target=collect, daemon=True)
    collector.start()
    try:
        yield seen
    finally:
        stop.set()
        collector.join()


def test_the_search_for_secrets_finds_a_planted_one(tmp_path: Path) -> None:
    secret = "kX" * 20
    texts = [secret.encode(), base64.b64encode(b"PASSWORD=" + secret.encode()), quote(secret).encode(), b"harmless"]
    assert texts_with([secret], {str(n): text for n, text in enumerate(texts)}) == ["0", "1", "2"]
