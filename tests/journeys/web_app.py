"""The application of the journeys with a minimal manifest, as the files of a checkout."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

APPLICATION = Path(__file__).with_name("application")


@dataclass(frozen=True)
class WebApp:
    """One version of the application. Its times are short, so that a deploy takes about a second."""

    version: str = "1"
    behaviour: dict[str, object] = field(default_factory=dict)
    """How the application misbehaves; see `application/app.py`."""
    replicas: int = 1
    settle: str = "0s"
    drain: str = "5s"
    within: str = "10s"
    build: list[list[str]] = field(default_factory=list)
    builder: str = ""
    """The content of `build.py`, for use in `build`."""
    migrations: dict[str, str] | None = None
    """SQL files by name, for a Postgres datastore; None: no datastore."""
    token: bool = False
    """Whether the service gets a generated secret, TOKEN."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Further variables of the manifest; the service receives all of them."""
    files: int = 0
    """Number of additional files, which make copying the source take longer."""
    service: dict[str, Any] = field(default_factory=dict)
    """Further keys of the service, which override the others."""
    task: list[str] = field(default_factory=list)
    """Command of a second service that runs to completion (`restart: on-failure`); empty: no such service."""
    system: str = "parrot"
    http: int | str = "auto"
    edge: dict[str, Any] = field(default_factory=dict)
    """Further keys of the edge."""

    @property
    def message(self) -> str:
        return f"version {self.version}"

    def write(self, folder: Path) -> None:
        """Write the files to *folder*, in place of those of another version."""
        self.write_source(folder / "web")
        if self.migrations is not None:
            shutil.rmtree(folder / "migrations", ignore_errors=True)
            (folder / "migrations").mkdir()
            for name, text in self.migrations.items():
                (folder / "migrations" / name).write_text(text)
        (folder / "mainstay.yaml").write_text(yaml.safe_dump(self.manifest(), sort_keys=False))

    def write_source(self, source: Path) -> None:
        """Write the files of the service to the folder *source*, in place of those of another version."""
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(APPLICATION, source, ignore=shutil.ignore_patterns("__pycache__"))
        (source / "message").write_text(self.message)
        (source / "behaviour").write_text("\n".join(f"{name}={value}" for name, value in self.behaviour.items()))
        (source / "build.py").write_text(self.builder)
        for number in range(self.files):
            (source / f"leaf-{number}").write_text(f"{number} {self.version}\n" * 20)

    def manifest(self) -> dict[str, Any]:
        variables: dict[str, Any] = dict(self.variables)
        if self.token:
            variables["TOKEN"] = {"secret": True, "generate": True, "min_length": 40}
        if self.migrations is not None:
            variables["DATABASE_URL"] = {"from": "db"}
        service = {
            "source": "web",
            "command": ["{python}", "app.py"],
            "port": 8000,
            "replicas": self.replicas,
            "health": {"ready": "/health", "within": self.within, "interval": "100ms"},
            "steady": "100ms",
            "drain": self.drain,
            "stop_grace_period": "2s",
            "volumes": ["posts:/posts"],
            "strategy": {"kind": "blue-green", "settle": self.settle},
            **({"variables": list(variables)} if variables else {}),
            **({"build": self.build} if self.build else {}),
            **self.service,
        }
        return {
            "system": self.system,
            "version": self.version,
            **({"variables": variables} if variables else {}),
            "services": {"web": service, **({"seed": self._task()} if self.task else {})},
            **({"datastores": {"db": self._database()}} if self.migrations is not None else {}),
            "edge": {"http": self.http, "routes": [{"path": "/", "service": "web"}], **self.edge},
        }

    def _task(self) -> dict[str, Any]:
        return {"source": "web", "command": self.task, "restart": "on-failure", "steady": "300ms"}

    def _database(self) -> dict[str, Any]:
        return {
            "kind": "postgres",
            "provided": "embedded",
            "migrations": {"sql": "migrations/"},
            "backup": "none",
            "because": "the data of a test is disposable",
        }


TABLE = {"0001_visit.sql": "create table visit (at timestamptz not null default now());\n"
         "grant select, insert on visit to public;\n"}  # fmt: skip
"""The first migration of an application with a database."""
