from pathlib import Path

import pytest

from benchmarks.machine import governors, warnings


@pytest.mark.parametrize(
    ("load", "in_use", "count"),
    [
        (0.1, ["performance"], 0),
        (0.1, [], 0),
        (0.5, [], 1),
        (0.1, ["powersave"], 1),
        (3.0, ["ondemand", "powersave"], 3),
    ],
)
def test_a_busy_machine_or_a_slow_governor_is_reported(load: float, in_use: list[str], count: int) -> None:
    assert len(warnings(load, in_use)) == count


def test_each_governor_is_listed_once(tmp_path: Path) -> None:
    for number, governor in enumerate(("powersave", "performance", "powersave")):
        folder = tmp_path / f"cpu{number}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(f"{governor}\n")
    assert governors(tmp_path) == ["performance", "powersave"]
    assert governors(tmp_path / "none") == []
