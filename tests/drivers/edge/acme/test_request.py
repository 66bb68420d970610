"""A certificate from a real authority, which checks the hosts at the front door or by DNS."""

import asyncio
import ssl
import sys
from pathlib import Path

import pytest
from cryptography import x509
from msgspec.structs import replace

from mainstay.drivers.edge.acme.__main__ import request
from mainstay.drivers.edge.acme.attempt import Attempt, required_names
from mainstay.drivers.edge.acme.obtained import Obtained, keep_obtained, read_obtained
from mainstay.drivers.edge.acme.renewal import Failure
from mainstay.drivers.edge.haproxy.authority import issue
from mainstay.drivers.edge.haproxy.certificate_names import names_in
from mainstay.drivers.edge.haproxy.maintenance import maintenance_maps
from mainstay.model.acme import DnsCommands
from mainstay.model.maintenance import Maintenance
from tests.drivers.edge.acme.conftest import HOSTS
from tests.drivers.edge.acme.pebble import Pebble, pebble
from tests.drivers.edge.haproxy.http_load import free_port, load, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

pytestmark = pytest.mark.slow


async def requested(attempt: Attempt) -> Failure | None:
    return await asyncio.to_thread(request, attempt)


async def peer(running: RunningProxy, root: Path, host: str = HOSTS[0]) -> str:
    """Return the serial number of the certificate with which HAProxy serves a client that trusts *root* alone."""
    context = ssl.create_default_context(cafile=str(root))
    address = ("127.0.0.1", running.edge.https)
    _, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=host)
    found = writer.get_extra_info("peercert")
    writer.close()
    return str(found["serialNumber"])


@pytest.mark.requirement("E1")
@pytest.mark.requirement("E2")
async def test_the_front_door_proves_who_owns_the_hosts_and_serves_the_certificate(
    running: RunningProxy, attempt: Attempt, authority: Pebble
) -> None:
    assert await requested(attempt) is None
    obtained = read_obtained(attempt.folders.obtained)
    assert obtained is not None
    assert obtained.certificate().names == {*HOSTS}
    assert attempt.folders.obtained.stat().st_mode & 0o077 == 0
    await running.set_shares({41: 100})
    assert await peer(running, authority.root, HOSTS[1])


@pytest.mark.requirement("E6")
@pytest.mark.requirement("M8")
async def test_a_renewed_certificate_is_served_without_a_reload_and_the_account_is_reused(
    running: RunningProxy, attempt: Attempt, authority: Pebble
) -> None:
    assert await requested(attempt) is None
    await running.set_shares({41: 100})
    before, worker = await peer(running, authority.root), await running.proxy.worker()
    accounts = authority.lines("accounts in memory")
    async with load(running.listener_port, rate=300) as tally:
        await wait_until(lambda: tally.total > 20)
        assert await requested(attempt) is None
        await running.set_shares({41: 100})
        await wait_until(lambda: tally.total > 100)
    assert await peer(running, authority.root) != before
    assert (tally.not_ok, (await running.proxy.worker()).pid) == ([], worker.pid)
    assert accounts > 0
    assert authority.lines("accounts in memory") == accounts


async def test_it_works_during_maintenance_and_while_no_release_is_live(
    running: RunningProxy, attempt: Attempt
) -> None:
    maps = maintenance_maps(Maintenance(since="2026-11-27T00:00:00Z", by="ops"))
    await running.proxy.converge(running.edge, running.ports, (), maps)
    assert (await running.request(headers={"Host": HOSTS[0]})).startswith("301")
    assert await requested(attempt) is None


@pytest.fixture
def dns(authority: Pebble, tmp_path: Path) -> DnsCommands:
    script = str(Path(__file__).with_name("dns_script.py"))
    given = (f"127.0.0.1:{authority.dns_management}", str(tmp_path / "calls"), "{name}", "{value}")
    return DnsCommands((sys.executable, script, "set", *given), (sys.executable, script, "clear", *given), 0.1)


async def test_a_wildcard_is_proved_by_dns_records_that_are_removed_again(
    attempt: Attempt, dns: DnsCommands, tmp_path: Path
) -> None:
    wild = replace(attempt, acme=replace(attempt.acme, dns=dns), names=("*.shop.example", "shop.example"))
    assert await requested(wild) is None
    obtained = read_obtained(wild.folders.obtained)
    assert obtained is not None
    assert obtained.certificate().names == {"*.shop.example", "shop.example"}
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert [call for call, _, _ in calls] == ["set", "set", "clear", "clear"]
    assert {name for _, name, _ in calls} == {"_acme-challenge.shop.example"}
    assert len({value for _, _, value in calls}) == 2


async def test_records_are_removed_after_a_refusal_and_the_authority_is_quoted(
    attempt: Attempt, dns: DnsCommands, tmp_path: Path
) -> None:
    wrong = replace(dns, set=(*dns.set[:-1], "wrong"))
    failure = await requested(replace(attempt, acme=replace(attempt.acme, dns=wrong), names=("shop.example",)))
    assert failure is not None
    assert failure.what.startswith("shop.example: ")
    assert "DNS challenge" in failure.what
    assert [line.split()[0] for line in (tmp_path / "calls").read_text().splitlines()] == ["set", "clear"]


async def test_a_program_for_dns_that_fails_is_named_with_its_last_line(attempt: Attempt, dns: DnsCommands) -> None:
    failing = replace(dns, set=("sh", "-c", "echo no such zone {name} >&2; exit 3"), clear=("true",))
    failure = await requested(replace(attempt, acme=replace(attempt.acme, dns=failing), names=("shop.example",)))
    name = "_acme-challenge.shop.example"
    assert failure == Failure(f"sh for {name} ended with exit code 3: no such zone {name}")


async def test_a_refusal_keeps_the_certificate_from_before_and_quotes_the_authority(
    running: RunningProxy, attempt: Attempt
) -> None:
    assert await requested(attempt) is None
    before = attempt.folders.obtained.read_bytes()
    running.edge = replace(running.edge, tls=None, https=None)
    await running.set_shares({41: 100})
    failure = await requested(attempt)
    assert failure is not None
    assert "shop.example: " in failure.what
    assert attempt.folders.obtained.read_bytes() == before


async def test_when_one_of_several_hosts_is_refused_no_certificate_is_issued_and_only_it_is_named(
    attempt: Attempt, authority: Pebble
) -> None:
    assert await requested(attempt) is None
    before = attempt.folders.obtained.read_bytes()
    authority.set_dns("set-servfail", host=f"{HOSTS[1]}.")
    try:
        failure = await requested(attempt)
    finally:
        authority.set_dns("clear-servfail", host=f"{HOSTS[1]}.")
    assert failure is not None
    assert failure.what.startswith(f"{HOSTS[1]}: ")
    assert "; " not in failure.what
    assert attempt.folders.obtained.read_bytes() == before
    assert await requested(attempt) is None


async def test_an_authority_that_is_down_is_reported_in_plain_words(attempt: Attempt) -> None:
    directory = f"https://127.0.0.1:{free_port()}/dir"
    failure = await requested(replace(attempt, acme=replace(attempt.acme, directory=directory)))
    assert failure == Failure(f"{directory} cannot be reached: [Errno 111] Connection refused")


async def test_an_authority_whose_own_certificate_is_not_trusted_is_not_used(attempt: Attempt) -> None:
    failure = await requested(replace(attempt, acme=replace(attempt.acme, ca="")))
    assert failure is not None
    assert failure.what.startswith(f"the certificate of {attempt.acme.directory} itself is not trusted: ")


async def test_hosts_that_were_checked_lately_and_bad_nonces_are_no_obstacle(
    running: RunningProxy, attempt: Attempt, tmp_path: Path
) -> None:
    with pebble(tmp_path, free_port(), PEBBLE_AUTHZREUSE="100", PEBBLE_VA_ALWAYS_VALID="1") as lax:
        there = replace(attempt, acme=lax.acme)
        assert await requested(there) is None
        assert await requested(there) is None


def test_names_that_a_wildcard_covers_are_left_out() -> None:
    hosts = ("shop.example", "*.shop.example", "a.shop.example", "a.b.shop.example")
    assert required_names(hosts) == ("shop.example", "*.shop.example", "a.b.shop.example")


async def test_a_damaged_certificate_is_as_good_as_none(running: RunningProxy, attempt: Attempt) -> None:
    attempt.folders.obtained.write_text("x")
    assert (read_obtained(attempt.folders.obtained), attempt.due_at()) == (None, 0)
    keep_obtained(attempt.folders.obtained, Obtained(attempt.acme.directory, "x"))
    assert (read_obtained(attempt.folders.obtained), attempt.due_at()) == (None, 0)
    keep_obtained(attempt.folders.obtained, Obtained(attempt.acme.directory, issue(running.folders, HOSTS).decode()))
    assert attempt.due_at() > 0


async def test_until_there_is_one_the_certificate_from_before_is_served_if_it_is_for_the_hosts(
    running: RunningProxy,
) -> None:
    from_files = issue(running.folders, HOSTS)
    pem = running.folders.edge / "door.pem"
    pem.write_bytes(from_files)
    await running.set_shares({41: 100})
    assert pem.read_bytes() == from_files
    running.edge = replace(running.edge, routes=(replace(running.edge.routes[0], host="new.example"),))
    await running.set_shares({41: 100})
    assert "new.example" in names_in(x509.load_pem_x509_certificate(pem.read_bytes()))
