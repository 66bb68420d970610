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

from kit.tests.driving import call, stub_app
from mainstay_kit import Misconfigured, Problem, Secret
from mainstay_kit.chain import Scope
from mainstay_kit.tokens import BearerToken, Key, MemoryRefreshStore, TokenInvalid, TokenReused, Tokens

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P12")]
OLD = Key("2026-10", Secret("old-" * 10))
NEW = Key("2026-11", Secret("new-" * 10))


class Clocked:
    """Tokens of one service, with a clock that the test sets."""

    def __init__(self, *keys: Key) -> None:
        self.now = 1_800_000_000.0
        store = MemoryRefreshStore()
        self.tokens = Tokens(keys or (NEW,), issuer="granter", audience="api", store=store, now=lambda: self.now)


async def test_an_access_token_contains_subject_and_claims() -> None:
    tokens = Clocked().tokens
    pair = await tokens.issue("ada", role="admin")
    claims = tokens.read(pair.access)
    assert (claims["sub"], claims["role"]) == ("ada", "admin")


async def test_all_access_tokens_of_a_login_share_its_family() -> None:
    tokens = Clocked().tokens
    first, other = await tokens.issue("ada"), await tokens.issue("ada")
    second = await tokens.refresh(first.refresh)
    assert tokens.read(first.access)["family"] == tokens.read(second.access)["family"]
    assert tokens.read(first.access)["family"] != tokens.read(other.access)["family"]


async def test_the_pair_states_the_lifetime_of_the_access_token() -> None:
    tokens = Tokens([NEW], issuer="i", audience="a", store=MemoryRefreshStore(), access_ttl=60, refresh_ttl=3600)
    assert (await tokens.issue("ada")).expires_in == 60


async def test_a_login_expires_a_month_after_its_last_refresh() -> None:
    clocked = Clocked()
    pair = await clocked.tokens.issue("ada")
    for _ in range(3):
        clocked.now += 29 * 24 * 3600
        pair = await clocked.tokens.refresh(pair.refresh)
    clocked.now += 31 * 24 * 3600
    with pytest.raises(TokenInvalid, match="has expired"):
        await clocked.tokens.refresh(pair.refresh)


async def test_an_access_token_does_not_contain_the_id_of_its_refresh_token() -> None:
    tokens = Clocked().tokens
    pair = await tokens.issue("ada")
    numbers = [jwt.decode(token, options={"verify_signature": False})["jti"] for token in (pair.access, pair.refresh)]
    assert numbers[0] != numbers[1]


async def test_a_token_from_a_slightly_fast_clock_is_accepted() -> None:
    clocked = Clocked()
    pair = await clocked.tokens.issue("ada")
    clocked.now -= 4
    clocked.tokens.read(pair.access)
    clocked.now -= 2
    with pytest.raises(TokenInvalid, match="has expired"):
        clocked.tokens.read(pair.access)


async def test_tokens_use_the_given_clock() -> None:
    clocked = Clocked()
    clocked.now = 1_000_000_000.0
    pair = await clocked.tokens.issue("ada")
    assert clocked.tokens.read(pair.access)["sub"] == "ada"


@pytest.mark.parametrize("name", ["sub", "iat", "exp", "iss", "aud", "jti", "use", "family"])
async def test_a_token_without_a_standard_claim_is_refused(name: str) -> None:
    clocked = Clocked()
    payload = dict(clocked.tokens.read((await clocked.tokens.issue("ada")).access))
    del payload[name]
    with pytest.raises(TokenInvalid):
        clocked.tokens.read(_signed_by_hand(payload, "new-" * 10, NEW.kid))


@pytest.mark.parametrize("moment", [2e9, "2000000000", None])
async def test_a_time_claim_that_is_not_an_integer_is_refused(moment: object) -> None:
    clocked = Clocked()
    payload = dict(clocked.tokens.read((await clocked.tokens.issue("ada")).access))
    assert clocked.tokens.read(_signed_by_hand({**payload, "exp": 2_000_000_000}, "new-" * 10, NEW.kid))
    with pytest.raises(TokenInvalid):
        clocked.tokens.read(_signed_by_hand({**payload, "exp": moment}, "new-" * 10, NEW.kid))


async def test_claims_passed_to_issue_override_claims_of() -> None:
    async def claims_of(_subject: str) -> dict[str, object]:
        return {"role": "reader"}

    tokens = Tokens([NEW], issuer="i", audience="a", store=MemoryRefreshStore(), claims_of=claims_of)
    pair = await tokens.issue("ada", role="owner")
    assert tokens.read(pair.access)["role"] == "owner"


def test_an_overlong_token_is_refused() -> None:
    with pytest.raises(TokenInvalid, match="too long"):
        Clocked().tokens.read("x" * 8193)


async def test_a_token_expires() -> None:
    clocked = Clocked()
    pair = await clocked.tokens.issue("ada")
    clocked.now += 15 * 60 + 4
    clocked.tokens.read(pair.access)
    clocked.now += 2
    with pytest.raises(TokenInvalid, match="has expired"):
        clocked.tokens.read(pair.access)


@pytest.mark.requirement("J16")
async def test_keys_can_be_rotated_without_logging_users_out() -> None:
    pair = await Clocked(OLD).tokens.issue("ada")
    assert Clocked(NEW, OLD).tokens.read(pair.access)["sub"] == "ada"
    with pytest.raises(TokenInvalid, match="key is not known"):
        Clocked(NEW).tokens.read(pair.access)


async def test_the_first_key_signs() -> None:
    pair = await Clocked(NEW, OLD).tokens.issue("ada")
    assert jwt.get_unverified_header(pair.access)["kid"] == NEW.kid


async def test_access_and_refresh_tokens_are_not_interchangeable() -> None:
    tokens = Clocked().tokens
    pair = await tokens.issue("ada")
    with pytest.raises(TokenInvalid):
        tokens.read(pair.refresh)
    with pytest.raises(TokenInvalid):
        await tokens.refresh(pair.access)


@pytest.mark.parametrize(("issuer", "audience"), [("granter", "shop"), ("shop", "api")])
async def test_a_token_for_another_audience_or_of_another_issuer_is_refused(issuer: str, audience: str) -> None:
    clocked = Clocked()
    other = Tokens([NEW], issuer=issuer, audience=audience, store=MemoryRefreshStore(), now=lambda: clocked.now)
    with pytest.raises(TokenInvalid, match="not valid"):
        clocked.tokens.read((await other.issue("ada")).access)


async def test_a_refresh_token_works_once_and_its_reuse_ends_the_login(caplog: pytest.LogCaptureFixture) -> None:
    clocked = Clocked()
    first = await clocked.tokens.issue("ada")
    second = await clocked.tokens.refresh(first.refresh)
    clocked.now += 10
    with pytest.raises(TokenReused):
        await clocked.tokens.refresh(first.refresh)
    with pytest.raises(TokenReused):
        await clocked.tokens.refresh(second.refresh)
    family = clocked.tokens.read(first.access)["family"]
    assert [vars(record)["login"] for record in caplog.records] == [family, family]


async def test_token_reuse_ends_only_that_login() -> None:
    clocked = Clocked()
    stolen, other = await clocked.tokens.issue("ada"), await clocked.tokens.issue("ada")
    await clocked.tokens.refresh(stolen.refresh)
    clocked.now += 10
    with pytest.raises(TokenReused):
        await clocked.tokens.refresh(stolen.refresh)
    assert (await clocked.tokens.refresh(other.refresh)).access


async def test_two_tabs_that_refresh_at_once_stay_logged_in() -> None:
    clocked = Clocked()
    first = await clocked.tokens.issue("ada")
    one, other = await clocked.tokens.refresh(first.refresh), await clocked.tokens.refresh(first.refresh)
    assert clocked.tokens.read(other.access)["sub"] == "ada"
    clocked.now += 3600
    after = await clocked.tokens.refresh(one.refresh)
    assert (await clocked.tokens.refresh(other.refresh)).refresh == after.refresh


async def test_revoke_all_ends_every_login_of_a_subject() -> None:
    tokens = Clocked().tokens
    pairs = [await tokens.issue("ada"), await tokens.issue("ada"), await tokens.issue("bob")]
    await tokens.revoke_all("ada")
    for ended in pairs[:2]:
        with pytest.raises(TokenReused):
            await tokens.refresh(ended.refresh)
    assert (await tokens.refresh(pairs[2].refresh)).access


async def test_claims_are_read_again_at_each_refresh() -> None:
    roles = {"ada": "admin"}

    async def claims_of(subject: str) -> dict[str, object]:
        return {"role": roles[subject]}

    tokens = Tokens([NEW], issuer="i", audience="a", store=MemoryRefreshStore(), claims_of=claims_of)
    pair = await tokens.issue("ada")
    roles["ada"] = "reader"
    assert tokens.read(pair.access)["role"] == "admin"
    assert tokens.read((await tokens.refresh(pair.refresh)).access)["role"] == "reader"


async def test_a_token_without_a_required_claim_is_neither_signed_nor_accepted() -> None:
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


async def test_an_invalid_token_is_a_401_problem() -> None:
    with pytest.raises(Problem) as raised:
        Clocked().tokens.read("x.y.z")
    assert raised.value.status == 401
    assert (b"www-authenticate", b'Bearer error="invalid_token"') in raised.value.response.headers


async def test_after_a_logout_no_token_can_be_refreshed() -> None:
    tokens = Clocked().tokens
    pair = await tokens.issue("ada")
    await tokens.revoke(pair.refresh)
    with pytest.raises(TokenReused):
        await tokens.refresh(pair.refresh)


async def test_an_unsigned_token_is_refused() -> None:
    pair = await Clocked().tokens.issue("ada")
    _, payload, _ = pair.access.split(".")
    for algorithm in ("none", "None", "NONE", "HS256"):
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": NEW.kid}).encode()).rstrip(b"=").decode()
        with pytest.raises(TokenInvalid):
            Clocked().tokens.read(f"{header}.{payload}.")


async def test_an_algorithm_other_than_the_keys_is_refused() -> None:
    clocked = Clocked()
    assert NEW.secret is not None
    payload = dict(clocked.tokens.read((await clocked.tokens.issue("ada")).access))
    token = jwt.encode(payload, NEW.secret.reveal() * 2, "HS512", {"kid": NEW.kid})
    with pytest.raises(TokenInvalid):
        clocked.tokens.read(token)
    twice = Clocked(Key(NEW.kid, Secret(NEW.secret.reveal() * 2)))
    with pytest.raises(TokenInvalid):
        twice.tokens.read(token)
    assert twice.tokens.read(jwt.encode(payload, NEW.secret.reveal() * 2, "HS256", {"kid": NEW.kid}))


async def test_a_public_key_cannot_be_used_as_a_shared_secret() -> None:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip
    pair = await Clocked(Key("ed", Secret(pem), "EdDSA", public)).tokens.issue("ada")
    reader = Clocked(Key("ed", None, "EdDSA", public)).tokens
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
        pytest.param(lambda: Clocked(NEW, Key(NEW.kid, Secret("x" * 40))), id="two keys of one name"),
        pytest.param(lambda: Tokens((), issuer="i", audience="a", store=MemoryRefreshStore()), id="no keys"),
    ],
)
def test_an_unsafe_key_is_refused(make: object) -> None:
    with pytest.raises(Misconfigured):
        make()  # type: ignore[operator]  # each makes something else


def test_32_characters_are_enough() -> None:
    assert Key("k", Secret("x" * 32)).signing() == "x" * 32


async def test_callers_cannot_set_standard_claims() -> None:
    with pytest.raises(Misconfigured, match="exp"):
        await Clocked().tokens.issue("ada", exp=9_999_999_999)


@given(place=st.integers(0, 10_000), character=st.sampled_from("ABCxyz019-_.=\x00é"))
@settings(max_examples=150, deadline=None)
def test_a_modified_token_is_refused_or_has_the_same_claims(place: int, character: str) -> None:
    clocked = Clocked()
    token = clocked.tokens._sign("access", "ada", {"family": "f", "jti": "j"})
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    try:
        claims = clocked.tokens.read(changed)
    except TokenInvalid:
        return
    assert claims == clocked.tokens.read(token)


@given(text=st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
@settings(deadline=None)
def test_arbitrary_text_as_a_token_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        Clocked().tokens.read(text)


async def test_a_route_with_the_bearer_dependency_requires_a_token() -> None:
    clocked = Clocked()
    seen: list[Scope] = []
    app = BearerToken(stub_app(seen=seen), tokens=clocked.tokens, paths=["/api"], exempt=["/api/auth/login"])
    pair = await clocked.tokens.issue("ada")
    assert (await call(app, "/")).status == 200
    assert (await call(app, "/api/auth/login")).status == 200
    missing = await call(app, "/api/things")
    assert (missing.status, missing.headers["www-authenticate"]) == (401, "Bearer")
    invalid = await call(app, "/api/things", headers={"Authorization": "Bearer x.y.z"})
    assert (invalid.status, invalid.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert (await call(app, "/api/things", headers={"Authorization": f"Bearer {pair.access}"})).status == 200
    assert seen[-1]["state"]["claims"]["sub"] == "ada"


@pytest.mark.parametrize("given", ["Basic {}", "{}", "Bearer", "Bearer ", "Token {}"])
async def test_other_authorization_schemes_are_refused(given: str) -> None:
    clocked = Clocked()
    app = BearerToken(stub_app(), tokens=clocked.tokens)
    reply = await call(app, "/", headers={"Authorization": given.format((await clocked.tokens.issue("ada")).access)})
    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("given", ["bearer {}", "BEARER {}", "Bearer   {} "])
async def test_a_bearer_token_is_read_however_it_is_written(given: str) -> None:
    clocked = Clocked()
    app = BearerToken(stub_app(), tokens=clocked.tokens)
    headers = {"Authorization": given.format((await clocked.tokens.issue("ada")).access)}
    assert (await call(app, "/anything", headers=headers)).status == 200


def _signed_by_hand(payload: dict[str, object], secret: str, kid: str) -> str:
    """What PyJWT refuses to make: HS256 with a public key as the secret."""

    def encode(document: dict[str, object]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=")

    head = encode({"alg": "HS256", "kid": kid}) + b"." + encode(payload)
    signature = base64.urlsafe_b64encode(hmac.new(secret.encode(), head, hashlib.sha256).digest()).rstrip(b"=")
    return (head + b"." + signature).decode()
