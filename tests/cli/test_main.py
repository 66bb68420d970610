"""The entry point: help, invalid input, unexpected errors, broken streams."""

import json
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from mainstay.cli.command_table import COMMANDS
from mainstay.cli.run_command import command_as_typed
from tests.cli.program import PROGRAM, mainstay


def command_of(name: str) -> click.Command:
    found: click.Command = import_module(f"mainstay.cli.commands.{name}").command
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_and_the_list_of_commands_the_first_line_of_its_help(name: str) -> None:
    command = command_of(name)
    assert (command.help or "").partition("\n")[0] == COMMANDS[name].does
    inner = command.commands.values() if isinstance(command, click.Group) else [command]
    assert all("Examples:" in (each.epilog or "") for each in inner)


WATCHED = """
import sys
from mainstay.cli import main
try:
    main()
finally:
    print(sorted(sys.modules), file=sys.stderr)
"""
STRUCK = f"""
import os
import importlib
frame = importlib.import_module('mainstay.cli.main')
frame.mainstay.callback = lambda: os.kill(os.getpid(), {int(signal.SIGINT)})
frame.main()
"""


def test_help_imports_no_command(tmp_path: Path) -> None:
    result = mainstay(tmp_path, "--help", program=[sys.executable, "-c", WATCHED])
    assert result.code == 0
    assert not [heavy for heavy in ("pydantic", "rich", "yaml", "sqlite3") if f"'{heavy}'" in result.err]


@pytest.mark.parametrize("command", ["status", "history", "logs"])
def test_a_command_that_reads_no_manifest_does_not_import_it(tmp_path: Path, command: str) -> None:
    code = f"import sys, mainstay.cli.commands.{command}; print(sorted(sys.modules), file=sys.stderr)"
    result = mainstay(tmp_path, program=[sys.executable, "-c", code])
    assert [heavy for heavy in ("pydantic", "yaml", "rich") if f"'{heavy}'" in result.err] == []


def test_validate_imports_no_drivers_and_no_operations(tmp_path: Path) -> None:
    mainstay(tmp_path, "init")
    result = mainstay(tmp_path, "validate", program=[sys.executable, "-c", WATCHED])
    acts = ("mainstay.drivers", "mainstay.operations", "sqlite3", "subprocess")
    assert (result.code, [each for each in acts if f"'{each}" in result.err]) == (0, [])


@pytest.mark.parametrize(("name", "remedy"), [("status", "report this bug"), ("deploy", "mainstay resume")])
def test_the_traceback_is_in_a_file_and_resume_is_suggested_where_a_run_may_be_unfinished(
    tmp_path: Path, name: str, remedy: str
) -> None:
    Path(f"{tmp_path}-state", "environment.json").mkdir(parents=True)
    (tmp_path / "mainstay.yaml").write_text("system: shop\n")
    result = mainstay(tmp_path, name, TMPDIR=str(tmp_path))
    details = Path(result.err.partition("details are in ")[2].split()[0])
    assert (result.code, "Traceback" in result.err, details.stat().st_mode & 0o777) == (70, False, 0o600)
    assert "IsADirectoryError" in details.read_text()
    assert result.err.splitlines()[1].startswith(f" next: {remedy}")


@pytest.mark.failure("F13")
@pytest.mark.parametrize("streams", ["| true", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_end_the_command(tmp_path: Path, streams: str) -> None:
    script = f'set -o pipefail; "$@" {streams}'
    ended = subprocess.run(
        ["bash", "-c", script, "-", *PROGRAM, "schema"], cwd=tmp_path, stderr=subprocess.PIPE, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.failure("F14")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_unprintable_characters_do_not_end_the_command(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "mainstay.yaml").write_text("system: é\n")
    result = mainstay(tmp_path, "validate", PYTHONIOENCODING=encoding)
    assert result.code == 2


def test_shell_completion_lists_commands(tmp_path: Path) -> None:
    result = mainstay(tmp_path, COMP_WORDS="mainstay ro", COMP_CWORD="1", _MAINSTAY_COMPLETE="bash_complete")
    assert result.out == "plain,rollback\n"


def test_an_interruption_ends_with_130(tmp_path: Path) -> None:
    assert mainstay(tmp_path, "status", program=[sys.executable, "-c", STRUCK]).code == 130


@pytest.mark.parametrize(
    ("words", "repeated"),
    [
        (["-e", "staging"], "-e staging"),
        (["-estaging"], "-e staging"),
        (["--environment", "staging"], "-e staging"),
        (["--environment=staging"], "-e staging"),
        (["--state=/tmp/no such state"], "--state '/tmp/no such state'"),
        (["--file=other.yaml"], "-f other.yaml"),
        (["-fother.yaml", "--environment=staging"], "-f other.yaml -e staging"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("behind", [False, True], ids=["before the command", "after the command"])
def test_the_next_command_selects_the_same_environment(
    tmp_path: Path, words: list[str], repeated: str, *, behind: bool
) -> None:
    (tmp_path / "other.yaml").write_text("system: shop\n")
    result = mainstay(tmp_path, *(["abort", *words] if behind else [*words, "abort"]))
    assert result.err.splitlines()[1] == f" next: mainstay {repeated} up"


def test_an_error_in_json_is_one_document_whose_remedy_selects_the_same_environment(tmp_path: Path) -> None:
    result = mainstay(tmp_path, "--output=json", "--environment=staging", "status")
    error = json.loads(result.err)["error"]
    assert (result.code, set(error)) == (2, {"code", "what", "remedy"})
    assert error["remedy"] == "mainstay -e staging up"


def test_without_a_manifest_the_error_names_both_remedies(tmp_path: Path) -> None:
    remedy = mainstay(tmp_path, "status", MAINSTAY_STATE="").err.splitlines()[1]
    assert ("mainstay init" in remedy, "--state DIR" in remedy) == (True, True)


def test_a_state_from_the_shell_is_not_repeated(tmp_path: Path) -> None:
    result = mainstay(tmp_path, "status", MAINSTAY_STATE="/tmp/no-such-state")
    assert result.err.splitlines()[1] == " next: mainstay up"


def test_logs_takes_f_as_follow_and_does_not_repeat_it(tmp_path: Path) -> None:
    result = mainstay(tmp_path, "-e", "staging", "logs", "-f", "web")
    assert result.err.splitlines()[1] == " next: mainstay -e staging up"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        pytest.param("backup create", "'backup' is not available in version 0.1.0", id="a later version's"),
        pytest.param("ps", "No such command 'ps'. In Mainstay: 'status'", id="another tool's"),
        pytest.param("rollbak", "No such command 'rollbak'. Did you mean 'rollback'?", id="a mistyped one"),
    ],
)
def test_an_unknown_command_is_bad_input(tmp_path: Path, words: str, error: str) -> None:
    assert mainstay(tmp_path, *words.split()) == (2, "", f"error: {error}\n next: mainstay --help\n")


def test_an_option_is_suggested_only_if_it_is_similar_and_the_commands_help_always(tmp_path: Path) -> None:
    result = mainstay(tmp_path, "deploy", "--force")
    assert (result.code, result.err.splitlines()[1]) == (2, " next: mainstay deploy --help")
    assert "Did you mean" not in result.err
    assert "Did you mean '--dry-run'?" in mainstay(tmp_path, "deploy", "--dryrun").err


def test_an_invalid_release_number_is_quoted(tmp_path: Path) -> None:
    result = mainstay(tmp_path, "rollback", "--to", "abc")
    assert (result.code, "Invalid value for '--to': 'abc' is not a release number" in result.err) == (2, True)


@pytest.mark.parametrize("command", ["validate", "plan"])
def test_a_folder_given_as_the_manifest_suggests_the_file_in_it(tmp_path: Path, command: str) -> None:
    result = mainstay(tmp_path, "-f", str(tmp_path), command)
    assert result.code == 2
    assert f"name the manifest: -f {tmp_path}/mainstay.yaml" in result.err


@pytest.mark.parametrize(
    ("typed", "repeated"),
    [
        ("deploy", "deploy"),
        ("deploy 2.1.0 --yes", "deploy 2.1.0"),
        ("deploy --plan 3f9a1c --yes", "deploy --plan 3f9a1c"),
        ("up --deploy --dry-run", "up --deploy"),
        ("rollback --to 41", "rollback --to 41"),
        ("down --data --confirm hello/local", "down --data"),
    ],
)
def test_a_command_is_repeated_with_its_options_and_without_answers_to_its_question(typed: str, repeated: str) -> None:
    name, *words = typed.split()
    assert command_as_typed(command_of(name).make_context(name, words)) == repeated
