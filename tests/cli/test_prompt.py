"""The prompt for a secret states its rule, and repeats a value that breaks it."""

import pytest

from mainstay.cli.console import Console
from mainstay.cli.prompt import ATTEMPTS, SecretPrompt
from mainstay.manifest import VariableSection
from mainstay.operations.given_secrets import rule_of

LONG = rule_of("TOKEN", VariableSection(secret=True, min_length=5))


@pytest.fixture
def questions() -> list[str]:
    return []


def prompt(monkeypatch: pytest.MonkeyPatch, questions: list[str], *answers: str) -> SecretPrompt:
    left = iter(answers)

    def ask(self: Console, question: str, *, hidden: bool) -> str:
        questions.append(question)
        return next(left)

    monkeypatch.setattr(Console, "ask", ask)
    return SecretPrompt(Console("text"))


def test_the_prompt_states_the_minimum_length_and_repeats_a_short_value(
    monkeypatch: pytest.MonkeyPatch, questions: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = prompt(monkeypatch, questions, "abc", "abcdef").fetch("TOKEN", LONG)
    assert found is not None
    assert found.reveal() == "abcdef"
    assert questions == ["TOKEN (not shown, at least 5 characters):"] * 2
    assert capsys.readouterr().out == "TOKEN has 3 characters, at least 5 are required; type it again\n"


def test_the_prompt_gives_up_after_three_short_values(monkeypatch: pytest.MonkeyPatch, questions: list[str]) -> None:
    found = prompt(monkeypatch, questions, *["abc"] * 4).fetch("TOKEN", LONG)
    assert found is not None
    assert len(questions) == ATTEMPTS


def test_an_empty_answer_ends_the_prompt(monkeypatch: pytest.MonkeyPatch, questions: list[str]) -> None:
    assert prompt(monkeypatch, questions, "").fetch("TOKEN", LONG) is None
