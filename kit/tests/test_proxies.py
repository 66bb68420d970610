import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tests.driving import call, scope_of, stub_app
from mainstay_kit import Misconfigured, TrustedProxies
from mainstay_kit.chain import Message, Scope

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("A59", "P30")]
ADDRESSES = st.ip_addresses(v=4).map(str)
FOREIGN = ADDRESSES.filter(lambda text: not text.startswith(("10.", "127.")))


async def seen_by(proxies: TrustedProxies, peer: str, forwarded: str, proto: str = "") -> tuple[str, str]:
    seen: list[Scope] = []
    proxies = type(proxies)(stub_app(seen=seen), networks=map(str, proxies._networks), hops=proxies._hops)
    headers = {"X-Forwarded-For": forwarded, **({"X-Forwarded-Proto": proto} if proto else {})}
    await call(proxies, headers=headers, client=(peer, 1))
    return seen[0]["client"][0], seen[0]["scheme"]


BY_NETWORK = TrustedProxies(networks=["127.0.0.1", "10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        pytest.param("127.0.0.1", "203.0.113.7", "203.0.113.7", id="through one proxy"),
        pytest.param("127.0.0.1", "203.0.113.7, 10.0.0.9", "203.0.113.7", id="through two"),
        pytest.param("127.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.9", "203.0.113.7", id="a forged entry"),
        pytest.param("198.51.100.1", "1.1.1.1", "198.51.100.1", id="a peer that is no proxy"),
        pytest.param("127.0.0.1", "", "127.0.0.1", id="no header"),
        pytest.param("127.0.0.1", "1.1.1.1, rubbish", "127.0.0.1", id="an invalid entry ends the search"),
        pytest.param("127.0.0.1", "[2001:db8::1]:443", "2001:db8::1", id="brackets and a port"),
        pytest.param("127.0.0.1", "203.0.113.7:5000", "203.0.113.7", id="a port"),
        pytest.param("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7", id="an IPv4-mapped peer"),
        pytest.param("127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1", id="all of them trusted"),
    ],
)
async def test_the_client_is_the_nearest_address_that_is_not_trusted(peer: str, forwarded: str, client: str) -> None:
    assert (await seen_by(BY_NETWORK, peer, forwarded))[0] == client


@given(
    forged=st.lists(ADDRESSES, max_size=5), client=ADDRESSES.filter(lambda text: not text.startswith(("10.", "127.")))
)
async def test_forged_entries_do_not_change_the_client_address(forged: list[str], client: str) -> None:
    assert (await seen_by(BY_NETWORK, "127.0.0.1", ", ".join([*forged, client])))[0] == client


async def test_hops_are_counted_from_the_right() -> None:
    two = TrustedProxies(hops=2)
    assert (await seen_by(two, "10.9.9.9", "1.1.1.1, 203.0.113.7, 10.0.0.1"))[0] == "203.0.113.7"
    assert (await seen_by(two, "10.9.9.9", "203.0.113.7"))[0] == "10.9.9.9"


async def test_the_scheme_is_read_from_trusted_proxies_only() -> None:
    assert (await seen_by(BY_NETWORK, "127.0.0.1", "203.0.113.7", "https"))[1] == "https"
    assert (await seen_by(BY_NETWORK, "198.51.100.1", "203.0.113.7", "https"))[1] == "http"
    assert (await seen_by(BY_NETWORK, "127.0.0.1", "203.0.113.7", "gopher"))[1] == "http"


async def test_repeated_forwarding_headers_are_joined() -> None:
    seen: list[Scope] = []
    headers = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-for", b"10.0.0.3")]
    app = TrustedProxies(stub_app(seen=seen), networks=["127.0.0.0/8", "10.0.0.0/8"])
    await app({**scope_of(client=("127.0.0.1", 1)), "headers": headers}, empty_body, ignore)
    assert seen[0]["client"][0] == "203.0.113.7"


@pytest.mark.parametrize("text", ["true", "*", "0.0.0.0/0", "::/0", "10.0.0.1/8", "17"])
def test_trusting_all_addresses_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="give the proxies' networks"):
        TrustedProxies.from_text(text)


def test_from_text_accepts_networks_or_hops() -> None:
    assert TrustedProxies.from_text("1")._hops == 1
    assert len(TrustedProxies.from_text("10.0.0.0/8, 127.0.0.1")._networks) == 2


async def empty_body() -> Message:
    return {"type": "http.request", "body": b""}


async def ignore(message: Message) -> None:
    pass
