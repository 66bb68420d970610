"""Commands that read no manifest still refuse an environment that it does not declare."""

from pathlib import Path

import pytest

from tests.cli.program import mainstay

TEXT = "system: shop\nversion: 1.0.0\nenvironments: {staging: {}, production: {}}\nservices: {web: {command: [x]}}\n"


@pytest.mark.parametrize("command", ["status", "history", "check"])
def test_an_environment_that_is_not_declared_is_no_place_for_up(tmp_path: Path, command: str) -> None:
    (tmp_path / "mainstay.yaml").write_text(TEXT)
    result = mainstay(tmp_path, "-e", "prodction", command, MAINSTAY_STATE="")
    assert result.code == 2
    assert "no environment 'prodction' in mainstay.yaml" in result.err
    assert "did you mean 'production'?" in result.err


def test_one_of_several_environments_must_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "mainstay.yaml").write_text(TEXT)
    result = mainstay(tmp_path, "status", MAINSTAY_STATE="")
    assert (result.code, "add -e staging" in result.err) == (2, True), result


def test_a_manifest_that_cannot_be_read_does_not_hide_that_nothing_was_deployed(tmp_path: Path) -> None:
    (tmp_path / "mainstay.yaml").write_text(TEXT + "services: [\n")
    result = mainstay(tmp_path, "-e", "prodction", "status", MAINSTAY_STATE="")
    assert (result.code, "nothing has been deployed here yet" in result.err) == (2, True), result
