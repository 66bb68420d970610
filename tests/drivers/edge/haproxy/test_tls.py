"""TLS at the front door, as real clients see it."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import nullcontext as nothing
from pathlib import Path

import pytest
from cryptography import x509
from msgspec.structs import replace

from mainstay.drivers.edge.haproxy import authority, certificate_files
from mainstay.drivers.edge.haproxy.authority import issue
from mainstay.drivers.edge.haproxy.certificate_files import OwnCertificate, read_one
from mainstay.drivers.edge.haproxy.certificate_names import names_in
from mainstay.drivers.edge.haproxy.certificates import PEM, names_of
from mainstay.model import Edge, Route
from mainstay.model.tls import CertificateFiles, Tls
from mainstay.system import processes
from tests.drivers.edge.haproxy.certificate_writer import writer
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port, load, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

HOST = "shop.example"
ROUTES = (Route("/", "web", host=HOST), Route("/app", "web"))


@pytest.fixture
def edge() -> Edge:
    tls = Tls(hsts_s=31_536_000)
    return Edge(http=free_port(), https=free_port(), tls=tls, routes=ROUTES, release_header=True)


def trusting(root: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(root))
    context.set_alpn_protocols(["http/1.1"])
    return context


def root_of(running: RunningProxy) -> Path:
    return running.folders.authority


async def secure(running: RunningProxy, path: str = "/", *, host: str = HOST, root: Path | None = None) -> Response:
    """Return the response to a request over https, by a client that trusts the authority alone."""
    context = trusting(root or root_of(running))
    reader, writer = await asyncio.open_connection("127.0.0.1", running.edge.https, ssl=context, server_hostname=host)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Response(int(lines[0].split()[1]), headers, body.decode())


@pytest.mark.requirement("E1")
async def test_a_client_that_trusts_the_authority_is_served(running: RunningProxy) -> None:
    assert (await secure(running)).status == 200
    assert (await secure(running, "/app", host="localhost")).status == 200
    assert running.old.requests[-1]["x-forwarded-proto"] == "https"


async def test_other_clients_do_not_trust_it(running: RunningProxy) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.open_connection("127.0.0.1", running.edge.https, ssl=True, server_hostname=HOST)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await secure(running, host="other.example")


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("version", "served"),
    [(ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_only_new_versions_of_tls_are_served(
    version: ssl.TLSVersion, served: bool, running: RunningProxy
) -> None:
    context = trusting(root_of(running))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns() if not served else nothing():
        context.minimum_version = context.maximum_version = version
    connecting = asyncio.open_connection("127.0.0.1", running.edge.https, ssl=context, server_hostname=HOST)
    if served:
        (await connecting)[1].close()
    else:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await connecting


async def test_http_2_is_offered(running: RunningProxy) -> None:
    context = trusting(root_of(running))
    context.set_alpn_protocols(["h2", "http/1.1"])
    _, writer = await asyncio.open_connection("127.0.0.1", running.edge.https, ssl=context, server_hostname=HOST)
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.close()


@pytest.mark.requirement("E3")
async def test_http_is_redirected_with_path_and_query(running: RunningProxy) -> None:
    client = Client(running.front_port, keep_alive=False)
    found = await client.request("/a%20b?q=1", headers={"Host": f"{HOST}:{running.front_port}"})
    assert (found.status, found.headers["location"]) == (301, f"https://{HOST}:{running.edge.https}/a%20b?q=1")
    posted = await client.request("/", method="POST", headers={"Host": HOST})
    assert posted.status == 308
    assert running.old.requests == []


@pytest.mark.requirement("E6")
async def test_browsers_must_stay_on_https(running: RunningProxy) -> None:
    for path in ("/", "/nothing"):
        host = HOST if path == "/" else "localhost"
        assert (await secure(running, path, host=host)).headers["strict-transport-security"] == "max-age=31536000"
    redirect = await Client(running.front_port).request("/")
    assert "strict-transport-security" not in redirect.headers


async def test_a_new_certificate_is_used_without_a_reload_or_a_lost_request(running: RunningProxy) -> None:
    before, worker = served_certificate(running), await worker_of(running)
    (running.folders.edge / PEM).write_bytes(issue(running.folders, (HOST, "localhost", "127.0.0.1")))
    async with load(running.listener_port, rate=300) as tally:
        await wait_until(lambda: tally.total > 20)
        await running.set_shares({41: 100})
        await wait_until(lambda: tally.total > 100)
    assert served_certificate(running) != before
    assert (tally.not_ok, await worker_of(running)) == ([], worker)


@pytest.mark.slow
@pytest.mark.failure("F70")
async def test_reloads_lose_no_request_of_an_http_2_client(running: RunningProxy) -> None:
    client = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--http2", "--cacert", str(root_of(running)), "--rate", "300/s",
        "--output", "/dev/null", "--write-out", "%{http_code} %{http_version}\n",
        f"https://localhost:{running.edge.https}/app/[1-600]", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    finished, workers = asyncio.create_task(client.communicate()), set()
    while not finished.done():
        running.edge = replace(running.edge, answer_s=running.edge.answer_s + 1)
        await running.set_shares({41: 100})
        workers.add(await worker_of(running))
        await asyncio.sleep(0.1)
    out, _ = await finished
    assert out.decode().splitlines() == ["200 2"] * 600
    assert len(workers) > 5


def served_certificate(running: RunningProxy) -> str:
    return ssl.get_server_certificate(("127.0.0.1", running.edge.https or 0))


async def worker_of(running: RunningProxy) -> str:
    return (await running.proxy.worker()).pid


async def test_a_certificate_that_lacks_a_name_is_replaced(running: RunningProxy) -> None:
    before = served_certificate(running)
    await running.set_shares({41: 100})
    assert served_certificate(running) == before
    running.edge = replace(running.edge, routes=(*ROUTES, Route("/", "web", host="new.example")))
    await running.set_shares({41: 100})
    assert (await secure(running, host="new.example")).status == 200
    running.edge = replace(running.edge, address="127.0.0.2")
    assert "127.0.0.2" in names_in(x509.load_pem_x509_certificate(stored_certificate(running)))


def stored_certificate(running: RunningProxy) -> bytes:
    """Return the certificate that the edge of *running* must have."""
    return running.proxy.certificates.store(running.edge)[PEM]


async def test_an_unchanged_certificate_is_verified_again_only_after_an_hour(
    running: RunningProxy, files: Callable[..., Tls], monkeypatch: pytest.MonkeyPatch
) -> None:
    running.edge = replace(running.edge, tls=files(HOST))
    stored_certificate(running)
    read: list[CertificateFiles] = []

    def count_reads(one: CertificateFiles) -> OwnCertificate:
        read.append(one)
        return read_one(one)

    monkeypatch.setattr(certificate_files, "read_one", count_reads)
    stored_certificate(running)  # The first call has written a file, so the second one reads it.
    read.clear()
    before = stored_certificate(running)
    assert read == []
    files(HOST)
    assert stored_certificate(running) != before
    assert len(read) == 1
    stored_certificate(running)
    read.clear()
    now = processes.boottime()
    monkeypatch.setattr(processes, "boottime", lambda: now + 3600)
    stored_certificate(running)
    assert len(read) == 1


@pytest.mark.parametrize(("days", "renewed"), [(29, True), (31, False)])
async def test_a_certificate_is_renewed_30_days_before_it_expires(
    days: int, renewed: bool, running: RunningProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(authority, "LEAF_DAYS", days)
        kept = issue(running.folders, names_of(running.edge))
    (running.folders.edge / PEM).write_bytes(kept)
    assert (stored_certificate(running) != kept) is renewed


async def test_an_edge_with_files_changes_to_an_authority_of_its_own(
    running: RunningProxy, files: Callable[..., Tls]
) -> None:
    running.edge = replace(running.edge, tls=files(HOST))
    running.folders.authority.unlink()  # An environment that began with files has none.
    running.folders.authority_key.unlink()
    await running.set_shares({41: 100})
    running.edge = replace(running.edge, tls=Tls("internal"))
    await running.set_shares({41: 100})
    assert (await secure(running)).status == 200


async def test_a_kept_certificate_that_cannot_be_read_is_replaced(running: RunningProxy) -> None:
    (running.folders.edge / PEM).write_bytes(b"x")
    await running.set_shares({41: 100})
    assert (await secure(running)).status == 200


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Tls]:
    """Write a certificate for some names and its key, by another authority; return where they are."""
    return lambda *names: Tls("files", *writer(tmp_path)("shop", *names))


async def test_files_are_served_and_exchanged_when_they_change(
    running: RunningProxy, files: Callable[..., Tls], tmp_path: Path
) -> None:
    running.edge = replace(running.edge, tls=files(HOST))
    await running.set_shares({41: 100})
    assert (await secure(running, root=tmp_path / "authority.pem")).status == 200
    before, worker = served_certificate(running), await worker_of(running)
    files(HOST)
    await running.set_shares({41: 100})
    assert (await secure(running, root=tmp_path / "authority.pem")).status == 200
    assert served_certificate(running) != before
    assert await worker_of(running) == worker


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["unix", "windows"])
async def test_files_with_empty_lines_are_served(
    line_end: bytes, running: RunningProxy, files: Callable[..., Tls], tmp_path: Path
) -> None:
    running.edge = replace(running.edge, tls=files(HOST))
    await running.set_shares({41: 100})
    tls = files(HOST)
    chain = Path(tls.certificate).read_bytes() + b"\n\n" + (tmp_path / "authority.pem").read_bytes() + b"\n"
    Path(tls.certificate).write_bytes(chain.replace(b"\n", line_end))
    before = served_certificate(running)
    await running.set_shares({41: 100})
    assert served_certificate(running) != before
    assert (await secure(running, root=tmp_path / "authority.pem")).status == 200


async def test_a_broken_new_file_keeps_the_old_certificate_and_is_reported(
    running: RunningProxy, files: Callable[..., Tls]
) -> None:
    tls = files(HOST)
    running.edge = replace(running.edge, tls=tls)
    await running.set_shares({41: 100})
    before = served_certificate(running)
    Path(tls.certificate).write_text("-----BEGIN CERTIFICATE-----\n")
    await running.set_shares({41: 100})
    assert served_certificate(running) == before
    assert running.proxy.certificates.problems != ()
    files(HOST)
    await running.set_shares({41: 100})
    assert running.proxy.certificates.problems == ()


async def test_private_keys_are_readable_by_their_owner_only(running: RunningProxy) -> None:
    for path in (running.folders.edge / PEM, running.folders.authority_key):
        assert path.stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in (running.folders.edge / "haproxy.cfg").read_text()
