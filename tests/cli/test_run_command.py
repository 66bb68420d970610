"""Commands that execute a run: how the command is repeated in messages."""

import shlex
from importlib import import_module

import click
import pytest

from mainstay.cli.run_command import command_as_typed


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
    name, *words = shlex.split(typed)
    command: click.Command = import_module(f"mainstay.cli.commands.{name}").command
    assert command_as_typed(command.make_context(name, words)) == repeated
