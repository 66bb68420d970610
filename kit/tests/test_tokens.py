import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.tests.driving import answering, ask
from mainstay_kit import Misconfigured, Problem, Secret
from mainstay_kit.chain import Scope
from mainstay_kit.tokens import BearerToken, Key, MemoryRefreshStore, TokenInvalid, TokenReused, Tokens

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P12")]
OLD = Key("2026-10", Secret("old-" * 10))
NEW = Key("2026-11", Secret("new-" * 10))


class World:
    """Tokens of one service, with a clock that is turned by hand."""

    def __init__(self, *keys: Key) -> None:
        self.at = 1_800_000_000.0
        store = MemoryRefreshStore()
        self.tokens = Tokens(keys or (NEW,), issuer="granter", audience="api", store=store, now=lambda: self.at)


async def test_an_access_token_says_who_is_asking() -> None:
    tokens = World().tokens
    pair = await tokens.issue("ada", role="admin")
    claims = tokens.read(pair.access)
    assert (claims["sub"], claims["role"]) == ("ada", "admin")


async def test_all_access_tokens_of_a_login_name_it() -> None:
    tokens = World().tokens
    first, other = await tokens.issue("ada"), await tokens.issue("ada")
    second = await tokens.refresh(first.refresh)
    assert tokens.read(first.access)["family"] == tokens.read(second.access)["family"]
    assert tokens.read(first.access)["family"] != tokens.read(other.access)["family"]


async def test_a_client_is_told_how_long_an_access_token_lasts() -> None:
    tokens = Tokens([NEW], issuer="i", audience="a", store=MemoryRefreshStore(), access_lasts=60, refresh_lasts=3600)
    assert (await tokens.issue("ada")).expires_in == 60


async def test_a_login_lasts_for_a_month_without_a_refresh() -> None:
    world = World()
    pair = await world.tokens.issue("ada")
    for _ in range(3):
        world.at += 29 * 24 * 3600
        pair = await world.tokens.refresh(pair.refresh)
    world.at += 31 * 24 * 3600
    with pytest.raises(TokenInvalid, match="time is over"):
        await world.tokens.refresh(pair.refresh)


async def test_an_access_token_does_not_tell_its_refresh_token() -> None:
    tokens = World().tokens
    pair = await tokens.issue("ada")
    numbers = [jwt.decode(token, options={"verify_signature": False})["jti"] for token in (pair.access, pair.refresh)]
    assert numbers[0] != numbers[1]


async def test_a_token_of_a_clock_that_is_a_little_ahead_is_taken() -> None:
    world = World()
    pair = await world.tokens.issue("ada")
    world.at -= 4
    world.tokens.read(pair.access)
    world.at -= 2
    with pytest.raises(TokenInvalid, match="time is over"):
        world.tokens.read(pair.access)


async def test_the_clock_that_counts_is_the_one_that_was_given() -> None:
    world = World()
    world.at = 1_000_000_000.0
    pair = await world.tokens.issue("ada")
    assert world.tokens.read(pair.access)["sub"] == "ada"


@pytest.mark.parametrize("name", ["sub", "iat", "exp", "iss", "aud", "jti", "use", "family"])
async def test_a_token_that_lacks_what_we_sign_is_refused_although_the_key_is_right(name: str) -> None:
    world = World()
    payload = dict(world.tokens.read((await world.tokens.issue("ada")).access))
    del payload[name]
    with pytest.raises(TokenInvalid):
        world.tokens.read(_signed_by_hand(payload, "new-" * 10, NEW.kid))


@pytest.mark.parametrize("moment", [2e9, "2000000000", None])
async def test_a_moment_that_is_no_whole_number_is_refused(moment: object) -> None:
    world = World()
    payload = dict(world.tokens.read((await world.tokens.issue("ada")).access))
    assert world.tokens.read(_signed_by_hand({**payload, "exp": 2_000_000_000}, "new-" * 10, NEW.kid))
    with pytest.raises(TokenInvalid):
        world.tokens.read(_signed_by_hand({**payload, "exp": moment}, "new-" * 10, NEW.kid))


async def test_what_is_said_at_the_login_counts_more_than_what_is_known_of_the_subject() -> None:
    async def claims_of(_subject: str) -> dict[str, object]:
        return {"role": "reader"}

    tokens = Tokens([NEW], issuer="i", audience="a", store=MemoryRefreshStore(), claims_of=claims_of)
    pair = await tokens.issue("ada", role="owner")
    assert tokens.read(pair.access)["role"] == "owner"


def test_a_token_without_end_is_not_looked_at() -> None:
    with pytest.raises(TokenInvalid, match="too long"):
        World().tokens.read("x" * 8193)


async def test_a_token_is_over_when_its_time_is() -> None:
    world = World()
    pair = await world.tokens.issue("ada")
    world.at += 15 * 60 + 4
    world.tokens.read(pair.access)
    world.at += 2
    with pytest.raises(TokenInvalid, match="time is over"):
        world.tokens.read(pair.access)


@pytest.mark.requirement("J16")
async def test_keys_change_without_logging_anyone_out() -> None:
    pair = await World(OLD).tokens.issue("ada")
    assert World(NEW, OLD).tokens.read(pair.access)["sub"] == "ada"
    with pytest.raises(TokenInvalid, match="key is not known"):
        World(NEW).tokens.read(pair.access)


async def test_the_first_key_signs() -> None:
    pair = await World(NEW, OLD).tokens.issue("ada")
    assert jwt.get_unverified_header(pair.access)["kid"] == NEW.kid


async def test_a_refresh_token_is_no_access_token_nor_the_other_way_round() -> None:
    tokens = World().tokens
    pair = await tokens.issue("ada")
    with pytest.raises(TokenInvalid):
        tokens.read(pair.refresh)
    with pytest.raises(TokenInvalid):
        await tokens.refresh(pair.access)


@pytest.mark.parametrize(("issuer", "audience"), [("granter", "shop"), ("shop", "api")])
async def test_a_token_for_another_audience_or_of_another_issuer_is_refused(issuer: str, audience: str) -> None:
    world = World()
    other = Tokens([NEW], issuer=issuer, audience=audience, store=MemoryRefreshStore(), now=lambda: world.at)
    with pytest.raises(TokenInvalid, match="not valid"):
        world.tokens.read((await other.issue("ada")).access)


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_login(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    first = await world.tokens.issue("ada")
    second = await world.tokens.refresh(first.refresh)
    world.at += 10
    with pytest.raises(TokenReused):
        await world.tokens.refresh(first.refresh)
    with pytest.raises(TokenReused):
        await world.tokens.refresh(second.refresh)
    family = world.tokens.read(first.access)["family"]
    assert [vars(record)["login"] for record in caplog.records] == [family, family]


async def test_the_reuse_of_one_login_leaves_the_others_alone() -> None:
    world = World()
    stolen, other = await world.tokens.issue("ada"), await world.tokens.issue("ada")
    await world.tokens.refresh(stolen.refresh)
    world.at += 10
    with pytest.raises(TokenReused):
        await world.tokens.refresh(stolen.refresh)
    assert (await world.tokens.refresh(other.refresh)).access


async def test_two_tabs_that_refresh_at_once_stay_logged_in() -> None:
    world = World()
    first = await world.tokens.issue("ada")
    one, other = await world.tokens.refresh(first.refresh), await world.tokens.refresh(first.refresh)
    assert world.tokens.read(other.access)["sub"] == "ada"
    world.at += 3600
    after = await world.tokens.refresh(one.refresh)
    assert (await world.tokens.refresh(other.refresh)).refresh == after.refresh


async def test_a_subject_is_logged_out_everywhere_at_once() -> None:
    tokens = World().tokens
    pairs = [await tokens.issue("ada"), await tokens.issue("ada"), await tokens.issue("bob")]
    await tokens.revoke_all("ada")
    for ended in pairs[:2]:
        with pytest.raises(TokenReused):
            await tokens.refresh(ended.refresh)
    assert (await tokens.refresh(pairs[2].refresh)).access


async def test_the_claims_of_a_subject_are_asked_for_at_each_refresh() -> None:
    roles = {"ada": "admin"}

    async def claims_of(subject: str) -> dict[str, object]:
        return {"role": roles[subject]}

    tokens = Tokens([NEW], issuer="i", audience="a", store=MemoryRefreshStore(), claims_of=claims_of)
    pair = await tokens.issue("ada")
    roles["ada"] = "reader"
    assert tokens.read(pair.access)["role"] == "admin"
    assert tokens.read((await tokens.refresh(pair.refresh)).access)["role"] == "reader"


async def test_no_token_is_signed_or_read_without_a_claim_that_is_required() -> None:
    store = MemoryRefreshStore()
    strict = Tokens([NEW], issuer="i", audience="a", store=store, required=["role"], grace=0)
    without = await Tokens([NEW], issuer="i", audience="a", store=store).issue("ada")
    with pytest.raises(TokenInvalid):
        strict.read(without.access)
    with pytest.raises(Misconfigured, match="role"):
        await strict.issue("ada")
    with pytest.raises(Misconfigured, match="role"):
        await strict.refresh(without.refresh)
    assert strict.read((await strict.refresh(without.refresh, role="reader")).access)["role"] == "reader"


async def test_a_token_that_is_not_valid_is_told_to_the_client() -> None:
    with pytest.raises(Problem) as caught:
        World().tokens.read("x.y.z")
    assert caught.value.status == 401
    assert (b"www-authenticate", b'Bearer error="invalid_token"') in caught.value.answer.headers


async def test_after_logging_out_nothing_can_be_refreshed() -> None:
    tokens = World().tokens
    pair = await tokens.issue("ada")
    await tokens.revoke(pair.refresh)
    with pytest.raises(TokenReused):
        await tokens.refresh(pair.refresh)


async def test_an_unsigned_token_is_refused() -> None:
    pair = await World().tokens.issue("ada")
    _, payload, _ = pair.access.split(".")
    for algorithm in ("none", "None", "NONE", "HS256"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": NEW.kid}).encode()).rstrip(b"=").decode()
        with pytest.raises(TokenInvalid):
            World().tokens.read(f"{header}.{payload}.")


async def test_an_algorithm_that_is_not_the_keys_is_refused() -> None:
    world = World()
    assert NEW.secret is not None
    payload = dict(world.tokens.read((await world.tokens.issue("ada")).access))
    token = jwt.encode(payload, NEW.secret.reveal() * 2, "HS512", {"kid": NEW.kid})
    with pytest.raises(TokenInvalid):
        world.tokens.read(token)
    twice = World(Key(NEW.kid, Secret(NEW.secret.reveal() * 2)))
    with pytest.raises(TokenInvalid):
        twice.tokens.read(token)
    assert twice.tokens.read(jwt.encode(payload, NEW.secret.reveal() * 2, "HS256", {"kid": NEW.kid}))


async def test_the_public_half_cannot_be_used_as_a_shared_secret() -> None:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip
    pair = await World(Key("ed", Secret(pem), "EdDSA", public)).tokens.issue("ada")
    reader = World(Key("ed", None, "EdDSA", public)).tokens
    assert reader.read(pair.access)["sub"] == "ada"
    payload = jwt.decode(pair.access, options={"verify_signature": False})
    with pytest.raises(TokenInvalid):
        reader.read(_signed_by_hand(payload, public, "ed"))
    with pytest.raises(Misconfigured, match="can only verify"):
        await reader.issue("ada")


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Key("k", Secret("")), id="an empty secret"),
        pytest.param(lambda: Key("k", Secret("short")), id="a short secret"),
        pytest.param(lambda: Key("k", None), id="no secret"),
        pytest.param(lambda: Key("k", Secret("x" * 40), "none"), id="no algorithm"),
        pytest.param(lambda: Key("k", Secret("x" * 40), "RS256"), id="an algorithm that is not on the list"),
        pytest.param(lambda: Key("", Secret("x" * 40)), id="no name"),
        pytest.param(lambda: Key("k", Secret("x" * 31)), id="one character too few"),
        pytest.param(lambda: Key("k", Secret("pem"), "EdDSA"), id="no public half"),
        pytest.param(lambda: World(NEW, Key(NEW.kid, Secret("x" * 40))), id="two keys of one name"),
        pytest.param(
            lambda: Tokens((), issuer="i", audience="a", store=MemoryRefreshStore()), id="no keys: there is no default"
        ),
    ],
)
def test_a_key_that_keeps_nothing_safe_is_refused(make: object) -> None:
    with pytest.raises(Misconfigured):
        make()  # type: ignore[operator]  # each makes something else


def test_32_characters_are_enough() -> None:
    assert Key("k", Secret("x" * 32)).signing() == "x" * 32


async def test_claims_of_ours_cannot_be_set_by_the_caller() -> None:
    with pytest.raises(Misconfigured, match="exp"):
        await World().tokens.issue("ada", exp=9_999_999_999)


@given(place=st.integers(0, 10_000), character=st.sampled_from("ABCxyz019-_.=\x00é"))
@settings(max_examples=150, deadline=None)
def test_a_token_that_was_changed_anywhere_is_refused_or_the_same(place: int, character: str) -> None:
    world = World()
    token = world.tokens._sign("access", "ada", {"family": "f", "jti": "j"})
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    try:
        claims = world.tokens.read(changed)
    except TokenInvalid:
        return
    assert claims == world.tokens.read(token)


@given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
@settings(deadline=None)
def test_whatever_comes_as_a_token_is_refused_and_never_an_error(text: str) -> None:
    with pytest.raises(TokenInvalid):
        World().tokens.read(text)


async def test_a_bearer_token_is_required_where_it_is_asked_for() -> None:
    world = World()
    seen: list[Scope] = []
    app = BearerToken(answering(seen=seen), tokens=world.tokens, paths=["/api"], but=["/api/auth/login"])
    pair = await world.tokens.issue("ada")
    assert (await ask(app, "/")).status == 200
    assert (await ask(app, "/api/auth/login")).status == 200
    refused = await ask(app, "/api/things")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    wrong = await ask(app, "/api/things", headers={"Authorization": "Bearer x.y.z"})
    assert (wrong.status, wrong.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert (await ask(app, "/api/things", headers={"Authorization": f"Bearer {pair.access}"})).status == 200
    assert seen[-1]["state"]["claims"]["sub"] == "ada"


@pytest.mark.parametrize("given", ["Basic {}", "{}", "Bearer", "Bearer ", "Token {}"])
async def test_what_is_no_bearer_token_is_asked_for_one(given: str) -> None:
    world = World()
    app = BearerToken(answering(), tokens=world.tokens)
    reply = await ask(app, "/", headers={"Authorization": given.format((await world.tokens.issue("ada")).access)})
    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("given", ["bearer {}", "BEARER {}", "Bearer   {} "])
async def test_a_bearer_token_is_read_however_it_is_written(given: str) -> None:
    world = World()
    app = BearerToken(answering(), tokens=world.tokens)
    headers = {"Authorization": given.format((await world.tokens.issue("ada")).access)}
    assert (await ask(app, "/anything", headers=headers)).status == 200


def _signed_by_hand(payload: dict[str, object], secret: str, kid: str) -> str:
    """What PyJWT refuses to make: HS256 with a public key as the secret."""

    def encode(document: dict[str, object]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")

    head = encode({"alg": "HS256", "kid": kid}) + b"." + encode(payload)
    signature = base64.urlsafe_b64encode(hmac.new(secret.encode(), head, hashlib.sha256).digest()).rstrip(b"=")
    return (head + b"." + signature).decode()
