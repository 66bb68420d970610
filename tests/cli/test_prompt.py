"""The prompt for a secret states its rule, and repeats a value that breaks it."""

import pytest

from mainstay.cli.console import Console
from mainstay.cli.prompt import ATTEMPTS, SecretPrompt
from mainstay.manifest import VariableSection
from mainstay.operations.given_secrets import rule_of

LONG = rule_of("TOKEN", VariableSection(secret=True, min_length=5))


def prompted(monkeypatch: pytest.MonkeyPatch, *answers: str) -> tuple[str | None, list[str]]:
    """Return the secret that a user types with *answers*, and the questions."""
    left, questions = iter(answers), list[str]()

    def ask(console: Console, question: str, *, hidden: bool) -> str:
        assert hidden
        questions.append(question)
        return next(left)

    monkeypatch.setattr(Console, "ask", ask)
    found = SecretPrompt(Console("text")).fetch("TOKEN", LONG)
    return (found.reveal() if found else None), questions


def test_the_prompt_states_the_minimum_length_and_repeats_a_short_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    question = "TOKEN (not shown, at least 5 characters):"
    assert prompted(monkeypatch, "abc", "abcdef") == ("abcdef", [question] * 2)
    assert capsys.readouterr().out == "TOKEN has 3 characters, at least 5 are required; type it again\n"


def test_the_prompt_gives_up_after_three_short_values(monkeypatch: pytest.MonkeyPatch) -> None:
    found, questions = prompted(monkeypatch, *["abc"] * 4)
    assert (found, len(questions)) == ("abc", ATTEMPTS)


def test_an_empty_answer_ends_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    found, questions = prompted(monkeypatch, "")
    assert (found, len(questions)) == (None, 1)
