"""Commands that read no manifest still refuse an environment that it does not declare."""

from pathlib import Path

import pytest

from tests.cli.program import Result, mainstay

TEXT = "system: shop\nversion: 1.0.0\nenvironments: {staging: {}, production: {}}\nservices: {web: {command: [x]}}\n"


def query(folder: Path, *words: str, text: str = TEXT) -> Result:
    """Run a command beside a manifest with *text*; it is refused as bad input."""
    (folder / "mainstay.yaml").write_text(text)
    result = mainstay(folder, *words, MAINSTAY_STATE="")
    assert result.code == 2, result
    return result


@pytest.mark.parametrize("command", ["status", "history", "check"])
def test_an_environment_that_is_not_declared_is_no_place_for_up(tmp_path: Path, command: str) -> None:
    error = query(tmp_path, "-e", "prodction", command).err
    assert "no environment 'prodction' in mainstay.yaml" in error
    assert "did you mean 'production'?" in error


def test_one_of_several_environments_must_be_chosen(tmp_path: Path) -> None:
    assert "add -e staging" in query(tmp_path, "status").err


def test_a_manifest_that_cannot_be_read_does_not_hide_that_nothing_was_deployed(tmp_path: Path) -> None:
    result = query(tmp_path, "-e", "prodction", "status", text=TEXT + "services: [\n")
    assert "nothing has been deployed here yet" in result.err
