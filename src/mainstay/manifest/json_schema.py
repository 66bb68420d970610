"""The manifest as a JSON Schema: what editors complete and explain."""

from mainstay.manifest.system import System


def json_schema() -> dict[str, object]:
    """The schema of `mainstay.yaml`, each key with its meaning and its default."""
    schema = System.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "mainstay.yaml"}
