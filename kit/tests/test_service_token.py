import hmac

import pytest

from kit.tests.driving import call, stub_app
from mainstay_kit import Misconfigured, Secret, ServiceToken

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P13")]
OLD, NEW = "old-token-" * 4, "new-token-" * 4


async def status(path: str, token: str | None) -> int:
    app = ServiceToken(stub_app(), tokens=[Secret(NEW), OLD], paths=["/internal"])
    return (await call(app, path, headers={} if token is None else {"X-Service-Token": token})).status


@pytest.mark.parametrize("token", [OLD, NEW], ids=["the old one", "the new one"])
async def test_old_and_new_tokens_are_both_valid(token: str) -> None:
    assert await status("/internal/things", token) == 200


@pytest.mark.parametrize("token", [None, "", "wrong", OLD[:-1], OLD + "x", OLD.upper()])
async def test_requests_without_a_valid_token_are_refused(token: str | None) -> None:
    assert await status("/internal/things", token) == 401
    assert await status("/internal", token) == 401


async def test_the_header_name_is_configurable_and_32_characters_are_enough() -> None:
    app = ServiceToken(stub_app(), tokens=[NEW[:32]], header="X-Key")
    assert (await call(app, "/internal", headers={"X-Key": NEW[:32]})).status == 200
    assert (await call(app, "/internal", headers={"X-Service-Token": NEW[:32]})).status == 401


async def test_other_paths_are_open() -> None:
    assert await status("/", None) == await status("/internals", None) == 200


@pytest.mark.parametrize("tokens", [[], [""], ["short"], [NEW, "short"]])
def test_a_short_token_is_refused(tokens: list[str]) -> None:
    with pytest.raises(Misconfigured, match="at least 32"):
        ServiceToken(tokens=tokens)


@pytest.mark.threat("S8")
async def test_every_token_is_compared_at_full_length(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    genuine = hmac.compare_digest

    def counting(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return genuine(one, other)

    monkeypatch.setattr("mainstay_kit.service_token.hmac.compare_digest", counting)
    for token in (NEW, OLD, "x"):
        await status("/internal", token)
    assert compared == [(32, 32)] * 6
