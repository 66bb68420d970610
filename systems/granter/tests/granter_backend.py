"""backend-core as a caller meets it: one running service, and a client that says what is asked and answered."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from granter_services import TOKEN, Service
from granter_stand_in import DataServiceStandIn

PASSWORD = "correct horse battery"
JWT_SECRET = "jwt-secret-5f1c9a7e3b8d2046-91ac-77e0b2d4-c31e66"


def variables(database: str, data_service: str, **more: str) -> dict[str, str]:
    """What the manifest tells backend-core."""
    return {
        "DATABASE_URL": database,
        "DATA_SERVICE_URL": data_service,
        "SERVICE_TOKEN": TOKEN,
        "JWT_SECRET": JWT_SECRET,
        "GRANTER_ENVIRONMENT": "local",
        "TRUSTED_PROXIES": "127.0.0.1",
        "REQUESTS_PER_MINUTE": "60000",
        **more,
    }


@dataclass
class Caller:
    """Asks a running backend-core. Each caller has an address of its own, so that tests do not share limits."""

    url: str
    address: str = field(default_factory=lambda: f"10.{'.'.join(str(byte) for byte in uuid.uuid4().bytes[:3])}")

    def __post_init__(self) -> None:
        headers = {"X-Forwarded-For": self.address}
        self._client = httpx2.Client(base_url=self.url, headers=headers, trust_env=False, timeout=20)

    def ask(
        self, method: str, path: str, said: object = None, *, token: str = "", headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        more = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        content = None if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
        if content is not None:
            more["Content-Type"] = "application/json"
        return self._client.request(method, path, content=content, headers=more)

    def get(self, path: str, token: str = "") -> httpx2.Response:
        return self.ask("GET", path, token=token)

    def post(self, path: str, said: object, token: str = "") -> httpx2.Response:
        return self.ask("POST", path, said, token=token)

    def chunked(self, path: str, said: bytes) -> httpx2.Response:
        """A body that does not tell its length."""
        return self._client.post(path, content=iter([said]), headers={"Content-Type": "application/json"})

    def register(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        return self.post("/api/auth/register", {"email": email, "password": password})

    def log_in(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        return self.post("/api/auth/login", {"email": email, "password": password})

    def refresh(self, token: str) -> httpx2.Response:
        return self.post("/api/auth/refresh", {"refresh_token": token})

    def delete_account(self, token: str, password: str = PASSWORD) -> httpx2.Response:
        return self.ask("DELETE", "/api/auth/me", {"password": password}, token=token)

    def newcomer(self) -> tuple[str, dict[str, Any]]:
        """The address of a new account, and the tokens of its first log-in."""
        email = new_address()
        assert self.register(email).status_code == 201
        return email, self.log_in(email).json()


@dataclass(frozen=True)
class Backend:
    service: Service
    data: DataServiceStandIn
    database: str


def new_address() -> str:
    return f"person-{uuid.uuid4().hex}@example.com"
