"""A plan as a JSON document."""

from mainstay.planning import document as plan_document
from tests.cli.sample_plan import plan


def test_the_document_has_the_keys_of_the_contract() -> None:
    found = plan_document.document(plan())
    assert {"id", "kind", "from", "to", "version", "rollback", "phases", "changes"} <= set(found)
    assert found["changes"] == [{"path": "services.web.replicas", "before": 1, "after": 2}]
    assert found["phases"] == [
        {"name": "prepare", "ranks": [[
            {"number": "1.1", "kind": "brew", "title": "Brew tea", "place": "live", "reversible": True,
             "expected_s": 2.0},
            {"number": "1.2", "kind": "brew", "title": "Brew coffee", "place": "live", "reversible": True,
             "expected_s": 1.0},
        ]]},
        {"name": "serve", "ranks": [[
            {"number": "2.1", "kind": "pour", "title": "Brew both", "place": "live", "reversible": False,
             "expected_s": 60.0},
        ], [
            {"number": "2.2", "kind": "pour", "title": "Brew more", "place": "live", "reversible": False,
             "expected_s": 0.1},
        ]]},
    ]  # fmt: skip
