"""Settings: what the service is told by its environment."""

from dataclasses import dataclass
from typing import Annotated

from mainstay_kit import Rule


@dataclass(frozen=True, slots=True)
class Settings:
    """It needs no secret: whatever a visitor may do, it is backend-core that lets them."""

    port: int
    backend_url: Annotated[str, Rule(url=("http", "https"))]
    host: str = "127.0.0.1"
    trusted_proxies: str = "127.0.0.1, ::1"
    log_level: Annotated[str, Rule(one_of=("debug", "info", "warning", "error"))] = "info"
    mainstay_version: str = "unreleased"
