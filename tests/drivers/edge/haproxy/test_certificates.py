"""Several certificates at one front door: clients get the one for the host that they name."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from msgspec.structs import replace

from mainstay.drivers.edge.haproxy.certificate_names import names_in
from mainstay.drivers.edge.haproxy.runtime_api import RuntimeApi
from mainstay.errors import StepFailed
from mainstay.model import Edge, Route
from mainstay.model.tls import CertificateFiles, Tls
from tests.drivers.edge.haproxy.certificate_writer import WrittenCertificate, writer
from tests.drivers.edge.haproxy.http_load import free_port, load, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

HOSTS = ("shop.example", "blog.example", "a.wild.example")
ROUTES = tuple(Route("/", "web", host=host) for host in HOSTS)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., WrittenCertificate]:
    return writer(tmp_path)


def tls(*written: WrittenCertificate) -> Tls:
    first, *others = written
    return Tls("files", *first, others=tuple(CertificateFiles(*each) for each in others))


@pytest.fixture
def edge(write: Callable[..., WrittenCertificate]) -> Edge:
    own = tls(write("shop", "shop.example"), write("blog", "blog.example"), write("wild", "*.wild.example"))
    return Edge(http=free_port(), https=free_port(), tls=own, routes=ROUTES)


async def served(running: RunningProxy, host: str | None) -> x509.Certificate:
    """Return the certificate that a client gets that names *host*; None: it names none."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = ("127.0.0.1", running.edge.https)
    _, writer = await asyncio.open_connection(*address, ssl=context, server_hostname=host or "")
    found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(found)


async def names(running: RunningProxy, host: str | None) -> set[str]:
    return names_in(await served(running, host))


async def worker_of(running: RunningProxy) -> str:
    return (await running.proxy.worker()).pid


@pytest.mark.requirement("E34")
async def test_each_client_gets_the_certificate_for_the_host_that_it_names(running: RunningProxy) -> None:
    assert await names(running, "shop.example") == {"shop.example"}
    assert await names(running, "blog.example") == {"blog.example"}
    assert await names(running, "BLOG.example") == {"blog.example"}
    assert await names(running, "a.wild.example") == {"*.wild.example"}


@pytest.mark.requirement("E34")
async def test_a_client_that_names_no_host_or_an_unknown_one_gets_the_first(running: RunningProxy) -> None:
    for host in (None, "unknown.example", "wild.example", "a.b.wild.example"):
        assert await names(running, host) == {"shop.example"}


async def test_each_is_exchanged_without_a_reload_or_a_lost_request(
    running: RunningProxy, write: Callable[..., WrittenCertificate]
) -> None:
    worker = await worker_of(running)
    before = {host: (await served(running, host)).serial_number for host in HOSTS}
    async with load(running.listener_port, rate=300) as tally:
        await wait_until(lambda: tally.total > 20)
        write("blog", "blog.example", "www.blog.example")
        await running.set_shares({41: 100})
        await wait_until(lambda: tally.total > 100)
    after = {host: (await served(running, host)).serial_number for host in HOSTS}
    assert [host for host in HOSTS if before[host] != after[host]] == ["blog.example"]
    assert "www.blog.example" in await names(running, "www.blog.example")
    assert (tally.not_ok, await worker_of(running)) == ([], worker)


async def test_certificates_are_added_and_removed_without_a_lost_request(
    running: RunningProxy, write: Callable[..., WrittenCertificate]
) -> None:
    assert running.edge.tls is not None
    shop, blog, wild = (WrittenCertificate(each.certificate, each.key) for each in running.edge.tls.files)
    new = write("new", "new.example")
    async with load(running.listener_port, rate=300) as tally:
        await wait_until(lambda: tally.total > 20)
        running.edge = replace(running.edge, tls=tls(shop, blog, wild, new))
        await running.set_shares({41: 100})
        assert await names(running, "new.example") == {"new.example"}
        running.edge = replace(running.edge, tls=tls(new), routes=())
        await running.set_shares({41: 100})
        assert await names(running, "blog.example") == {"new.example"}
        await wait_until(lambda: tally.total > 100)
    assert tally.not_ok == []
    assert [path.name for path in running.folders.edge.glob("door*")] == ["door.pem"]


async def test_a_hundred_certificates_are_served(
    running: RunningProxy, write: Callable[..., WrittenCertificate]
) -> None:
    written = [write(f"c{number}", f"c{number}.example") for number in range(100)]
    running.edge = replace(running.edge, tls=tls(*written), routes=())
    await running.set_shares({41: 100})
    for number in (0, 57, 99):
        assert await names(running, f"c{number}.example") == {f"c{number}.example"}


async def test_one_broken_file_keeps_its_old_certificate_and_the_others_are_exchanged(
    running: RunningProxy, write: Callable[..., WrittenCertificate], tmp_path: Path
) -> None:
    before = {host: (await served(running, host)).serial_number for host in HOSTS}
    (tmp_path / "shop.key").unlink()
    write("blog", "blog.example")
    await running.set_shares({41: 100})
    after = {host: (await served(running, host)).serial_number for host in HOSTS}
    assert [host for host in HOSTS if before[host] != after[host]] == ["blog.example"]
    (problem,) = running.proxy.certificates.problems
    assert problem.what.startswith("the old certificate is still used: ")
    assert "shop.key cannot be read" in problem.what
    await running.proxy.process.stop()
    await running.set_shares({41: 100})
    assert await names(running, "shop.example") == {"shop.example"}


async def test_a_new_certificate_that_lacks_a_host_is_not_used_but_the_others_are(
    running: RunningProxy, write: Callable[..., WrittenCertificate]
) -> None:
    before = {host: (await served(running, host)).serial_number for host in HOSTS}
    write("shop", "shop.invalid")
    write("blog", "blog.example")
    await running.set_shares({41: 100})
    after = {host: (await served(running, host)).serial_number for host in HOSTS}
    assert [host for host in HOSTS if before[host] != after[host]] == ["blog.example"]
    (problem,) = running.proxy.certificates.problems
    assert "not for shop.example" in problem.what
    assert running.proxy.certificates.served[0].names == ("shop.example",)


async def test_a_certificate_that_haproxy_refuses_does_not_hold_up_traffic(
    running: RunningProxy, write: Callable[..., WrittenCertificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(api: RuntimeApi, name: str, pem: bytes) -> None:
        raise StepFailed("HAProxy refused a certificate")

    monkeypatch.setattr(RuntimeApi, "set_certificate", refuse)
    write("blog", "blog.example")
    with pytest.raises(StepFailed):
        await running.set_shares({42: 100})
    assert (await running.proxy.actual()).traffic == {"web": {42: 100.0}}


async def test_keys_are_readable_by_their_owner_only(running: RunningProxy) -> None:
    found = sorted(path.name for path in running.folders.edge.glob("door*"))
    assert found == ["door-2.pem", "door-3.list", "door-3.pem", "door.pem"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in running.folders.edge.glob("door*"))
