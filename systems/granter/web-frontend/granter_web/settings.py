"""Settings from the environment variables."""

from dataclasses import dataclass
from typing import Annotated

from mainstay_kit import Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings. It needs no secret, because backend-core decides what a visitor may do."""

    port: int
    backend_url: Annotated[str, Rule(url_schemes=("http", "https"))]
    host: str = "127.0.0.1"
    trusted_proxies: str = "127.0.0.1, ::1"
    log_level: Annotated[str, Rule(choices=("debug", "info", "warning", "error"))] = "info"
    mainstay_version: str = "unreleased"
