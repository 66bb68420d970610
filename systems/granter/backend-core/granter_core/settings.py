"""Settings: what the service is told by its environment, refused whole when any of it is missing or wrong."""

from dataclasses import dataclass
from typing import Annotated

from mainstay_kit import Rule, Secret

PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Settings:
    """Whoever says nothing of the environment gets the strictest one."""

    database_url: Annotated[Secret, Rule(url=("postgresql", "postgres"))]
    data_service_url: Annotated[str, Rule(url=("http", "https"))]
    service_token: Annotated[Secret, Rule(at_least=32)]
    jwt_secret: Annotated[Secret, Rule(at_least=32)]
    jwt_secret_previous: Annotated[Secret | None, Rule(at_least=32)] = None
    granter_environment: Annotated[str, Rule(one_of=("local", "staging", PRODUCTION))] = PRODUCTION
    trusted_proxies: str = ""
    requests_per_minute: int = 600
    log_level: Annotated[str, Rule(one_of=("debug", "info", "warning", "error"))] = "info"
    host: str = "127.0.0.1"
    port: int = 3001
    mainstay_version: str = "unreleased"

    @property
    def shows_api(self) -> bool:
        """Whether the API's description may be read: nowhere where it would help a stranger."""
        return self.granter_environment != PRODUCTION

    @property
    def secrets(self) -> tuple[Secret, ...]:
        every = (self.database_url, self.service_token, self.jwt_secret, self.jwt_secret_previous)
        return tuple(secret for secret in every if secret)
