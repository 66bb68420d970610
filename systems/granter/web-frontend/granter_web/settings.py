"""Settings: what the service is told by its environment, refused whole when any of it is missing or wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingsRefused(Exception):
    """The service cannot start: every mistake of its environment, with what to set."""


@dataclass(frozen=True, slots=True)
class Settings:
    host: str
    port: int
    data_service_url: str
    service_token: str = field(repr=False)
    log_level: str
    version: str


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings that *environ* holds; there is no fallback for a secret."""
    mistakes: list[str] = []
    port = environ.get("PORT", "")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        mistakes.append(f"PORT is {port!r}; set it to a port number")
    if not environ.get("DATA_SERVICE_URL", "").startswith(("http://", "https://")):
        mistakes.append("DATA_SERVICE_URL is not set; set it to the address of the data-service")
    if len(environ.get("SERVICE_TOKEN", "")) < 32:
        mistakes.append("SERVICE_TOKEN is not set or too short; set it to a secret of at least 32 characters")
    if mistakes:
        raise SettingsRefused("\n".join(mistakes))
    return Settings(
        host=environ.get("HOST", "127.0.0.1"),
        port=int(port),
        data_service_url=environ["DATA_SERVICE_URL"].rstrip("/"),
        service_token=environ["SERVICE_TOKEN"],
        log_level=environ.get("LOG_LEVEL", "info"),
        version=environ.get("MAINSTAY_VERSION", "unreleased"),
    )
