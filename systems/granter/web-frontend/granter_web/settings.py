"""Settings: what the service is told by its environment."""

from dataclasses import dataclass
from typing import Annotated

from mainstay_kit import Rule, Secret

ADDRESS = Rule(url=("http", "https"))


@dataclass(frozen=True, slots=True)
class Settings:
    """It needs no secret: whatever a visitor may do, it is backend-core that lets them.

    Where there is no backend-core, the data-service is asked, and wants its token.
    """

    port: int
    backend_url: Annotated[str, ADDRESS] = ""
    data_service_url: Annotated[str, ADDRESS] = ""
    service_token: Annotated[Secret | None, Rule(at_least=32)] = None
    host: str = "127.0.0.1"
    trusted_proxies: str = "127.0.0.1, ::1"
    log_level: Annotated[str, Rule(one_of=("debug", "info", "warning", "error"))] = "info"
    mainstay_version: str = "unreleased"
