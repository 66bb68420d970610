"""Settings from the environment variables; the service refuses to start when any is missing or invalid."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from mainstay_kit import Misconfigured, Rule, Secret

PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's settings. Without GRANTER_ENVIRONMENT those of production, the strictest environment, apply."""

    database_url: Annotated[Secret, Rule(url_schemes=("postgresql", "postgres"))]
    data_service_url: Annotated[str, Rule(url_schemes=("http", "https"))]
    service_token: Annotated[Secret, Rule(min_length=32)]
    jwt_secret: Annotated[Secret, Rule(min_length=32)]
    jwt_secret_previous: Annotated[Secret | None, Rule(min_length=32)] = None
    curators: tuple[str, ...] = ()
    """The ids of the accounts that may start a round and request extractions."""
    granter_environment: Annotated[str, Rule(choices=("local", "staging", PRODUCTION))] = PRODUCTION
    trusted_proxies: str = ""
    requests_per_minute: int = 600
    log_level: Annotated[str, Rule(choices=("debug", "info", "warning", "error"))] = "info"
    host: str = "127.0.0.1"
    port: int = 3001
    mainstay_version: str = "unreleased"

    def curator_ids(self) -> frozenset[UUID]:
        """Return the accounts that CURATORS names. Raises Misconfigured if an entry is not an account id."""
        try:
            return frozenset(map(UUID, self.curators))
        except ValueError as error:
            raise Misconfigured(
                "CURATORS contains an entry that is not an account id",
                remedy="list the ids that GET /api/auth/me shows, with commas between them",
            ) from error

    @property
    def shows_api(self) -> bool:
        """Return whether the API's description is served: not in production, where it would help attackers."""
        return self.granter_environment != PRODUCTION

    @property
    def secrets(self) -> tuple[Secret, ...]:
        all_secrets = (self.database_url, self.service_token, self.jwt_secret, self.jwt_secret_previous)
        return tuple(secret for secret in all_secrets if secret)
