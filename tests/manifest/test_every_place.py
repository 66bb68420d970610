"""Any value at any place of a manifest is accepted or refused with a mistake: no other error is raised."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.manifest.written import mistakes

FULL: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "good" / "every-key.yaml").read_text())
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


@pytest.mark.parametrize("path", list(places(FULL)), ids=lambda path: ".".join(map(str, path)) or "all")
def test_odd_values_are_accepted_or_refused(tmp_path: Path, path: tuple[Any, ...]) -> None:
    texts = [json.dumps(replaced(FULL, path, odd)) for odd in ODD]
    found = [each for text in texts for each in mistakes(tmp_path, text)]
    assert all(each.endswith("]") and "; " in each and "[invalid]" not in each for each in found)
