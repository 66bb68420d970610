"""`schema`: the manifest's JSON Schema."""

import json
from pathlib import Path

from tests.cli.program import mainstay


def test_the_schema_describes_every_key(tmp_path: Path) -> None:
    schema = json.loads(mainstay(tmp_path, "schema").out)
    parts = [schema, *schema["$defs"].values()]
    found = [(part["title"], key, value) for part in parts for key, value in part["properties"].items()]
    assert [(title, key) for title, key, value in found if "description" not in value] == []
    assert all(part["additionalProperties"] is False for part in parts)
