"""A system of a caller and a callee, in which a caller fails if it reaches a callee older than itself."""

import copy
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.journeys.web_app import APPLICATION


@dataclass(frozen=True)
class CallerAndCallee:
    """`front` of version N calls `/N` of `back`; `back` of version N answers only `/1` to `/N`."""

    version: int = 1
    work_s: float = 0.3
    """Seconds between a request to `front` and its call to `back`."""
    drain: str = "5s"
    settle: str = "0s"
    strategy: dict[str, Any] = field(default_factory=lambda: {"kind": "blue-green"})
    back_strategy: dict[str, Any] | None = None
    """None: that of `front`."""
    revert_after: str = "60s"
    fails_after: float = 0
    """Seconds after which a worker of this version exits, so that the release fails; 0: no worker."""

    def write(self, folder: Path) -> None:
        paths = ",".join(f"/{each}" for each in range(1, self.version + 1))
        behaviours = {"front": f"respond_after={self.work_s}\ncalls=/{self.version}", "back": f"paths={paths}"}
        for name, behaviour in behaviours.items():
            source = folder / name
            shutil.rmtree(source, ignore_errors=True)
            shutil.copytree(APPLICATION, source, ignore=shutil.ignore_patterns("__pycache__"))
            (source / "message").write_text(f"{name} {self.version}")
            (source / "behaviour").write_text(behaviour)
        (folder / "mainstay.yaml").write_text(yaml.safe_dump(self._manifest(), sort_keys=False))

    def _manifest(self) -> dict[str, Any]:
        return {
            "system": "couple",
            "version": str(self.version),
            "variables": {"BACK_URL": {"from": "back"}},
            "services": {
                "front": {**self._service("front"), "variables": ["BACK_URL"]},
                "back": self._service("back"),
                **({"worker": self._worker()} if self.fails_after else {}),
            },
            "edge": {"http": "auto", "routes": [{"path": "/", "service": "front"}]},
        }

    def _worker(self) -> dict[str, Any]:
        code = f"import time; time.sleep({self.fails_after}); raise SystemExit(3)"
        return {"source": "back", "command": ["{python}", "-c", code], "steady": "300ms"}

    def _service(self, name: str) -> dict[str, Any]:
        strategy = self.strategy if name == "front" or self.back_strategy is None else self.back_strategy
        return {
            "source": name,
            "command": ["{python}", "app.py"],
            "port": 8000,
            "health": {"ready": "/health", "within": "10s", "interval": "100ms"},
            "steady": "100ms",
            "drain": self.drain,
            "stop_grace_period": "2s",
            "strategy": {"settle": self.settle, "revert_after": self.revert_after, **copy.deepcopy(strategy)},
        }
