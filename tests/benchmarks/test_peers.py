"""A peer that cannot be had is left out of the comparison, with the reason."""

from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.edge import found


def test_a_peer_that_cannot_be_had_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "FETCHED", tmp_path)
    monkeypatch.setattr(peers, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(found()) == []
    reasons = capsys.readouterr().err.splitlines()
    names = [reason.removeprefix("left out: ").split(" is missing")[0] for reason in reasons]
    assert names == ["nginx", "caddy", "kamal-proxy"]
    assert "apt-get was not found" in reasons[0]
