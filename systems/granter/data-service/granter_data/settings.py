"""Settings from the environment variables; the service refuses to start when any is missing or invalid."""

from dataclasses import dataclass
from typing import Annotated

from mainstay_kit import Misconfigured, Rule, Secret

WEB = ("http", "https")
NONE = Secret("")


@dataclass(frozen=True)
class Settings:
    port: int
    database_url: Annotated[Secret, Rule(url_schemes=("postgresql", "postgres"))]
    service_token: Annotated[Secret, Rule(min_length=32)]
    service_token_previous: Annotated[Secret, Rule(min_length=32)] = NONE
    """Accepted in addition to `service_token` while backend-core still sends it."""
    host: str = "127.0.0.1"
    notice_site_url: Annotated[str, Rule(url_schemes=WEB)] = ""
    """Address of the two sites that come with GRANTER, used unless `notice_sources` names others."""
    notice_sources: str = ""
    """`name=address` of each source's first listing page, feed or sitemap, with spaces between."""
    scrape_every: float = 300.0
    """Seconds between two rounds over all sources."""
    page_pause: float = 0.2
    """Seconds between two requests to a site: at most five a second."""
    retry_pause: float = 0.5
    """Seconds before a page is fetched a second time; doubled before a third."""
    crawler_contact: str = ""
    """An address at which the owner of a site reaches the operator of this service; the User-Agent contains it."""
    log_level: Annotated[str, Rule(choices=("debug", "info", "warning", "error"))] = "info"
    mainstay_version: str = "unreleased"
    gemini_api_key: Secret = NONE
    gemini_url: Annotated[str, Rule(url_schemes=WEB)] = "https://generativelanguage.googleapis.com"
    gemini_model: str = "gemini-2.5-flash"
    openai_api_key: Secret = NONE
    openai_url: Annotated[str, Rule(url_schemes=WEB)] = "https://api.openai.com/v1"
    openai_model: str = "gpt-4.1-mini"
    extract_within: float = 10.0
    """Seconds that one model gets for one notice."""
    extract_seconds: float = 120.0
    """Seconds that all models together get in one round."""
    extract_cents: float = 25.0
    """US cents that models may cost in one round."""
    extract_requested_seconds: float = 120.0
    """Seconds that models get in one hour for extractions that curators request."""
    extract_requested_cents: float = 25.0
    """US cents that models may cost in one hour for extractions that curators request."""

    @property
    def service_tokens(self) -> list[Secret]:
        """Return the tokens that the service accepts from callers."""
        return [token for token in (self.service_token, self.service_token_previous) if token]

    def sources(self) -> dict[str, str]:
        """Return the address of the first listing page of each source, by name. Raises Misconfigured."""
        if not self.notice_sources:
            base = self.notice_site_url.rstrip("/")
            return {name: f"{base}/{name}/" for name in ("north", "south")} if base else {}
        named = [entry.partition("=") for entry in self.notice_sources.split()]
        if any(not url.startswith(("http://", "https://")) or not name for name, _, url in named):
            raise Misconfigured("NOTICE_SOURCES is not a list of sources", remedy="name=https://address name=…")
        return {name: url for name, _, url in named}
