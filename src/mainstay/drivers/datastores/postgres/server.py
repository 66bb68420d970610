"""The command line of the PostgreSQL server, and the files that determine which users may connect to it."""

from pathlib import Path

from mainstay.system.atomic_file import atomic_write
from mainstay.system.ports import LOOPBACK

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "password_encryption": "scram-sha-256",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_destination": "stderr",
    "log_timezone": "UTC",
    "timezone": "UTC",
    # Observed once with 18.6: after one of its I/O workers was killed, crash recovery hung.
    "io_method": "sync",
}

# The superuser has no password. Only the operating system user that runs the server can log in as it, and only over a
# socket in the abstract namespace, which needs no folder that a reboot could clear.
_HBA = """local all postgres peer map=mainstay
host all all 127.0.0.1/32 scram-sha-256
"""


def server_command(program: str, data: Path, rules: Path, socket: str) -> tuple[str, ...]:
    """Return the command that runs the server on *data*, with the access rules in the folder *rules*.

    *socket* is the place of its unix socket: a folder, or `@NAME` in the abstract namespace.
    """
    settings = SETTINGS | {
        "unix_socket_directories": socket,
        "hba_file": str(rules / "pg_hba.conf"),
        "ident_file": str(rules / "pg_ident.conf"),
    }
    return (program, "-D", str(data), *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")))


def write_access_rules(rules: Path, system_user: str) -> None:
    """Write the access rules into the folder *rules*. Only *system_user* may log in as superuser."""
    atomic_write(rules / "pg_hba.conf", _HBA.encode(), 0o644)
    atomic_write(rules / "pg_ident.conf", f"mainstay {system_user} postgres\n".encode(), 0o644)
