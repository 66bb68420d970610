"""The operator's own certificates are refused when they cannot be used, each with a reason of its own."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from mainstay.drivers.edge.haproxy import authority
from mainstay.drivers.edge.haproxy.certificate_files import read_all, read_authority
from mainstay.errors import BadInput
from mainstay.model import Edge, Route
from mainstay.model.redirect import Redirect
from mainstay.model.tls import CertificateFiles, Tls
from tests.drivers.edge.haproxy.certificate_writer import WrittenCertificate, writer

HOST = "shop.example"
ROUTES = (Route("/", "web", host=HOST), Route("/app", "web"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., WrittenCertificate]:
    return writer(tmp_path)


@pytest.fixture
def files(write: Callable[..., WrittenCertificate]) -> Callable[..., Tls]:
    return lambda *names: Tls("files", *write("shop", *names))


def check(tls: Tls, edge: Edge) -> None:
    read_all(replace(edge, tls=tls, https=443))


def several(*written: WrittenCertificate) -> Tls:
    first, *others = written
    return Tls("files", *first, others=tuple(CertificateFiles(*each) for each in others))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda tls: Path(tls.key).unlink(), "shop.key cannot be read: No such file or directory"),
        (lambda tls: Path(tls.certificate).write_text("x"), "are not a certificate and its key in PEM"),
        (
            lambda tls: Path(tls.key).write_bytes(Path(tls.key).with_name("authority.key").read_bytes()),
            "is not the key",
        ),
    ],
    ids=["no key", "no certificate", "another key"],
)
def test_files_that_cannot_be_used_are_refused(
    spoil: Callable[[Tls], object], words: str, files: Callable[..., Tls]
) -> None:
    tls = files(HOST)
    spoil(tls)
    with pytest.raises(BadInput, match=words):
        check(tls, Edge(routes=ROUTES))


def test_an_expired_certificate_is_refused(files: Callable[..., Tls], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authority, "LEAF_DAYS", -1)
    monkeypatch.setattr(authority, "BACKDATED", timedelta(days=9))
    with pytest.raises(BadInput, match=r"shop\.pem expired on \d{4}-"):
        check(files(HOST), Edge(routes=ROUTES))


def test_a_certificate_must_be_for_the_hosts_of_the_routes(files: Callable[..., Tls]) -> None:
    with pytest.raises(BadInput, match=r"shop\.pem is for other\.example, not for shop\.example"):
        check(files("other.example"), Edge(routes=ROUTES))
    check(files("*.example"), Edge(routes=ROUTES))
    check(files("other.example"), Edge(routes=(Route("/", "web"),)))


def test_the_authority_of_a_directory_must_be_a_certificate(files: Callable[..., Tls]) -> None:
    tls = files(HOST)
    read_authority(tls.certificate)
    with pytest.raises(BadInput, match=r"shop\.key contains no certificate in PEM"):
        read_authority(tls.key)
    with pytest.raises(BadInput, match=r"missing cannot be read: No such file or directory"):
        read_authority(f"{tls.key}.missing")


def test_a_host_of_another_front_door_needs_no_certificate(files: Callable[..., Tls]) -> None:
    check(files(HOST), Edge(routes=(*ROUTES, Route("/", "web", host="plain.example", listen=8081))))


def test_a_host_that_is_redirected_needs_one_because_https_comes_first(files: Callable[..., Tls]) -> None:
    edge = Edge(routes=ROUTES, redirects=(Redirect("old.example", "/", "https://shop.example", 301, True),))
    with pytest.raises(BadInput, match=r"shop\.pem is for shop\.example, not for old\.example"):
        check(files(HOST), edge)


def test_an_intermediate_certificate_before_the_own_one_is_in_the_wrong_order(files: Callable[..., Tls]) -> None:
    tls = files(HOST)
    own, root = Path(tls.certificate).read_bytes(), Path(tls.key).with_name("authority.pem").read_bytes()
    Path(tls.certificate).write_bytes(root + own)
    with pytest.raises(BadInput, match=r"the certificates in .*shop\.pem are in the wrong order"):
        check(tls, Edge(routes=ROUTES))
    Path(tls.certificate).write_bytes(own + own + root)
    with pytest.raises(BadInput, match="are in the wrong order"):
        check(tls, Edge(routes=ROUTES))
    Path(tls.certificate).write_bytes(own + root)
    check(tls, Edge(routes=ROUTES))


def test_a_certificate_that_is_not_yet_valid_is_refused(
    files: Callable[..., Tls], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority, "BACKDATED", timedelta(days=-1))
    with pytest.raises(BadInput, match=r"shop\.pem is not valid before \d{4}-"):
        check(files(HOST), Edge(routes=ROUTES))


def self_signed(folder: Path, common_name: str, *names: str) -> WrittenCertificate:
    """Write a certificate that is signed with its own RSA key."""
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    unsigned = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=30))
    )  # fmt: skip
    if names:
        unsigned = unsigned.add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, names)]), critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "own.pem").write_bytes(unsigned.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "own.key").write_bytes(private)
    return WrittenCertificate(str(folder / "own.pem"), str(folder / "own.key"))


@pytest.mark.requirement("E34")
def test_the_names_of_a_certificate_do_not_come_from_its_common_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"own\.pem is for no name, not for shop\.example"):
        check(several(self_signed(tmp_path, HOST)), Edge(routes=ROUTES))


@pytest.mark.requirement("E34")
def test_each_host_needs_one_of_several_certificates(write: Callable[..., WrittenCertificate]) -> None:
    shop, blog = write("shop", HOST), write("blog", "*.blog.example")
    hosts = (HOST, "a.blog.example", "*.blog.example")
    edge = Edge(routes=tuple(Route("/", "web", host=host) for host in hosts))
    check(several(shop, blog), edge)
    wrong = r"shop\.pem is for shop\.example; .*blog\.pem is for \*\.blog\.example, not for blog\.example"
    with pytest.raises(BadInput, match=wrong):
        check(several(shop, blog), replace(edge, routes=(*edge.routes, Route("/", "web", host="blog.example"))))


@pytest.mark.requirement("E34")
def test_two_certificates_for_one_name_are_refused(write: Callable[..., WrittenCertificate], tmp_path: Path) -> None:
    shop, both = write("shop", HOST), write("both", "b.example", HOST)
    with pytest.raises(BadInput, match=r"shop\.pem and .*both\.pem are both for shop\.example"):
        check(several(shop, both), Edge(routes=ROUTES))
    check(several(shop, write("wild", "*.example")), Edge(routes=ROUTES))
    with pytest.raises(BadInput, match=r"shop\.pem and .*own\.pem are both for shop\.example"):
        check(several(shop, self_signed(tmp_path, HOST, "b.example")), Edge(routes=ROUTES))


def test_two_certificates_may_share_a_common_name_that_is_no_host(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    pair = [
        self_signed(each, "CloudFlare Origin Certificate", host)
        for each, host in ((tmp_path, HOST), (tmp_path / "other", "b.example"))
    ]
    check(several(*pair), Edge(routes=ROUTES))
