"""A running backend-core, and a client for it."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from granter_data_stub import DataServiceStub
from granter_services import TOKEN, Service

PASSWORD = "correct horse battery"
JWT_SECRET = "jwt-secret-5f1c9a7e3b8d2046-91ac-77e0b2d4-c31e66"


def variables(database: str, data_service: str, **extra: str) -> dict[str, str]:
    """Return the variables that the manifest gives backend-core."""
    return {
        "DATABASE_URL": database,
        "DATA_SERVICE_URL": data_service,
        "SERVICE_TOKEN": TOKEN,
        "JWT_SECRET": JWT_SECRET,
        "GRANTER_ENVIRONMENT": "local",
        "TRUSTED_PROXIES": "127.0.0.1",
        "REQUESTS_PER_MINUTE": "60000",
        **extra,
    }


@dataclass
class Caller:
    """A client of backend-core. Each has its own address, so that tests do not share rate limits."""

    url: str
    address: str = field(default_factory=lambda: f"10.{'.'.join(str(byte) for byte in uuid.uuid4().bytes[:3])}")

    def __post_init__(self) -> None:
        headers = {"X-Forwarded-For": self.address}
        self._client = httpx2.Client(base_url=self.url, headers=headers, trust_env=False, timeout=20)

    def request(
        self, method: str, path: str, body: object = None, *, token: str = "", headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        extra = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        content = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if content is not None:
            extra["Content-Type"] = "application/json"
        return self._client.request(method, path, content=content, headers=extra)

    def get(self, path: str, token: str = "") -> httpx2.Response:
        return self.request("GET", path, token=token)

    def post(self, path: str, body: object, token: str = "") -> httpx2.Response:
        return self.request("POST", path, body, token=token)

    def chunked(self, path: str, body: bytes) -> httpx2.Response:
        """Send a chunked body."""
        return self._client.post(path, content=iter([body]), headers={"Content-Type": "application/json"})

    def register(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        return self.post("/api/auth/register", {"email": email, "password": password})

    def log_in(self, email: str, password: str = PASSWORD) -> httpx2.Response:
        return self.post("/api/auth/login", {"email": email, "password": password})

    def refresh(self, token: str) -> httpx2.Response:
        return self.post("/api/auth/refresh", {"refresh_token": token})

    def delete_account(self, token: str, password: str = PASSWORD) -> httpx2.Response:
        return self.request("DELETE", "/api/auth/me", {"password": password}, token=token)

    def new_account(self) -> tuple[str, dict[str, Any]]:
        """Return the address of a new account and the tokens of its first log-in."""
        email = new_address()
        assert self.register(email).status_code == 201
        return email, self.log_in(email).json()


@dataclass(frozen=True)
class Backend:
    service: Service
    data: DataServiceStub
    database: str


def new_address() -> str:
    return f"person-{uuid.uuid4().hex}@example.com"
