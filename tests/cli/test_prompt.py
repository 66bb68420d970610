"""The prompt for a secret states its rule, and repeats a value that breaks it."""

import pytest

from mainstay.cli.console import Console
from mainstay.cli.prompt import ATTEMPTS, SecretPrompt
from mainstay.manifest import VariableSection
from mainstay.operations.given_secrets import rule_of

LONG = rule_of("TOKEN", VariableSection(secret=True, min_length=5))


class Typed:
    """Answers every hidden question in turn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.questions: list[str] = []
        left = iter(answers)

        def ask(console: Console, question: str, *, hidden: bool) -> str:
            assert hidden
            self.questions.append(question)
            return next(left)

        monkeypatch.setattr(Console, "ask", ask)
        self.found = SecretPrompt(Console("text")).fetch("TOKEN", LONG)


def test_the_prompt_states_the_minimum_length_and_repeats_a_short_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = Typed(monkeypatch, "abc", "abcdef")
    assert typed.found is not None
    assert typed.found.reveal() == "abcdef"
    assert typed.questions == ["TOKEN (not shown, at least 5 characters):"] * 2
    assert capsys.readouterr().out == "TOKEN has 3 characters, at least 5 are required; type it again\n"


def test_the_prompt_gives_up_after_three_short_values(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = Typed(monkeypatch, *["abc"] * 4)
    assert typed.found is not None
    assert len(typed.questions) == ATTEMPTS


def test_an_empty_answer_ends_the_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Typed(monkeypatch, "").found is None
