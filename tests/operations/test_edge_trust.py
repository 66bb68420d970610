"""The commands of `edge trust` name the authority by its system and environment, and remove it alone."""

import subprocess

from msgspec.structs import replace

from mainstay.drivers.edge.haproxy.authority import make_authority
from mainstay.model import Route
from mainstay.model.tls import Tls
from mainstay.operations.context import write_environment
from mainstay.operations.edge_trust import edge_trust
from tests.fakes.target import FakeTarget
from tests.operations.project import Project
from tests.shop import EDGE


def test_the_authority_is_stored_and_removed_under_names_of_its_own(project: Project) -> None:
    folders = project.world.folders
    folders.state.mkdir(exist_ok=True)
    write_environment(project.world.environment, folders)
    make_authority(folders)
    assert isinstance(project.world.target, FakeTarget)
    project.world.target.set_edge(replace(EDGE, tls=Tls(), https=8443, routes=(Route("/", "web", "shop.example"),)))
    found = edge_trust(project.context)
    commands = {each.client: each for each in found.commands}
    assert commands["Debian, Ubuntu"].trust.split()[3] == "/usr/local/share/ca-certificates/mainstay-shop-local.crt"
    shown = ("openssl", "x509", "-noout", "-subject", "-fingerprint", "-sha1", "-in", found.certificate)
    about = subprocess.run(shown, capture_output=True, text=True, check=True).stdout
    assert "CN = Mainstay shop/local" in about
    sha1 = about.rpartition("=")[2].strip().replace(":", "").lower()
    assert commands["Windows"].remove == f"certutil -delstore Root {sha1}"
