"""An authority that requires an account made elsewhere (EAB) gets the operator's identifier and a proof by its key."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from mainstay.drivers.edge.acme.__main__ import request
from mainstay.drivers.edge.acme.attempt import Attempt
from mainstay.drivers.edge.acme.obtained import read_obtained
from mainstay.drivers.edge.acme.renewal import Failure
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.model import Secret, SecretRef
from mainstay.model.acme import ExternalAccount
from tests.drivers.edge.acme.pebble import Pebble, pebble
from tests.drivers.edge.haproxy.http_load import free_port
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

pytestmark = pytest.mark.slow

KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
OTHER_KEY = "b10lLJs8l1GPIzsLP0s6pMt8O0XVGnfTaCeROxQM0BIt2XrJMDHJZBM5NuQmQJQH"
ACCOUNT = ExternalAccount("kid-1", SecretRef("ACME_KEY", 1))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    """An authority that requires an external account."""
    with pebble(tmp_path_factory.mktemp("pebble"), free_port(), eab={"kid-1": KEY}) as started:
        yield started


@pytest.fixture
def attempt(running: RunningProxy, attempt: Attempt) -> Attempt:
    SealedFile(running.folders.sealed, running.folders.secret_key).keep("ACME_KEY", Secret(KEY))
    return replace(attempt, acme=replace(attempt.acme, eab=ACCOUNT))


async def requested(attempt: Attempt) -> Failure | None:
    return await asyncio.to_thread(request, attempt)


async def test_a_certificate_is_issued_to_an_account_that_is_bound_to_the_operators(
    attempt: Attempt, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert await requested(attempt) is None
    assert read_obtained(attempt.folders.obtained) is not None
    assert KEY not in caplog.text
    # The account exists now, and its e-mail address changes.
    assert await requested(replace(attempt, acme=replace(attempt.acme, email="dev@shop.example"))) is None


async def test_without_an_external_account_the_failure_names_the_key_to_write(attempt: Attempt) -> None:
    failure = await requested(replace(attempt, acme=replace(attempt.acme, eab=None)))
    assert failure is not None
    assert failure.what.endswith("; make an account at the authority, and write eab: … below edge.tls")


async def test_a_wrong_key_is_refused_and_not_shown(running: RunningProxy, attempt: Attempt) -> None:
    SealedFile(running.folders.sealed, running.folders.secret_key).keep("ACME_KEY", Secret(OTHER_KEY))
    account = replace(ACCOUNT, key=SecretRef("ACME_KEY", 2))
    failure = await requested(replace(attempt, acme=replace(attempt.acme, eab=account)))
    assert failure is not None
    assert OTHER_KEY not in failure.what
    assert read_obtained(attempt.folders.obtained) is None


@pytest.mark.parametrize("key", ["not base64 !", "abcde", ""], ids=["other characters", "wrong length", "empty"])
async def test_a_key_that_is_none_is_refused_and_not_shown(key: str, running: RunningProxy, attempt: Attempt) -> None:
    SealedFile(running.folders.sealed, running.folders.secret_key).keep("ACME_KEY", Secret(key))
    account = replace(ACCOUNT, key=SecretRef("ACME_KEY", 2))
    failure = await requested(replace(attempt, acme=replace(attempt.acme, eab=account)))
    assert failure == Failure(
        "the secret ACME_KEY is not valid base64url, so it cannot be the key of an external account"
    )


async def test_a_key_may_end_with_padding_and_a_line_end(running: RunningProxy, attempt: Attempt) -> None:
    SealedFile(running.folders.sealed, running.folders.secret_key).keep("ACME_KEY", Secret(f"{KEY}==\n"))
    account = replace(ACCOUNT, key=SecretRef("ACME_KEY", 2))
    assert await requested(replace(attempt, acme=replace(attempt.acme, eab=account))) is None


async def test_a_missing_secret_is_named(attempt: Attempt) -> None:
    account = replace(ACCOUNT, key=SecretRef("OTHER", 1))
    failure = await requested(replace(attempt, acme=replace(attempt.acme, eab=account)))
    assert failure == Failure("there is no secret version 1 of OTHER")
