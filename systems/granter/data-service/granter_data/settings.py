"""Settings: what the service is told by its environment, refused whole when any of it is missing or wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingsRefused(Exception):
    """The service cannot start: every mistake of its environment, with what to set."""


@dataclass(frozen=True, slots=True)
class Settings:
    host: str
    port: int
    database_url: str = field(repr=False)
    notice_site_url: str
    service_token: str = field(repr=False)
    scrape_every: float
    page_pause: float
    log_level: str
    version: str


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings that *environ* holds; there is no fallback for a secret."""
    mistakes: list[str] = []

    def text(name: str, shape: str, least: int = 1) -> str:
        value = environ.get(name, "")
        if len(value) < least:
            mistakes.append(f"{name} is {'too short' if value else 'not set'}; set it to {shape}")
        return value

    def seconds(name: str, default: str) -> float:
        value = environ.get(name, default)
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 86_400:
            mistakes.append(f"{name} is {value!r}; set it to seconds, from 0 to 86400")
        return number

    port = environ.get("PORT", "")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        mistakes.append(f"PORT is {port!r}; set it to a port number")
    settings = Settings(
        host=environ.get("HOST", "127.0.0.1"),
        port=int(port) if not mistakes else 0,
        database_url=text("DATABASE_URL", "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        notice_site_url=text("NOTICE_SITE_URL", "the address of the listing site"),
        service_token=text("SERVICE_TOKEN", "a secret of at least 32 characters", least=32),
        scrape_every=seconds("SCRAPE_EVERY", "300"),
        page_pause=seconds("PAGE_PAUSE", "0.1"),
        log_level=environ.get("LOG_LEVEL", "info"),
        version=environ.get("MAINSTAY_VERSION", "unreleased"),
    )
    if mistakes:
        raise SettingsRefused("\n".join(mistakes))
    return settings
