"""Whatever stands at any place of a manifest is either meant or refused: nothing else is ever raised."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.manifest.written import mistakes

FULL: dict[str, Any] = {
    "system": "shop",
    "version": "1.0.0",
    "environments": {"local": {"target": {"kind": "process"}, "services": {"web": {"replicas": 2}}}},
    "variables": {
        "LOG": {"default": "info", "one_of": ["info"], "min_length": 2, "required": False},
        "KEY": {"secret": True, "generate": True, "rotate_every": "30d"},
        "URL": {"from": "db"},
    },
    "services": {
        "web": {
            "image": "shop:{version}",
            "source": {"git": ".", "ref": "v{version}"},
            "build": [["make"]],
            "command": ["x", "{volume:up}"],
            "port": 80,
            "replicas": 1,
            "variables": ["LOG", "URL"],
            "deliver": "file",
            "volumes": ["up:data/up"],
            "needs": ["db"],
            "health": {"ready": "/ready", "live": "/live", "within": "5s", "interval": "1s", "timeout": "1s"},
            "drain": "1s",
            "stop_grace_period": "1s",
            "stop_signal": "INT",
            "user": "shop",
            "restart": "no",
            "resources": {"memory": "1Gi", "cpus": 0.5},
            "ulimits": {"nofile": 1024},
            "strategy": {"kind": "canary", "percent": [5], "hold": "1m", "settle": "1m", "revert_after": "1m"},
            "steady": "1s",
            "read_only": False,
        },
        "work": {"command": ["x"], "health": {"file": "beat", "newer_than": "5s"}, "overlap": True},
    },
    "datastores": {"db": {"kind": "postgres", "version": "18", "provided": "embedded", "migrations": {"sql": "."}}},
    "edge": {
        "http": "auto",
        "routes": [{"path": "/", "service": "web", "host": "shop", "listen": 81}],
        "timeouts": {"answer": "1s", "tunnel": "1h"},
    },
    "objectives": {},
}
ODD: list[Any] = [None, True, 0, -1, 1.5, "", "x y", "\u00e9", [], ["x"], [None], {}, {"a": 1}, {"a": {"b": []}}]


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in *value*."""
    yield path
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], odd: object) -> Any:
    """*value* with *odd* at *path*."""
    if not path:
        return odd
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


def test_the_full_manifest_is_right(tmp_path: Path) -> None:
    assert mistakes(tmp_path, json.dumps(FULL)) == []


@pytest.mark.parametrize("path", list(places(FULL)), ids=lambda path: ".".join(map(str, path)) or "all")
def test_odd_values_are_meant_or_refused(tmp_path: Path, path: tuple[Any, ...]) -> None:
    texts = [json.dumps(replaced(FULL, path, odd)) for odd in ODD]
    said = [each for text in texts for each in mistakes(tmp_path, text)]
    assert all(each.endswith("]") and "; " in each and "[invalid]" not in each for each in said)
