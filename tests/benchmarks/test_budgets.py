"""A benchmark fails when a figure is over its budget, and not for a figure that it could not measure."""

import json
from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks.budgets import report


@pytest.mark.parametrize(
    ("measured", "code", "met"),
    [
        ({"rate": 5.0, "lost": 0.0}, 0, {"rate": True, "lost": True}),
        ({"rate": 4.9, "lost": 0.0}, 1, {"rate": False, "lost": True}),
        ({"rate": 5.0, "lost": 1.0}, 1, {"rate": True, "lost": False}),
        ({"lost": 0.0, "other": 7.0}, 0, {"lost": True}),
    ],
    ids=["all met", "too low", "too high", "one not measured"],
)
def test_figures_are_compared_with_their_budgets(
    measured: dict[str, float], code: int, met: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "RESULTS", tmp_path)
    assert report("toy", measured, at_least={"rate": 5}, at_most={"lost": 0}, about={"packages": {"a": "1"}}) == code
    written = json.loads((tmp_path / "toy.json").read_text())
    assert (written["met"], written["measured"], written["packages"]) == (met, measured, {"a": "1"})
